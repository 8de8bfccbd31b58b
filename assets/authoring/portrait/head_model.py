"""The head that every stock avatar is made of: ICT-FaceKit's neutral mesh, its identities and expressions, and softer changes of our own.

Units are centimetres, x to the head's left, y up, z to the viewer, as in ICT-FaceKit. Needs numpy only.
"""
import gzip
import json
import os

import numpy as np

# Vertices of the 68 usual face landmarks, by ICT-FaceKit's own numbering.
LANDMARKS = [
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443, 268, 493, 1914, 2044, 1401,
    3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751,
    3756, 3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216, 6207, 6470,
    5517, 5966,
]
LEFT_EYE = slice(21451, 23021)
RIGHT_EYE = slice(23021, 24591)
EYE_CENTRE = (3.155, 3.61, 8.0)
SKIN_PARTS = ("Face", "BackHead")
SKIN_END = 14062


class Head:
    """`vertices` (n, 3) neutral, `uv` (m, 2), `faces` {material: [(vertex numbers, uv numbers)]}, `shapes` {name: (int16 (n, 3), scale)}."""

    def __init__(self, folder):
        self.vertices, self.uv, self.faces = _read_obj(os.path.join(folder, "neutral.obj"))
        with open(os.path.join(folder, "deltas.json"), encoding="utf8") as file:
            index = json.load(file)
        if index["vertices"] != len(self.vertices):
            raise ValueError("neutral.obj and deltas.json are of different heads")
        with gzip.open(os.path.join(folder, "deltas.i16.gz")) as file:
            raw = np.frombuffer(file.read(), dtype="<i2").reshape(len(index["shapes"]), -1, 3)
        self.shapes = {shape["name"]: (raw[i], shape["scale"]) for i, shape in enumerate(index["shapes"])}

    @property
    def landmarks(self):
        return self.vertices[LANDMARKS]

    def shaped(self, weights, proportions, seal=True):
        """Vertices with identity and expression `weights` (by shape name), `proportions` (see `_proportioned`), and lips that touch."""
        out = self.vertices.copy()
        for name, amount in weights.items():
            if name not in self.shapes:
                raise ValueError(f"the head has no shape {name}")
            delta, scale = self.shapes[name]
            out += delta * (scale * amount)
        out = _proportioned(out, self.vertices, proportions)
        return _sealed(out, self.vertices) if seal else out


def _read_obj(path):
    vertices, uv, faces, material = [], [], {}, None
    with open(path, encoding="utf8") as file:
        for line in file:
            kind, *rest = line.split() or [""]
            if kind == "v":
                vertices.append([float(value) for value in rest[:3]])
            elif kind == "vt":
                uv.append([float(value) for value in rest[:2]])
            elif kind == "usemtl":
                material = rest[0].replace("M_", "")
            elif kind == "f":
                corners = [corner.split("/") for corner in rest]
                face = ([int(c[0]) - 1 for c in corners], [int(c[1]) - 1 for c in corners])
                faces.setdefault(material, []).append(face)
    return np.array(vertices), np.array(uv), faces


def smooth_step(x, a, b):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def _bell(x, y, cx, cy, sx, sy):
    return np.exp(-(((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))


def _proportioned(moved, neutral, p):
    """
    Soft regional changes on top of the identity: `eye`, `nose`, `jaw`, `neck`, `lips`, `mouth_width`, `wide` scale by a share,
    `nose_z`, `chin_y`, `chin_z`, `lip_z`, `brow_z` move by centimetres, `age` 0…1 lets cheeks, lids and jaw sink and ears grow.
    """
    out = moved.copy()
    x, y, z = neutral.T
    get = lambda name: p.get(name, 0)
    for side, eye in ((1, LEFT_EYE), (-1, RIGHT_EYE)):
        r = np.sqrt((x - side * EYE_CENTRE[0]) ** 2 + ((y - EYE_CENTRE[1]) * 1.15) ** 2 + ((z - EYE_CENTRE[2]) * 0.6) ** 2)
        out += (out - out[eye].mean(0)) * ((1 - smooth_step(r, 1.75, 3.9)) * get("eye"))[:, None]
    w = np.exp(-((x / 2.1) ** 2 + ((y - 0.1) / 2.4) ** 2 + ((z - 11.5) / 3) ** 2))
    out[:, 0] *= 1 - get("nose") * w
    out[:, 2] -= get("nose_z") * w
    out[:, 0] *= 1 - get("jaw") * (1 - smooth_step(y, -5, 2.5)) * smooth_step(y, -11, -7.0)
    w = np.exp(-((x / 2.6) ** 2 + ((y + 7) / 1.8) ** 2)) * (z > 4)
    out[:, 1] += get("chin_y") * w
    out[:, 2] += get("chin_z") * w
    k = get("neck") * (1 - smooth_step(y, -8.2, -5.5)) * smooth_step(y, -13.5, -10.0) * (z < 10.6)
    out[:, 0] *= 1 - k
    out[:, 2] = out[:, 2] * (1 - k) - 0.5 * k
    out[:, 0] *= 1 - get("wide") * smooth_step(y, -10, -6)
    w = np.exp(-((x / 2.6) ** 2 + ((y + 3.4) / 1.25) ** 2 + ((z - 11) / 2.5) ** 2))
    out[:, 1] += (out[:, 1] - out[LANDMARKS[62], 1]) * w * get("lips")
    out[:, 0] *= 1 + get("mouth_width") * w
    out[:, 2] += get("lip_z") * w
    out[:, 2] += get("brow_z") * _bell(np.abs(x), y, 3.0, 5.4, 2.6, 0.9) * (z > 4)
    return _aged(out, neutral, get("age"))


def _aged(out, neutral, age):
    if age == 0:
        return out
    x, y, z = neutral.T
    ax, front = np.abs(x), smooth_step(z, 1, 5)
    side = np.sign(x)
    jowl = _bell(ax, y, 4.5, -5.6, 1.5, 1.5) * front
    out[:, 1] -= 0.42 * age * jowl
    out[:, 0] += side * 0.22 * age * jowl
    out[:, 2] += 0.12 * age * jowl
    hollow = _bell(ax, y, 5.2, -2.2, 1.3, 1.9) * front
    out[:, 2] -= 0.22 * age * hollow
    out[:, 0] -= side * 0.18 * age * hollow
    temple = _bell(ax, y, 6.0, 6.4, 1.3, 1.8) * front
    out[:, 0] -= side * 0.20 * age * temple
    cheek = _bell(ax, y, 3.6, -0.4, 1.5, 1.2) * front
    out[:, 1] -= 0.22 * age * cheek
    fold = _bell(ax - 2.55 - 0.14 * (-1.6 - y), y, 0, -1.9, 0.28, 1.6) * front
    out[:, 2] -= 0.10 * age * fold
    bag = _bell(ax, y, 3.2, 2.35, 1.2, 0.28) * front
    out[:, 2] += 0.13 * age * bag
    tip = np.exp(-((x / 1.3) ** 2 + ((y - 0.1) / 1.2) ** 2)) * front
    out[:, 1] -= 0.16 * age * tip
    ear = smooth_step(ax, 7.3, 7.8) * smooth_step(y, -4, -2) * (1 - smooth_step(y, 7, 8)) * (z < 3.5)
    out[:, 1] += (out[:, 1] - 2.2) * 0.10 * age * ear
    return out


def _sealed(posed, neutral):
    """Lips that an expression parted meet again: either goes half of the gap, less and less with the distance from the mouth's line."""
    out = posed.copy()
    pairs = [(61, 67), (62, 66), (63, 65)]
    xs = [neutral[LANDMARKS[60], 0]] + [neutral[LANDMARKS[a], 0] for a, _ in pairs] + [neutral[LANDMARKS[64], 0]]
    gaps = [0.0] + [posed[LANDMARKS[a], 1] - posed[LANDMARKS[b], 1] for a, b in pairs] + [0.0]
    line = [neutral[LANDMARKS[60], 1]] + [neutral[[LANDMARKS[a], LANDMARKS[b]], 1].mean() for a, b in pairs] + [neutral[LANDMARKS[64], 1]]
    skin = np.arange(len(neutral)) < SKIN_END
    x, y, z = neutral.T
    # The skin is pressed together by a little more, since subdivision rounds the lips' edges away from each other.
    gap = np.interp(x, xs, np.maximum(gaps, 0)) + 0.05 * _bell(x, 0, 0, 0, 1.9, 1)
    above = y - np.interp(x, xs, line)
    w = np.exp(-((above / 0.75) ** 2)) * np.exp(-((x / 2.6) ** 4)) * skin * (z > 6)
    out[:, 1] += np.where(above >= 0, -0.5, 0.5) * gap * w
    return out

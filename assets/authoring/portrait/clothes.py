"""Shoulders and what is worn on them: a plain jersey with a crew or roll collar, or a shirt. Centimetres."""
import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from scene import Material, add_mesh, linear

# Cross-sections from the neck down: height, z of the centre, half width, half depth, how far the front hangs, exponent of the ellipse. Half
# of a shoulder's breadth is 20 to 24 cm: a square picture's sides cut the line from neck to shoulder, a wide one shows it whole. It falls by
# about 18 degrees to the collarbone's end and only there turns down into the arm: one even curve would be a bell.
SHOULDERS = [
    (-11.2, -1.4, 5.3, 6.0, 0.42, 2.0), (-10.3, -1.5, 6.5, 6.75, 0.42, 2.0), (-10.75, -1.8, 8.8, 7.7, 0.42, 2.05),
    (-11.75, -2.2, 12.2, 8.8, 0.37, 2.15), (-12.75, -2.4, 15.9, 9.4, 0.30, 2.25), (-13.75, -2.5, 18.9, 9.8, 0.245, 2.3),
    (-15.2, -2.5, 21.0, 10.0, 0.20, 2.35), (-17.6, -2.5, 22.4, 10.2, 0.127, 2.4), (-22, -2.4, 23.2, 10.6, 0.05, 2.4), (-30, -2.2, 23.6, 11, 0, 2.5),
    (-44, -2, 23.6, 11.2, 0, 2.5),
]
# Where a sleeve is sewn on: centimetres from the middle at the shoulder's top, and how far it moves inwards a centimetre further down.
SEAM_AT, SEAM_LEAN = 18.2, 0.16
AROUND = 257
DOWN = 90


def _ring(cx, y, cz, a, b, hang, n, exponent=2.0):
    """A superellipse, from the back around."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False) if n % 2 == 0 else np.linspace(0, 2 * np.pi, n) - np.pi / 2 - 1e-6
    c, s = np.cos(t), np.sin(t)
    x = cx + a * np.sign(c) * np.abs(c) ** (2 / exponent)
    z = cz + b * np.sign(s) * np.abs(s) ** (2 / exponent)
    return np.c_[x, y - hang * (z - cz), z]


def _loft(rings):
    n = len(rings[0])
    faces = []
    for i in range(len(rings) - 1):
        for j in range(n):
            faces.append((i * n + j, i * n + (j + 1) % n, (i + 1) * n + (j + 1) % n, (i + 1) * n + j))
    return np.concatenate(rings), faces


def _between(keys, count, n):
    """Catmull–Rom through the cross-sections."""
    k = np.array(keys, float)
    u = np.linspace(0, len(k) - 1, count)
    i = np.clip(u.astype(int), 0, len(k) - 2)
    f = (u - i)[:, None]
    at = lambda j: k[np.clip(j, 0, len(k) - 1)]
    a, b, c, d = at(i - 1), at(i), at(i + 1), at(i + 2)
    rows = 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f * f + (3 * b - a - 3 * c + d) * f**3)
    return [_ring(0, y, z, half_width, half_depth, hang, n, e) for y, z, half_width, half_depth, hang, e in rows]


def _seam(m, place, wide):
    """1 in the groove where the sleeves are sewn on, 0 half a centimetre beside it."""
    apart = m.node("SeparateXYZ", {0: place}).outputs
    down = m.math("SUBTRACT", -13.4, apart["Y"])
    at = m.math("MULTIPLY_ADD", down, -SEAM_LEAN, SEAM_AT * wide)
    off = m.math("DIVIDE", m.math("SUBTRACT", m.math("ABSOLUTE", apart["X"], 0), at), 0.16)
    return m.math("POWER", 2.718, m.math("MULTIPLY", m.math("MULTIPLY", off, off), -1))


def _cloth(name, colour, sheen=0.35, wide=1.0):
    """Plain cloth: no pattern that a camera or a codec could turn into moiré."""
    m = Material(name)
    place = m.node("TexCoord").outputs["Object"]
    broad = m.node("TexNoise", {0: place, "Scale": 0.35, "Detail": 3}).outputs["Fac"]
    fine = m.node("TexNoise", {0: place, "Scale": 9.0, "Detail": 3}).outputs["Fac"]
    shade = m.node("MixRGB", {0: broad, 1: (*[c * 0.86 for c in linear(colour)], 1), 2: (*[min(1, c * 1.10) for c in linear(colour)], 1)})
    seam = _seam(m, place, wide)
    sewn = m.node("MixRGB", {0: m.math("MULTIPLY", seam, 0.38), 1: shade.outputs[0], 2: (*[c * 0.45 for c in linear(colour)], 1)})
    bump = m.node("Bump", {"Strength": 0.22, "Distance": 0.05, "Height": fine}).outputs[0]
    groove = m.node("Bump", {"Strength": 0.6, "Distance": 0.12, "Height": m.math("SUBTRACT", 1.0, seam), "Normal": bump}).outputs[0]
    m.set(Base_Color=sewn.outputs[0], Normal=groove, Roughness=0.88, Specular=0.12, Sheen=sheen, Sheen_Tint=0.5)
    return m.material


def _folded(v, rs, amount):
    """Soft folds that run from the neck outwards and hang over the chest."""
    k = rs.normal(0, 0.20, (9, 3)) * np.array([1.0, 0.45, 0.8])
    phase = rs.uniform(0, 6.28, 9)
    wave = sum(np.sin(v @ k[i] + phase[i]) for i in range(9)) / 4
    below = np.clip((-12.5 - v[:, 1]) / 7, 0, 1)
    pull = np.exp(-(((np.abs(v[:, 0]) - 12.5 - 0.35 * (v[:, 1] + 20)) / 1.3) ** 2)) * np.clip((-14.5 - v[:, 1]) / 5, 0, 1) * (v[:, 2] > -2)
    out = v.copy()
    out[:, 2] += amount * wave * below - 0.7 * pull
    out[:, 1] += 0.35 * amount * wave * below
    # Cloth that the arm's weight draws from the shoulder's point towards the chest.
    side = np.abs(v[:, 0])
    drawn = np.sin(1.5 * (side + 0.9 * v[:, 1]) + 0.6 * np.sin(0.5 * side + np.sign(v[:, 0]))) * np.exp(-(((side - 15.5) / 3.6) ** 2))
    out[:, 2] += 0.16 * drawn * np.clip((-13.2 - v[:, 1]) / 3, 0, 1) * (v[:, 2] > -2)
    return out


def _widened(keys, wide):
    return [(y, z, a * (1 + (wide - 1) * np.clip((a - 8) / 10, 0, 1)), b, hang, e) for y, z, a, b, hang, e in keys]


def dress(person, rs):
    cloth = person["cloth"]
    wide = cloth.get("wide", 1.0)
    plain = _cloth("cloth", cloth["colour"], wide=wide)
    keys = _widened(SHOULDERS, wide)
    if cloth["kind"] == "shirt":
        # The opening lies lower, below the collar's stand, and the chest is flatter, so that the leaves lie on it to their points.
        keys[:8] = [
            (-12.2, -1.4, 4.9, 5.6, 0.42, 2.0), (-11.5, -1.5, 5.9, 6.3, 0.42, 2.0), (-11.35, -1.8, 8.6, 7.5, 0.42, 2.05),
            *_widened([(-12.0, -2.2, 12.2, 8.8, 0.36, 2.15), (-13.1, -2.4, 15.8, 9.4, 0.27, 2.25), (-14.4, -2.5, 19.1, 9.8, 0.18, 2.3),
            (-15.9, -2.5, 21.0, 10.0, 0.13, 2.35), (-17.8, -2.5, 22.2, 10.2, 0.10, 2.4)], wide),
        ]
    torso, faces = _loft(_between(keys, DOWN, AROUND))
    faces = [face for face in faces if face[0] % AROUND != AROUND - 1]
    torso = _folded(torso, rs, 0.35)
    add_mesh("torso", torso, faces, plain, subdivisions=1)
    {"crew": _crew, "roll": _roll, "shirt": _shirt}[cloth["kind"]](cloth, plain, torso, faces)


def _crew(cloth, plain, _torso, _faces):
    """A flat knitted band around the neck."""
    n = 720
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    rib = 0.035 * np.sin(t * 150)
    base = _ring(0, -10.35, -1.45, 6.25, 6.7, 0.42, n)
    rings = []
    for angle in np.linspace(-0.3, np.pi + 0.3, 14):
        out, up = 0.30 * np.cos(angle), 1.05 * np.sin(angle)
        # Ribs die away at the band's edges.
        ribs = rib * np.sin(np.clip(angle, 0, np.pi))
        rings.append(np.c_[base[:, 0] + np.cos(t) * (ribs - out), base[:, 1] + up - 0.35, base[:, 2] + np.sin(t) * (ribs - out)])
    v, f = _loft(rings)
    add_mesh("collar", v, f, plain)


def _roll(_cloth_of, plain, _torso, _faces):
    """A collar rolled over once."""
    n = 720
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    uneven = 0.10 * np.sin(t * 2 + 0.7) + 0.07 * np.sin(t * 3 + 2.1)
    profile = [(0.55, -11.9), (0.75, -11.0), (0.78, -10.0), (0.72, -9.0), (0.52, -8.25), (0.22, -8.0), (-0.05, -8.25), (-0.18, -9.0), (-0.2, -10.5)]
    fine = np.array(profile)
    u = np.linspace(0, len(fine) - 1, 40)
    rings = []
    for out, y in zip(np.interp(u, range(len(fine)), fine[:, 0]), np.interp(u, range(len(fine)), fine[:, 1])):
        q = _ring(0, y, -1.2, 6.15 + out, 6.2 + out, 0.38, n)
        high = np.clip((y + 12) / 3, 0, 1)
        q[:, 0] += np.cos(t) * uneven * high
        q[:, 2] += np.sin(t) * uneven * high
        q[:, 1] += uneven * 0.8 * high
        rings.append(q)
    v, f = _loft(rings)
    add_mesh("collar", v, f, plain, subdivisions=1)


def _shirt(cloth, plain, torso, faces):
    """A buttoned collar: stand, two leaves that lie on the chest, placket and buttons."""
    tree = BVHTree.FromPolygons(torso.tolist(), [list(map(int, f)) for f in faces])

    def over(points, gap):
        """Points no nearer to the torso than `gap`, on its outer side."""
        out = points.copy()
        for i, p in enumerate(points):
            near, normal, _, _ = tree.find_nearest(Vector(p))
            axis = np.array([near.x, 0, near.z + 2.0])
            outward = np.array(normal) * np.sign(np.dot(np.array(normal)[[0, 2]], axis[[0, 2]]) + 0.3 * normal.y + 1e-9)
            depth = np.dot(p - np.array(near), outward)
            if depth < gap:
                out[i] = np.array(near) + outward * gap
        return out

    def fold(angle):
        """The collar's upper edge at an angle from the front."""
        z = -1.0 + 6.0 * np.cos(angle)
        return np.c_[5.75 * np.sin(angle), -8.5 - 0.47 * (z + 1.0), z]

    stand = [fold(np.linspace(-np.pi, np.pi, 240, endpoint=False)) + np.array([0, dy, 0]) for dy in (-3.9, -2, -1, -0.25, 0)]
    stand[-1][:, [0, 2]] *= 1.02
    v, f = _loft(stand)
    add_mesh("stand", v, f, plain)
    rows, columns = 18, 90
    for side in (-1, 1):
        grid = np.zeros((rows, columns, 3))
        c = np.linspace(0, 1, columns)
        top, bottom = np.radians(2.5 + 177.5 * c), np.radians(np.interp(c, [0, 0.15, 0.4, 1], [25, 44, 84, 180]))
        # How long the leaf is, and how steeply it falls: down the chest at its point, over the shoulder at the side.
        length = np.interp(c, [0, 0.15, 0.35, 0.6, 1], [5.0, 4.7, 3.6, 3.2, 3.6])
        steep = np.radians(np.interp(c, [0, 0.2, 0.5, 1], [74, 64, 42, 75]))
        for r in range(rows):
            share = r / (rows - 1)
            angle = top * (1 - share) + bottom * share
            p = fold(angle)
            roll = 0.16 * np.sin(np.pi * min(1.0, share * 2.2))
            outward = 0.10 + roll + length * np.cos(steep) * share
            p += np.c_[np.sin(angle), np.zeros(columns), np.cos(angle)] * outward[:, None]
            p[:, 1] -= length * np.sin(steep) * share - roll
            p[:, 0] *= side
            grid[r] = over(p, 0.16 + 0.14 * share) if share > 0.1 else p
        index = np.arange(rows * columns).reshape(rows, columns)
        quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
        leaf = add_mesh("leaf", grid.reshape(-1, 3), quads, plain)
        solid = leaf.modifiers.new("thick", "SOLIDIFY")
        solid.thickness, solid.offset = 0.18, 1 if side > 0 else -1
        smooth = leaf.modifiers.new("smooth", "SUBSURF")
        smooth.levels = smooth.render_levels = 1
    _placket(cloth, plain, over)


def _placket(cloth, plain, over):
    ys = np.linspace(-11.9, -24, 60)
    strip = []
    for x in np.linspace(-1.55, 1.55, 15):
        edge = 0.05 * np.exp(-(((abs(x) - 1.4) / 0.12) ** 2))
        strip.append(over(np.c_[np.full(60, x), ys, np.full(60, 3.0)], 0.10 + edge))
    index = np.arange(15 * 60).reshape(15, 60)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(-1, 4)
    add_mesh("placket", np.concatenate(strip), quads, plain, subdivisions=1)
    button = Material("button")
    button.set(Base_Color=(*linear(cloth.get("button", (225, 222, 214))), 1), Roughness=0.35, Specular=0.5)
    for y in (-15.3, -21.0):
        at = over(np.array([[0.0, y, 3.0]]), 0.16)[0]
        bpy.ops.mesh.primitive_cylinder_add(vertices=48, radius=0.48, depth=0.16, location=at, rotation=(np.radians(82), 0, 0))
        disc = bpy.context.object
        disc.data.materials.append(button.material)
        bevel = disc.modifiers.new("round", "BEVEL")
        bevel.width, bevel.segments = 0.05, 3

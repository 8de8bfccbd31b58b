"""Hair on the head: long with a parting, cropped, or natural curls. Lengths in centimetres."""
import numpy as np

from materials import hair_material
from strands import add_hair, clump, grow, nearest_of, scatter, unit, wander

# Height of the hairline over the azimuth from the front, in the neutral head.
HAIRLINE = [
    (0, 10.3), (12, 10.3), (25, 10.0), (38, 9.3), (48, 8.2), (56, 6.9), (63, 5.8), (70, 4.6), (76, 3.0), (80, 1.6), (84, 1.2), (87, 5.2),
    (112, 5.0), (118, 1.0), (130, -3), (150, -5.2), (180, -6),
]


def hairline(hair):
    azimuths, heights = zip(*hair.get("line", HAIRLINE))

    def height(q):
        return np.interp(np.degrees(np.arctan2(np.abs(q[:, 0]), q[:, 2] - 0.5)), azimuths, heights)

    return height


class Scalp:
    """Where hair grows. `neutral`, `posed`, `normals`: (n, 3); `ear`: vertices that carry none; `distance`: DistanceField of the head."""

    def __init__(self, neutral, posed, normals, triangles, ear, distance):
        self.neutral, self.posed, self.normals, self.triangles, self.ear, self.distance = neutral, posed, normals, triangles, ear, distance

    def roots(self, hair, weight, rs):
        """Neutral places, posed places, normals, and how far inside the hairline they are (0 at its edge … 1)."""
        height, soft, n = hairline(hair), hair.get("soft", 0.30), hair["n"]
        which, b = scatter(self.neutral, self.triangles, weight, int(n * 1.3), rs)
        at = lambda field: (field[self.triangles[which]] * b[..., None]).sum(1)
        neutral = at(self.neutral)
        inside = neutral[:, 1] - height(neutral)
        keep = np.flatnonzero(inside + rs.normal(0, soft, len(neutral)) - soft * 0.3 > 0)[:n]
        which, b = which[keep], b[keep]
        return neutral[keep], at(self.posed), unit(at(self.normals)), np.clip(inside[keep] / 2.5, 0, 1)

    def weight(self, hair):
        centre = self.neutral[self.triangles].mean(1)
        return centre, (centre[:, 1] > hairline(hair)(centre) - 0.6) * (~self.ear[self.triangles].any(1))


def grow_hair(person, scalp, rs):
    hair = person["hair"]
    points = {"long": _long, "cropped": _cropped, "curls": _curls}[hair["style"]](hair, scalp, rs)
    radii = hair.get("radius", 0.022) * (1 - 0.6 * np.linspace(0, 1, points.shape[1]) ** 2)
    look = dict(roughness=hair.get("rough", 0.30), spread=0.25, tip=hair.get("tip", 0.8), ior=hair.get("ior", 1.55))
    grey = rs.rand(len(points)) < hair.get("grey", 0)
    for name, chosen, melanin in (("hair", ~grey, hair["melanin"]), ("grey", grey, hair.get("grey_melanin", 0.05))):
        if chosen.any():
            material = hair_material(name, melanin, hair["redness"], **look)
            add_hair(name, points[chosen], np.broadcast_to(radii, (chosen.sum(), len(radii))), material)


def _parting(hair, p):
    return hair.get("part", 1.6) * np.clip((p[:, 2] + 6) / 14, 0.2, 1)


def _long(hair, scalp, rs):
    """Straight or wavy hair that falls from a parting to the shoulders, ends turned in."""
    centre, weight = scalp.weight(hair)
    # Twice as many roots along the parting, or the scalp shines through where hair is drawn aside.
    weight = weight * (1 + 3.2 * np.exp(-(((centre[:, 0] - _parting(hair, centre)) / 0.9) ** 2) * (centre[:, 1] > 9)))
    weight = weight * ~((centre[:, 1] < 7.2) & (centre[:, 2] > -3) & (centre[:, 2] < 3.2))
    neutral, root, normal, edge = scalp.roots(hair, weight, rs)
    n, layer = len(root), rs.rand(len(root))
    points = hair.get("points", 26)
    aside = neutral[:, 0] - _parting(hair, neutral)
    side = np.sign(aside + rs.normal(0, 0.22, n))
    side[side == 0] = 1
    near = np.exp(-((aside / 1.6) ** 2))
    flat = (near > 0.3) & (rs.rand(n) < 0.45)
    side = np.where(flat & (near > 0.75), np.sign(rs.normal(0, 1, n)), side)
    near = np.where(flat, 0, near)
    front, back = np.clip((neutral[:, 2] - 1) / 6, 0, 1), np.clip((-neutral[:, 2] - 1) / 5, 0, 1)
    fall = root[:, 1] - hair.get("bottom", -10.5)
    length = np.maximum(6, fall * 1.05 + np.abs(hair.get("span", 8.5) - np.abs(root[:, 0])) * 0.75) * rs.uniform(0.90, 1.05, n)
    offset = np.interp(neutral[:, 1], [-4, 3, 6, 10], [0.25, 0.35, 0.6, 1.0])
    offset = offset * (hair.get("base", 0.65) + hair.get("volume", 1.05) * layer**1.2) * (0.3 + 0.7 * np.clip(edge * 1.5, 0, 1))
    offset = np.where(flat, 0.10 + 0.25 * layer, offset)
    comb = np.c_[side * (0.95 - 0.6 * back), -0.05 - 0.1 * back, hair.get("forward", 0.05) * front - 0.30 * (1 - front) - 0.75 * back]

    def field(q, t, outward):
        along = comb - outward * np.maximum((comb * outward).sum(1), 0)[:, None] * 0.92
        lift = np.clip(1 - t * 8, 0, 1) * (0.45 * near + 0.12)
        d = along * (1 - t) ** 1.6 * 1.2 + normal * lift[:, None] + np.array([0, -1, 0]) * (0.22 + 1.6 * t)
        inward = np.clip((t - 0.72) / 0.28, 0, 1)
        d[:, 0] -= np.sign(q[:, 0] + 1e-6) * inward * hair.get("curl", 0.55)
        d[:, 2] -= 0.1 * inward
        # The face stays clear.
        limit = np.interp(q[:, 1], [-8, -2, 3, 7, 10], [6.6, 7.0, 6.9, 5.6, 3.0])
        over = np.clip((q[:, 2] - 3.0) / 3, 0, 1) * np.clip((limit + 0.6 - np.abs(q[:, 0])) / 1.2, 0, 1) * np.clip((9.8 - q[:, 1]) / 2, 0, 1)
        d[:, 0] += side * over * 1.6
        d[:, 2] -= over * 0.5
        return d

    p = grow(root, length, points, field, offset, scalp.distance)
    t = np.linspace(0, 1, points)[None, :, None]
    p = p + wander(np.random.RandomState(4), p, 6) * hair.get("wave", 0.45) * t**0.8
    if hair.get("ringlet"):
        p = _ringlets(hair, p, length, rs)
    p = clump(p, hair.get("clumps", 700), hair.get("clump", 0.5), rs, 0.8)
    p = clump(p, 140, 0.10, rs, 1.3)
    p += np.cumsum(rs.normal(0, 0.018, p.shape), 1) * t
    stray = rs.rand(n) < 0.035
    p[stray] += wander(rs, p[stray], 3) * 0.35 * t
    limit = np.interp(p[..., 1], [-12, -8, -2, 3, 6, 8.5], [5.6, 6.2, 6.3, 6.4, 5.4, 3.2])
    return p[~((np.abs(p[..., 0]) < limit) & (p[..., 2] > 2.5) & (p[..., 1] < 8.5)).any(1)]


def _ringlets(hair, p, length, rs):
    """One helix for every clump, from a little off the root on."""
    n, k, _ = p.shape
    guides = rs.choice(n, hair.get("ringlets", 900), False)
    mine = nearest_of(p[:, 0], p[guides, 0])
    t = np.linspace(0, 1, k)[None]
    phase = rs.uniform(0, 6.28, len(guides))[mine][:, None] + rs.normal(0, 0.35, (n, 1))
    turns = (hair.get("ringlet_rate", 1.6) * rs.uniform(0.8, 1.25, len(guides)))[mine][:, None]
    hand = rs.choice([-1, 1], len(guides))[mine][:, None]
    radius = (hair["ringlet"] * rs.uniform(0.6, 1.3, len(guides)))[mine][:, None]
    forward = unit(np.gradient(p, axis=1))
    e1 = unit(np.cross(forward, np.array([0.1, 0.2, 1.0])))
    e2 = np.cross(forward, e1)
    gather = np.clip(t * 2, 0, 1)[..., None] * 0.75
    p = p * (1 - gather) + p[guides[mine]] * gather
    angle = t * length[:, None] * turns + phase
    p = p + (radius * np.clip((t - 0.06) * 5, 0, 1))[..., None] * (np.cos(angle)[..., None] * e1 + (hand * np.sin(angle))[..., None] * e2)
    return p + rs.normal(0, 0.10, (n, 1, 3)) * t[..., None]


def _cropped(hair, scalp, rs):
    """Short hair, longer on top than at the sides, brushed aside and back; `coil` makes it tightly curled."""
    _, weight = scalp.weight(hair)
    neutral, root, normal, edge = scalp.roots(hair, weight, rs)
    n, points = len(root), hair.get("points", 12)
    top = np.clip((neutral[:, 1] - 8.5) / 3.5, 0, 1)
    short = hair.get("side", 0.55)
    length = (short + (hair["length"] - short) * top**1.2) * rs.uniform(0.72, 1.12, n) * (0.45 + 0.55 * edge)
    side = np.tanh((neutral[:, 0] - hair.get("part", 0)) / 0.5)
    comb = np.c_[hair.get("sweep", 0.35) * side * (0.35 + 0.65 * top), 0.15 * top - 0.6 * (1 - top), -hair.get("back", 0.9) * top - 0.35 * (1 - top)]

    def field(q, t, _outward):
        lift = (hair.get("lift", 1.1) * top + 0.25) * (1 - t) ** 1.3
        return normal * lift[:, None] + comb * (0.35 + t) + wander(np.random.RandomState(7), q, 4) * hair.get("mess", 0.25)

    offset = 0.06 + 0.5 * rs.rand(n) * top * hair.get("volume", 1)
    p = grow(root, length, points, field, offset, scalp.distance)
    t = np.linspace(0, 1, points)[None]
    if hair.get("coil"):
        angle = t * length[:, None] * hair.get("coil_rate", 5) + rs.uniform(0, 6.28, (n, 1))
        e1 = unit(np.cross(normal, [0, 1, 0.3]))
        e2 = np.cross(normal, e1)
        coil = np.cos(angle)[..., None] * e1[:, None] + np.sin(angle)[..., None] * e2[:, None]
        p = p + coil * (hair["coil"] * np.minimum(1, t * 3))[..., None]
    p = clump(p, hair.get("clumps", 900), hair.get("clump", 0.45), rs, 0.9)
    return p + np.cumsum(rs.normal(0, 0.012, p.shape), 1) * t[..., None]


def _curls(hair, scalp, rs):
    """Natural curls that stand away from the head: every clump is a helix around a guide that grows outwards and then bends down."""
    _, weight = scalp.weight(hair)
    neutral, root, normal, edge = scalp.roots(hair, weight, rs)
    n, points = len(root), hair.get("points", 40)
    guides = rs.choice(n, hair.get("ringlets", 1500), False)
    mine = nearest_of(root, root[guides])
    high = np.clip((neutral[guides, 1] - 2) / 8, 0, 1)
    length = hair["length"] * (0.62 + 0.38 * high) * (0.45 + 0.55 * edge[guides]) * rs.uniform(0.75, 1.15, len(guides))
    lean = np.c_[0.35 * np.sign(neutral[guides, 0]) * (1 - high), np.full(len(guides), 0.1), -0.25 * np.ones(len(guides))]
    lean += rs.normal(0, 0.22, lean.shape)

    def field(q, t, outward):
        return (0.7 * normal[guides] + 0.3 * outward) * (1.25 - t) + lean + np.array([0, -1, 0]) * hair.get("droop", 0.9) * t**1.4

    path = grow(root[guides], length, points, field, np.full(len(guides), 0.3), scalp.distance)
    t = np.linspace(0, 1, points)[None]
    forward = unit(np.gradient(path, axis=1))
    e1 = unit(np.cross(forward, np.array([0.3, 0.2, 1.0])))
    e2 = np.cross(forward, e1)
    radius = (hair["coil"] * rs.uniform(0.7, 1.35, len(guides)))[:, None] * np.clip(t * 4, 0, 1)
    hand = rs.choice([-1, 1], len(guides))[:, None]
    angle = t * (length * hair.get("coil_rate", 3.6) * rs.uniform(0.8, 1.2, len(guides)))[:, None] + rs.uniform(0, 6.28, (len(guides), 1))
    # Strands of a curl lie side by side: the same helix, a little ahead or behind, wider or narrower.
    ahead = rs.normal(0, 0.30, (n, 1))
    wide = rs.uniform(0.75, 1.15, (n, 1))
    spiral = np.cos(angle[mine] + ahead)[..., None] * e1[mine] + (hand[mine] * np.sin(angle[mine] + ahead))[..., None] * e2[mine]
    p = path[mine] + (radius[mine] * wide)[..., None] * spiral
    p += (root - root[guides[mine]])[:, None] * (0.35 + 0.65 * np.clip(1 - t * 5, 0, 1))[..., None]
    p += np.cumsum(rs.normal(0, 0.016, p.shape), 1)
    p[:, 0] = root
    cut = rs.uniform(0.8, 1.0, (n, 1))
    at = t * cut * (points - 1)
    low = np.minimum(at.astype(int), points - 2)
    f = (at - low)[..., None]
    rows = np.arange(n)[:, None]
    return p[rows, low] * (1 - f) + p[rows, low + 1] * f

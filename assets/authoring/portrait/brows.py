"""Short hair of the face: brows, lashes, stubble."""
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from head_model import EYE_CENTRE
from maps import DENSITY, LEFT, TOP, spline
from materials import hair_material
from skin_maps import beard_area
from strands import add_hair, unit


class FrontProjection:
    """Carries places before the neutral face onto the posed one: `(x, y)` → place, normal, whether there is skin."""

    def __init__(self, neutral, posed, normals, triangles):
        self.neutral, self.posed, self.normals, self.triangles = neutral, posed, normals, triangles
        self.tree = BVHTree.FromPolygons(neutral.tolist(), triangles.tolist())

    def __call__(self, xy):
        n = len(xy)
        place, normal, found = np.zeros((n, 3)), np.zeros((n, 3)), np.zeros(n, bool)
        for i, (x, y) in enumerate(xy):
            hit, _, which, _ = self.tree.ray_cast(Vector((x, y, 40)), Vector((0, 0, -1)))
            if hit is None:
                continue
            corners = self.triangles[which]
            a, b, c = self.neutral[corners]
            v0, v1, v2 = b - a, c - a, np.array(hit) - a
            d00, d01, d11, d20, d21 = v0 @ v0, v0 @ v1, v1 @ v1, v2 @ v0, v2 @ v1
            size = d00 * d11 - d01 * d01
            v, w = (d11 * d20 - d01 * d21) / size, (d00 * d21 - d01 * d20) / size
            weights = np.array([1 - v - w, v, w])
            place[i], normal[i], found[i] = weights @ self.posed[corners], weights @ self.normals[corners], True
        return place, unit(normal), found


def add_brows(person, lm, project, rs):
    """Hair by hair: upright and sparse at the inner end, lying along the arch, fading out; the two sides differ a little."""
    brow = person["brow"]
    strands = []
    for s, index in ((-1, [21, 20, 19, 18, 17]), (1, [22, 23, 24, 25, 26])):
        curve = spline(lm[index, :2], 24, False)
        curve = np.vstack([curve, lm[index[-1], :2]])
        u = np.linspace(0, 1, len(curve))
        lift = brow.get("arch", 0) * np.exp(-(((u - 0.62) / 0.28) ** 2)) + brow.get("tilt", 0) * (u - 0.3)
        curve[:, 1] += brow["dy"] + lift + s * brow.get("uneven", 0.05) * (0.4 + u)
        n = brow["n"]
        # Rejection from a density that fades at both ends.
        u = rs.rand(n * 3)
        u = u[rs.rand(n * 3) < np.interp(u, [0, 0.06, 0.2, 0.72, 1], [0.22, 0.6, 1, 0.9, 0.35])][:n]
        n = len(u)
        k = (u * (len(curve) - 2)).astype(int)
        along = unit(curve[np.minimum(k + 3, len(curve) - 1)] - curve[np.maximum(k - 2, 0)])
        across = np.c_[-along[:, 1] * s, along[:, 0] * s]
        profile = np.interp(u, [0, 0.10, 0.35, 0.65, 1], [0.75, 0.95, 1, 0.68, 0.18])
        v = 2 * rs.beta(2.1, 2.1, n) - 1
        root = curve[k] + across * (v * brow["thick"] * profile)[:, None] + along * rs.normal(0, 0.07, (n, 1))
        rise = np.interp(u, [0, 0.12, 0.35, 0.65, 1], [1.5, 1.0, 0.45, 0.1, -0.12]) - v * np.interp(u, [0, 0.3, 1], [0.15, 0.5, 0.45])
        heading = unit(along + across * rise[:, None] + rs.normal(0, 0.16, (n, 2)))
        length = np.interp(u, [0, 0.3, 0.7, 1], [0.50, 0.70, 0.66, 0.42]) * brow.get("length", 1.0) * rs.uniform(0.6, 1.15, n)
        points = []
        for t in np.linspace(0, 1, 6):
            bent = unit(heading * (1 - 0.5 * t) + along * 0.5 * t)
            place, normal, _ = project(root + bent * (length * t)[:, None])
            points.append(place + normal * (0.015 + 0.08 * np.sin(np.pi * min(t * 0.9, 1))))
        strands.append(np.stack(points, 1))
    p = np.concatenate(strands)
    radii = np.ones((len(p), 1)) * brow["radius"] * (1 - 0.8 * np.linspace(0, 1, 6) ** 1.5)[None]
    grey = rs.rand(len(p)) < brow.get("grey", 0)
    for name, chosen, melanin in (("brow", ~grey, brow["melanin"]), ("brow_grey", grey, 0.08)):
        if chosen.any():
            add_hair(name, p[chosen], radii[chosen], hair_material(name, melanin, brow.get("redness", 0.12), 0.6, 0.35))


def lash_strips(head):
    """ICT-FaceKit's strips of lashes, whose texture coordinates run along the lid (19 columns) and across (6 rows): vertex numbers, (19, 6) each."""
    coordinate, parent = {}, {}

    def find(a):
        while parent.setdefault(a, a) != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    for face, texture in head.faces["EyeLashes"]:
        for v, t in zip(face, texture):
            coordinate[v] = head.uv[t]
        for v in face[1:]:
            parent[find(v)] = find(face[0])
    strips = {}
    for v in coordinate:
        strips.setdefault(find(v), []).append(v)
    out = []
    for strip in strips.values():
        ids = np.array(strip)
        uv = np.array([coordinate[v] for v in ids])
        rows = np.round((uv[:, 1] - uv[:, 1].min()) / np.ptp(uv[:, 1]) * 5).astype(int)
        columns = np.round((uv[:, 0] - uv[:, 0].min()) / np.ptp(uv[:, 0]) * 18).astype(int)
        grid = np.zeros((19, 6), int)
        grid[columns, rows] = ids
        # Lashes point forwards: roots first.
        outwards = head.vertices[grid[:, 5], 2].mean() > head.vertices[grid[:, 0], 2].mean()
        out.append(grid if outwards else grid[:, ::-1])
    return out


def is_upper(head, strip):
    """Whether a strip of `lash_strips` is on an upper lid."""
    return head.vertices[strip[:, 0], 1].mean() > EYE_CENTRE[1] - 0.1


def add_lashes(person, head, vertices, rs):
    """On the strips of `lash_strips`: objects `lash_upper` and `lash_lower`."""
    lash = person["lash"]
    # How many and how long they are is that of the open eye.
    rest = head.shaped(person["weights"], person["proportions"])[:, 1]
    out = {"lash_upper": [], "lash_lower": []}
    for strip in lash_strips(head):
        grid = vertices[strip]
        full = rest[strip[:, 5]].mean() > rest[strip[:, 0]].mean()
        n = int(lash["n"] * (1 if full else 0.55)) // 2
        u = rs.rand(n) * 17.99
        j = u.astype(int)
        f = (u - j)[:, None, None]
        mine = grid[j] * (1 - f) + grid[np.minimum(j + 1, 18)] * f
        length = (lash["length"] if full else lash["length"] * 0.58) * rs.uniform(0.6, 1.0, n)
        length = length * np.interp(u / 18, [0, 0.12, 0.88, 1], [0.55, 1, 1, 0.6])
        at = np.linspace(0, 1, 7)[None, :] * length[:, None] * 5
        a = np.clip(at.astype(int), 0, 4)
        w = (at - a)[..., None]
        each = np.arange(n)[:, None]
        points = mine[each, a] * (1 - w) + mine[each, a + 1] * w
        points[:, :, 0] += rs.normal(0, 0.10, (n, 1)) * np.linspace(0, 1, 7)[None] ** 1.5
        out["lash_upper" if is_upper(head, strip) else "lash_lower"].append(points)
    for name, parts in out.items():
        p = np.concatenate(parts)
        radii = np.ones((len(p), 1)) * lash.get("radius", 0.014) * (1 - 0.85 * np.linspace(0, 1, 7))[None]
        add_hair(name, p, radii, hair_material(name, lash.get("melanin", 1.0), 0.2, 0.5, 0))


def add_stubble(person, lm, project, rs):
    skin = person["skin"]
    n = skin.get("stubble", 0)
    if n == 0:
        return
    q = rs.uniform([-7.2, -8.9], [7.2, -0.4], (n * 4, 2))
    area = beard_area(lm)
    rows, columns = ((TOP - q[:, 1]) * DENSITY).astype(int), ((q[:, 0] - LEFT) * DENSITY).astype(int)
    q = q[rs.rand(len(q)) < area[rows, columns]][:n]
    place, normal, found = project(q)
    place, normal, q = place[found], normal[found], q[found]
    down = np.c_[q[:, 0] * 0.08, -0.8 * np.ones(len(q)), np.zeros(len(q))]
    heading = unit(normal * 0.6 + down + rs.normal(0, 0.25, (len(q), 3)))
    length = skin.get("stubble_length", 0.16) * rs.uniform(0.5, 1.2, (len(q), 1))
    p = np.stack([place - normal * 0.02, place + heading * length * 0.5, place + heading * length], 1)
    radii = np.full((len(p), 1), skin.get("stubble_radius", 0.006)) * np.array([[1, 0.8, 0.3]])
    grey = rs.rand(len(p)) < skin.get("stubble_grey", 0)
    for name, chosen, melanin in (("stubble", ~grey, skin.get("stubble_melanin", person["hair"]["melanin"])), ("stubble_grey", grey, 0.06)):
        if chosen.any():
            add_hair(name, p[chosen], radii[chosen], hair_material(name, melanin, person["hair"]["redness"], 0.6, 0.3))

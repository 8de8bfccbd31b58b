"""Strands of hair: distance to the head, growth, clumping, and their export to Blender's hair curves."""
import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree


def unit(v):
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


class DistanceField:
    """Distance to the head's surface on a grid of half centimetres, positive outside, and its gradient."""

    low = np.array([-13, -21, -15.0])
    step = 0.5
    size = np.array([53, 85, 61])

    def __init__(self, vertices, triangles):
        tree = BVHTree.FromPolygons(vertices.tolist(), triangles.tolist())
        grid = np.zeros(self.size)
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                for k in range(self.size[2]):
                    p = Vector(self.low + self.step * np.array([i, j, k]))
                    nearest, normal, _, distance = tree.find_nearest(p)
                    if p.y > -9:
                        # Farther from the head's axis than the surface: robust around folded ears.
                        centre = Vector((0, min(p.y, 5), -0.5))
                        outside = (p - centre).length >= (nearest - centre).length
                    else:
                        outside = (p - nearest).dot(normal) >= 0
                    grid[i, j, k] = distance if outside else -distance
        for axis in range(3):
            # Hair flows over ears and creases.
            for _ in range(4):
                grid = 0.25 * np.roll(grid, 1, axis) + 0.5 * grid + 0.25 * np.roll(grid, -1, axis)
        self.grid = grid

    def _sample(self, p):
        u = np.clip((p - self.low) / self.step, 0, self.size - 1.001)
        i = u.astype(int)
        f = u - i
        total = 0
        for a in (0, 1):
            for b in (0, 1):
                for c in (0, 1):
                    w = (f[:, 0] if a else 1 - f[:, 0]) * (f[:, 1] if b else 1 - f[:, 1]) * (f[:, 2] if c else 1 - f[:, 2])
                    total = total + w * self.grid[i[:, 0] + a, i[:, 1] + b, i[:, 2] + c]
        return total

    def __call__(self, p):
        e = 0.4
        gradient = np.stack([self._sample(p + np.eye(3)[k] * e) - self._sample(p - np.eye(3)[k] * e) for k in range(3)], 1)
        return self._sample(p), unit(gradient)


def add_hair(name, points, radii, material):
    """`points` (strands, points, 3), `radii` alike, in centimetres."""
    n, k, _ = points.shape
    mesh = bpy.data.meshes.new(name + "_source")
    index = np.arange(n * k).reshape(n, k)
    edges = np.stack([index[:, :-1], index[:, 1:]], -1).reshape(-1, 2)
    mesh.vertices.add(n * k)
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.edges.add(len(edges))
    mesh.edges.foreach_set("vertices", edges.astype(np.int32).ravel())
    mesh.attributes.new("radius_cm", "FLOAT", "POINT").data.foreach_set("value", radii.astype(np.float32).ravel())
    mesh.update()
    source = bpy.data.objects.new(name + "_source", mesh)
    bpy.context.collection.objects.link(source)
    curves = bpy.data.hair_curves.new(name)
    curves.materials.append(material)
    thing = bpy.data.objects.new(name, curves)
    bpy.context.collection.objects.link(thing)
    group = bpy.data.node_groups.new(name, "GeometryNodeTree")
    group.outputs.new("NodeSocketGeometry", "Geometry")
    add = group.nodes.new
    taken, to_curve, set_radius = add("GeometryNodeObjectInfo"), add("GeometryNodeMeshToCurve"), add("GeometryNodeSetCurveRadius")
    radius, set_material, out = add("GeometryNodeInputNamedAttribute"), add("GeometryNodeSetMaterial"), add("NodeGroupOutput")
    taken.inputs[0].default_value = source
    radius.data_type = "FLOAT"
    radius.inputs[0].default_value = "radius_cm"
    set_material.inputs["Material"].default_value = material
    for a, b in (
        (taken.outputs["Geometry"], to_curve.inputs[0]),
        (to_curve.outputs[0], set_radius.inputs["Curve"]),
        (next(o for o in radius.outputs if o.enabled), set_radius.inputs["Radius"]),
        (set_radius.outputs[0], set_material.inputs["Geometry"]),
        (set_material.outputs[0], out.inputs[0]),
    ):
        group.links.new(a, b)
    thing.modifiers.new("strands", "NODES").node_group = group


def scatter(vertices, triangles, weight, n, rs):
    """`n` places on the surface, as many by area times `weight`: triangle numbers and barycentric coordinates."""
    corners = vertices[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) * weight
    total = np.cumsum(area)
    which = np.searchsorted(total, rs.rand(n) * total[-1])
    u = rs.rand(n, 2)
    over = u.sum(1) > 1
    u[over] = 1 - u[over]
    return which, np.c_[1 - u.sum(1), u]


def grow(root, length, points, field, offset, distance, ramp=0.25):
    """Strands from `root` along `field(place, t, outward)`, kept `offset` off the head from the share `ramp` of their way on."""
    p = root.copy()
    out = [p.copy()]
    for k in range(1, points):
        t = k / (points - 1)
        _, outward = distance(p)
        p = p + unit(field(p, t, outward)) * (length / (points - 1))[:, None]
        d, outward = distance(p)
        p = p + outward * np.maximum(offset * min(1, t / ramp) - d, 0)[:, None]
        out.append(p.copy())
    return np.stack(out, 1)


def nearest_of(roots, guides, block=3000):
    """Number of the guide nearest to each root."""
    parts = range(0, len(roots), block)
    return np.concatenate([np.argmin(((roots[i : i + block, None] - guides[None]) ** 2).sum(-1), 1) for i in parts])


def clump(points, n, amount, rs, power=1.0):
    """Strands lean to the nearest of `n` of them, by `amount` at the tip."""
    total, k, _ = points.shape
    chosen = rs.choice(total, min(n, total), False)
    guide = points[chosen[nearest_of(points[:, 0], points[chosen, 0])]]
    w = (amount * np.linspace(0, 1, k) ** power)[None, :, None]
    return points * (1 - w) + guide * w


def wander(rs, p, scale, terms=9):
    """Smooth vector noise at points: a sum of random sinusoids."""
    out = np.zeros(p.shape)
    for _ in range(terms):
        k, phase, a = rs.normal(0, 1, 3) / scale, rs.uniform(0, 6.28), rs.normal(0, 1, 3)
        out += np.sin(p @ k * 6.28 / 3 + phase)[..., None] * a
    return out / np.sqrt(terms / 2)

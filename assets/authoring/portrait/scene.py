"""Small helpers over Blender's data: meshes, node materials, colours."""
import bpy
import numpy as np


def linear(rgb):
    """Linear light of an sRGB colour 0…255."""
    c = np.array(rgb, float) / 255
    return tuple(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4))


def add_mesh(name, vertices, faces, material=None, uv=None, subdivisions=0, attributes=None):
    """`uv`: (n, 2) per vertex. `attributes`: {name: (n,) or (n, 3)} per vertex, read by materials."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(np.asarray(vertices).tolist(), [], [list(map(int, face)) for face in faces])
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    if uv is not None:
        corners = np.zeros(len(mesh.loops), int)
        mesh.loops.foreach_get("vertex_index", corners)
        mesh.uv_layers.new(name="UV").data.foreach_set("uv", np.asarray(uv)[corners].astype(np.float32).ravel())
    for key, values in (attributes or {}).items():
        vector = np.ndim(values) == 2
        attribute = mesh.attributes.new(key, "FLOAT_VECTOR" if vector else "FLOAT", "POINT")
        attribute.data.foreach_set("vector" if vector else "value", np.asarray(values, np.float32).ravel())
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(thing)
    if material:
        mesh.materials.append(material)
    if subdivisions:
        modifier = thing.modifiers.new("subdivide", "SUBSURF")
        modifier.levels = modifier.render_levels = subdivisions
    return thing


class Material:
    """A node material: `node` adds one, `link` joins two sockets, `set` sets inputs of the principled shader."""

    def __init__(self, name, principled=True):
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.output = self.tree.nodes["Material Output"]
        self.shader = self.tree.nodes.get("Principled BSDF")
        if not principled:
            self.tree.nodes.remove(self.shader)
            self.shader = None

    def node(self, kind, inputs=None, **properties):
        node = self.tree.nodes.new("ShaderNode" + kind)
        for name, value in properties.items():
            setattr(node, name, value)
        for key, value in (inputs or {}).items():
            if isinstance(value, bpy.types.NodeSocket):
                self.link(value, node.inputs[key])
            else:
                node.inputs[key].default_value = value
        return node

    def link(self, a, b):
        self.tree.links.new(a, b)

    def set(self, **inputs):
        for name, value in inputs.items():
            socket = self.shader.inputs[name.replace("_", " ")]
            if isinstance(value, bpy.types.NodeSocket):
                self.link(value, socket)
            else:
                socket.default_value = value

    def math(self, operation, a, b, c=None):
        node = self.node("Math", {i: v for i, v in enumerate((a, b, c)) if v is not None}, operation=operation)
        return node.outputs[0]

    def image(self, path, data=False):
        image = bpy.data.images.load(path)
        if data:
            image.colorspace_settings.name = "Non-Color"
        return self.node("TexImage", image=image, extension="EXTEND").outputs[0]


def submesh(head, vertices, part):
    """Vertices, faces and old vertex numbers of one part of the head."""
    faces = [face for face, _ in head.faces[part]]
    ids = np.unique([v for face in faces for v in face])
    new = np.full(len(vertices), -1)
    new[ids] = np.arange(len(ids))
    return vertices[ids], [[new[v] for v in face] for face in faces], ids

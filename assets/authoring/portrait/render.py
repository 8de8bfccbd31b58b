"""Renders a stock avatar:

    blender -b -P assets/authoring/portrait/render.py -- --geometry FOLDER --person NAME --out FOLDER [--size 1024] [--samples 100]

--geometry  folder of ICT-FaceKit's `neutral.obj` and of its shapes as `deltas.json` and `deltas.i16.gz` (see assets/authoring/README.md)
--person    a name of people.py
--out       gets NAME.png, NAME-matte.png, NAME-background.png, and scratch files in a folder of their own
--height    of the written pictures in pixels (default 768); --aspect 1.7778 makes them wider
--view      front (default), face, eye, three (from the side)
--change    JSON laid over the person, such as '{"weights":{"jawOpen":1}}': plates of the same person, or a try of something
"""
import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from mathutils import Vector  # noqa: E402

import finish  # noqa: E402
from brows import FrontProjection, add_brows, add_lashes, add_stubble  # noqa: E402
from clothes import dress  # noqa: E402
from eye_map import HALF_CM, paint_eye  # noqa: E402
from hair import Scalp, grow_hair, hairline  # noqa: E402
from head_model import EYE_CENTRE, SKIN_PARTS, Head, smooth_step  # noqa: E402
from materials import clear_material, eyeball_material, skin_material, skin_uv, wet_material  # noqa: E402
from people import PEOPLE  # noqa: E402
from scene import Material, add_mesh, linear, submesh  # noqa: E402
from skin_maps import paint_skin  # noqa: E402
from strands import DistanceField, unit  # noqa: E402

CAMERA_DISTANCE = 150
# Width of the picture at the face, and what the camera looks at: place, target, width.
FRAME_CM = 34.5
VIEWS = {
    "front": ((0, 0.7, CAMERA_DISTANCE), (0, 0.7, 0), FRAME_CM),
    "face": ((0, 0, CAMERA_DISTANCE), (0, 0, 0), 19.0),
    "eye": ((3.2, 4, CAMERA_DISTANCE), (3.2, 4, 0), 6.0),
    "three": ((95, 8, 110), (0, -0.6, 0), 40.0),
}
# Place, target, power in W, width, height, colour.
LIGHTS = {
    "key": ((-38, 42, 62), (0, 0, 5), 80000, 40, 40, (1, 0.965, 0.92)),
    "fill": ((52, 10, 62), (0, 0, 5), 17000, 60, 60, (0.93, 0.96, 1)),
    "front": ((-10, 24, 75), (0, 3, 8), 6000, 14, 14, (1, 1, 1)),
    "under": ((0, -48, 52), (0, -2, 5), 1800, 50, 30, (1, 0.95, 0.9)),
    "rim_left": ((-46, 30, -38), (0, 2, 0), 26000, 22, 50, (0.95, 0.97, 1)),
    "rim_right": ((46, 26, -40), (0, 2, 0), 28000, 22, 50, (1, 0.97, 0.93)),
    "top": ((0, 62, -6), (0, 8, 0), 24000, 40, 30, (1, 1, 1)),
}
started = time.time()


def log(what):
    print(f"# {time.time() - started:.1f} s {what}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="render.py")
    parser.add_argument("--geometry", required=True)
    parser.add_argument("--person", required=True, choices=sorted(PEOPLE))
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--height", type=int, default=768)
    parser.add_argument("--aspect", type=float, default=1.0)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--view", default="front", choices=sorted(VIEWS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bald", action="store_true", help="no hair on the head: for quick looks at a face")
    parser.add_argument("--finish-only", action="store_true", help="from the passes of the last render of this person")
    parser.add_argument("--change", default="{}")
    return parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])


def changed(person, change):
    out = {**person}
    for key, value in change.items():
        out[key] = {**out[key], **value} if isinstance(value, dict) else value
    return out


def normals_of(vertices, triangles):
    corners = vertices[triangles]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(out, triangles[:, k], flat)
    return unit(out)


def build(person, head, scratch, bald):
    """Head, hair and clothes."""
    rs = np.random.RandomState(person["seed"])
    paths = {name: os.path.join(scratch, f"{name}.png") for name in ("colour", "relief", "eye")}
    paint_skin(person, head.landmarks, paths["colour"], paths["relief"])
    paint_eye(person, paths["eye"])
    log("painted")
    neutral, posed, normals, triangles = add_face(person, head, head.shaped(person["weights"], person["proportions"]), paths, bald, rs)
    log("brows, lashes, stubble")
    x, y, z = neutral.T
    ear = (np.abs(x) > 7.45) & (y > -2.6) & (y < 7.4) & (z > -3) & (z < 2.8)
    if not bald:
        hidden = person["hair"]["style"] == "long"
        distance = DistanceField(posed, triangles[~ear[triangles].any(1)] if hidden else triangles)
        log("distance field")
        grow_hair(person, Scalp(neutral, posed, normals, triangles, ear, distance), rs)
        log("hair")
    if "studs" in person:
        _ear_studs(person["studs"], posed, normals, np.abs(x) > 7.6)
    dress(person, rs)


def add_face(person, head, vertices, paths, bald, rs):
    """
    Skin, eyes, mouth, brows, lashes and stubble of the head with these `vertices`; `paths`: painted maps. Gives the skin: neutral and posed
    places, normals, triangles.
    """
    lm = head.landmarks
    faces = [face for part in SKIN_PARTS for face, _ in head.faces[part]]
    ids = np.unique([v for face in faces for v in face])
    new = np.full(len(vertices), -1)
    new[ids] = np.arange(len(ids))
    faces = [[new[v] for v in face] for face in faces]
    if person["hair"]["style"] == "long":
        _pin_ears(vertices, head.vertices)
    neutral, posed = head.vertices[ids], vertices[ids]
    triangles = np.array([t for f in faces for t in ([f[0], f[1], f[2]], [f[0], f[2], f[3]])[: len(f) - 2]])
    normals = normals_of(posed, triangles)
    inside = np.clip((neutral[:, 1] - hairline(person["hair"])(neutral)) / 0.9 + 0.1, 0, 1)
    density = 0.0 if bald else person["hair"].get("scalp_tint", 1.0)
    skin = skin_material(person["skin"], paths["colour"], paths["relief"])
    add_mesh("head", posed, faces, skin, uv=skin_uv(neutral), subdivisions=1, attributes={"rest": neutral, "scalp": inside * density})
    _eyes_and_mouth(head, vertices, paths["eye"])
    project = FrontProjection(neutral, posed, normals, triangles)
    add_brows(person, lm, project, rs)
    add_lashes(person, head, vertices, rs)
    add_stubble(person, lm, project, rs)
    return neutral, posed, normals, triangles


def _pin_ears(vertices, neutral):
    """Ears lie against the head under long hair."""
    x, y, z = neutral.T
    w = smooth_step(np.abs(x), 7.3, 7.9) * smooth_step(y, -3.2, -2.0) * (1 - smooth_step(y, 6.9, 8))
    w = w * smooth_step(z, -3.6, -2.4) * (1 - smooth_step(z, 2.6, 3.6))
    vertices[:, 0] -= np.sign(x) * np.maximum(np.abs(vertices[:, 0]) - 7.45, 0) * 0.72 * w


def _ear_studs(studs, posed, normals, ear):
    """A small metal ball on each lobe."""
    metal = Material("metal")
    metal.set(Base_Color=(*linear(studs["colour"]), 1), Metallic=1.0, Roughness=0.22)
    for side in (-1, 1):
        lobe = np.flatnonzero(ear & (posed[:, 0] * side > 0) & (posed[:, 1] > -4) & (posed[:, 2] > -2))
        lowest = posed[lobe, 1].min()
        near = lobe[posed[lobe, 1] < lowest + 0.55]
        place = near[np.argmax(posed[near, 2])]
        at = posed[place] + 0.6 * studs["radius"] * normals[place]
        bpy.ops.mesh.primitive_uv_sphere_add(radius=studs["radius"], location=at, segments=24, ring_count=16)
        bpy.ops.object.shade_smooth()
        bpy.context.object.data.materials.append(metal.material)


def _eyes_and_mouth(head, vertices, eye_path):
    eyeball, cornea = eyeball_material(eye_path), clear_material("cornea", 0.02, 1.42)
    for side, name in ((1, "Left"), (-1, "Right")):
        v, faces, ids = submesh(head, vertices, "Iris" + name)
        rest = head.vertices[ids]
        uv = (rest[:, :2] - np.array([side * EYE_CENTRE[0], EYE_CENTRE[1]])) / (2 * HALF_CM) + 0.5
        add_mesh("iris" + name, v, faces, eyeball, uv=uv, subdivisions=1)
        v, faces, _ = submesh(head, vertices, "Sclera" + name)
        # Two subdivisions: a facet of the cornea would break the light's reflection.
        add_mesh("cornea" + name, v, faces, cornea, subdivisions=2)
    for part, material in (
        ("LacrimalFluid", clear_material("tears", 0.08, 1.4)),
        ("Teeth", wet_material("teeth", (236, 228, 212), 0.22, 0.15, (0.2, 0.15, 0.1))),
        ("GumsTongue", wet_material("gums", (176, 82, 80), 0.3, 0.3, (0.3, 0.1, 0.08))),
    ):
        v, faces, _ = submesh(head, vertices, part)
        add_mesh(part, v, faces, material, subdivisions=1)


def light_and_camera(person, view, aspect):
    scene, collection = bpy.context.scene, bpy.context.collection
    gain = person.get("light", 1.0)
    for name, (place, target, power, width, height, colour) in LIGHTS.items():
        lamp = bpy.data.lights.new(name, "AREA")
        lamp.shape, lamp.size, lamp.size_y = ("DISK" if name in ("key", "front") else "RECTANGLE"), width, height
        lamp.energy, lamp.color = power * gain, colour
        thing = bpy.data.objects.new(name, lamp)
        thing.location = place
        thing.rotation_euler = (Vector(target) - thing.location).to_track_quat("-Z", "Y").to_euler()
        collection.objects.link(thing)
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    sky = world.node_tree.nodes["Background"]
    sky.inputs[0].default_value, sky.inputs[1].default_value = (0.75, 0.80, 0.88, 1), 0.20 * gain
    place, target, width = VIEWS[view]
    if view == "front" and "frame" in person:
        # Tall hair needs more room above.
        rise = np.array([0, person["frame"]["rise"], 0])
        place, target, width = place + rise, target + rise, person["frame"]["width"]
    camera = bpy.data.cameras.new("camera")
    thing = bpy.data.objects.new("camera", camera)
    collection.objects.link(thing)
    scene.camera = thing
    thing.location = place
    thing.rotation_euler = (Vector(target) - thing.location).to_track_quat("-Z", "Y").to_euler()
    camera.sensor_width, camera.clip_end = 36, 1000
    camera.lens = 36 * CAMERA_DISTANCE / (width * aspect)


def film(person):
    """How linear light becomes a 16-bit PNG."""
    file = bpy.context.scene.render.image_settings
    file.file_format, file.color_mode, file.color_depth = "PNG", "RGBA", "16"
    settings = bpy.context.scene.view_settings
    settings.view_transform, settings.look = "Filmic", "Medium High Contrast"
    settings.exposure = person.get("exposure", 0)


def render(size, aspect, samples, threads, scratch):
    """Colour, albedo and normals as float arrays, rows from below."""
    scene = bpy.context.scene
    r = scene.render
    r.engine, r.threads_mode, r.threads = "CYCLES", "FIXED", threads
    r.resolution_x, r.resolution_y, r.film_transparent = round(size * aspect / 2) * 2, size, True
    cycles = scene.cycles
    cycles.samples, cycles.use_denoising, cycles.use_adaptive_sampling, cycles.adaptive_threshold = samples, False, True, 0.015
    cycles.transparent_max_bounces, cycles.max_bounces, cycles.sample_clamp_indirect = 10, 8, 3
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.view_layers[0].cycles.denoising_store_passes = True
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers = tree.nodes.new("CompositorNodeRLayers")
    files = tree.nodes.new("CompositorNodeOutputFile")
    files.base_path = scratch
    files.format.file_format, files.format.color_depth, files.format.color_mode = "OPEN_EXR", "32", "RGBA"
    files.file_slots.clear()
    passes = {"colour": "Image", "albedo": "Denoising Albedo", "normal": "Denoising Normal"}
    for name, source in passes.items():
        files.file_slots.new(name + "_")
        tree.links.new(layers.outputs[source], files.inputs[-1])
    tree.links.new(layers.outputs["Image"], tree.nodes.new("CompositorNodeComposite").inputs[0])
    bpy.ops.render.render(write_still=False)
    return read_passes(scratch, passes)


def read_passes(scratch, passes=("colour", "albedo", "normal")):
    scene = bpy.context.scene
    out = []
    for name in passes:
        image = bpy.data.images.load(os.path.join(scratch, f"{name}_{scene.frame_current:04d}.exr"))
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        values = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(values)
        out.append(values.reshape(height, width, 4))
    return out


def tone(linear_image, path):
    """Through the scene's film curve into a 16-bit PNG with straight alpha."""
    height, width = linear_image.shape[:2]
    image = bpy.data.images.new("toned", width, height, alpha=True, float_buffer=True)
    image.alpha_mode = "PREMUL"
    image.pixels.foreach_set(linear_image.astype(np.float32).ravel())
    image.update()
    image.save_render(path, scene=bpy.context.scene)


def main():
    options = arguments()
    person = changed(PEOPLE[options.person], json.loads(options.change))
    scratch = os.path.join(options.out, "scratch", options.person)
    os.makedirs(scratch, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if options.finish_only:
        film(person)
        passes = read_passes(scratch)
    else:
        build(person, Head(options.geometry), scratch, options.bald)
        log("built")
        light_and_camera(person, options.view, options.aspect)
        film(person)
        passes = render(options.size, options.aspect, options.samples, options.threads, scratch)
        log("rendered")
    clean = finish.denoise(passes[0], passes[1][..., :3], passes[2][..., :3], person.get("denoise", 2.5))
    log("denoised")
    toned = os.path.join(scratch, "toned.png")
    tone(clean, toned)
    finish.write_pictures(toned, options.out, options.person, min(options.height, options.size), person["wall"])
    log(f"wrote {options.out}/{options.person}.png")


if __name__ == "__main__":
    main()

"""Renders an avatar's plates, parts of its portrait with another face, from the same model, light and camera:

    blender -b -P assets/authoring/portrait/plates.py -- --geometry FOLDER --person NAME --out FOLDER [--samples 100]

--geometry, --person, --size, --height, --samples, --threads, --bald   as for render.py, with which the portrait was rendered
--width of the portrait in the package, whose middle is the square that is rendered (default 1366)
--out   gets NAME-plate-lids.png, NAME-plate-lashes.png and NAME-plates.json: see docs/avatars.md
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bpy  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402
from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402

import finish  # noqa: E402
import render  # noqa: E402
from brows import is_upper, lash_strips  # noqa: E402
from head_model import Head  # noqa: E402
from people import PEOPLE  # noqa: E402

# Stages of a blink, as shares of the coefficient.
LID_STAGES = (0.5, 1.0)
# Around both eyes, in centimetres beyond the roots of the lashes: to the sides, above, below.
LID_ROOM = (1.0, 1.5, 1.1)
# More is rendered around a plate, since denoising and sharpening look at neighbours; in pixels of the render.
MARGIN = 24
COVERAGE_SAMPLES = 12
# Shares of light that a lash takes away, and that lashes close together take from the skin behind; and how much of both is kept: hanging down
# they cover each other less than strands that are modelled for an open eye.
LASH_DARKNESS, LASH_SHADOW, LASH_WEIGHT = 0.86, 0.3, 0.6


def arguments():
    parser = argparse.ArgumentParser(prog="plates.py")
    parser.add_argument("--geometry", required=True)
    parser.add_argument("--person", required=True, choices=sorted(PEOPLE))
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--height", type=int, default=768)
    parser.add_argument("--width", type=int, default=1366)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bald", action="store_true")
    return parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])


def posed(head, person, change):
    """The portrait's vertices, moved by what the shapes in `change` add. Lips that the portrait's expression parted stay sealed, opened ones open."""
    weights = {**person["weights"]}
    for name, amount in change.items():
        weights[name] = weights.get(name, 0) + amount
    shaped = lambda w, seal: head.shaped(w, person["proportions"], seal)
    return shaped(person["weights"], True) + shaped(weights, False) - shaped(person["weights"], False)


def lids(person, amount):
    """Shapes that close the eyes by a share: eyes that are held wide open close as far as others."""
    wide = {f"eyeWide_{side}": -amount * person["weights"].get(f"eyeWide_{side}", 0) for side in "LR"}
    return {f"eyeBlink_{side}": amount for side in "LR"} | wide


def on_picture(places):
    """Fractions of the picture's width and height, y down, of places (n, 3) in centimetres."""
    scene = bpy.context.scene
    seen = np.array([world_to_camera_view(scene, scene.camera, Vector(p)) for p in places])
    return np.c_[seen[:, 0], 1 - seen[:, 1]]


def rims(head, vertices):
    """Roots of the lashes on the picture, from the avatar's right to its left, by eye and lid."""
    out = {"right": {}, "left": {}}
    for strip in lash_strips(head):
        roots = vertices[strip[:, 0]]
        eye = out["left" if roots[:, 0].mean() > 0 else "right"]
        eye.setdefault("upper" if is_upper(head, strip) else "lower", []).append(roots[np.argsort(roots[:, 0])])
    return {eye: {lid: on_picture(np.mean(strips, 0)) for lid, strips in lids.items()} for eye, lids in out.items()}


class Plate:
    """A rectangle of the portrait, given in its pixels, whose render's pixels are whole."""

    def __init__(self, low, high, options):
        self.options = options
        # The least number of the portrait's pixels that is a whole number of the render's.
        step = options.height // np.gcd(options.height, options.size)
        low, high = np.array(low) * options.height, np.array(high) * options.height
        self.x, self.y = (int(v) for v in np.floor(low / step) * step)
        self.width, self.height = (int(v) for v in np.ceil(high / step) * step - [self.x, self.y])

    def _passes(self, samples, scratch):
        """The scene's passes in the rectangle and around it, rows from below, and the width of what is around in the portrait's pixels."""
        o = self.options
        unit = o.size / o.height
        x0, y0 = round(self.x * unit), round(self.y * unit)
        x1, y1 = x0 + round(self.width * unit), y0 + round(self.height * unit)
        whole = o.size // np.gcd(o.size, o.height)
        margin = -(-MARGIN // whole) * whole
        r = bpy.context.scene.render
        r.use_border, r.use_crop_to_border = True, False
        r.border_min_x, r.border_max_x = (x0 - margin) / o.size, (x1 + margin) / o.size
        r.border_min_y, r.border_max_y = 1 - (y1 + margin) / o.size, 1 - (y0 - margin) / o.size
        passes = render.render(o.size, 1.0, samples, o.threads, scratch)
        rows, columns = slice(o.size - y1 - margin, o.size - y0 + margin), slice(x0 - margin, x1 + margin)
        return [values[rows, columns] for values in passes], round(margin / unit)

    def picture(self, person, scratch):
        """The rectangle of the scene as it now is, BGR 0…1."""
        (colour, albedo, normal), around = self._passes(self.options.samples, scratch)
        clean = finish.denoise(colour, albedo[..., :3], normal[..., :3], person.get("denoise", 2.5))
        toned = os.path.join(scratch, "toned.png")
        render.tone(clean, toned)
        piece = finish.piece(toned, self.width + 2 * around, self.height + 2 * around)
        return piece[around:-around, around:-around]

    def coverage(self, name, scratch):
        """How much of each pixel the object of this name covers, where nothing is before it."""
        others = [thing for thing in bpy.data.objects if thing.type not in ("LIGHT", "CAMERA") and thing.name != name]
        for thing in others:
            thing.is_holdout = True
        (colour, _, _), around = self._passes(COVERAGE_SAMPLES, scratch)
        for thing in others:
            thing.is_holdout = False
        alpha = np.clip(colour[::-1, :, 3], 0, 1)
        alpha = cv2.resize(alpha, (self.width + 2 * around, self.height + 2 * around), interpolation=cv2.INTER_AREA)
        return alpha[around:-around, around:-around]


def light_through(lashes):
    """The share of light that lashes of this coverage leave: their own dark, and the soft shadow below them."""
    shadow = np.roll(cv2.GaussianBlur(lashes, (0, 0), 1.6), 1, 0)
    return 1 - LASH_WEIGHT * (1 - (1 - LASH_DARKNESS * lashes) * (1 - LASH_SHADOW * shadow))


def main():
    options = arguments()
    person = PEOPLE[options.person]
    scratch = os.path.join(options.out, "scratch", options.person)
    os.makedirs(scratch, exist_ok=True)
    paths = {name: os.path.join(scratch, f"{name}.png") for name in ("colour", "relief", "eye")}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    head = Head(options.geometry)
    render.build(person, head, scratch, options.bald)
    render.light_and_camera(person, "front", 1.0)
    render.film(person)
    r = bpy.context.scene.render
    r.resolution_x, r.resolution_y, r.use_persistent_data = options.size, options.size, True
    bpy.context.view_layer.update()
    face = lambda thing: thing.name.startswith(("head", "iris", "cornea", "LacrimalFluid", "Teeth", "GumsTongue", "brow", "lash", "stubble"))
    rest = rims(head, posed(head, person, {}))
    roots = np.concatenate([lid for eye in rest.values() for lid in eye.values()])
    per_cm = np.ptp(on_picture([(0, 0, 9), (1, 0, 9)])[:, 0])
    sides, above, below = np.array(LID_ROOM) * per_cm
    plate = Plate(roots.min(0) - [sides, above], roots.max(0) + [sides, below], options)
    write = lambda what, picture: cv2.imwrite(f"{options.out}/{options.person}-{what}.png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    as_bytes = lambda picture: np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    aside = (options.width - options.height) // 2
    on_wide = lambda line: np.round((line * options.height + [aside, 0]) / [options.width, options.height], 6).tolist()
    as_lists = lambda eyes: {eye: {lid: on_wide(line) for lid, line in of.items()} for eye, of in eyes.items()}
    skins, lashes, stages = [], [], []
    for amount in LID_STAGES:
        for thing in [thing for thing in bpy.data.objects if face(thing)]:
            bpy.data.objects.remove(thing, do_unlink=True)
        vertices = posed(head, person, lids(person, amount))
        render.add_face(person, head, vertices.copy(), paths, options.bald, np.random.RandomState(person["seed"]))
        covered = plate.coverage("lash_upper", scratch)
        lashes.append(light_through(covered))
        for thing in [thing for thing in bpy.data.objects if thing.name.startswith("lash_upper")]:
            bpy.data.objects.remove(thing, do_unlink=True)
        skins.append(plate.picture(person, scratch))
        render.log(f"lids {amount}")
        stages.append({"coefficients": {"eyeBlinkLeft": amount, "eyeBlinkRight": amount}, **as_lists(rims(head, vertices))})
    write("plate-lids", as_bytes(np.concatenate(skins)))
    write("plate-lashes", as_bytes(np.concatenate(lashes)))
    box = {"x": plate.x + aside, "y": plate.y, "width": plate.width, "height": plate.height}
    with open(f"{options.out}/{options.person}-plates.json", "w", encoding="utf8") as file:
        json.dump({"formatVersion": 1, "lids": {**box, "rest": as_lists(rest), "stages": stages}}, file)
        file.write("\n")


main()

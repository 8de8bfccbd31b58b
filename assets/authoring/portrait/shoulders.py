"""Widens a stock avatar's square portrait to one with both shoulders, of which the middle is the square:

    blender -b -P assets/authoring/portrait/shoulders.py -- --geometry FOLDER --person NAME --square FOLDER --out FOLDER [--samples 64]

--square    folder with the square `portrait.png`, `matte.png` and `background.png`, rendered by render.py in front view
--out       gets NAME.png, NAME-matte.png and NAME-background.png, as high as the square, and scratch files in a folder of their own

Only what lies below the chin is rendered: clothes, and the part of neck and hair before and behind them. The face stays the square's to the bit.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bpy  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

import finish  # noqa: E402
import render  # noqa: E402
from head_model import Head  # noqa: E402
from people import PEOPLE  # noqa: E402

ASPECT = 16 / 9
# Rows, as shares of the height, in which the square goes over into the strip below: under the chin. Beside the neck, from the first of these
# distances from the middle to the second, it is higher, since a collar's outline must not be seen twice.
BLEND_FROM, BLEND_TO, RAISED = 0.762, 0.805, 0.028
NECK = 0.18, 0.215
# Rendered above the blend, so that the denoiser's window is full there.
MARGIN = 0.012


def arguments():
    parser = argparse.ArgumentParser(prog="shoulders.py")
    parser.add_argument("--geometry", required=True)
    parser.add_argument("--person", required=True, choices=sorted(PEOPLE))
    parser.add_argument("--square", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])


def premultiplied(folder):
    """The square's person without its wall: BGR and alpha, 0…1."""
    read = lambda name, how: cv2.imread(os.path.join(folder, name), how).astype(np.float32) / 255
    portrait, behind = read("portrait.png", cv2.IMREAD_COLOR), read("background.png", cv2.IMREAD_COLOR)
    alpha = read("matte.png", cv2.IMREAD_GRAYSCALE)[..., None]
    side = portrait.shape[0]
    middle = (portrait.shape[1] - side) // 2
    cut = lambda image: image[:, middle : middle + side]
    return np.dstack([cut(portrait - behind * (1 - alpha)), cut(alpha)])


def strip(options, person, width, height, scratch):
    """The lower rows, toned: BGR and alpha 0…1, premultiplied; and the row it begins at."""
    first = round((BLEND_FROM - RAISED - MARGIN) * height)
    render.build(person, Head(options.geometry), scratch, False)
    render.light_and_camera(person, "front", width / height)
    render.film(person)
    r = bpy.context.scene.render
    r.use_border = r.use_crop_to_border = True
    r.border_min_x, r.border_max_x = 0, 1
    r.border_min_y, r.border_max_y = 0, (height - first) / height
    passes = render.render(height, width / height, options.samples, options.threads, scratch)
    clean = finish.denoise(passes[0], passes[1][..., :3], passes[2][..., :3], person.get("denoise", 2.5))
    path = os.path.join(scratch, "shoulders.png")
    render.tone(clean, path)
    toned = cv2.imread(path, cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
    return np.dstack([toned[..., :3] * toned[..., 3:], toned[..., 3]]), height - toned.shape[0]


def main():
    options = arguments()
    person = PEOPLE[options.person]
    scratch = os.path.join(options.out, "scratch", options.person)
    os.makedirs(scratch, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    square = premultiplied(options.square)
    height = square.shape[0]
    width = round(height * ASPECT / 2) * 2
    lower, first = strip(options, person, width, height, scratch)
    whole = np.zeros((height, width, 4), np.float32)
    left = (width - height) // 2
    whole[:, left : left + height] = square
    rows = (np.arange(first, height, dtype=np.float32) / height)[:, None, None]
    aside = np.abs((np.arange(width, dtype=np.float32) + 0.5 - width / 2) / height)[None, :, None]
    raised = np.clip((aside - NECK[0]) / (NECK[1] - NECK[0]), 0, 1)
    begin, length = BLEND_FROM - RAISED * raised, (BLEND_TO - BLEND_FROM) * (1 - 0.5 * raised)
    share = np.clip((rows - begin) / length, 0, 1)
    beside = np.ones((1, width, 1), np.float32)
    beside[:, left : left + height] = 0
    share = np.maximum(share, beside)
    whole[first:] = whole[first:] * (1 - share) + lower * share
    finish.write_layers(whole, options.out, options.person, person["wall"])
    render.log(f"wrote {options.out}/{options.person}.png")


if __name__ == "__main__":
    main()

"""From the renderer's passes to the package's pictures: denoise, tone, lay over a studio wall, write portrait, matte and background."""
import cv2
import numpy as np


def _without_fireflies(light, most=1.6):
    """No pixel brighter than `most` times the median around it: few samples leave single bright ones in shadows."""
    luma = light.mean(-1).astype(np.float32)
    limit = most * cv2.medianBlur(luma, 3) + 0.01
    return light * np.minimum(1, limit / np.maximum(luma, 1e-6))[..., None]


def denoise(image, albedo, normal, strength=1.0, radius=6):
    """
    Non-local means of light without surface colour (albedo divided out), guided by albedo and normals, so that pores, lashes and hair stay.
    `image` linear RGBA, premultiplied; returns the same. After Buades, Coll and Morel 2005 with feature guides as in Rousselle et al. 2013.
    """
    alpha = image[..., 3]
    surface = np.clip(albedo, 0, 4) + 0.04
    light = _without_fireflies(np.clip(image[..., :3], 0, 12) / surface)
    log_light = np.log1p(light)
    blurred = cv2.GaussianBlur(log_light, (0, 0), 1.2)
    mean = cv2.blur(log_light, (5, 5))
    variance = cv2.blur(np.clip(cv2.blur(log_light * log_light, (5, 5)) - mean * mean, 1e-6, None).mean(-1), (9, 9))
    # Dark hair is all detail: touched least.
    strength = strength * (1 - 0.5 * np.clip((0.16 - surface.mean(-1)) / 0.08, 0, 1))
    surface_guide = cv2.GaussianBlur(np.log(surface), (0, 0), 0.6)
    normal_guide = cv2.GaussianBlur(normal, (0, 0), 0.6)
    total, weights = np.zeros_like(light), np.zeros(alpha.shape, np.float32)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            if dx * dx + dy * dy > radius * radius + 1:
                continue
            shifted = lambda field: np.roll(field, (dy, dx), (0, 1))
            apart = cv2.blur(((blurred - shifted(blurred)) ** 2).mean(-1), (3, 3))
            w = np.exp(
                -(
                    np.maximum(apart - 0.0625 * variance, 0) / (strength * 0.22 * variance + 1e-5)
                    + ((normal_guide - shifted(normal_guide)) ** 2).sum(-1) / 0.06
                    + ((surface_guide - shifted(surface_guide)) ** 2).mean(-1) / 0.05
                    + (alpha - shifted(alpha)) ** 2 / 0.02
                    + (dx * dx + dy * dy) / (2 * (radius * 0.6) ** 2)
                )
            )
            total += shifted(light) * w[..., None]
            weights += w
    return np.dstack([total / weights[..., None] * surface, alpha])


def wall(height, width, colours):
    """A wall lit from the upper left, BGR 0…1."""
    near, far = (np.array(c[::-1], np.float32) / 255 for c in colours)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    x += 0.5 * (1 - width / height)
    t = np.sqrt((x - 0.40) ** 2 * 0.9 + (y - 0.36) ** 2)[..., None] / 0.85
    # Ends softly: where a wide wall stopped getting darker at once, a line would be seen.
    t = (t / (1 + t**4) ** 0.25) ** 1.3
    return near * (1 - t) + far * t


def _thresholds(height, width):
    """Bayer's matrix of 8 × 8, 0…1, repeated."""
    m = np.zeros((1, 1))
    for _ in range(3):
        m = np.block([[4 * m, 4 * m + 2], [4 * m + 3, 4 * m + 1]])
    tiled = np.tile((m + 0.5) / 64, (height // 8 + 1, width // 8 + 1))
    return tiled[:height, :width, None].astype(np.float32)


def write_pictures(toned_path, folder, name, side, colours):
    """`toned_path`: 16-bit RGBA, straight alpha. Writes NAME.png, NAME-matte.png and NAME-background.png, `side` pixels high."""
    image = cv2.imread(toned_path, cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
    premultiplied = np.dstack([image[..., :3] * image[..., 3:], image[..., 3]])
    width = round(side * image.shape[1] / image.shape[0] / 2) * 2
    if side != image.shape[0]:
        premultiplied = cv2.resize(premultiplied, (width, side), interpolation=cv2.INTER_AREA)
    _sharpen(premultiplied)
    write_layers(premultiplied, folder, name, colours)


def write_layers(premultiplied, folder, name, colours):
    """BGR and alpha 0…1 before a wall: writes NAME.png, NAME-matte.png and NAME-background.png."""
    side, width = premultiplied.shape[:2]
    alpha = np.clip(premultiplied[..., 3:], 0, 1)
    # Dithered, or a wall's gradient would show its 8-bit steps; in a fixed pattern (Bayer 1973), which PNG packs to a quarter of what noise takes.
    background = np.floor(wall(side, width, colours) * 255 + _thresholds(side, width)).clip(0, 255)
    portrait = np.clip(premultiplied[..., :3], 0, 1) * 255 + background * (1 - alpha)
    write = lambda what, picture: cv2.imwrite(f"{folder}/{name}{what}.png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    write("", np.clip(portrait + 0.5, 0, 255).astype(np.uint8))
    write("-background", background.astype(np.uint8))
    write("-matte", np.clip(alpha[..., 0] * 255 + 0.5, 0, 255).astype(np.uint8))


def _sharpen(premultiplied):
    """Downscaling softens: a little of the finest detail is given back."""
    soft = cv2.GaussianBlur(premultiplied[..., :3], (0, 0), 0.9)
    premultiplied[..., :3] += 0.35 * (premultiplied[..., :3] - soft) * premultiplied[..., 3:]


def piece(toned_path, width, height):
    """A piece of a picture without a transparent pixel, as `write_pictures` has it at this size: BGR 0…1."""
    image = cv2.imread(toned_path, cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    _sharpen(image)
    return np.clip(image[..., :3], 0, 1)

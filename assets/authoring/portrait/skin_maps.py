"""Painted maps of a person's skin: colour, and roughness, relief and lips."""
import cv2
import numpy as np

from maps import DENSITY, LEFT, N, SIDE, TOP, X, Y, band_noise, blob, filled, mix, noise, spline, stroke

# Relief is stored as 0.5 + centimetres / RELIEF_CM.
RELIEF_CM = 0.4


def beard_area(lm):
    """Where a beard grows, 0…1: cheeks below the bones, upper lip, chin and jaw; not the lips."""
    half = [(6.9, -0.2), (7.2, -3), (5.9, -6.0), (4.4, -7.8), (2, -8.6), (0, -8.7)]
    upper = [(-6.9, -0.2), (-6.0, -1.5), (-4.6, -2.7), (-3.1, -2.3), (-1.7, -1.65), (0, -1.75)]
    outline = upper + [(-x, y) for x, y in upper[-2::-1]] + half[1:] + [(-x, y) for x, y in half[-2:0:-1]]
    lips = np.clip(filled(spline(lm[48:60, :2]), 0.10) * 1.6, 0, 1)
    corners = blob(-1.75, -4.6, 0.5, 0.5) + blob(1.75, -4.6, 0.5, 0.5)
    return filled(spline(outline), 0.40) * (1 - lips) * (1 - 0.5 * corners)


def paint_skin(person, lm, colour_path, relief_path):
    """`lm`: the 68 neutral landmarks. Writes 8-bit colour and 16-bit (R roughness, G relief, B lips)."""
    rs = np.random.RandomState(person["seed"])
    skin = person["skin"]
    of = lambda name: np.array(skin[name], np.float32) / 255
    large, middle, small = noise(rs, 500), noise(rs, 120), noise(rs, 30, octaves=3)
    image = np.ones((N, N, 3), np.float32) * of("base")
    image = mix(image, of("red"), np.clip(_redness(skin, large, middle, small), 0, 0.9))
    image = mix(image, of("dark"), np.clip(_darkness(skin, large, middle), 0, 0.8))
    pores, relief = _pores(rs, skin.get("pores", 1.0))
    grain = band_noise(rs, 2.2, 7)
    image *= (1 + 0.018 * small + 0.016 * grain + 0.012 * middle - pores)[..., None]
    image = _spots(image, rs, skin, of("dark"))
    lines, depth = _wrinkles(rs, skin.get("wrinkles", 0.0), lm)
    image = mix(image, 0.55 * of("dark") + 0.25 * of("red"), np.clip(0.34 * lines, 0, 0.6))
    relief += depth
    if skin.get("beard", 0):
        shade = skin["beard"] * beard_area(lm) * (1 + 0.12 * small + 0.10 * grain)
        image = mix(image, of("beard_colour"), np.clip(shade, 0, 0.8))
    image = _make_up(image, skin, lm)
    image, lips, lip_relief = _lips(image, rs, skin, lm)
    relief = relief * (1 - lips) + lip_relief
    image = _under_brows(image, person, lm)
    edge = np.minimum.reduce([(X - LEFT) / 1.2, (LEFT + SIDE - X) / 1.2, (Y - (TOP - SIDE)) / 1.6, (TOP - Y) / 0.6])
    fade = np.clip(edge, 0, 1)
    image = image * fade[..., None] + of("base") * 0.97 * (1 - fade[..., None])
    relief *= fade
    rough = skin.get("rough", 0.5) + 0.03 * middle + 0.03 * small + 0.05 * grain - 0.07 * blob(0, 1.5, 0.9, 3) - 0.03 * blob(0, 8.3, 4, 1.6)
    rough = rough * (1 - lips) + lips * skin.get("lip_rough", 0.38)
    cv2.imwrite(colour_path, (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)[..., ::-1])
    aux = np.clip(np.dstack([lips, 0.5 + relief / RELIEF_CM, rough]), 0, 1)
    cv2.imwrite(relief_path, (aux * 65535 + 0.5).astype(np.uint16))


def _redness(skin, large, middle, small):
    red = np.zeros((N, N), np.float32)
    for s in (-1, 1):
        red += skin["cheek"] * blob(s * 4.6, 0.2, 2.1, 1.7, s * 0.35)
        red += 0.35 * blob(s * 9, 2, 1.6, 4)
        red += 0.30 * blob(s * 1.25, -0.3, 0.7, 0.6)
        red += skin.get("lid_red", 0.12) * (blob(s * 3.1, 4.25, 1.7, 0.45) + blob(s * 3.1, 2.75, 1.5, 0.35))
        red += 0.25 * blob(s * 1.75, 3.2, 0.35, 0.4)
    red += 0.42 * blob(0, 0.4, 1.2, 0.9) + 0.18 * blob(0, -6.2, 1.6, 1.0) + 0.12 * blob(0, 8.2, 4, 1.5)
    mottled = skin.get("mottled", 1.0)
    return red * (1 + mottled * (0.20 * middle + 0.14 * small)) + mottled * (0.04 * large + 0.035 * middle + 0.025 * small)


def _darkness(skin, large, middle):
    dark = skin.get("mottled", 1.0) * (0.03 * large + 0.02 * middle)
    for s in (-1, 1):
        dark += skin.get("under_eye", 0.16) * blob(s * 2.6, 2.55, 1.35, 0.42, -s * 0.12, 2.5)
        dark += 0.12 * blob(s * 3.2, 4.45, 1.6, 0.5) + 0.25 * blob(s * 1.9, 3.15, 0.25, 0.3) + 0.10 * blob(s * 7, -3, 2.2, 4)
    return dark


def _pores(rs, amount):
    """How much pores darken the skin, and their relief in centimetres: largest on nose, inner cheeks, forehead and chin."""
    where = 0.35 + 0.9 * blob(0, 0.6, 1.5, 2.0) + 0.45 * blob(0, 7.9, 4.2, 1.8) + 0.4 * blob(0, -6.4, 1.8, 1.2)
    for s in (-1, 1):
        where = where + 0.65 * blob(s * 3.0, 0.4, 1.6, 1.6)
    dots = np.clip(-band_noise(rs, 3.2, 8) - 0.55, 0, 2.5)
    fine = band_noise(rs, 2.0, 5)
    where = np.clip(where, 0, 1.3) * amount
    return 0.085 * dots * where, -0.0045 * dots * where + 0.0016 * fine


def _spots(image, rs, skin, dark):
    """Freckles, moles and the spots of age."""
    freckles = np.zeros((N, N), np.float32)
    for _ in range(skin.get("freckles", 60)):
        x, y, r = rs.normal(0, 3.4), rs.normal(1.0, 1.6), rs.uniform(0.025, 0.06)
        centre = (int((x - LEFT) * DENSITY), int((TOP - y) * DENSITY))
        cv2.circle(freckles, centre, max(1, int(r * DENSITY)), float(rs.uniform(0.25, 0.8)), -1, cv2.LINE_AA)
    image = mix(image, dark, np.clip(cv2.GaussianBlur(freckles, (0, 0), 2.0) * skin.get("freckle_strength", 0.35), 0, 0.7))
    for x, y, r in skin.get("moles", []):
        image = mix(image, np.array([0.25, 0.14, 0.10]), 0.75 * blob(x, y, r, r, power=4))
    edge = noise(rs, 40, octaves=2)
    for x, y, r in skin.get("age_spots", []):
        image = mix(image, dark, np.clip(0.42 * blob(x + 0.02, y, r, r * 0.8, x, power=4) * (1 + 0.35 * edge), 0, 0.5))
    return image


def _wrinkles(rs, amount, lm):
    """Darkness (0…1) and relief (centimetres) of the lines that a face of that age keeps at rest."""
    lines, relief = np.zeros((N, N), np.float32), np.zeros((N, N), np.float32)
    if amount == 0:
        return lines, relief

    def crease(points, width, depth, shade):
        nonlocal lines, relief
        p = spline(points, 10, False)
        p = p + np.cumsum(rs.normal(0, 0.006, p.shape), 0)
        groove, fold = stroke(p, width * 0.6, width * 0.5), stroke(p, width * 2, width * 2.2)
        lines = np.maximum(lines, shade * amount * groove)
        relief += amount * depth * (0.45 * fold - groove)

    for y, half, depth in ((7.25, 3.4, 0.016), (8.05, 4.1, 0.020), (8.9, 3.6, 0.013)):
        # Forehead: two or three pieces a line, higher over the brows.
        for a, b in ((-1.0, -0.1), (-0.25, 0.55), (0.4, 1.0)):
            xs = np.linspace(a, b, 6) * half
            crease([(x, y + 0.16 * np.cos(x * 0.9) + rs.normal(0, 0.035)) for x in xs], 0.05, depth * rs.uniform(0.7, 1.1), 0.42)
    for s in (-1, 1):
        crease([(s * 0.62, 6.35), (s * 0.52, 5.7), (s * 0.60, 5.0)], 0.06, 0.026, 0.55)
        for dy, rise in ((0.42, 0.5), (0.02, -0.02), (-0.38, -0.5), (-0.68, -0.85)):
            start = (s * (4.95 + 0.1 * rs.rand()), 3.35 + dy)
            crease([start, (s * 5.55, 3.35 + dy + rise * 0.5), (s * 6.25, 3.3 + dy + rise * 1.1)], 0.045, 0.017, 0.5)
        crease([(s * 1.75, 2.75), (s * 2.5, 2.12), (s * 3.5, 1.98), (s * 4.7, 2.55)], 0.07, 0.026, 0.42)
        crease([(s * 2.2, 2.55), (s * 3.2, 2.42), (s * 4.3, 2.72)], 0.04, 0.012, 0.35)
        crease([(s * 2.3, 1.6), (s * 3.3, 1.25), (s * 4.4, 1.5)], 0.05, 0.010, 0.22)
        crease([(s * 1.65, -0.45), (s * 2.25, -1.3), (s * 2.85, -2.4), (s * 3.15, -3.6)], 0.11, 0.045, 0.50)
        crease([(s * 2.75, -3.95), (s * 2.95, -4.8), (s * 2.95, -5.7)], 0.08, 0.026, 0.42)
        crease([(s * 4.6, 4.75), (s * 3.3, 4.95), (s * 2.2, 4.6)], 0.06, 0.020, 0.35)
        for x in (0.45, 0.85, 1.3, 1.7):
            crease([(s * x, -2.05), (s * (x + 0.03), -2.45)], 0.03, 0.008, 0.25)
    crease([(-1.1, -5.25), (0, -5.02), (1.1, -5.25)], 0.12, 0.024, 0.30)
    fine = band_noise(rs, 2.5, 12)
    return lines, relief + amount * 0.0022 * fine


def _make_up(image, skin, lm):
    amount = skin.get("make_up", 0)
    for s in (-1, 1):
        shade = np.clip(amount * 0.5 * blob(s * 3.25, 4.15, 1.5, 0.38, s * 0.08, 2.4), 0, 1)
        image = mix(image, np.array(skin.get("shadow", (120, 78, 64))) / 255, shade)
    for first in (36, 42):
        ring = cv2.dilate(filled(spline(lm[first : first + 6, :2]), 0.05), np.ones((13, 13)))
        image = mix(image, np.array(skin.get("liner", (90, 50, 42))) / 255, np.clip(ring * skin.get("liner_strength", 0.35), 0, 1))
    return image


def _lips(image, rs, skin, lm):
    mask = filled(spline(lm[48:60, :2]), 0.09)
    colour = np.array(skin["lip"], np.float32) / 255
    folds = cv2.GaussianBlur(rs.standard_normal((N, N)).astype(np.float32), (0, 0), sigmaX=2.0, sigmaY=28)
    folds /= folds.std()
    cloudy = noise(rs, 26, octaves=2)
    inner = colour * (1 + 0.06 * folds + 0.05 * cloudy)[..., None]
    amount = (mask * skin.get("lip_strength", 0.85))[..., None]
    image = image * (1 - amount) + inner * amount
    line = stroke(spline(lm[60:65, :2], 30, False), 0.10, 0.06, taper=False)
    image = mix(image, colour * 0.42, np.clip(line * 0.7, 0, 0.75))
    return image, mask, mask * (0.010 * folds + 0.006 * cloudy)


def _under_brows(image, person, lm):
    """A breath of hair colour below the brows, or single hairs would stand on bare skin."""
    brow = person["brow"]
    for s, first in ((-1, 17), (1, 22)):
        centre = lm[first : first + 5, :2] + np.array([0, brow["dy"] + 0.03])
        tint = stroke(spline(centre if s > 0 else centre[::-1], 20, False), brow["thick"] * 0.9, 0.16)
        image = mix(image, np.array(brow["tint"]) / 255, np.clip(tint * brow.get("tint_strength", 0.3), 0, 0.8))
    return image

"""The painted eyeball: iris with fibres, limbal ring and caustic, white with veins, seen from the front."""
import cv2
import numpy as np

from maps import mix

SIZE = 1024
HALF_CM = 1.6
IRIS_RADIUS_CM = 0.60
PUPIL_RADIUS_CM = 0.205


def paint_eye(person, path):
    """Writes the square of ±HALF_CM around the pupil as 8-bit colour."""
    rs = np.random.RandomState(person["seed"])
    c = (np.arange(SIZE) + 0.5) / SIZE * 2 * HALF_CM - HALF_CM
    x, y = np.meshgrid(c, -c)
    r, theta = np.hypot(x, y), np.arctan2(y, x)
    image = np.ones((SIZE, SIZE, 3), np.float32) * np.array(person["eye"].get("white", (222, 212, 207))) / 255
    image = mix(image, [0.80, 0.60, 0.56], np.clip((np.abs(x) - 0.75) / 0.8, 0, 1) ** 1.3 * 0.55)
    image = mix(image, [0.66, 0.25, 0.22], np.clip(_veins(rs) * 0.45, 0, 0.6))
    fibres, wide = _fibres(rs, r, theta)
    depth = np.clip((r - PUPIL_RADIUS_CM) / (IRIS_RADIUS_CM - PUPIL_RADIUS_CM), 0, 1)
    outer, inner = (np.array(person["eye"][name]) / 255 for name in ("outer", "inner"))
    w = np.clip(1 - (depth + 0.10 * wide) / 0.45, 0, 1)[..., None] ** 0.8
    iris = (outer * (1 - w) + inner * w) * (1 + 0.26 * fibres)[..., None]
    iris *= (1 - 0.62 * np.clip((depth - 0.70) / 0.30, 0, 1) ** 1.5)[..., None]
    # The cornea gathers light from above on the lower half; the lid shades the upper one.
    iris *= (1 + 0.45 * np.clip(-y / IRIS_RADIUS_CM, 0, 1) * np.clip(depth * 2, 0, 1) * (depth < 1))[..., None]
    iris *= (1 - 0.45 * np.clip(y / IRIS_RADIUS_CM, 0, 1))[..., None]
    iris = mix(iris, [0.012, 0.010, 0.010], np.clip((PUPIL_RADIUS_CM + 0.012 - r) / 0.02 + 0.5, 0, 1))
    a = np.clip((IRIS_RADIUS_CM - r) / 0.07 + 0.5, 0, 1)
    a = (a * a * (3 - 2 * a))[..., None]
    cv2.imwrite(path, (np.clip(image * (1 - a) + iris * a, 0, 1) * 255).astype(np.uint8)[..., ::-1])


def _veins(rs):
    """Thin lines that wander from the corners towards the iris."""
    out = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(34):
        angle = rs.choice([0, np.pi]) + rs.normal(0, 0.5)
        x, y = 1.45 * np.cos(angle), 1.45 * np.sin(angle)
        heading = angle + np.pi + rs.normal(0, 0.3)
        path = []
        for _ in range(rs.randint(8, 22)):
            path.append((x, y))
            heading += rs.normal(0, 0.35)
            x, y = x + 0.045 * np.cos(heading), y + 0.045 * np.sin(heading)
            if np.hypot(x, y) < 0.75:
                break
        q = [((px + HALF_CM) / (2 * HALF_CM) * SIZE * 8, (HALF_CM - py) / (2 * HALF_CM) * SIZE * 8) for px, py in path]
        cv2.polylines(out, [np.round(np.array(q)).astype(np.int32)], False, float(rs.uniform(0.2, 0.7)), 1, cv2.LINE_AA, 3)
    return cv2.GaussianBlur(out, (0, 0), 1.0)


def _fibres(rs, r, theta, around=2048, across=256):
    """Radial fibres of unit order, and their widest part alone."""
    white = rs.standard_normal((across, around)).astype(np.float32)

    def smooth(sx, sy):
        out = cv2.GaussianBlur(np.hstack([white] * 3), (0, 0), sigmaX=sx, sigmaY=sy)[:, around : 2 * around]
        return out / out.std()

    depth = np.clip((r - PUPIL_RADIUS_CM) / (IRIS_RADIUS_CM - PUPIL_RADIUS_CM), 0, 1)
    at_x = ((theta + np.pi) / (2 * np.pi) * (around - 1)).astype(np.float32)
    at_y = (depth * (across - 1)).astype(np.float32)
    sample = lambda g: cv2.remap(g.astype(np.float32), at_x, at_y, cv2.INTER_LINEAR)
    wide = sample(smooth(28, 30))
    return 0.5 * sample(smooth(2.2, 40)) + 0.55 * sample(smooth(7, 60)) + 0.3 * wide, wide

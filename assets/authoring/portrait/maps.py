"""What painted maps are made of: noise, soft blobs, splines and lines on one square of N × N texels. numpy and OpenCV only.

The square lies before the neutral face: texel column = (x − LEFT) · DENSITY, row = (TOP − y) · DENSITY, centimetres.
"""
import cv2
import numpy as np

N = 2048
DENSITY = 100.0
LEFT = -10.24
TOP = 11.24
SIDE = N / DENSITY
_columns = LEFT + (np.arange(N) + 0.5) / DENSITY
_rows = TOP - (np.arange(N) + 0.5) / DENSITY
X, Y = (grid.astype(np.float32) for grid in np.meshgrid(_columns, _rows))


def noise(rs, scale, octaves=4, gain=0.5):
    """Smooth noise of unit variance whose coarsest features are `scale` texels wide."""
    out, total, amplitude = np.zeros((N, N), np.float32), 0.0, 1.0
    for octave in range(octaves):
        m = min(max(2, int(N / scale * 2**octave) + 2), N)
        out += amplitude * cv2.resize(rs.standard_normal((m, m)).astype(np.float32), (N, N), interpolation=cv2.INTER_CUBIC)
        total += amplitude**2
        amplitude *= gain
    return out / np.sqrt(total)


def band_noise(rs, fine, coarse):
    """Noise of unit variance with features between two standard deviations, in texels."""
    white = rs.standard_normal((N, N)).astype(np.float32)
    out = cv2.GaussianBlur(white, (0, 0), fine) - cv2.GaussianBlur(white, (0, 0), coarse)
    return out / out.std()


def blob(cx, cy, sx, sy, angle=0.0, power=2.0):
    c, s = np.cos(angle), np.sin(angle)
    u = (c * (X - cx) + s * (Y - cy)) / sx
    v = (-s * (X - cx) + c * (Y - cy)) / sy
    return np.exp(-((u * u + v * v) ** (power / 2)))


def spline(points, steps=24, closed=True):
    """Catmull–Rom through the points."""
    p = np.array(points, float)
    n = len(p)
    at = (lambda i: p[i % n]) if closed else (lambda i: p[min(max(i, 0), n - 1)])
    out = []
    for i in range(n if closed else n - 1):
        a, b, c, d = at(i - 1), at(i), at(i + 1), at(i + 2)
        for t in np.linspace(0, 1, steps, endpoint=False):
            out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3))
    return np.array(out)


def texels(points, shift=4):
    q = np.c_[(points[:, 0] - LEFT) * DENSITY, (TOP - points[:, 1]) * DENSITY]
    return np.round(q * 2**shift).astype(np.int32)


def filled(points, blur):
    """1 inside the polygon, with an edge blurred by `blur` centimetres."""
    mask = np.zeros((N, N), np.uint8)
    cv2.fillPoly(mask, [texels(points)], 255, lineType=cv2.LINE_AA, shift=4)
    return cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), blur * DENSITY)


def stroke(points, width, blur, taper=True):
    """A line of `width` centimetres that ends thin, peak 1, blurred by `blur` centimetres."""
    sigma = max(0.5, blur * DENSITY)
    margin = int(width * DENSITY + 4 * sigma) + 2
    q = texels(points)
    # Only the square around the line is worked on.
    low = np.maximum(q.min(0) // 16 - margin, 0)
    high = np.minimum(q.max(0) // 16 + margin, N)
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.float32)
    q = q - low * 16
    for i in range(len(q) - 1):
        strength = np.sin(np.pi * (i + 0.5) / (len(q) - 1)) ** 0.6 if taper else 1.0
        a, b = (tuple(int(v) for v in q[j]) for j in (i, i + 1))
        cv2.line(mask, a, b, float(strength), max(1, round(width * DENSITY)), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), sigma)
    out = np.zeros((N, N), np.float32)
    out[low[1] : high[1], low[0] : high[0]] = soft / max(1e-6, soft.max())
    return out


def mix(image, colour, amount):
    return image * (1 - amount[..., None]) + np.array(colour, np.float32) * amount[..., None]

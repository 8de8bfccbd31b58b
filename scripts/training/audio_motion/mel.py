"""Log-mel features exactly as src/inference/avatar/motion/log-mel.ts makes them, at 16 kHz."""
import numpy as np

RATE_HZ = 16_000
HOP = 160
WINDOW = 400
FFT = 512
BANDS = 64
LOW_HZ = 50.0
HIGH_HZ = 7_600.0
FLOOR = 1e-9


def _mel(hz):
    return 1127.0 * np.log1p(hz / 700.0)


def filters(rate_hz=RATE_HZ, fft=FFT):
    """Triangular filters [bins, bands], each with a sum of 1, evenly spaced in mel (O'Shaughnessy 1987)."""
    edges = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2)
    at = _mel(np.arange(fft // 2 + 1) * rate_hz / fft)[:, None]
    rising = (at - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - at) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    return (weights / np.maximum(weights.sum(0), 1e-9)).astype(np.float32)


_FILTERS = filters()
_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def log_mel(samples):
    """[samples] -> [frames, BANDS]; frame j ends with sample (j + 1) * HOP, before the first sample is silence."""
    frames = len(samples) // HOP
    padded = np.concatenate([np.zeros(WINDOW - HOP, np.float32), samples.astype(np.float32)])
    strides = (padded.strides[0] * HOP, padded.strides[0])
    windows = np.lib.stride_tricks.as_strided(padded, (frames, WINDOW), strides) * _HANN
    spectrum = np.abs(np.fft.rfft(windows, FFT, axis=1)).astype(np.float32) / _HANN.sum()
    return np.log(spectrum**2 @ _FILTERS + FLOOR).astype(np.float32)

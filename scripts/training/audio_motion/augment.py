"""What happens to voices on their way to a service: other speeds, rooms, noise, narrow bands. Everything is drawn from the generator given."""
import numpy as np
from scipy import signal

RATE_HZ = 16_000


def _coloured_noise(rng, length):
    """Noise whose power falls with f^-a, a in 0...1.6."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    bins = np.maximum(1.0, np.arange(len(spectrum)))
    shaped = np.fft.irfft(spectrum * bins ** (-0.5 * rng.uniform(0.0, 1.6)), length)
    return (shaped / max(1e-9, np.sqrt(np.mean(shaped**2)))).astype(np.float32)


def _room(rng):
    """A room's response: the direct sound, then exponentially decaying noise (Polack's model)."""
    decay_s = rng.uniform(0.12, 0.6)
    length = int(RATE_HZ * decay_s)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: int(RATE_HZ * rng.uniform(0.001, 0.01))] = 0
    tail *= 10 ** (-rng.uniform(0.0, 14.0) / 20) / max(1e-9, np.sqrt(np.sum(tail**2)))
    tail[0] = 1.0
    return tail.astype(np.float32)


def _narrow(rng, samples):
    """A telephone's band, or one of the low-pass filters of cheap codecs and microphones."""
    if rng.uniform() < 0.4:
        sos = signal.butter(4, [rng.uniform(150, 350), rng.uniform(3_200, 3_800)], "bandpass", fs=RATE_HZ, output="sos")
    else:
        sos = signal.butter(6, rng.uniform(3_400, 7_000), "lowpass", fs=RATE_HZ, output="sos")
    return signal.sosfilt(sos, samples).astype(np.float32)


def _mu_law(samples):
    """8 bits of ITU-T G.711's law."""
    peak = max(1e-6, np.abs(samples).max())
    x = np.clip(samples / peak, -1, 1)
    y = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log1p(255)
    y = np.round(y * 127) / 127
    return (np.sign(y) * (np.expm1(np.abs(y) * np.log1p(255)) / 255) * peak).astype(np.float32)


def resampled(samples, ratio):
    """Plays `ratio` times as fast: shorter, and higher in pitch and formants."""
    length = int(len(samples) / ratio)
    return np.interp(np.arange(length) * ratio, np.arange(len(samples)), samples).astype(np.float32)


def disturbed(rng, samples, babble):
    """The same speech, heard elsewhere; `babble` is other speech of at least the same length."""
    power = np.sqrt(np.mean(samples**2) + 1e-12)
    if rng.uniform() < 0.35:
        samples = signal.fftconvolve(samples, _room(rng))[: len(samples)].astype(np.float32)
    if rng.uniform() < 0.15:
        samples = samples + babble[: len(samples)] * 10 ** (-rng.uniform(14, 30) / 20)
    if rng.uniform() < 0.6:
        samples = samples + _coloured_noise(rng, len(samples)) * power * 10 ** (-rng.uniform(12, 50) / 20)
    if rng.uniform() < 0.25:
        samples = _narrow(rng, samples)
    if rng.uniform() < 0.08:
        samples = _mu_law(samples)
    return samples * 10 ** (rng.uniform(-14, 6) / 20)

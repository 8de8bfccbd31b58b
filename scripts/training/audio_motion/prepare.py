"""prepare.py DATA VERSIONS SEED: features of every utterance that is trained on, once clean and in disturbed versions.

Writes DATA/features-V.npz for V in 0...VERSIONS-1: `mel` [frames, 64] float16 of all utterances one after the other with pauses
between, `target` [frames, 10] uint8 (articulators x 255, then the class heard), both at steps of 10 ms: mel frame j ends
at (j + 1) * 10 ms, target j is the position at j * 10 ms. What is there already is left alone.
"""
import glob
import json
import os
import sys
import wave

import numpy as np
from augment import RATE_HZ, disturbed, resampled
from mel import HOP, log_mel

COLUMNS = 10
# Every so manieth utterance is kept to watch the training by; it is never trained on.
VALIDATION_EVERY = 20


def read(path):
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32_768


def load(folder, validation):
    names = sorted(path[:-5] for path in glob.glob(os.path.join(folder, "*", "*.json")))
    trained = []
    for name in names:
        with open(name + ".json") as file:
            if json.load(file)["split"] == "train":
                trained.append(name)
    out = []
    for index, name in enumerate(trained):
        if (index % VALIDATION_EVERY == VALIDATION_EVERY // 3) != validation:
            continue
        target = np.fromfile(name + ".target", np.uint8).reshape(-1, COLUMNS)
        out.append((read(name + ".wav"), target))
    return out


def version(corpus, index, seed):
    rng = np.random.default_rng([seed, index])
    everything = np.concatenate([samples for samples, _ in corpus[:: max(1, len(corpus) // 60)]])
    mels, targets = [], []
    for at in rng.permutation(len(corpus)):
        samples, target = corpus[at]
        if index > 0:
            ratio = float(np.exp(rng.uniform(-0.16, 0.16)))
            samples = resampled(samples, ratio)
            steps = np.minimum(np.round(np.arange(len(samples) // HOP + 1) * ratio).astype(int), len(target) - 1)
            target = target[steps]
        before, after = (int(rng.uniform(0.0, 0.45) * 100) for _ in range(2))
        samples = np.concatenate([np.zeros(before * HOP), samples, np.zeros(after * HOP)]).astype(np.float32)
        if index > 0:
            start = int(rng.integers(0, max(1, len(everything) - len(samples))))
            babble = np.resize(everything[start : start + len(samples)], len(samples))
            samples = disturbed(rng, samples, babble)
        mel = log_mel(samples)
        padded = np.zeros((len(mel), COLUMNS), np.uint8)
        kept = target[: len(mel) - before]
        padded[before : before + len(kept)] = kept
        mels.append(mel.astype(np.float16))
        targets.append(padded)
    return np.concatenate(mels), np.concatenate(targets)


def main():
    folder, versions, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for index in range(-1, versions):
        path = os.path.join(folder, "validation.npz" if index < 0 else f"features-{index}.npz")
        if os.path.exists(path):
            continue
        mel, target = version(load(folder, index < 0), max(0, index), seed)
        np.savez(path + ".part.npz", mel=mel, target=target)
        os.replace(path + ".part.npz", path)
        print(f"{os.path.basename(path)}: {len(mel) / 6000:.1f} min at {RATE_HZ} Hz", flush=True)


if __name__ == "__main__":
    main()

"""train.py DATA STEPS SEED [MINUTES]: trains on DATA/features-*.npz, keeps DATA/checkpoint.pt and goes on from it; the end is DATA/net.pt.

Stops early, to be called again, after MINUTES. The batches of a step depend on the seed and the step alone.
"""
import glob
import os
import sys
import time

import numpy as np
import torch
from net import ARTICULATORS, BANDS, CLASSES, LOOKAHEAD, Net, silence
from torch.nn import functional as F

BATCH = 32
FRAMES = 300
# Rows at the beginning of a window that have heard too little.
WARM_UP = 40
RATE = 2.5e-3
WEIGHT_DECAY = 0.01
KEEP_EVERY = 200
CLOSE, TUCK = 7, 8
BILABIAL, LABIODENTAL, SILENCE = 1, 2, 0
FLOOR = 1e-9


def class_weights():
    weights = torch.ones(CLASSES)
    weights[BILABIAL], weights[LABIODENTAL], weights[SILENCE] = 2.0, 1.7, 0.6
    return weights


def varied(rng, mel):
    """Cheap variations of [B, T, 64]: other vocal tracts, loudness, spectral tilt, short gaps in time and frequency."""
    batch, frames, bands = mel.shape
    out = np.empty_like(mel)
    slope = np.linspace(-1, 1, bands, dtype=np.float32)
    for i in range(batch):
        at = np.clip(np.arange(bands) * np.exp(rng.uniform(-0.1, 0.1)), 0, bands - 1)
        low = np.minimum(at.astype(int), bands - 2)
        share = (at - low).astype(np.float32)
        x = mel[i][:, low] * (1 - share) + mel[i][:, low + 1] * share
        gain = rng.normal(0, 1.2) + rng.normal(0, 0.5) * slope
        x = np.log(np.maximum(np.exp(x) - FLOOR, 0) * np.exp(gain, dtype=np.float32) + FLOOR)
        if rng.uniform() < 0.3:
            first, width = rng.integers(0, bands - 8), rng.integers(2, 8)
            x[:, first : first + width] = x.mean()
        if rng.uniform() < 0.2:
            first, width = rng.integers(0, frames - 12), rng.integers(2, 8)
            x[first : first + width] = x.min()
        out[i] = x
    return out


def batch_of(rng, versions):
    mel, target = [], []
    for _ in range(BATCH):
        source = versions[rng.integers(len(versions))]
        start = int(rng.integers(0, len(source[0]) - FRAMES))
        mel.append(source[0][start : start + FRAMES])
        target.append(source[1][start : start + FRAMES])
    return torch.from_numpy(varied(rng, np.stack(mel).astype(np.float32))), torch.from_numpy(np.stack(target))


def aligned(logits, target, warm_up):
    """Rows of the logits beside the targets that they are about."""
    shift = LOOKAHEAD - 1
    return logits[:, warm_up + shift :], target[:, warm_up : target.shape[1] - shift]


def loss_of(logits, target, weights):
    logits, target = aligned(logits, target, WARM_UP)
    wanted = target[:, :, :ARTICULATORS].float() / 255
    contact = wanted[:, :, CLOSE : TUCK + 1].amax(2, keepdim=True)
    moved = F.binary_cross_entropy_with_logits(logits[:, :, :ARTICULATORS], wanted, reduction="none")
    moved = (moved * (1 + 2 * contact)).mean()
    heard = target[:, :, ARTICULATORS].long()
    named = F.cross_entropy(
        logits[:, :, ARTICULATORS:].reshape(-1, CLASSES), heard.reshape(-1), weight=weights, label_smoothing=0.05
    )
    return named + 3.0 * moved


@torch.no_grad()
def judged(net, mel, target):
    """How well the net does on a stream: classes told, correlation by articulator, closures found among the lips' contacts."""
    net.eval()
    mel = torch.from_numpy(mel[: len(mel) // 2 * 2].astype(np.float32))[None]
    logits, _, _ = net(mel, *silence(1, net.mean))
    logits, wanted = aligned(logits, torch.from_numpy(target[: mel.shape[1]])[None], 0)
    net.train()
    moved = torch.sigmoid(logits[0, :, :ARTICULATORS]).numpy()
    told = logits[0, :, ARTICULATORS:].argmax(1).numpy()
    true = wanted[0, :, :ARTICULATORS].numpy() / 255.0
    heard = wanted[0, :, ARTICULATORS].numpy()
    correlation = [np.corrcoef(moved[:, k], true[:, k])[0, 1] for k in range(ARTICULATORS)]
    found = (told == BILABIAL)[heard == BILABIAL].mean()
    right = (heard == BILABIAL)[told == BILABIAL].mean()
    return f"classes {np.mean(told == heard):.3f} bilabial recall {found:.3f} precision {right:.3f} correlation " + " ".join(
        f"{c:.2f}" for c in correlation
    )


def main():
    folder, steps, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    minutes = float(sys.argv[4]) if len(sys.argv) > 4 else float("inf")
    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("TRAINING_THREADS", "2")))
    versions = []
    for path in sorted(glob.glob(os.path.join(folder, "features-*.npz"))):
        with np.load(path) as file:
            versions.append((file["mel"], file["target"]))
    with np.load(os.path.join(folder, "validation.npz")) as file:
        validation = file["mel"], file["target"]
    everything = np.concatenate([mel[::7] for mel, _ in versions]).astype(np.float32)
    mean = torch.from_numpy(everything.mean(0))
    deviation = torch.from_numpy(everything.std(0))
    net = Net(mean, deviation)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    weights = class_weights()
    checkpoint = os.path.join(folder, "checkpoint.pt")
    step = 0
    if os.path.exists(checkpoint):
        kept = torch.load(checkpoint)
        net.load_state_dict(kept["net"])
        optimiser.load_state_dict(kept["optimiser"])
        step = kept["step"]
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {len(everything) * 7 / 6000:.0f} min of features, step {step}", flush=True)
    began, total = time.time(), 0.0
    while step < steps and time.time() - began < minutes * 60:
        rng = np.random.default_rng([seed, step])
        torch.manual_seed(seed * 1_000_003 + step)
        rate = RATE * min(1.0, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = max(rate, 1e-5)
        mel, target = batch_of(rng, versions)
        logits, _, _ = net(mel, *silence(BATCH, net.mean))
        loss = loss_of(logits, target, weights)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        total += loss.item()
        step += 1
        if step % KEEP_EVERY == 0 or step == steps:
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, checkpoint + ".part")
            os.replace(checkpoint + ".part", checkpoint)
            print(f"step {step}/{steps} {time.time() - began:.0f} s loss {total / KEEP_EVERY:.3f} {judged(net, *validation)}", flush=True)
            total = 0.0
    if step < steps:
        print(f"stopped at step {step}; call again to go on", flush=True)
        sys.exit(3)
    torch.save({"net": net.state_dict(), "mean": mean, "deviation": deviation}, os.path.join(folder, "net.pt"))


if __name__ == "__main__":
    main()

"""export.py DATA MODEL.onnx: the trained network as ONNX, normalisation folded in, checked to give in pieces what it gives whole.

Also writes DATA/check.npz (mel, logits) by which the export is compared with onnxruntime.
"""
import os
import sys

import numpy as np
import onnx
import torch
from net import ARTICULATORS, BANDS, CHANNELS, CLASSES, MEL_PAST, PAST, Net, silence


class Exported(torch.nn.Module):
    """Probabilities instead of logits: the articulators' positions, then which class is heard."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, mel, mel_past, past):
        logits, mel_past, past = self.net(mel, mel_past, past)
        positions = torch.sigmoid(logits[:, :, :ARTICULATORS])
        classes = torch.softmax(logits[:, :, ARTICULATORS:], 2)
        return positions, classes, mel_past, past


def main():
    folder, path = sys.argv[1], sys.argv[2]
    kept = torch.load(os.path.join(folder, "net.pt"))
    net = Net(kept["mean"], kept["deviation"])
    net.load_state_dict(kept["net"])
    model = Exported(net).eval()
    mel = torch.randn(1, 120, BANDS) * kept["deviation"] + kept["mean"]
    with torch.no_grad():
        whole = model(mel, *silence(1, net.mean))
        state, pieces = silence(1, net.mean), []
        for start in range(0, 120, 8):
            *piece, mel_past, past = model(mel[:, start : start + 8], *state)
            state = (mel_past, past)
            pieces.append(piece)
    for i in range(2):
        difference = (torch.cat([piece[i] for piece in pieces], 1) - whole[i]).abs().max().item()
        assert difference < 1e-5, f"in pieces it differs by {difference}"
    part = path + ".part"
    torch.onnx.export(
        model,
        (mel[:, :8], *silence(1, net.mean)),
        part,
        input_names=["mel", "mel_past", "past"],
        output_names=["positions", "classes", "mel_past_out", "past_out"],
        dynamic_axes={"mel": {1: "frames"}, "positions": {1: "frames"}, "classes": {1: "frames"}},
        opset_version=13,
    )
    graph = onnx.load(part)
    graph.producer_name, graph.producer_version = "visavis", "1"
    entry = graph.metadata_props.add()
    entry.key, entry.value = "mean_mel", " ".join(f"{value:.4f}" for value in kept["mean"].tolist())
    onnx.save(graph, part)
    os.replace(part, path)
    np.savez(os.path.join(folder, "check.npz"), mel=mel.numpy(), positions=whole[0].numpy(), classes=whole[1].numpy())
    print(f"{os.path.getsize(path) / 1e6:.2f} MB, state {MEL_PAST} x {BANDS} and {CHANNELS} x {PAST}, {CLASSES} classes")


if __name__ == "__main__":
    main()

"""The network: causal convolutions over log-mel frames, with what lies before kept as state, so that a stream gives what the whole does."""
import torch
from torch import nn
from torch.nn import functional as F

BANDS = 64
CHANNELS = 128
DILATIONS = (1, 2, 4, 8, 1, 2, 4, 8)
ARTICULATORS = 9
CLASSES = 26
# Every step takes two mel frames (20 ms) and answers for two moments: the later one lies LOOKAHEAD mel frames before the end.
STRIDE = 2
LOOKAHEAD = 5
# Mel frames and channels x steps of past that a stream carries along.
MEL_PAST = 2
PAST = sum(2 * dilation for dilation in DILATIONS)


class Block(nn.Module):
    def __init__(self, channels, dilation, dropout):
        super().__init__()
        self.past = 2 * dilation
        self.conv = nn.Conv1d(channels, channels, 3, dilation=dilation)
        self.norm = nn.BatchNorm1d(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, past):
        """[B, C, T] and what came before it [B, C, past] -> the same, and what comes before the next."""
        joined = torch.cat([past, x], 2)
        y = x + self.dropout(F.relu(self.norm(self.conv(joined))))
        return y, joined[:, :, -self.past :]


class Net(nn.Module):
    def __init__(self, mean, deviation, dropout=0.1):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", 1.0 / deviation)
        self.first = nn.Conv1d(BANDS, CHANNELS, MEL_PAST + STRIDE, stride=STRIDE)
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.blocks = nn.ModuleList(Block(CHANNELS, dilation, dropout) for dilation in DILATIONS)
        self.hidden = nn.Conv1d(CHANNELS, CHANNELS, 1)
        self.last = nn.Conv1d(CHANNELS, STRIDE * (ARTICULATORS + CLASSES), 1)

    def forward(self, mel, mel_past, past):
        """mel [B, T, 64] (T even), mel_past [B, 2, 64], past [B, C, PAST] -> logits [B, T, 9 + 26] and the two states anew.

        Row j of the logits is about (j + 1 - LOOKAHEAD) * 10 ms, counted from the beginning of mel's first frame.
        """
        joined = torch.cat([mel_past, mel], 1)
        x = ((joined - self.mean) * self.scale).transpose(1, 2)
        x = F.relu(self.norm(self.first(x)))
        states, at = [], 0
        for block in self.blocks:
            x, state = block(x, past[:, :, at : at + block.past])
            states.append(state)
            at += block.past
        y = self.last(F.relu(self.hidden(x))).transpose(1, 2)
        y = y.reshape(y.shape[0], -1, ARTICULATORS + CLASSES)
        return y, joined[:, -MEL_PAST:], torch.cat(states, 2)


def silence(batch, mean):
    """The state before anything was heard."""
    return mean.expand(batch, MEL_PAST, BANDS), torch.zeros(batch, CHANNELS, PAST)

"""The detector: YOLOv5n's shape (ultralytics v6: depth 0.33, width 0.25) with 52 card classes.

Input  [N][3][H][W], RGB in 0..1, H and W multiples of 32.
Output three heads of logits, [N][3 * 57][H/8][W/8], .../16 and .../32; each anchor has
       x, y, w, h, objectness and 52 classes, decoded as YOLOv5 does (see decode()).
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

from classes import CLASS_COUNT, RANK_COUNT, SUIT_COUNT

STRIDES = (8, 16, 32)
# Anchors in pixels, [head][anchor][width, height]: k-means of rendered cards at 384 px, widened to 250 px.
ANCHORS = (((44, 58), (62, 48), (64, 86)),
           ((92, 68), (90, 120), (130, 96)),
           ((124, 168), (184, 136), (190, 250)))
ANCHOR_COUNT = 3
BOX_FIELDS = 5                                   # x, y, w, h, objectness
FIELDS = BOX_FIELDS + CLASS_COUNT
HEAD_CHANNELS = ANCHOR_COUNT * FIELDS            # 171


class ConvBlock(nn.Module):
    """Convolution, batch norm, SiLU."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, padding=None):
        super().__init__()
        padding = kernel // 2 if padding is None else padding
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, channels, shortcut):
        super().__init__()
        self.reduce = ConvBlock(channels, channels)
        self.expand = ConvBlock(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.expand(self.reduce(x))
        return x + y if self.shortcut else y


class C3(nn.Module):
    """Cross-stage partial block with three 1x1 convolutions."""

    def __init__(self, inputs, outputs, depth=1, shortcut=True):
        super().__init__()
        hidden = outputs // 2
        self.main = ConvBlock(inputs, hidden)
        self.side = ConvBlock(inputs, hidden)
        self.merge = ConvBlock(2 * hidden, outputs)
        self.blocks = nn.Sequential(*[Bottleneck(hidden, shortcut) for _ in range(depth)])

    def forward(self, x):
        return self.merge(torch.cat([self.blocks(self.main(x)), self.side(x)], 1))


class SPPF(nn.Module):
    """Spatial pyramid pooling: one 5x5 max pool applied three times over."""

    def __init__(self, channels):
        super().__init__()
        self.reduce = ConvBlock(channels, channels // 2)
        self.merge = ConvBlock(channels * 2, channels)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        x = self.reduce(x)
        once = self.pool(x)
        twice = self.pool(once)
        return self.merge(torch.cat([x, once, twice, self.pool(twice)], 1))


class CardHead(nn.Module):
    """A 1x1 convolution whose class logit is joint[rank, suit] + rank[rank] + suit[suit].

    All three are linear in the features, so folded() gives one plain convolution: a rank learnt on one
    suit serves the other three, at no cost when the net runs.
    """
    PARTS = RANK_COUNT + SUIT_COUNT

    def __init__(self, channels, stride):
        super().__init__()
        self.joint = nn.Conv2d(channels, HEAD_CHANNELS, 1)
        self.parts = nn.Conv2d(channels, ANCHOR_COUNT * self.PARTS, 1)
        with torch.no_grad():
            bias = self.joint.bias.view(ANCHOR_COUNT, FIELDS)
            bias.zero_()
            bias[:, 4] = math.log(8 / (416 / stride) ** 2)    # some eight cards a picture
            bias[:, BOX_FIELDS:] = -3.0
            self.parts.bias.zero_()
            self.joint.weight.view(ANCHOR_COUNT, FIELDS, -1)[:, BOX_FIELDS:] *= 0.1

    def folded(self):
        """Weight [171][C][1][1] and bias [171] of the equivalent plain convolution."""
        def spread(parts):                        # [3][17][...] -> [3][52][...]
            rank, suit = parts[:, :RANK_COUNT], parts[:, RANK_COUNT:]
            return (rank.unsqueeze(2) + suit.unsqueeze(1)).flatten(1, 2)

        weight = self.joint.weight.view(ANCHOR_COUNT, FIELDS, -1)
        bias = self.joint.bias.view(ANCHOR_COUNT, FIELDS)
        part_weight = self.parts.weight.view(ANCHOR_COUNT, self.PARTS, -1)
        part_bias = self.parts.bias.view(ANCHOR_COUNT, self.PARTS)
        weight = torch.cat([weight[:, :BOX_FIELDS], weight[:, BOX_FIELDS:] + spread(part_weight)], 1)
        bias = torch.cat([bias[:, :BOX_FIELDS], bias[:, BOX_FIELDS:] + spread(part_bias)], 1)
        return weight.reshape(HEAD_CHANNELS, -1, 1, 1), bias.reshape(-1)

    def forward(self, x):
        return F.conv2d(x, *self.folded())


class CardNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBlock(3, 16, 6, 2, 2)
        self.down2 = ConvBlock(16, 32, 3, 2)
        self.stage2 = C3(32, 32, 1)
        self.down3 = ConvBlock(32, 64, 3, 2)
        self.stage3 = C3(64, 64, 2)
        self.down4 = ConvBlock(64, 128, 3, 2)
        self.stage4 = C3(128, 128, 3)
        self.down5 = ConvBlock(128, 256, 3, 2)
        self.stage5 = C3(256, 256, 1)
        self.pool = SPPF(256)
        self.lateral5 = ConvBlock(256, 128)
        self.top4 = C3(256, 128, 1, shortcut=False)
        self.lateral4 = ConvBlock(128, 64)
        self.top3 = C3(128, 64, 1, shortcut=False)
        self.up_down4 = ConvBlock(64, 64, 3, 2)
        self.out4 = C3(128, 128, 1, shortcut=False)
        self.up_down5 = ConvBlock(128, 128, 3, 2)
        self.out5 = C3(256, 256, 1, shortcut=False)
        # By scale factor, never by size: the exported graph then fits every multiple of 32.
        self.upsample = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.heads = nn.ModuleList(CardHead(c, s) for c, s in zip((64, 128, 256), STRIDES))

    def forward(self, x):
        c3 = self.stage3(self.down3(self.stage2(self.down2(self.stem(x)))))
        c4 = self.stage4(self.down4(c3))
        p5 = self.lateral5(self.pool(self.stage5(self.down5(c4))))
        p4 = self.lateral4(self.top4(torch.cat([self.upsample(p5), c4], 1)))
        o3 = self.top3(torch.cat([self.upsample(p4), c3], 1))
        o4 = self.out4(torch.cat([self.up_down4(o3), p4], 1))
        o5 = self.out5(torch.cat([self.up_down5(o4), p5], 1))
        return [head(o) for head, o in zip(self.heads, (o3, o4, o5))]


def decode_head(head, anchors, stride):
    """[N][171][h][w] logits -> [N][3 * h * w][57]: centre and size in pixels, then probabilities.

    centre = (2 * sigmoid(t) - 0.5 + cell) * stride,  size = (2 * sigmoid(t))^2 * anchor  (YOLOv5 v6)
    """
    pictures, _, rows, columns = head.shape
    p = head.view(pictures, ANCHOR_COUNT, FIELDS, rows, columns).permute(0, 1, 3, 4, 2).sigmoid()
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    cell = torch.stack([x, y], -1).to(p.dtype)
    anchor = torch.tensor(anchors, dtype=p.dtype).view(1, ANCHOR_COUNT, 1, 1, 2)
    centre = (p[..., :2] * 2 - 0.5 + cell) * stride
    size = (p[..., 2:4] * 2) ** 2 * anchor
    return torch.cat([centre, size, p[..., 4:]], -1).reshape(pictures, -1, FIELDS)


def decode(heads):
    """All three heads -> [N][boxes][57]."""
    return torch.cat([decode_head(*each) for each in zip(heads, ANCHORS, STRIDES)], 1)

"""Exports a checkpoint to ONNX: the raw heads, and a decoded twin.

cards-heads.onnx  images [1][3][size][size] (RGB, 0..1) -> p3, p4, p5: [1][171][size/8][size/8], /16, /32, logits.
                  Holds no size-dependent constants: it can be reshaped to any multiples of 32.
cards.onnx        images -> output0 [1][boxes][57]: centre and size in pixels, objectness, 52 probabilities.

Batch norms are folded by the exporter, the heads' rank and suit parts by CardHead.folded(). The metadata has
`names` (a Python dict as text) and `stride`, as ultralytics' exports have.
"""
import argparse
import os

import cv2
import numpy as np
import onnx
import torch
from torch import nn

import checkpoint
from classes import NAMES
from net import ANCHOR_COUNT, ANCHORS, FIELDS, STRIDES, decode

OPSET = 12
SIZE_LIMIT = 8 << 20               # bytes
TOLERANCE = 1e-4                   # OpenCV against torch, on logits
CHECK_SIZES = ((416, 416), (640, 640), (384, 640), (256, 320))      # height, width


def load(path):
    """A checkpoint's net, each factored head replaced by the plain convolution it amounts to.

    Load it anew for every export: PyTorch 1.13's exporter may fold norms into the very tensors it was given.
    """
    net = checkpoint.load_for_use(path).to(memory_format=torch.contiguous_format)
    folded = []
    for head in net.heads:
        weight, bias = head.folded()
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], 1)
        conv.weight.data, conv.bias.data = weight.detach().contiguous(), bias.detach().contiguous()
        folded.append(conv)
    net.heads = nn.ModuleList(folded)
    return net.eval()


class Decoded(nn.Module):
    """The net with net.decode() built in, for one size: its grids are constants."""

    def __init__(self, net, size):
        super().__init__()
        self.net, self.size = net, size
        for stride, anchors in zip(STRIDES, ANCHORS):
            cells = torch.arange(size // stride, dtype=torch.float32)
            y, x = torch.meshgrid(cells, cells, indexing="ij")
            shape = 1, ANCHOR_COUNT, len(cells), len(cells), 2     # in full: OpenCV 4.6 does not broadcast here
            anchor = torch.tensor(anchors).float().view(1, ANCHOR_COUNT, 1, 1, 2)
            self.register_buffer(f"cell{stride}", (torch.stack([x, y], -1) - 0.5).expand(shape).contiguous())
            self.register_buffer(f"anchor{stride}", anchor.expand(shape).contiguous())

    def forward(self, x):
        boxes = []
        for head, stride in zip(self.net(x), STRIDES):
            side = self.size // stride
            p = head.view(1, ANCHOR_COUNT, FIELDS, side, side).permute(0, 1, 3, 4, 2).sigmoid()
            centre, size, scores = p.split((2, 2, FIELDS - 4), 4)
            centre = (centre * 2 + getattr(self, f"cell{stride}")) * stride
            size = (size * 2) ** 2 * getattr(self, f"anchor{stride}")
            boxes.append(torch.cat([centre, size, scores], 4).view(1, ANCHOR_COUNT * side * side, FIELDS))
        return torch.cat(boxes, 1)


def add_metadata(path):
    model = onnx.load(path)
    for key, value in (("names", str(dict(enumerate(NAMES)))), ("stride", str(STRIDES[-1]))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, path)
    if os.path.getsize(path) > SIZE_LIMIT:
        raise SystemExit(f"{path}: {os.path.getsize(path)} bytes, over {SIZE_LIMIT}")


def check_heads(net, path):
    """OpenCV must agree with torch on every size, in one loaded graph."""
    graph = cv2.dnn.readNetFromONNX(path)
    rng = np.random.default_rng(0)
    for height, width in CHECK_SIZES:
        blob = rng.random((1, 3, height, width), dtype=np.float32)
        graph.setInput(blob)
        found = graph.forward(["p3", "p4", "p5"])
        with torch.no_grad():
            wanted = net(torch.from_numpy(blob))
        worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(found, wanted))
        print(f"{os.path.basename(path)}: {height} x {width}: OpenCV {cv2.__version__} within {worst:.1e} of torch")
        if worst > TOLERANCE:
            raise SystemExit("that is too far")


def check_decoded(net, path, size):
    blob = np.random.default_rng(1).random((1, 3, size, size), dtype=np.float32)
    graph = cv2.dnn.readNetFromONNX(path)
    graph.setInput(blob)
    with torch.no_grad():
        wanted = decode(net(torch.from_numpy(blob))).numpy()
    found = graph.forward()
    relative = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
    print(f"{os.path.basename(path)}: {found.shape}: OpenCV within {relative.max():.1e} (relative) of torch")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("folder", help="where cards-heads.onnx and cards.onnx go")
    parser.add_argument("--size", type=int, default=416)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    heads, decoded = (os.path.join(options.folder, name) for name in ("cards-heads.onnx", "cards.onnx"))
    example = torch.zeros(1, 3, options.size, options.size)
    torch.onnx.export(load(options.checkpoint), example, heads, opset_version=OPSET,
                      input_names=["images"], output_names=["p3", "p4", "p5"])
    torch.onnx.export(Decoded(load(options.checkpoint), options.size), example, decoded, opset_version=OPSET,
                      input_names=["images"], output_names=["output0"])
    for path in (heads, decoded):
        add_metadata(path)
    net = load(options.checkpoint)
    check_heads(net, heads)
    check_decoded(net, decoded, options.size)


if __name__ == "__main__":
    main()

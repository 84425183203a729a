#!/usr/bin/python3
"""Prints the numbers that test_engine_shared.c carries: the nets of ../shared/models run by PyTorch, operator by
operator, on a pattern that the test makes too. Neither OpenCV nor besra takes part.

    /usr/bin/python3 make_goldens.py SHARED    (Debian: python3-torch, python3-onnx)
"""
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def pattern(height, width, scale):
    """((3x + 5y + 17c + (x * y) % 7) % 256) * scale, [1][3][height][width]."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(3 * x + 5 * y + 17 * c + (x * y) % 7) % 256 for c in range(3)]
    return torch.tensor(np.stack(planes)[None].astype(np.float32) * np.float32(scale))


def run(model, inputs, outputs):
    values = {w.name: torch.tensor(numpy_helper.to_array(w).copy()) for w in model.graph.initializer}
    values.update(inputs)
    for node in model.graph.node:
        a = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
        if any(i and i not in values for i in node.input):
            continue
        v = [values[i] if i else None for i in node.input]
        if node.op_type == "Constant":
            r = torch.tensor(numpy_helper.to_array(a["value"]).copy())
        elif node.op_type == "Conv":
            r = F.conv2d(v[0], v[1], v[2], a["strides"], a["pads"][:2], a["dilations"], a["group"])
        elif node.op_type == "MaxPool":
            r = F.max_pool2d(v[0], a["kernel_shape"], a["strides"], a["pads"][:2])
        elif node.op_type == "Concat":
            r = torch.cat(v, a["axis"])
        elif node.op_type == "Resize":
            assert a["mode"] == b"nearest"
            r = F.interpolate(v[0], scale_factor=2, mode="nearest")
        else:
            r = {"Relu": torch.relu, "Sigmoid": torch.sigmoid, "Mul": torch.mul, "Add": torch.add}[node.op_type](*v)
        values[node.output[0]] = r
    return [values[o] for o in outputs]


def report(label, tensor):
    flat = tensor.double().flatten()
    picks = [(i * 7919 + 13) % flat.numel() for i in range(8)]
    print(label, list(tensor.shape), "mean |v| %.7g" % flat.abs().mean().item())
    print("   ", ", ".join("%.7gF" % flat[p].item() for p in picks))


shared = sys.argv[1]
srcnn = onnx.load(shared + "/models/tutorial/srcnn3.onnx")
report("srcnn3 body", run(srcnn, {"/Resize_output_0": pattern(16, 20, 1)}, ["output"])[0])
heads = onnx.load(shared + "/models/yolov5/yolov5n-heads.onnx")
for size in (640, 640), (384, 640):
    for name, out in zip(("out0", "out1", "out2"),
                         run(heads, {"images": pattern(*size, 1 / 255)}, ("out0", "out1", "out2"))):
        report("heads %dx%d %s" % (*size, name), out)

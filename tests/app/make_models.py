#!/usr/bin/python3
"""Makes the detectors of these tests: data/berries.onnx (raw heads) and data/berries-decoded.onnx.

Debian: python3-onnx, python3-numpy. The nets have the shapes of a YOLOv5 of two classes and are linear in the mean
colour of each cell, so that what they find can be worked out by hand: a cell of 16 x 16 or 32 x 32 pixels that is
red holds a berry, one that is green a green leaf; each box is its cell. Cells of 8 x 8 hold nothing.
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
STRIDES = (8, 16, 32)
ANCHORS = 3
NUMBERS = 7  # of an anchor: x, y, width, height, objectness, two classes
NAMES = "{0: 'berry', 1: 'green leaf'}"


def head_weights(stride):
    """Rows of (red, green, blue), and biases: anchor 0 is for berries, anchor 1 for leaves, anchor 2 for nothing."""
    weight = np.zeros((ANCHORS, NUMBERS, 3), np.float32)
    bias = np.zeros((ANCHORS, NUMBERS), np.float32)
    bias[:, 4] = -20
    for anchor, colour in enumerate(((10, -5, -5), (-5, 10, -5)) if stride > 8 else ()):
        weight[anchor, 4] = colour  # 10 for the pure colour, 0 for any grey
        bias[anchor, 4] = -7
        weight[anchor, 5] = (8, -8, 0)
        weight[anchor, 6] = (-8, 8, 0)
    return weight.reshape(ANCHORS * NUMBERS, 3, 1, 1), bias.ravel()


def constant(initializers, name, value):
    initializers.append(numpy_helper.from_array(np.asarray(value), name))
    return name


def head_nodes(initializers):
    nodes, heads = [], []
    for stride in STRIDES:
        weight, bias = head_weights(stride)
        nodes.append(helper.make_node("AveragePool", ["images"], [f"mean{stride}"], name=f"/mean{stride}",
                                      kernel_shape=[stride, stride], strides=[stride, stride]))
        nodes.append(helper.make_node(
            "Conv", [f"mean{stride}", constant(initializers, f"weight{stride}", weight),
                     constant(initializers, f"bias{stride}", bias)],
            [f"head{stride}"], name=f"/head{stride}", kernel_shape=[1, 1]))
        heads.append(f"head{stride}")
    return nodes, heads


def decode_nodes(heads, initializers):
    """What YOLOv5's export does behind the heads: one row a box, in pixels of the input."""
    nodes, rows, offsets, gains, sizes = [], [], [], [], []
    for head, stride in zip(heads, STRIDES):
        cells = SIDE // stride
        shape = constant(initializers, f"{head}_shape", np.array([1, ANCHORS, NUMBERS, cells * cells], np.int64))
        flat = constant(initializers, f"{head}_flat", np.array([1, ANCHORS * cells * cells, NUMBERS], np.int64))
        nodes += [helper.make_node("Reshape", [head, shape], [f"{head}_a"], name=f"/{head}_a"),
                  helper.make_node("Transpose", [f"{head}_a"], [f"{head}_b"], name=f"/{head}_b", perm=[0, 1, 3, 2]),
                  helper.make_node("Reshape", [f"{head}_b", flat], [f"{head}_c"], name=f"/{head}_c")]
        rows.append(f"{head}_c")
        y, x = np.mgrid[0:cells, 0:cells]
        grid = np.tile(np.stack([x, y], -1).reshape(-1, 2), (ANCHORS, 1))
        offsets.append((grid - 0.5) * stride)
        gains.append(np.full_like(grid, 2 * stride, np.float64))
        sizes.append(np.full_like(grid, 4 * stride, np.float64))  # every anchor is as large as its cell

    def slice_of(first, last, out):
        names = [constant(initializers, f"{out}_{part}", np.array([value], np.int64))
                 for part, value in (("first", first), ("last", last), ("axis", 2))]
        nodes.append(helper.make_node("Slice", ["all"] + names, [out], name=f"/{out}"))

    def numbers(name, parts):
        return constant(initializers, name, np.concatenate(parts)[None].astype(np.float32))

    nodes += [helper.make_node("Concat", rows, ["logits"], name="/logits", axis=1),
              helper.make_node("Sigmoid", ["logits"], ["all"], name="/all")]
    slice_of(0, 2, "xy")
    slice_of(2, 4, "wh")
    slice_of(4, NUMBERS, "scores")
    nodes += [helper.make_node("Mul", ["xy", numbers("gain", gains)], ["xy_scaled"], name="/xy_scaled"),
              helper.make_node("Add", ["xy_scaled", numbers("offset", offsets)], ["centre"], name="/centre"),
              helper.make_node("Mul", ["wh", "wh"], ["wh_squared"], name="/wh_squared"),
              helper.make_node("Mul", ["wh_squared", numbers("anchor", sizes)], ["size"], name="/size"),
              helper.make_node("Concat", ["centre", "size", "scores"], ["output0"], name="/output0", axis=2)]
    return nodes


def save(path, nodes, outputs, initializers):
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
    graph = helper.make_graph(nodes, "berries", [picture], made, initializers)
    model = helper.make_model(graph, producer_name="make_models.py", opset_imports=[helper.make_opsetid("", 12)])
    model.ir_version = 7
    helper.set_model_props(model, {"names": NAMES})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    initializers = []
    nodes, heads = head_nodes(initializers)
    shapes = [[1, ANCHORS * NUMBERS, SIDE // stride, SIDE // stride] for stride in STRIDES]
    save(os.path.join(folder, "berries.onnx"), nodes, list(zip(heads, shapes)), initializers)

    initializers = []
    nodes, heads = head_nodes(initializers)
    nodes += decode_nodes(heads, initializers)
    rows = sum(ANCHORS * (SIDE // stride) ** 2 for stride in STRIDES)
    save(os.path.join(folder, "berries-decoded.onnx"), nodes, [("output0", [1, rows, NUMBERS])], initializers)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Makes the models of these tests: the detector data/berries.onnx in the ways in which exports hand out what they
find (raw heads; -decoded, -batch, -dynamic: rows; -columns: anchor-free; -boxes: suppressed in the graph; -nhwc), the
classifier data/colours.onnx, and data/double.onnx, which makes pictures twice as large by itself. For `besra model`:
types.onnx (an input and an output of each type), scaled.onnx (a chain to be edited; its shapes depend on an input),
numbers.onnx (a constant with a NaN and infinities), squares.onnx for `besra live` (finds what is of a pure colour,
one thing a colour, to the pixel), and faulty.onnx, circle.onnx and two-input-deform.onnx, which no engine should take.

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


def columns_nodes(initializers):
    """From rows to YOLOv8's columns: [1][4 + classes][N], objectness made part of the scores."""
    one = constant(initializers, "one", np.array([1], np.int64))
    two = constant(initializers, "two", np.array([2], np.int64))
    last = constant(initializers, "last", np.array([NUMBERS - 4], np.int64))
    return [helper.make_node("Slice", ["scores", constant(initializers, "zero", np.array([0], np.int64)), one, two],
                             ["objectness"], name="/objectness"),
            helper.make_node("Slice", ["scores", one, last, two], ["classes"], name="/classes"),
            helper.make_node("Mul", ["objectness", "classes"], ["class_scores"], name="/class_scores"),
            helper.make_node("Concat", ["centre", "size", "class_scores"], ["table"], name="/table", axis=2),
            helper.make_node("Transpose", ["table"], ["output0"], name="/columns", perm=[0, 2, 1])]


def boxes_nodes(initializers):
    """A suppression in the graph: [N][7] of picture, corners, class, score, as YOLOv7 exports it. N depends on the
    picture."""
    nodes = columns_nodes(initializers)[:3]
    node = lambda op, inputs, output, **attributes: nodes.append(
        helper.make_node(op, inputs, [output], name="/" + output, **attributes))
    number = lambda name, value, kind: constant(initializers, name, np.array(value, kind))
    half = number("half", 0.5, np.float32)
    node("Mul", ["size", half], "half_size")
    node("Sub", ["centre", "half_size"], "first_corner")
    node("Add", ["centre", "half_size"], "last_corner")
    node("Concat", ["first_corner", "last_corner"], "corners", axis=2)
    node("Transpose", ["class_scores"], "scores_by_class", perm=[0, 2, 1])
    node("NonMaxSuppression", ["corners", "scores_by_class", number("most", [10], np.int64),
                               number("overlap", [0.5], np.float32), number("least", [0.25], np.float32)], "kept")
    node("Gather", ["kept", number("column_1", 1, np.int64)], "kept_class", axis=1)
    node("Gather", ["kept", number("column_2", 2, np.int64)], "kept_box", axis=1)
    node("Squeeze", ["corners"], "table_of_boxes", axes=[0])
    node("Gather", ["table_of_boxes", "kept_box"], "boxes", axis=0)
    node("GatherND", ["scores_by_class", "kept"], "box_scores")
    node("Cast", ["kept"], "kept_numbers", to=TensorProto.FLOAT)
    node("Slice", ["kept_numbers", number("from_0", [0], np.int64), number("to_1", [1], np.int64),
                   number("axis_1", [1], np.int64)], "picture")
    node("Slice", ["kept_numbers", number("from_1", [1], np.int64), number("to_2", [2], np.int64), "axis_1"], "class")
    node("Unsqueeze", ["box_scores"], "score", axes=[1])
    node("Concat", ["picture", "boxes", "class", "score"], "output0", axis=1)
    return nodes


def save(path, nodes, outputs, initializers, shape=(1, 3, SIDE, SIDE), names=NAMES):
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
    graph = helper.make_graph(nodes, "berries", [picture], made, initializers)
    model = helper.make_model(graph, producer_name="make_models.py", opset_imports=[helper.make_opsetid("", 12)])
    model.ir_version = 7
    helper.set_model_props(model, {"names": names})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def decoded(more=None):
    """Nodes and initializers of the detector with rows, and of what `more` puts behind them."""
    initializers = []
    nodes, heads = head_nodes(initializers)
    nodes += decode_nodes(heads, initializers)
    if more:
        nodes = nodes[:-1] + more(initializers)
    return nodes, initializers


def with_batch(nodes, initializers, batch):
    """The same for `batch` pictures at once: the shapes in its constants follow."""
    changed = []
    for tensor in initializers:
        value = numpy_helper.to_array(tensor)
        if tensor.name.endswith(("_shape", "_flat")):
            value = np.concatenate([[batch], value[1:]]).astype(np.int64)
        changed.append(numpy_helper.from_array(value, tensor.name))
    return nodes, changed


def classifier_nodes(initializers):
    """Three logits: how red, how green, how grey the picture is on the mean. Takes ImageNet's normalised values."""
    mean, deviation = np.array([.485, .456, .406]), np.array([.229, .224, .225])
    weight = np.array([[10, -5, -5], [-5, 10, -5], [0, 0, 0]], np.float64)
    bias = weight @ mean + np.array([0, 0, 1])
    return [helper.make_node("GlobalAveragePool", ["images"], ["mean"], name="/mean"),
            helper.make_node("Flatten", ["mean"], ["flat"], name="/flat"),
            helper.make_node("Gemm", ["flat", constant(initializers, "weight", (weight * deviation).astype(np.float32)),
                                      constant(initializers, "bias", bias.astype(np.float32))], ["logits"],
                             name="/logits", transB=1)]


def double_nodes(initializers):
    """Each pixel four times: a 1 x 1 convolution to 12 channels, and depth to space."""
    weight = np.zeros((12, 3, 1, 1), np.float32)
    for i in range(12):
        weight[i, i // 4] = 1
    return [helper.make_node("Conv", ["images", constant(initializers, "weight", weight)], ["parts"], name="/parts",
                             kernel_shape=[1, 1]),
            helper.make_node("DepthToSpace", ["parts"], ["larger"], name="/larger", blocksize=2, mode="CRD")]


def save_plain(path, nodes, inputs, outputs, initializers=(), opset=14, sound=True):
    """A model that is no detector: inputs and outputs are (name, type, shape)."""
    infos = [[helper.make_tensor_value_info(*value) for value in values] for values in (inputs, outputs)]
    graph = helper.make_graph(nodes, "plain", *infos, list(initializers))
    domains = {node.domain for node in nodes} - {""}
    model = helper.make_model(graph, producer_name="make_models.py", opset_imports=[helper.make_opsetid("", opset)] +
                              [helper.make_opsetid(domain, 1) for domain in sorted(domains)])
    model.ir_version = 7
    if sound:
        onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


TYPES = (("f32", TensorProto.FLOAT), ("f16", TensorProto.FLOAT16), ("u8", TensorProto.UINT8), ("i8", TensorProto.INT8),
         ("i32", TensorProto.INT32), ("i64", TensorProto.INT64), ("bool", TensorProto.BOOL))


def save_types(path):
    """out = in + in; of bool: not in."""
    nodes = [helper.make_node("Not", ["in_bool"], ["out_bool"], name="/bool") if name == "bool" else
             helper.make_node("Add", [f"in_{name}"] * 2, [f"out_{name}"], name=f"/{name}") for name, _ in TYPES]
    save_plain(path, nodes, [(f"in_{name}", number, [2, 3]) for name, number in TYPES],
               [(f"out_{name}", number, [2, 3]) for name, number in TYPES])


def save_scaled(path):
    """y = (x enlarged by `factor`, each pixel repeated) * gain + shift, by channel."""
    initializers = []
    column = lambda name, values: constant(initializers, name, np.array(values, np.float32).reshape(3, 1, 1))
    nodes = [helper.make_node("Resize", ["x", "", "factor"], ["enlarged"], name="/enlarge", mode="nearest",
                              coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
             helper.make_node("Mul", ["enlarged", column("gain", [1, 2, 3])], ["gained"], name="/gain"),
             helper.make_node("Identity", ["gained"], ["same"], name="/same"),
             helper.make_node("Add", ["same", column("shift", [.5, 0, -.5])], ["y"], name="/shift")]
    save_plain(path, nodes, [("x", TensorProto.FLOAT, [1, 3, "height", "width"]), ("factor", TensorProto.FLOAT, [4])],
               [("y", TensorProto.FLOAT, [1, 3, "high", "wide"])], initializers)


def save_numbers(path):
    initializers = []
    constant(initializers, "numbers", np.array([[0, 1, 2, 3, 4], [-1.5, np.nan, np.inf, -np.inf, 0]], np.float32))
    save_plain(path, [helper.make_node("Add", ["x", "numbers"], ["y"], name="/add")],
               [("x", TensorProto.FLOAT, [2, 5])], [("y", TensorProto.FLOAT, [2, 5])], initializers)


def save_squares(path):
    """Red, green and blue things are cards, cyan, magenta and yellow ones discs; the box of a thing holds all pixels of
    its colour, and nothing is found of a colour that isn't there. Exact as it is told by no weights but by where the
    pixels are: a row of [picture, corners, class, score] a colour, in the order of the classes' colours."""
    high, wide = 192, 320
    weight = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1],  # red, green, blue: 1; all greys and mixtures at most 0
                       [-2, 1, 1], [1, -2, 1], [1, 1, -2]], np.float32)  # cyan, magenta, yellow: 2; the three above 1
    least = np.array([0.5] * 3 + [1.5] * 3, np.float32).reshape(1, 6, 1, 1)
    initializers, nodes = [], []
    number = lambda name, value, kind=np.float32: constant(initializers, name, np.array(value, kind))
    node = lambda op, inputs, output, **attributes: nodes.append(
        helper.make_node(op, inputs, [output], name="/" + output, **attributes))
    node("Conv", ["images", number("colours", weight.reshape(6, 3, 1, 1)), number("beyond", -least.ravel())], "likeness",
         kernel_shape=[1, 1])
    node("Clip", ["likeness", number("none", 0), number("a_little", 1e-3)], "some")
    node("Mul", ["some", number("thousand", 1000)], "mask")  # 1 where it is of the colour
    for name, axis, length, places in (("x", 2, wide, np.arange(wide)), ("y", 3, high, np.arange(high))):
        node("ReduceMax", ["mask"], name + "_profile", axes=[axis], keepdims=0)  # [1][6][length]
        # The last place where it is, and the last one counted from the other end.
        node("Mul", [name + "_profile", number(name + "_up", places[None, None] + 1)], name + "_from_start")
        node("Mul", [name + "_profile", number(name + "_down", length - places[None, None])], name + "_from_end")
        node("ReduceMax", [name + "_from_start"], name + "_last", axes=[2], keepdims=1)  # [1][6][1]
        node("ReduceMax", [name + "_from_end"], name + "_rest", axes=[2], keepdims=1)
        node("Sub", [number(name + "_length", length), name + "_rest"], name + "_first")
    node("ReduceMax", ["x_profile"], "score", axes=[2], keepdims=1)
    node("Concat", [number("pictures", np.zeros((1, 6, 1))), "x_first", "y_first", "x_last", "y_last",
                    number("classes", np.array([0, 0, 0, 1, 1, 1]).reshape(1, 6, 1)), "score"], "table", axis=2)
    node("Reshape", ["table", number("rows", [6, 7], np.int64)], "output0")
    save(path, nodes, [("output0", ["found", 7])], initializers, (1, 3, high, wide), "{0: 'card', 1: 'disc'}")


def save_faulty(path):
    """A fault a line: what `besra model check` has to find, all at once."""
    nodes = [helper.make_node("Relu", ["made_later"], ["early"], name="/early"),  # before what makes it
             helper.make_node("Relu", ["x"], ["made_later"], name="/later"),
             helper.make_node("Add", ["x", "nothing"], ["dangling"], name="/dangling"),  # nothing makes `nothing`
             helper.make_node("Relu", ["x"], ["twice"], name="/once"),
             helper.make_node("Abs", ["x"], ["twice"], name="/again"),  # has a maker already
             helper.make_node("Concat", ["x", "early"], ["joined"], name="/joined", axis="one"),  # axis is a number
             helper.make_node("Frobnicate", ["x"], ["mystery"], name="/mystery", domain="custom"),  # nobody's operator
             helper.make_node("Neg", ["x"], ["y"], name="/y")]
    float_of = lambda name, shape: (name, TensorProto.FLOAT, shape)
    save_plain(path, nodes, [float_of("x", [1, 4])],
               [float_of("y", [1, 5]),  # it is 1x4
                float_of("dangling", [1, 4]), float_of("twice", [1, 4]), float_of("joined", [2, 4]),
                float_of("mystery", [1, 4])], opset=99, sound=False)  # there is no such opset


def save_two_input_deform(path):
    """torchvision's deform_conv2d without its offsets, as some exporters wrote it: nothing says where to look."""
    initializers = []
    weight = constant(initializers, "weight", np.ones((1, 1, 1, 1), np.float32))
    save_plain(path, [helper.make_node("deform_conv2d", ["x", weight], ["y"], name="/deform", domain="custom")],
               [("x", TensorProto.FLOAT, [1, 1, 4, 4])], [("y", TensorProto.FLOAT, [1, 1, 4, 4])], initializers)


def save_circle(path):
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], name="/a"), helper.make_node("Relu", ["a"], ["b"], name="/b")]
    save_plain(path, nodes, [("x", TensorProto.FLOAT, [1, 4])], [("b", TensorProto.FLOAT, [1, 4])], sound=False)


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    path = lambda name: os.path.join(folder, name + ".onnx")
    rows = sum(ANCHORS * (SIDE // stride) ** 2 for stride in STRIDES)

    initializers = []
    nodes, heads = head_nodes(initializers)
    shapes = [[1, ANCHORS * NUMBERS, SIDE // stride, SIDE // stride] for stride in STRIDES]
    save(path("berries"), nodes, list(zip(heads, shapes)), initializers)
    front = helper.make_node("Transpose", ["images"], ["planes"], name="/planes", perm=[0, 3, 1, 2])
    for node in nodes:
        node.input[0] = "planes" if node.input[0] == "images" else node.input[0]
    save(path("berries-nhwc"), [front] + nodes, list(zip(heads, shapes)), initializers, (1, SIDE, SIDE, 3))

    nodes, initializers = decoded()
    save(path("berries-decoded"), nodes, [("output0", [1, rows, NUMBERS])], initializers)
    nodes, initializers = with_batch(*decoded(), 4)
    save(path("berries-batch"), nodes, [("output0", [4, rows, NUMBERS])], initializers, (4, 3, SIDE, SIDE))
    nodes, initializers = decoded(columns_nodes)
    save(path("berries-columns"), nodes, [("output0", [1, NUMBERS - 1, rows])], initializers)
    nodes, initializers = decoded(boxes_nodes)
    save(path("berries-boxes"), nodes, [("output0", ["found", 7])], initializers)

    initializers = []
    nodes = classifier_nodes(initializers)
    save(path("colours"), nodes, [("logits", [1, 3])], initializers, names="{0: 'red', 1: 'green', 2: 'grey'}")
    initializers = []
    nodes = double_nodes(initializers)
    save(path("double"), nodes, [("larger", [1, 3, "high", "wide"])], initializers, (1, 3, "height", "width"))

    save_types(path("types"))
    save_scaled(path("scaled"))
    save_numbers(path("numbers"))
    save_squares(path("squares"))
    save_faulty(path("faulty"))
    save_circle(path("circle"))
    save_two_input_deform(path("two-input-deform"))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Makes the models pass_*.onnx of tests/onnx/data, which are committed: what single passes are tried on.

    cd /tmp && /usr/bin/python3 .../tests/onnx/make_pass_models.py   (Debian: python3-onnx, python3-numpy)

Numbers are seeded. The tests compare what besra's evaluator computes before a pass and after it.
"""
import os

import numpy as np
from onnx import TensorProto as T, helper, numpy_helper

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
rng = np.random.default_rng(8)
node = helper.make_node


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def ints(name, values):
    return tensor(name, values, np.int64)


def value(name, shape, kind=T.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, weights=(), opset=13):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    model = helper.make_model(graph, producer_name="besra tests", opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    with open(os.path.join(DATA, "pass_" + name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32)


# ---- 16-bit floats ----------------------------------------------------------------------------------------------
inner = helper.make_graph([node("Add", ["r", "one"], ["t"])], "then", [], [value("t", [1, 3, 4, 4], T.FLOAT16)],
                          [tensor("one", [1], np.float16)])
other = helper.make_graph([node("Identity", ["r"], ["e"])], "else", [], [value("e", [1, 3, 4, 4], T.FLOAT16)])
save("f16", [
    node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    node("Constant", [], ["k"], value=tensor("k", 0.125, np.float16)),
    node("Mul", ["c", "k"], ["m"]),
    node("Cast", ["z"], ["zh"], to=T.FLOAT16),
    node("Add", ["m", "zh"], ["r"]),
    node("ConstantOfShape", ["s"], ["o"], value=tensor("v", [0.75], np.float16)),
    node("If", ["yes"], ["i"], then_branch=inner, else_branch=other),
    node("Sub", ["i", "o"], ["y"]),
], [value("x", [1, 2, 4, 4], T.FLOAT16), value("z", [4])], [value("y", [1, 3, 4, 4], T.FLOAT16)],
    [tensor("w", normal(3, 2, 3, 3) / 4, np.float16),
     helper.make_tensor("b", T.FLOAT16, [3], [0.5, -0.25, 1.5]),
     ints("s", [1, 3, 1, 1]), tensor("yes", True, np.bool_)])

halves = (np.float32([1.0, -2.5, 0.15625]).view(np.uint32) >> 16).astype(np.uint16)
save("bf16", [node("Cast", ["w"], ["f"], to=T.FLOAT), node("Add", ["x", "f"], ["y"])],
     [value("x", [3])], [value("y", [3])],
     [helper.make_tensor("w", T.BFLOAT16, [3], halves.tobytes(), raw=True)])

# ---- quantised weights ------------------------------------------------------------------------------------------
save("dequantize", [
    node("DequantizeLinear", ["qt", "st", "zt"], ["wt"]),
    node("DequantizeLinear", ["qa", "sa", "za"], ["wa"], axis=0),
    node("DequantizeLinear", ["qb", "sb"], ["wb"], axis=0),
    node("Constant", [], ["qc"], value=tensor("q", [[1, 2, 3, 4], [5, 6, 7, 8]], np.int8)),
    node("DequantizeLinear", ["qc", "sc"], ["wc"], axis=1, block_size=2),
    node("Conv", ["x", "wa", "wb"], ["c"], kernel_shape=[1, 1]),
    node("Add", ["c", "wt"], ["y"]),
    node("MatMul", ["y", "wm"], ["m"]),
    node("Reshape", ["wc", "flat"], ["wr"]),
    node("Add", ["m", "wr"], ["z"]),
    node("QuantizeLinear", ["x", "st", "zt"], ["q"]),
    node("DequantizeLinear", ["q", "st", "zt"], ["kept"]),
], [value("x", [1, 2, 2, 2])], [value("z", [1, 3, 2, 8]), value("kept", [1, 2, 2, 2])], [
    tensor("qt", rng.integers(0, 256, (1, 3, 1, 1)), np.uint8), tensor("st", 0.03), tensor("zt", 128, np.uint8),
    tensor("qa", rng.integers(-128, 128, (3, 2, 1, 1)), np.int8), tensor("sa", [0.01, 0.02, 0.04]),
    tensor("za", [0, 1, -3], np.int8),
    tensor("qb", [1000, -70000, 12345], np.int32), tensor("sb", [0.0001, 0.0002, 0.0003]),
    tensor("sc", [[0.5, 0.25], [0.125, 2.0]]), tensor("wm", normal(2, 8)), ints("flat", [8])], opset=21)

# ---- pairs on activations ---------------------------------------------------------------------------------------
QDQ = [tensor("s1", 6 / 255), tensor("z1", 0, np.uint8), tensor("s2", 0.05), tensor("z2", -20, np.int8),
       tensor("s3", [0.1, 0.2]), tensor("z3", [0, 5], np.uint8), tensor("s4", 0.06)]
for name, opset in (("qdq", 13), ("qdq_old", 10)):
    save(name, [
        node("Conv", ["x", "w"], ["c"], kernel_shape=[1, 1]),
        node("QuantizeLinear", ["c", "s1", "z1"], ["q"]), node("DequantizeLinear", ["q", "s1", "z1"], ["d"]),
        node("Add", ["d", "x"], ["a"]),
        node("QuantizeLinear", ["a", "s2", "z2"], ["q2"]), node("DequantizeLinear", ["q2", "s2", "z2"], ["y"]),
    ], [value("x", [1, 2, 4, 4])], [value("y", [1, 2, 4, 4])], [tensor("w", 2 * normal(2, 2, 1, 1))] + QDQ[:4],
         opset=opset)
save("qdq_kept", [
    node("QuantizeLinear", ["x", "s3", "z3"], ["q"], axis=1),
    node("DequantizeLinear", ["q", "s3", "z3"], ["d"], axis=1),
    node("QuantizeLinear", ["d", "s2", "z2"], ["q2"]), node("DequantizeLinear", ["q2", "s4", "z2"], ["y"]),
], [value("x", [1, 2, 4, 4])], [value("y", [1, 2, 4, 4])], QDQ)

# ---- forms that OpenCV does not read ----------------------------------------------------------------------------
FORMS = [value("y%d" % i, s) for i, s in enumerate([
    [1, 1, 8, 6], [1, 3, 8, 6], [1, 4, 3, 6], [1, 4, 3, 6], [1, 4, 2, 6], [1, 4, 1, 1], [1, 4, 8], [4, 8, 6],
    [4, 8, 6], [1, 1, 4, 8, 6, 1], [1, 1, 4, 8, 6], [1, 4, 8, 6], [1, 4, 8, 6], [1, 4, 8, 6], [1, 2, 8, 6]])]
save("forms", [
    node("Split", ["x", "sizes"], ["y0", "y1"], axis=1, name="sized"),
    node("Split", ["x"], ["y2", "y3", "y4"], axis=2, num_outputs=3, name="uneven"),
    node("ReduceMean", ["x", "hw"], ["y5"], name="mean"),
    node("ReduceSum", ["x", "last"], ["y6"], keepdims=0, name="sum"),
    node("Squeeze", ["x", "first"], ["y7"], name="squeeze"),
    node("Squeeze", ["x"], ["y8"], name="squeeze_all"),
    node("Unsqueeze", ["x", "ends"], ["y9"], name="unsqueeze_two"),
    node("Constant", [], ["one"], value=ints("v", [1])),
    node("Unsqueeze", ["x", "one"], ["y10"], name="unsqueeze"),
    node("Clip", ["x", "low", "high"], ["y11"], name="clip"),
    node("Clip", ["x", "low"], ["y12"], name="clip_low"),
    node("Clip", ["x", "", "high"], ["y13"], name="clip_high"),
    node("Conv", ["x", "w"], ["y14"], name="conv", pads=[1, 0, 1, 0]),
], [value("x", [1, 4, 8, 6])], FORMS,
    [ints("sizes", [1, 3]), ints("hw", [2, 3]), ints("last", [-1]), ints("first", [0]), ints("ends", [0, -1]),
     tensor("low", -0.5), tensor("high", 0.25), tensor("w", np.arange(24).reshape(2, 4, 3, 1) / 24)], opset=18)
save("forms_kept", [
    node("Clip", ["x", "least", "most"], ["c"], name="clip"),
    node("ReduceSum", ["c", "none"], ["s"], name="sum", noop_with_empty_axes=1),
    node("Clip", ["s", "inf"], ["y"], name="clip_inf"),
], [value("x", [1, 4, 8, 6]), value("least", []), value("most", [])], [value("y", [1, 4, 8, 6])],
    [ints("none", []), tensor("inf", -np.inf)], opset=18)

# ---- a picture with the channels last ---------------------------------------------------------------------------
CONV3 = node("Conv", ["p", "w"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
W3 = tensor("w", normal(2, 3, 3, 3))
TURN = node("Transpose", ["x"], ["p"], perm=[0, 3, 1, 2], name="turn")
save("nhwc", [TURN, node("ReduceMean", ["p"], ["mean"], axes=[1, 2, 3]), CONV3, node("Add", ["y", "mean"], ["z"])],
     [value("x", ["n", 5, "w", 3])], [value("z", ["n", 2, 5, "w"])], [W3])
save("nhwc_twice", [TURN, CONV3, node("ReduceMax", ["x"], ["z"], axes=[1, 2])],
     [value("x", [1, 5, 4, 3])], [value("y", [1, 2, 5, 4]), value("z", [1, 1, 1, 3])], [W3])
save("nhwc_output", [TURN], [value("x", [1, 5, 4, 3])], [value("p", [1, 3, 5, 4])])
save("nhwc_seven", [TURN, node("Relu", ["p"], ["y"])], [value("x", [1, 5, 4, 7])], [value("y", [1, 7, 5, 4])])
save("nhwc_other", [node("Transpose", ["x"], ["p"], perm=[0, 3, 2, 1]), node("Relu", ["p"], ["y"])],
     [value("x", [1, 5, 4, 3])], [value("y", [1, 3, 4, 5])])

# ---- batches ----------------------------------------------------------------------------------------------------
N = 4
same = np.repeat(normal(1, 6, 1, 1), N, axis=0)
save("batch", [
    node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    node("BatchNormalization", ["c", "g", "h", "u", "v"], ["n"]),
    node("Resize", ["n", "", "", "sizes"], ["r"], mode="nearest"),
    node("Add", ["r", "same"], ["a"]),
    node("Split", ["a"], ["l", "k"], axis=1),
    node("Concat", ["k", "l"], ["j"], axis=1),
    node("Reshape", ["j", "five"], ["f"]),
    node("Transpose", ["f"], ["t"], perm=[0, 1, 3, 4, 2]),
    node("Slice", ["t", "from", "to", "axes"], ["sl"]),
    node("Shape", ["x"], ["sx"]), node("Gather", ["sx", "zero"], ["b"]),
    node("Unsqueeze", ["b", "zero1"], ["b1"]), node("Concat", ["b1", "rest"], ["target"], axis=0),
    node("Reshape", ["sl", "target"], ["rows"]),
    node("MatMul", ["rows", "m"], ["mm"]),
    node("Softmax", ["mm"], ["sm"], axis=-1),
    node("ReduceMean", ["sm"], ["rm"], axes=[1], keepdims=0),
    node("Gemm", ["rm", "gw", "gb"], ["y"]),
], [value("x", [N, 2, 4, 4])], [value("y", [N, 3]), value("a", [N, 6, 8, 8])], [
    tensor("w", normal(6, 2, 3, 3)), tensor("g", normal(6)), tensor("h", normal(6)), tensor("u", normal(6)),
    tensor("v", normal(6) ** 2 + 1), ints("sizes", [N, 6, 8, 8]), tensor("same", same), ints("five", [N, 2, 3, 8, 8]),
    ints("from", [0]), ints("to", [6]), ints("axes", [2]), ints("zero", 0), ints("zero1", [0]), ints("rest", [-1, 24]),
    tensor("m", normal(24, 5)), tensor("gw", normal(5, 3)), tensor("gb", np.repeat(normal(1, 3), N, axis=0))])
X = [value("x", [N, 2, 4, 4])]
Y = [value("y", [N, 2, 4, 4])]
save("batch_softmax", [node("Softmax", ["x"], ["y"], axis=0, name="mix")], X, Y)
save("batch_differs", [node("Add", ["x", "d"], ["y"], name="mix")], X, Y, [tensor("d", normal(N, 1, 1, 1))])
save("batch_mixed", [node("Reshape", ["x", "s"], ["r"]), node("Transpose", ["r"], ["t"], perm=[1, 0, 2], name="mix"),
                     node("Reshape", ["t", "back"], ["y"])], X, Y, [ints("s", [N, N, 8]), ints("back", [N, 2, 4, 4])])
save("batch_joined", [node("Reshape", ["x", "s"], ["y"], name="mix")], X, [value("y", [1, N * 2, 4, 4])],
     [ints("s", [1, N * 2, 4, 4])])
save("batch_counted", [node("Shape", ["x"], ["s"]), node("Cast", ["s"], ["f"], to=T.FLOAT),
                       node("Gather", ["f", "zero"], ["n"]), node("Mul", ["x", "n"], ["y"], name="mix")], X, Y,
     [ints("zero", 0)])
save("batch_unknown", [node("CumSum", ["x", "zero"], ["y"], name="mix")], X, Y, [ints("zero", 0)])
save("batch_one", [node("Relu", ["x"], ["y"])], [value("x", ["n", 2, 4, 4])], [value("y", ["n", 2, 4, 4])])

# ---- Detect tails -----------------------------------------------------------------------------------------------
ANCHORS = np.float32([[[10, 13], [16, 30]], [[30, 61], [62, 45]], [[116, 90], [156, 198]]])
STRIDES = [8, 16, 32]
A, C = 2, 3
NO = 5 + C


class Detect:
    """A net of one convolution a head, and a tail in one of the forms that exporters write."""

    def __init__(self, height=64, width=96, dtype=np.float32, dynamic=False):
        self.nodes, self.weights, self.rows = [], [], []
        self.height, self.width, self.dtype, self.dynamic = height, width, dtype, dynamic
        for i, s in enumerate(STRIDES):
            self.const("w%d" % i, rng.standard_normal((A * NO, 3, 1, 1)), dtype)
            self.const("b%d" % i, rng.standard_normal(A * NO), dtype)
            self.op("Conv", ["x", "w%d" % i, "b%d" % i], "h%d" % i, kernel_shape=[1, 1], strides=[s, s])

    def const(self, name, values, dtype=None):
        self.weights.append(tensor(name, values, dtype or self.dtype))
        return name

    def op(self, kind, inputs, output, **attributes):
        outputs = output if isinstance(output, list) else [output]
        self.nodes.append(node(kind, inputs, outputs, name="/" + outputs[0], **attributes))
        return output

    def sides(self, i):
        return self.height // STRIDES[i], self.width // STRIDES[i]

    def grid(self, i, head=None):
        """[1][A][h][w][NO], logits."""
        h, w = self.sides(i)
        n = "%d" % i
        if self.dynamic:
            self.op("Shape", [head or "h" + n], "hs" + n)
            self.op("Slice", ["hs" + n, self.const("s2" + n, [2], np.int64), self.const("s4" + n, [4], np.int64)], "hw" + n)
            self.op("Concat", [self.const("lead" + n, [1, A, NO], np.int64), "hw" + n], "five" + n, axis=0)
        else:
            self.const("five" + n, [1, A, NO, h, w], np.int64)
        self.op("Reshape", [head or "h" + n, "five" + n], "r" + n)
        return self.op("Transpose", ["r" + n], "g" + n, perm=[0, 1, 3, 4, 2])

    def decode(self, i, head=None, formula="v5", order="ayx"):
        n = "%d" % i
        h, w = self.sides(i)
        self.op("Sigmoid", [self.grid(i, head)], "sg" + n)
        self.op("Split", ["sg" + n, self.const("parts" + n, [2, 2, 1 + C], np.int64)],
                ["xy" + n, "wh" + n, "cf" + n], axis=4)
        ys, xs = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
        cells = np.stack([xs, ys], -1)[None, None]
        two, anchors = self.const("two" + n, 2.0), ANCHORS[i].reshape(1, A, 1, 1, 2)
        if formula == "v7":      # xy * (2 * stride) + stride * (cell - 0.5)
            self.op("Mul", ["xy" + n, self.const("ts" + n, 2.0 * STRIDES[i])], "x2" + n)
            self.op("Add", ["x2" + n, self.const("off" + n, STRIDES[i] * (cells - 0.5))], "px" + n)
        else:
            if self.dynamic:
                self.op("Split", ["hw" + n], ["hh" + n, "ww" + n], axis=0)
                zero, one = self.const("zero" + n, 0, np.int64), self.const("one" + n, 1, np.int64)
                for side, ax in (("hh", "iy"), ("ww", "ix")):
                    self.op("Squeeze", [side + n, self.const("ax" + side + n, [0], np.int64)], side + "s" + n)
                    self.op("Range", [zero, side + "s" + n, one], ax + "i" + n)
                    self.op("Cast", [ax + "i" + n], ax + n, to=T.FLOAT)
                self.op("Reshape", ["iy" + n, self.const("col" + n, [-1, 1], np.int64)], "yc" + n)
                self.op("Expand", ["yc" + n, "hw" + n], "ym" + n)
                self.op("Expand", ["ix" + n, "hw" + n], "xm" + n)
                self.op("Unsqueeze", ["ym" + n, self.const("e1" + n, [2], np.int64)], "yu" + n)
                self.op("Unsqueeze", ["xm" + n, self.const("e2" + n, [2], np.int64)], "xu" + n)
                self.op("Concat", ["xu" + n, "yu" + n], "xyg" + n, axis=2)
                self.op("Sub", ["xyg" + n, self.const("half" + n, 0.5)], "cell" + n)
            else:
                self.const("cell" + n, cells - 0.5)
            self.op("Mul", ["xy" + n, two], "x2" + n)
            self.op("Add", ["x2" + n, "cell" + n], "xc" + n)
            self.op("Mul", ["xc" + n, self.const("st" + n, STRIDES[i])], "px" + n)
        if formula == "exp":     # YOLOv3's: exp(t) * anchor
            self.op("Split", ["g" + n, "parts" + n], ["u0" + n, "raw" + n, "u1" + n], axis=4)
            self.op("Exp", ["raw" + n], "w3" + n)
        else:
            self.op("Mul", ["wh" + n, two], "w2" + n)
            self.op("Pow", ["w2" + n, self.const("pw" + n, 2.0)], "w3" + n)
        self.op("Mul", ["w3" + n, self.const("anchor" + n, anchors)], "pw_" + n)
        self.op("Concat", ["px" + n, "pw_" + n, "cf" + n], "cat" + n, axis=4)
        flat = "cat" + n
        if order == "yxa":
            flat = self.op("Transpose", [flat], "turned" + n, perm=[0, 2, 3, 1, 4])
        self.op("Reshape", [flat, self.const("rows_shape" + n, [1, -1, NO], np.int64)], "rows" + n)
        self.rows.append("rows" + n)

    def join(self, order=(0, 1, 2)):
        self.op("Concat", [self.rows[i] for i in order], "output", axis=1)

    def save(self, name, extra=(), only=(), opset=13):
        kind = T.FLOAT16 if self.dtype == np.float16 else T.FLOAT
        h, w = ("height", "width") if self.dynamic else (self.height, self.width)
        count = sum(a * b for a, b in (self.sides(i) for i in range(3))) * A
        outs = [] if only else [value("output", ["batch", "rows", NO] if self.dynamic else [1, count, NO], kind)]
        outs += [value(n, s, kind) for n, s in list(only) + list(extra)]
        save("detect_" + name, self.nodes, [value("x", [1, 3, h, w], kind)], outs, self.weights, opset)

    def grids(self):
        return [("g%d" % i, [1, A, *self.sides(i), NO]) for i in range(3)]


def detect(name, order=(0, 1, 2), formula="v5", rows="ayx", extra=False, **kwargs):
    d = Detect(**kwargs)
    for i in range(3):
        d.decode(i, formula=formula, order=rows)
    d.join(order)
    d.save(name, extra=d.grids() if extra else ())


detect("plain")
detect("beside", extra=True)
detect("coarse_first", order=(2, 0, 1))
detect("cells_first", rows="yxa")
detect("v7", formula="v7")
detect("f16", dtype=np.float16)
detect("dynamic", dynamic=True)
detect("exp", formula="exp")

d = Detect()
for i in range(3):
    d.grid(i)
d.save("grids", only=d.grids())

d = Detect()
for i in range(3):       # ImplicitM, not folded into the convolution
    d.op("Mul", ["h%d" % i, d.const("im%d" % i, 1 + 0.1 * rng.standard_normal((1, A * NO, 1, 1)))], "k%d" % i)
    d.decode(i, head="k%d" % i)
d.join()
d.save("implicit")

d = Detect()
for i in range(3):       # one anchor's constants are of another head
    d.decode(i)
d.join()
for w in d.weights:
    if w.name == "cell1":
        cells = numpy_helper.to_array(w).copy()
        cells[0, 0, 3, 5, 1] += 0.25
        w.CopyFrom(tensor("cell1", cells))
d.save("wrong_cell")

d = Detect()
d.save("raw", only=[("h%d" % i, [1, A * NO, *d.sides(i)]) for i in range(3)])

d = Detect()             # a body that only works at its size
for i in range(3):
    d.decode(i)
d.join()
first = d.nodes.pop(0)
d.op("Reshape", ["x", d.const("fixed", [1, 3, 64, 96], np.int64)], "xf")
d.nodes.insert(0, d.nodes.pop())
d.nodes.insert(1, node("Conv", ["xf", "w0", "b0"], ["h0"], name="/h0", kernel_shape=[1, 1], strides=[8, 8]))
d.save("fixed_size")


# ---- anchor-free Detect tails (YOLOv8) --------------------------------------------------------------------------
class Free:
    """Heads of 1x1 convolutions at strides 8, 16, 32 of 64x96 pixels, and Ultralytics' Detect on them."""

    def __init__(self, bins=4, classes=3, dynamic=False):
        self.nodes, self.weights, self.bins, self.classes, self.dynamic = [], [], bins, classes, dynamic
        joined = []
        for i, s in enumerate(STRIDES):
            for part, channels in (("box", 4 * bins), ("cls", classes)):
                n = "%s%d" % (part, i)
                self.op("Conv", ["x", self.const("w" + n, normal(channels, 3, 1, 1)), self.const("b" + n, normal(channels))],
                        n, kernel_shape=[1, 1], strides=[s, s])
            self.op("Concat", ["box%d" % i, "cls%d" % i], "head%d" % i, axis=1)
            joined.append(self.op("Reshape", ["head%d" % i, self.const("flat%d" % i, [1, 4 * bins + classes, -1], np.int64)],
                                  "row%d" % i))
        self.op("Concat", joined, "all", axis=2)
        self.op("Split", ["all", self.const("parts", [4 * bins, classes], np.int64)], ["boxes", "scores"], axis=1)

    const, op = Detect.const, Detect.op
    dtype = np.float32

    def cells(self):
        """Centres of cells [1][2][N] and strides [1][N], as tensors."""
        if not self.dynamic:
            centres, strides = [], []
            for s in STRIDES:
                ys, xs = np.meshgrid(np.arange(64 // s) + 0.5, np.arange(96 // s) + 0.5, indexing="ij")
                centres.append(np.stack([xs.ravel(), ys.ravel()]))
                strides.append(np.full(xs.size, s))
            return (self.const("centres", np.concatenate(centres, 1)[None]),
                    self.const("strides", np.concatenate(strides)[None]))
        centres, strides = [], []
        for i, s in enumerate(STRIDES):
            n = "%d" % i
            self.op("Shape", ["head" + n], "hs" + n)
            sides = []
            for side, at in (("h", 2), ("w", 3)):
                self.op("Gather", ["hs" + n, self.const("at" + side + n, at, np.int64)], side + n, axis=0)
                self.op("Range", [self.const("r0" + side + n, 0, np.int64), side + n, self.const("r1" + side + n, 1, np.int64)],
                        "i" + side + n)
                self.op("Cast", ["i" + side + n], "f" + side + n, to=T.FLOAT)
                self.op("Add", ["f" + side + n, self.const("half" + side + n, 0.5)], "c" + side + n)
                sides.append(side + n)
            self.op("Reshape", ["ch" + n, self.const("col" + n, [-1, 1], np.int64)], "chc" + n)
            self.op("Slice", ["hs" + n, self.const("from" + n, [2], np.int64), self.const("to" + n, [4], np.int64)], "hw" + n)
            self.op("Expand", ["chc" + n, "hw" + n], "ym" + n)
            self.op("Expand", ["cw" + n, "hw" + n], "xm" + n)
            long = self.const("long" + n, [1, 1, -1], np.int64)
            self.op("Reshape", ["ym" + n, long], "yl" + n)
            self.op("Reshape", ["xm" + n, long], "xl" + n)
            centres.append(self.op("Concat", ["xl" + n, "yl" + n], "xy" + n, axis=1))
            self.op("Mul", ["xl" + n, self.const("none" + n, 0.0)], "zeros" + n)
            strides.append(self.op("Add", ["zeros" + n, self.const("s" + n, float(s))], "st" + n))
        return self.op("Concat", centres, "centres", axis=2), self.op("Concat", strides, "strides", axis=2)

    def decode(self):
        lrtb = "boxes"
        if self.bins > 1:
            self.op("Reshape", ["boxes", self.const("spread", [1, 4, self.bins, -1], np.int64)], "four")
            self.op("Transpose", ["four"], "turned", perm=[0, 2, 1, 3])
            self.op("Softmax", ["turned"], "soft", axis=1)
            self.op("Conv", ["soft", self.const("bins", np.arange(self.bins).reshape(1, -1, 1, 1))], "mean", kernel_shape=[1, 1])
            lrtb = self.op("Reshape", ["mean", self.const("flat", [1, 4, -1], np.int64)], "lrtb")
        self.op("Split", [lrtb, self.const("two", [2, 2], np.int64)], ["lt", "rb"], axis=1)
        centres, strides = self.cells()
        self.op("Sub", [centres, "lt"], "near")
        self.op("Add", [centres, "rb"], "far")
        self.op("Add", ["near", "far"], "sum")
        self.op("Div", ["sum", self.const("d2", 2.0)], "middle")
        self.op("Sub", ["far", "near"], "size")
        self.op("Concat", ["middle", "size"], "xywh", axis=1)
        self.op("Mul", ["xywh", strides], "pixels")
        self.op("Sigmoid", ["scores"], "probabilities")
        self.op("Concat", ["pixels", "probabilities"], "columns", axis=1)

    def save(self, name, rows=False):
        count = sum((64 // s) * (96 // s) for s in STRIDES)
        shape = [1, 4 + self.classes, "cells" if self.dynamic else count]
        self.op("Transpose" if rows else "Identity", ["columns"], "output", **({"perm": [0, 2, 1]} if rows else {}))
        shape = [shape[0], shape[2], shape[1]] if rows else shape
        h, w = ("height", "width") if self.dynamic else (64, 96)
        save("detect_free" + name, self.nodes, [value("x", [1, 3, h, w])], [value("output", shape)], self.weights)


def free(name, rows=False, **kwargs):
    d = Free(**kwargs)
    d.decode()
    d.save(name, rows)
    return d


free("")
free("_one_class", classes=1)
free("_no_bins", bins=1, classes=6)
free("_as_many_classes", bins=2, classes=8)  # as the box has channels: only a run tells them apart
free("_rows", rows=True)
free("_dynamic", dynamic=True)
d = Free()
d.decode()
for w in d.weights:
    if w.name == "bins":     # not the mean
        w.CopyFrom(tensor("bins", np.arange(4).reshape(1, -1, 1, 1) ** 2))
d.save("_squares")

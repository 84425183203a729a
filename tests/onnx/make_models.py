#!/usr/bin/python3
"""Makes the small models of tests/onnx/data, which are committed: the tests need neither this script nor Python.

    cd /tmp && /usr/bin/python3 .../tests/onnx/make_models.py    (Debian: python3-onnx, python3-numpy)

Not to be run from the top of the source tree, where the folder onnx/ hides the Python module of that name.
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
FLOAT = TensorProto.FLOAT


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def value(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, weights=(), opset=11, ir=6, domains=(), edit=None):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    model = helper.make_model(graph, producer_name="besra tests", opset_imports=imports)
    model.ir_version = ir
    if edit:
        edit(model)
    with open(os.path.join(DATA, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())


# ---- conv: numbers worked out by numpy, which the tests carry ---------------------------------------------------
X = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
W = (np.arange(1, 10, dtype=np.float32) / 10).reshape(3, 3)
B = np.float32(0.5)


def conv3x3(x):
    padded = np.pad(x.astype(np.float64), 1)
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = (padded[i:i + 3, j:j + 3] * W.astype(np.float64)).sum() + B
    return out


def conv(x="x", y="y"):
    return helper.make_node("Conv", [x, "w", "b"], [y], name="/conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1])


WEIGHTS = [tensor("w", W.reshape(1, 1, 3, 3)), tensor("b", [B])]
print("conv of 1..12 in 3 rows of 4:", np.round(conv3x3(X), 4).tolist())

save("conv", [conv()], [value("x", [1, 1, 3, 4])], [value("y", [1, 1, 3, 4])], WEIGHTS)

# Old exporters (IR version 3) list the weights among the inputs.
save("weights_as_inputs", [conv()], [value("w", [1, 1, 3, 3]), value("x", [1, 1, 3, 4]), value("b", [1])],
     [value("y", [1, 1, 3, 4])], WEIGHTS, opset=9, ir=3)

PICTURE = ["batch", 1, "height", "width"]
save("dynamic", [conv()], [value("x", PICTURE)], [value("y", PICTURE)], WEIGHTS)
save("shapeless", [conv()], [value("x", PICTURE)], [value("y", None)], WEIGHTS)


def add_unknown(model):
    # Field 99 holds b"new", field 98 the number 7: what a newer ONNX might add, in the model and in a node.
    for message in (model, model.graph.node[0], model.graph.initializer[0]):
        message.MergeFromString(b"\x9a\x06\x03new" + b"\x90\x06\x07")


save("unknown_fields", [conv()], [value("x", [1, 1, 3, 4])], [value("y", [1, 1, 3, 4])], WEIGHTS, edit=add_unknown)


def add_names(model):
    helper.set_model_props(model, {"stride": "32", "names": "{0: 'person', 1: \"potter's wheel\", 3: 'caf\u00e9'}"})


save("names", [conv()], [value("x", [1, 1, 3, 4])], [value("y", [1, 1, 3, 4])], WEIGHTS, edit=add_names)


def make_external(model):
    blob = b"besra's weights:" + W.tobytes()
    with open(os.path.join(DATA, "external.bin"), "wb") as file:
        file.write(blob)
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in (("location", "external.bin"), ("offset", "16"), ("length", str(W.nbytes))):
        entry = weight.external_data.add()
        entry.key, entry.value = key, text


save("external", [conv()], [value("x", [1, 1, 3, 4])], [value("y", [1, 1, 3, 4])], WEIGHTS, edit=make_external)

# ---- inputs and outputs ---------------------------------------------------------------------------------------------
# late = relu(relu(x) + x), early = relu(x), declared the other way round than they are computed; "middle" between.
save("outputs",
     [helper.make_node("Relu", ["x"], ["early"]), helper.make_node("Add", ["early", "x"], ["middle"]),
      helper.make_node("Relu", ["middle"], ["late"])],
     [value("x", [1, 4])], [value("late", [1, 4]), value("middle", [1, 4]), value("early", [1, 4])])
save("two_inputs", [helper.make_node("Sub", ["second", "first"], ["d"])],
     [value("first", [2, 3]), value("second", [2, 3])], [value("d", [2, 3])])
save("vector", [helper.make_node("Relu", ["x"], ["y"])], [value("x", [5])], [value("y", [5])])
save("unsupported", [helper.make_node("Sharpen", ["x"], ["y"], name="/sharpen", domain="hawk")],
     [value("x", [1, 1, 3, 4])], [value("y", [1, 1, 3, 4])], domains=["hawk"])
save("chain", [helper.make_node("Relu", ["x"], ["r"]),
               helper.make_node("Concat", ["r", "k"], ["y"], name="/join", axis=1)],
     [value("x", [1, 1, 3, 4])], [value("y", [1, 2, 3, 4])], [tensor("k", np.ones((1, 1, 3, 4)))])

# ---- Resize at the front ----------------------------------------------------------------------------------------------
CONSTANT_ROI = helper.make_node("Constant", [], ["roi"], name="/roi", value=tensor("", []))


def constant_scales(scales):
    return helper.make_node("Constant", [], ["scales"], name="/scales", value=tensor("", scales))


def resize(inputs=("x", "roi", "scales"), **attributes):
    options = dict(mode="cubic", coordinate_transformation_mode="half_pixel", cubic_coeff_a=-0.75, nearest_mode="floor")
    options.update(attributes)
    return helper.make_node("Resize", list(inputs), ["big"], name="/Resize",
                            **{k: v for k, v in options.items() if v is not None})


def save_resize(name, nodes, body=True, inputs=(), outputs=None, weights=(), shape=(1, 1, 3, 4), **options):
    nodes = list(nodes) + ([conv("big")] if body else [])
    outputs = outputs or [value("y", [1, 1, 6, 8])]
    save("resize_" + name, nodes, [value("x", list(shape))] + list(inputs), outputs, WEIGHTS + list(weights), **options)


def drop_raw(model):
    scales = model.graph.initializer[-1]
    values = numpy_helper.to_array(scales).tolist()
    scales.ClearField("raw_data")
    scales.float_data.extend(values)
    model.graph.value_info.extend([value("big", [1, 1, 6, 8])])


TWICE = [1, 1, 2, 2]
save_resize("constant", [constant_scales(TWICE), CONSTANT_ROI, resize()])
save_resize("initializer", [resize(["x", "", "scales"], coordinate_transformation_mode="pytorch_half_pixel")],
            weights=[tensor("scales", [1, 1, 2.5, 2.5])], edit=drop_raw)
save_resize("input", [CONSTANT_ROI, resize()], inputs=[value("scales", [4])])
save_resize("floats", [helper.make_node("Constant", [], ["scales"], value_floats=[1.0, 1.0, 3.0, 3.0]),
                       resize(["x", "", "scales"], cubic_coeff_a=None, coordinate_transformation_mode=None)], opset=13)
# Two readers of the result, one of them within a branch of an If, and scales that something else needs too.
BRANCH = helper.make_graph([helper.make_node("Relu", ["big"], ["inner"])], "branch", [], [value("inner", None)])
save_resize("subgraph", [resize(["x", "", "scales"]), conv("big"),
                         helper.make_node("If", ["flag"], ["z"], then_branch=BRANCH, else_branch=BRANCH),
                         helper.make_node("Identity", ["scales"], ["s"])], body=False,
            inputs=[value("scales", [4]), value("flag", [], TensorProto.BOOL)],
            outputs=[value("y", [1, 1, 6, 8]), value("z", ["n", 1, "h", "w"]), value("s", [4])])

# Left as they are.
save_resize("nearest", [constant_scales(TWICE), CONSTANT_ROI, resize(mode="nearest", cubic_coeff_a=None)])
save_resize("linear", [constant_scales(TWICE), CONSTANT_ROI, resize(mode="linear")])
save_resize("shared_picture", [constant_scales(TWICE), CONSTANT_ROI, resize(), helper.make_node("Relu", ["x"], ["r"])],
            outputs=[value("y", None), value("r", None)])
save_resize("in_the_middle", [constant_scales(TWICE), CONSTANT_ROI, helper.make_node("Relu", ["x"], ["r"]),
                              resize(["r", "roi", "scales"])])

# Refused, each for its reason.
SIZES = helper.make_node("Constant", [], ["sizes"], value=tensor("", [1, 1, 6, 8], np.int64))
save_resize("sizes", [SIZES, resize(["x", "", "", "sizes"])], opset=13)
save_resize("align_corners", [constant_scales(TWICE), CONSTANT_ROI, resize(coordinate_transformation_mode="align_corners")])
save_resize("asymmetric", [constant_scales(TWICE), CONSTANT_ROI, resize(coordinate_transformation_mode="asymmetric")])
save_resize("unequal", [constant_scales([1, 1, 2, 3]), CONSTANT_ROI, resize()])
save_resize("batch", [constant_scales([2, 1, 2, 2]), CONSTANT_ROI, resize()])
save_resize("shrinking", [constant_scales([1, 1, 0.5, 0.5]), CONSTANT_ROI, resize()])
save_resize("nan", [constant_scales([1, 1, np.nan, np.nan]), CONSTANT_ROI, resize()])
save_resize("five_scales", [constant_scales([1, 1, 1, 2, 2]), CONSTANT_ROI, resize()])
save_resize("exclude_outside", [constant_scales(TWICE), CONSTANT_ROI, resize(exclude_outside=1)])
save_resize("antialias", [constant_scales(TWICE), CONSTANT_ROI, resize(antialias=1)], opset=18)
save_resize("axes", [helper.make_node("Constant", [], ["scales"], value=tensor("", [2, 2])),
                     resize(["x", "", "scales"], axes=[2, 3])], opset=18)
save_resize("sharper", [constant_scales(TWICE), CONSTANT_ROI, resize(cubic_coeff_a=-0.5)])
save_resize("computed", [constant_scales(TWICE), helper.make_node("Mul", ["scales", "scales"], ["more"]),
                         resize(["x", "", "more"])], opset=13)
save_resize("only", [constant_scales(TWICE), CONSTANT_ROI, resize()], body=False, outputs=[value("big", [1, 1, 6, 8])])
save_resize("flat", [constant_scales([1, 1, 2, 2]), CONSTANT_ROI, resize()], shape=(1, 3, 4))
save_resize("no_scales", [resize(["x"])], opset=13)

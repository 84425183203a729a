"""Writes the ONNX file and its model card."""
import hashlib
import logging
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch

from measure import measure_all
from net import load_checkpoint, run_opencv, run_torch
from pictures import list_pictures
from training import HOLD_OUT_EVERY

OPSET = 13

log = logging.getLogger("srcnn")


def write_onnx(net, path):
    """Writes f32, opset 13, with dynamic height and width."""
    torch.onnx.export(net, torch.rand(1, 1, 48, 64), str(path), opset_version=OPSET,
                      input_names=["y"], output_names=["y_sr"],
                      dynamic_axes={"y": {2: "height", 3: "width"}, "y_sr": {2: "height", 3: "width"}})
    model = onnx.load(str(path))
    model.doc_string = "SRCNN 9-1-5: luma, enlarged by bicubic, in; the same, sharper, out."
    onnx.helper.set_model_props(model, {
        "description": "SRCNN 9-1-5 for factors 2 to 4; BT.601 luma in 0..1, enlarged by bicubic (a=-0.75)",
        "licence": "Apache-2.0"})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def check_opencv_agrees(net, path, tolerance=1e-5):
    """The exported file must give through OpenCV what torch gives, at sizes it was not exported at."""
    by_torch, by_opencv = run_torch(net), run_opencv(path)
    for height, width in ((37, 91), (256, 240), (5, 3)):
        luma = np.random.default_rng(height).random((height, width), np.float32)
        worst = float(np.abs(by_torch(luma) - by_opencv(luma)).max())
        log.info("OpenCV %s against torch at %dx%d: within %.1e", cv2.__version__, width, height, worst)
        if worst > tolerance:
            raise SystemExit(f"{path}: OpenCV and torch differ by {worst:.1e} at {width}x{height}")


CARD = """\
# SRCNN 9-1-5 (Dong et al. 2014): sharpens the luma of a picture that bicubic enlarged.
# Written by models/train/srcnn/srcnn.py; every number was measured on the file it names.
task   = "upscale";
file   = "{file}";
sha256 = "{sha256}";
input  = {{ color = "luma"; scale = [0.003921569]; mean = [0.0]; }};
output = {{ kind = "srcnn"; }};
about  = {{
    licence    = "Apache-2.0";
    trained_on = "T91 (91 pictures of Yang et al. 2010, {held_out} of them held out to choose the weights), factors 2, 3 and 4";
    command    = "{command}";
    minutes    = {minutes};
    steps      = {steps};       # the weights are those after {step}, the best on the held-out pictures
    scores = {{
{scores}
    }};
    protocol   = "dB, mean over the set; picture cropped to a multiple of the factor, BT.601 studio luma in 8 bits, shrunk as MATLAB's imresize, enlarged by bicubic (a=-0.75), then the net; factor pixels cropped off each side, peak 255. bicubic_matlab: enlarged by MATLAB's bicubic (a=-0.5) instead";
}};
"""


SCORE_LABELS = {"srcnn": "luma", "bicubic": "bicubic", "bicubic_matlab": "bicubic_matlab"}


def write_card(path, onnx_path, saved, measured, held_out):
    lines = [f"        {name}_x{factor}_{label}_psnr = {scores[key]:.2f};"
             for name, by_factor in measured.items() for factor, scores in by_factor.items()
             for key, label in SCORE_LABELS.items()]
    path.write_text(CARD.format(
        file=onnx_path.name, sha256=hashlib.sha256(onnx_path.read_bytes()).hexdigest(), held_out=held_out,
        command=saved["command"], minutes=round(saved["whole_run"]["seconds"] / 60),
        steps=saved["whole_run"]["step"], step=saved["step"], scores="\n".join(lines)))


def export(args):
    net, saved = load_checkpoint(args.checkpoint)
    write_onnx(net, args.onnx)
    check_opencv_agrees(net, args.onnx)
    if args.card:
        held_out = len(list_pictures(Path(args.data) / "T91")[::HOLD_OUT_EVERY])
        measured = measure_all(args.data, run_opencv(args.onnx))
        write_card(Path(args.card), Path(args.onnx), saved, measured, held_out)

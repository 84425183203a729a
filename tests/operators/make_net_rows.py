#!/usr/bin/env python3
"""Writes net_rows.h: calls of the operators of nets with the results of PyTorch and NumPy (Debian 12's).

Run in this folder: ./make_net_rows.py > net_rows.h
A row: operator, opset, attributes, inputs, how: Python for the outputs from x, y, z, u, v, w (the inputs in their order,
None where left out). An input is written as text_case.h has it, and "f32[2,3]~5" is 6 numbers from -2.5 to 3 out of
order that begin at 5. Results take the type named in front of "how", or that of x.
"""
import math
import re
import numpy as np
import torch
import torch.nn.functional as F

TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "u8": np.uint8, "i8": np.int8, "u16": np.uint16,
         "i16": np.int16, "i32": np.int32, "i64": np.int64, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_}


def t(values):
    return None if values is None else torch.from_numpy(np.array(values))


def wide(values, zero=0, axis=None):
    """Quantized numbers without their zero point, as doubles."""
    zero = np.asarray(zero, float)
    return t(np.asarray(values, float) - (zero if zero.ndim == 0 else zero.reshape([-1] + [1] * axis)))


def quantize(values, scale, zero, low, high):
    return np.clip(np.round(np.asarray(values) / np.float32(scale)) + zero, low, high)


def deform(x, weight, offset, mask=None, bias=None, stride=(1, 1), pad=(0, 0), dilation=(1, 1), groups=1, parts=1):
    """deform_conv2d by PyTorch's grid_sample: each tap of each group of offsets is a picture of its own."""
    x, weight, offset, mask, bias = (t(a) for a in (x, weight, offset, mask, bias))
    n, c, h, w = x.shape
    kh, kw = weight.shape[2:]
    oh, ow = offset.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(oh), torch.arange(ow), indexing="ij")
    taps = []
    for part in range(parts):
        share = F.pad(x[:, part * c // parts:(part + 1) * c // parts], (1, 1, 1, 1))
        for k in range(kh * kw):
            at = part * kh * kw + k
            py = rows * stride[0] - pad[0] + k // kw * dilation[0] + offset[:, 2 * at] + 1
            px = columns * stride[1] - pad[1] + k % kw * dilation[1] + offset[:, 2 * at + 1] + 1
            grid = torch.stack([2 * px / (w + 1) - 1, 2 * py / (h + 1) - 1], -1)
            seen = F.grid_sample(share, grid, "bilinear", "zeros", True)
            taps.append(seen if mask is None else seen * mask[:, at:at + 1])
    seen = torch.stack(taps, 1).reshape(n, parts, kh * kw, c // parts, oh, ow)
    seen = seen.permute(0, 1, 3, 2, 4, 5).reshape(n, groups, c // groups * kh * kw, oh * ow)
    weight = weight.reshape(groups, weight.shape[0] // groups, -1)
    out = torch.einsum("gok,ngkp->ngop", weight, seen).reshape(n, -1, oh, ow)
    return (out if bias is None else out + bias.reshape(1, -1, 1, 1)).numpy()


def recurrent(kind, x, w, r, b=None, lengths=None, h=None, c=None, order=(0,), **options):
    """PyTorch's LSTM, GRU, RNN with ONNX's weights, whose gates come in another order."""
    directions, hidden = w.shape[0], r.shape[2]
    net = getattr(torch.nn, kind)(x.shape[2], hidden, bidirectional=directions == 2, **options)
    b = np.zeros((directions, 2 * w.shape[1]), np.float32) if b is None else b
    pick = lambda a: t(np.concatenate([a[g * hidden:(g + 1) * hidden] for g in order]))
    for d, tail in list(enumerate(["_l0", "_l0_reverse"]))[:directions]:
        half = w.shape[1]
        for name, values in (("weight_ih", w[d]), ("weight_hh", r[d]), ("bias_ih", b[d][:half]), ("bias_hh", b[d][half:])):
            getattr(net, name + tail).data = pick(values)
    state = [t(np.zeros((directions, x.shape[1], hidden), np.float32) if s is None else s) for s in (h, c)]
    state = tuple(state) if kind == "LSTM" else state[0]
    data = t(x) if lengths is None else torch.nn.utils.rnn.pack_padded_sequence(t(x), lengths.tolist())
    y, state = net(data, state)
    if lengths is not None:
        y = torch.nn.utils.rnn.pad_packed_sequence(y, total_length=x.shape[0])[0]
    y = y.detach().reshape(x.shape[0], x.shape[1], directions, hidden).permute(0, 2, 1, 3)
    return (y.numpy(),) + tuple(s.detach().numpy() for s in (state if kind == "LSTM" else (state,)))


def peephole_lstm(x, w, r, b, h, c, p, forget=False):
    """The formulas of ONNX's LSTM for one direction."""
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    hidden, half = r.shape[2], w.shape[1]
    pi, po, pf = p[0].reshape(3, hidden)
    h, c, ys = h[0], c[0], []
    for step in x:
        i, o, f, g = np.split(step @ w[0].T + h @ r[0].T + b[0, :half] + b[0, half:], 4, axis=1)
        i = sigmoid(i + pi * c)
        c = (1 - i if forget else sigmoid(f + pf * c)) * c + i * np.tanh(g)
        h = sigmoid(o + po * c) * np.tanh(c)
        ys.append(h)
    return np.array(ys)[:, None], h[None], c[None]


def reset_first_gru(x, w, r, b, h):
    """The formulas of ONNX's GRU with linear_before_reset = 0, one direction."""
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    hidden, ys = r.shape[2], []
    wz, wr, wh = np.split(w[0], 3)
    rz, rr, rh = np.split(r[0], 3)
    bz, br, bh, cz, cr, ch = np.split(b[0], 6)
    h = h[0]
    for step in x:
        z = sigmoid(step @ wz.T + h @ rz.T + bz + cz)
        reset = sigmoid(step @ wr.T + h @ rr.T + br + cr)
        h = (1 - z) * np.tanh(step @ wh.T + (reset * h) @ rh.T + bh + ch) + z * h
        ys.append(h)
    return np.array(ys)[:, None], h[None]


def roi_align(x, boxes, pictures, height, width, ratio, scale=1.0, shift=0.5):
    """The mean of samples of each bin, by PyTorch's grid_sample with its border."""
    out = []
    for box, n in zip(boxes, pictures):
        x1, y1, x2, y2 = box * scale - shift
        ys = y1 + (np.arange(height * ratio) + 0.5) * (y2 - y1) / (height * ratio)
        xs = x1 + (np.arange(width * ratio) + 0.5) * (x2 - x1) / (width * ratio)
        assert min(ys.min(), xs.min()) > -1
        h, w = x.shape[2:]
        gy, gx = np.meshgrid(2 * ys / (h - 1) - 1, 2 * xs / (w - 1) - 1, indexing="ij")
        grid = t(np.stack([gx, gy], -1)[None].astype(np.float32))
        seen = F.grid_sample(t(x[n:n + 1]), grid, "bilinear", "border", True)
        out.append(F.avg_pool2d(seen, ratio)[0].numpy())
    return np.array(out)


def attend(q, k, v, mask=0, scale=None, cap=0):
    q, k, v = t(q), t(k), t(v)
    k, v = (a.repeat_interleave(q.shape[1] // a.shape[1], 1) for a in (k, v))
    scores = q @ k.transpose(2, 3) * (scale or 1 / math.sqrt(q.shape[3]))
    scores = cap * torch.tanh(scores / cap) if cap else scores
    return (torch.softmax(scores + mask, -1) @ v).numpy()


def heads(x, count):
    return np.array(x).reshape(x.shape[0], x.shape[1], count, -1).transpose(0, 2, 1, 3)


GEMM = "f32[3,2]~1; f32[3,4]~2; "
QCONV = "u8[1,1,3,3] 10 250 3 70 100 0 255 30 8; f32[] 0.05; u8[] 120; i8[2,1,2,2] -3 7 50 -100 127 0 -128 9; "
QMATMUL = "u8[2,3] 208 236 0 3 214 255; f32[] 0.0066; u8[] 113; u8[3,2] 152 51 60 26 0 127; f32[] 0.00705; u8[] 114; "
LSTM = "f32[3,2,2]~1; f32[1,12,2]~4; f32[1,12,3]~9; f32[1,24]~2; "
GRU = "f32[3,2,2]~1; f32[1,9,2]~4; f32[1,9,3]~9; f32[1,18]~2; "
BOTH = "f32[3,2,2]~1; f32[2,%d,2]~4; f32[2,%d,3]~9; f32[2,%d]~2; i32[2] 3 2; f32[2,2,3]~7"

CONVOLUTIONS = f"""
Conv|11||f32[1,1,3,3] 0..; f32[1,1,2,2] 1 2 3 4|F.conv2d(t(x), t(y))
Conv|11|pads=[0,1,0,1] strides=[2,1] group=2|f32[2,4,5,4]~1; f32[6,2,3,2]~3; f32[6]~5|F.conv2d(F.pad(t(x), (1, 1, 0, 0)), t(y), t(z), (2, 1), 0, 1, 2)
Conv|11|pads=[1,0,2,1]|f32[1,1,4,3]~1; f32[1,1,2,3]~3|F.conv2d(F.pad(t(x), (0, 1, 1, 2)), t(y))
Conv|11|dilations=[2,3] kernel_shape=[2,2]|f64[1,2,4,5]~1; f64[1,2,2,2]~3|F.conv2d(t(x), t(y), dilation=(2, 3))
Conv|11|auto_pad=SAME_UPPER strides=[2,2]|f32[1,1,5,4]~1; f32[1,1,3,3]~3|F.conv2d(F.pad(t(x), (0, 1, 1, 1)), t(y), stride=2)
Conv|11|auto_pad=SAME_LOWER|f32[1,1,3,3]~1; f32[1,1,2,2]~3|F.conv2d(F.pad(t(x), (1, 0, 1, 0)), t(y))
Conv|11|auto_pad=VALID|f32[1,1,3,3]~1; f32[1,1,2,2]~3|F.conv2d(t(x), t(y))
Conv|11||f32[2,3,2,2]~1; f32[2,3,1,1]~3; f32[2]~5|F.conv2d(t(x), t(y), t(z))
Conv|11|group=3 pads=[1,1]|f16[1,3,4] 0..; f16[3,1,3] 1 0 2 -1 1 1 2 0 1|F.conv1d(t(x).float(), t(y).float(), padding=1, groups=3)
Conv|11|strides=[1,2,1] pads=[1,0,0,0,0,1]|f32[1,1,2,3,3]~1; f32[1,1,2,2,2]~3|F.conv3d(F.pad(t(x), (0, 1, 0, 0, 1, 0)), t(y), stride=(1, 2, 1))
Conv|11|pads=[3,3]|f32[1,1,0]; f32[1,1,3] 1 2 3; f32[1] 5|np.full((1, 1, 4), 5)
Conv|11||f32[0,1,3]; f32[1,1,3] 1 2 3|np.zeros((0, 1, 1))
ConvTranspose|11||f32[1,1,2,2] 0..; f32[1,2,2,2] 0..; f32[2] 10 20|F.conv_transpose2d(t(x), t(y), t(z))
ConvTranspose|11|strides=[3,2] output_padding=[1,1] pads=[1,0,1,0] dilations=[1,2] group=2|f32[2,4,2,3]~1; f32[4,1,2,2]~3|F.conv_transpose2d(t(x), t(y), None, (3, 2), (1, 0), (1, 1), 2, (1, 2))
ConvTranspose|11|output_shape=[5,4] strides=[2,2]|f32[1,1,2,2]~1; f32[1,1,3,2]~3|F.conv_transpose2d(t(x), t(y), stride=2)
ConvTranspose|11|auto_pad=SAME_UPPER strides=[2]|f64[1,1,3]~1; f64[1,1,3]~3|F.conv_transpose1d(t(x), t(y), stride=2)[..., :6]
ConvTranspose|11|auto_pad=SAME_LOWER strides=[2]|f32[1,1,3]~1; f32[1,1,3]~3|F.conv_transpose1d(t(x), t(y), stride=2)[..., 1:]
ConvTranspose|11|strides=[2,1,2]|f32[1,1,2,1,2]~1; f32[1,1,2,2,1]~3|F.conv_transpose3d(t(x), t(y), stride=(2, 1, 2))
ConvInteger|10|pads=[1,1,1,1]|u8[1,1,3,3] 2 3 4 5 6 7 8 9 10; u8[1,1,2,2] 1 1 1 1; u8[] 1|i32: F.conv2d(wide(x, z), wide(y), padding=1)
ConvInteger|10||i8[1,1,2,3] -128 127 5 6 -7 8; i8[2,1,2,2] 1 -2 3 4 5 6 -7 127; -; i8[2] 3 -4|i32: F.conv2d(wide(x), wide(y, u, 3))
QLinearConv|10||{QCONV}f32[2] 0.01 0.02; i8[2] 0 0; f32[] 0.3; u8[] 100|np.stack([quantize(a, np.float32(0.3), 100, 0, 255) for a in (F.conv2d(wide(x, 120), wide(u)) * t(np.float32([0.05 * 0.01, 0.05 * 0.02])).reshape(1, 2, 1, 1)).numpy()])
QLinearConv|10||{QCONV}f32[] 0.01; i8[] 5; f32[] 0.1; i8[] -3; i32[2] 1000 -70000|i8: quantize((F.conv2d(wide(x, 120), wide(u, 5)) + t(np.array([1000.0, -70000])).reshape(1, 2, 1, 1)).numpy() * 0.0005, 0.1, -3, -128, 127)
DeformConv|19|pads=[1,0,1,0]|f32[1,1,3,3] 0..; f32[1,1,2,2] 1 2 3 4; f32[1,8,4,2]~1; f32[1] 7; f32[1,4,4,2]~2|deform(x, y, z, v, u, pad=(1, 0))
DeformConv|22|offset_group=2 group=2 strides=[2,1] dilations=[1,2] kernel_shape=[2,2]|f64[2,4,4,4]~1; f64[2,2,2,2]~3; f64[2,16,2,2]~5|deform(x, y, z, None, None, (2, 1), (0, 0), (1, 2), 2, 2)
*.deform_conv2d|1|stride_h=2 pad_h=1 dil_w=2 n_offset_grps=2 use_mask=1|f32[1,2,4,4]~1; f32[1,2,2,2]~3; f32[1,16,3,2]~5; f32[1,8,3,2]~2; f32[1] 1|deform(x, y, z, u, v, (2, 1), (1, 0), (1, 2), 1, 2)
*.deform_conv2d|1|stride=[2,1] padding=1 dilation=[1,1] groups=2 use_mask=0|f32[1,2,3,3]~1; f32[2,1,2,2]~3; f32[1,8,2,4]~5; f32[1,0]; f32[2] 1 2|deform(x, y, z, None, v, (2, 1), (1, 1), (1, 1), 2)
*.deform_conv2d|1|weight=<f32[1,1,2,2] 1 2 3 4> bias=<f32[1] 5>|f32[1,1,3,3]~1; f32[1,8,2,2]~5; f32[1,4,2,2]~3|deform(x, np.float32([[[[1, 2], [3, 4]]]]), y, z, np.float32([5]))
"""

PRODUCTS = f"""
MatMul|13||f32[2,3] 0..; f32[3,4] 0..|x @ y
MatMul|13||f32[3]~1; f32[2,3,2]~2|x @ y
MatMul|13||f64[2,1,2,3]~1; f64[3,3,1]~2|x @ y
MatMul|13||i32[2,2] 1 -2 3 2147483647; i32[2] 4 5|x @ y
MatMul|13||u64[1,2] 3 4; u64[2,1] 5 6|x @ y
MatMul|13||f16[2,2] 1 2 3 4; f16[2,2] 0.5 1 1.5 2|x @ y
MatMul|13||f32[2,0]; f32[0,3]|np.zeros((2, 3))
Gemm|13|alpha=0.5 beta=2.0 transA=1|{GEMM}f32[4]~3|0.5 * x.T @ y + 2 * z
Gemm|13|transA=1|{GEMM}f32[2,1]~3|x.T @ y + z
Gemm|13|transB=1|f64[2,3]~1; f64[4,3]~2; f64[2,4]~3|x @ y.T + z
Gemm|13|transA=1 alpha=3.0|{GEMM[:-2]}|3 * (x.T @ y)
Gemm|9||i32[1,2] 3 4; i32[2,1] 5 6; i32[] 7|x @ y + z
Gemm|13|beta=0.0|f16[1,2] 3 4; f16[2,1] 5 6; f16[1] inf|x @ y
MatMulInteger|10||u8[2,3] 11 7 3 10 6 2; u8[3,2] 1 4 2 5 3 6; u8[] 12; u8[] 0|i32: wide(x, 12) @ wide(y)
MatMulInteger|10||i8[2,2] -128 7 3 127; u8[2,2] 255 4 2 0; i8[2] 1 -2; u8[2] 3 200|i32: (x - np.array([[1.0], [-2]])) @ (y - np.array([3.0, 200]))
QLinearMatMul|21||{QMATMUL}f32[] 0.0107; u8[] 118|quantize((wide(x, 113) @ wide(u, 114)).numpy() * 0.0066 * 0.00705, 0.0107, 118, 0, 255)
QLinearMatMul|10||u8[1,2] 1 255; f32[1] 1; u8[1] 0; i8[2,2] -1 2 -3 127; f32[2] 0.5 0.25; i8[2] 0 1; f32[] 4; i8[] 5|i8: quantize((wide(x) @ (u - np.array([0.0, 1]))).numpy() * [0.5, 0.25], 4, 5, -128, 127)
QuantizeLinear|13||f32[8] -1000 -1 -0.5 0.5 1.5 2 3 1000; f32[] 1; u8[] 3|u8: quantize(x, 1, 3, 0, 255)
QuantizeLinear|13||f32[4] -1000 -2.5 3.5 1000; f32[] 1|u8: quantize(x, 1, 0, 0, 255)
QuantizeLinear|13|axis=0|f32[2,3] -200 1 2.5 3 4 70; f32[2] 1 0.5; i8[2] 1 -2|i8: np.stack([quantize(x[0], 1, 1, -128, 127), quantize(x[1], 0.5, -2, -128, 127)])
QuantizeLinear|21|axis=1 block_size=2|f32[2,3] 0..; f32[2,2] 1 2 4 8; i16[2,2] 0 -5 7 9|i16: np.round(x / np.repeat(y, 2, 1)[:, :3]) + np.repeat(z, 2, 1)[:, :3]
QuantizeLinear|21|output_dtype=4|f16[3] -1 3.5 70; f16[] 0.001|u16: np.clip(np.round(x.astype(np.float32) / np.float32(np.float16(0.001))), 0, 65535)
QuantizeLinear|10||i32[3] -7 3 1000; f32[] 2; u8[] 1|u8: quantize(x, 2, 1, 0, 255)
DequantizeLinear|13||u8[4] 0 3 128 255; f32[] 2; u8[] 128|f32: (x.astype(float) - 128) * 2
DequantizeLinear|13|axis=-1|i8[2,2] -128 127 5 6; f32[2] 2 0.5; i8[2] 1 -1|f32: (x.astype(float) - z.astype(float)) * y
DequantizeLinear|10||i32[2] -2147483648 70000; f32[] 0.5|f32: x * 0.5
DequantizeLinear|21|axis=0 block_size=3|i16[4,1] 1 -2 3 4; f16[2,1] 2 0.5; i16[2,1] 1 10|f16: (x - np.repeat(z, 3, 0)[:4]) * np.repeat(y, 3, 0)[:4]
besra.RoundToSteps|1|range=[0,3,255] scale=1.0|f32[9] -1000 -3.4 -1 -0.5 0.5 1.5 2 3 1000|quantize(x, 1, 3, 0, 255) - 3
besra.RoundToSteps|1|range=[-128,5,127] scale=0.25|f32[5] -33.3 -0.3 0.13 30.4 31|(quantize(x, 0.25, 5, -128, 127) - 5) * 0.25
DynamicQuantizeLinear|11||f32[6] 0 2 -3 -2.5 1.34 0.5|((lambda s, n: (quantize(x, s, n, 0, 255).astype(np.uint8), np.float32(s), np.uint8(n)))(np.float32(5) / 255, np.round(3 / (np.float32(5) / 255))))
"""

POOLS = """
MaxPool|12|kernel_shape=[2,3] strides=[1,2] pads=[1,1,1,1]|f32[1,2,3,4]~1|tuple(a + i * t(12 * np.arange(2).reshape(1, 2, 1, 1)) for i, a in enumerate(F.max_pool2d(t(x), (2, 3), (1, 2), (1, 1), 1, False, True)))
MaxPool|12|kernel_shape=[2,2] storage_order=1|f32[1,1,2,3] 0..|np.float32([[[[4, 5]]]]), np.array([[[[3, 5]]]])
MaxPool|12|kernel_shape=[3] strides=[2] dilations=[2] ceil_mode=1|f64[1,1,8]~1|F.max_pool1d(t(x), 3, 2, 0, 2, True)
MaxPool|12|kernel_shape=[2,2]|u8[1,1,2,3] 1 200 3 4 5 255|np.array([[[[200, 255]]]])
MaxPool|12|kernel_shape=[2,2]|i8[1,1,2,3] -128 -127 -3 -4 -5 -100|np.array([[[[-4, -3]]]])
MaxPool|12|kernel_shape=[2,1,2]|f16[1,1,2,1,3] 0..|F.max_pool3d(t(x).float(), (2, 1, 2), 1)
MaxPool|12|kernel_shape=[2] auto_pad=SAME_UPPER strides=[2]|f32[1,1,3] 1 nan 3|np.float32([[[np.nan, 3]]])
AveragePool|19|kernel_shape=[3,2] pads=[1,1,1,1] strides=[2,1]|f32[1,1,4,3]~1|F.avg_pool2d(t(x), (3, 2), (2, 1), (1, 1), False, False)
AveragePool|19|kernel_shape=[3,2] pads=[1,1,1,1] strides=[2,2] count_include_pad=1 ceil_mode=1|f32[1,1,4,4]~1|F.avg_pool2d(t(x), (3, 2), (2, 2), (1, 1), True, True)
AveragePool|19|kernel_shape=[2] dilations=[2]|f64[1,1,5]~1|(x[..., :3] + x[..., 2:]) / 2
LpPool|18|kernel_shape=[2,2] strides=[1,2]|f32[1,1,3,4]~1|F.lp_pool2d(t(x).abs(), 2, 2, (1, 2))
LpPool|18|kernel_shape=[3] p=3|f32[1,1,5]~1|F.lp_pool1d(t(x).abs(), 3, 3, 1)
GlobalAveragePool|1||f32[1,2,2,3]~1|x.mean((2, 3), keepdims=True)
GlobalMaxPool|1||f64[1,2,5]~1|x.max(2, keepdims=True)
GlobalLpPool|2|p=1|f16[1,2,2] 1 -2 3 4|np.abs(x).sum(2, keepdims=True)
MaxUnpool|11|kernel_shape=[2,2] strides=[2,2]|f32[1,1,1,2] 5 6; i64[1,1,1,2] 1 6|F.max_unpool2d(t(x), t(y), 2)
MaxUnpool|11|kernel_shape=[2,2] strides=[2,2]|f32[1,1,1,2] 5 6; i64[1,1,1,2] 1 6; i64[4] 1 1 3 5|F.pad(F.max_unpool2d(t(x), t(y), 2), (0, 1, 0, 1))
RoiAlign|16|output_height=2 output_width=2 sampling_ratio=2|f32[2,2,5,5]~1; f32[2,4] 1 1 4 4 0.5 1 3 4.5; i64[2] 1 0|roi_align(x, y, z, 2, 2, 2)
RoiAlign|10|output_height=1 output_width=2 sampling_ratio=2 spatial_scale=0.5|f64[1,1,4,4]~1; f64[1,4] 1 2 5 6; i64[1] 0|roi_align(x.astype(np.float32), y, z, 1, 2, 2, 0.5, 0)
MaxRoiPool|1|pooled_shape=[2,2] spatial_scale=0.5|f32[1,1,6,6]~1; f32[1,5] 0 2 0 8 6|np.array([[[[x[0, 0, :2, 1:3].max(), x[0, 0, :2, 3:5].max()], [x[0, 0, 2:4, 1:3].max(), x[0, 0, 2:4, 3:5].max()]]]])
"""

SAMPLES = """
Resize|13|mode=cubic|f32[1,2,3,4]~1; -; f32[4] 1 1 2 1.5|F.interpolate(t(x), (6, 6), mode="bicubic", align_corners=False)
Resize|13|mode=cubic coordinate_transformation_mode=align_corners|f64[1,1,3,3]~1; -; -; i64[4] 1 1 4 7|F.interpolate(t(x), (4, 7), mode="bicubic", align_corners=True)
Resize|13|mode=linear coordinate_transformation_mode=pytorch_half_pixel|f32[1,1,4,3]~1; -; -; i64[4] 1 1 3 5|F.interpolate(t(x), (3, 5), mode="bilinear")
Resize|18|mode=linear axes=[3,1,2]|f32[1,2,3,2]~1; -; -; i64[3] 3 4 5|F.interpolate(t(x)[None], (4, 5, 3), mode="trilinear")[0]
Resize|13|mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor|u8[1,1,2,3] 0..; -; f32[4] 1 1 1.5 2|F.interpolate(t(x), (3, 6))
Resize|13|mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor|i64[2,3] 0..; -; f32[2] 2 1|np.repeat(x, 2, 0)
Resize|10|mode=nearest|f32[1,1,2,4] 1 2 3 4 5 6 7 8; f32[4] 1 1 0.6 0.6|np.float32([[[[1, 3]]]])
Resize|11|mode=linear coordinate_transformation_mode=tf_crop_and_resize extrapolation_value=9.0|f32[3]  1 2 3; f32[2] 0.5 1.5; f32[0]; i64[1] 3|np.float32([2, 3, 9])
Resize|18|mode=linear antialias=1 exclude_outside=1|f32[1,1,7,5]~1; -; -; i64[4] 1 1 3 2|F.interpolate(t(x), (3, 2), mode="bilinear", align_corners=False, antialias=True)
Resize|18|mode=cubic antialias=1 exclude_outside=1 cubic_coeff_a=-0.5|f32[1,1,7,5]~1; -; -; i64[4] 1 1 3 7|F.interpolate(t(x), (3, 7), mode="bicubic", align_corners=False, antialias=True)
Resize|18|mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor keep_aspect_ratio_policy=not_larger axes=[0,1]|f32[2,4] 0..; -; -; i64[2] 6 8|np.repeat(np.repeat(x, 2, 0), 2, 1)
Resize|13|mode=linear|u8[1,2] 0 9; -; f32[2] 1 2|np.array([[0, 2, 6, 9]])
Resize|13|mode=linear|f16[2] 0 9; -; f32[1] 2|np.array([0, 2.25, 6.75, 9])
Resize|13|mode=cubic|f32[2,2] 1 2 3 4; -; f32[2] 1 1|x
Upsample|9|mode=linear|f32[1,1,2,2] 1 2 3 4; f32[4] 1 1 2 2|np.float32([[[[1, 1.5, 2, 2], [2, 2.5, 3, 3], [3, 3.5, 4, 4], [3, 3.5, 4, 4]]]])
Upsample|7|mode=nearest scales=[1.0,1.0,2.0,3.0]|f32[1,1,2,2] 1 2 3 4|F.interpolate(t(x), (4, 6))
GridSample|16|mode=bilinear|f32[1,2,3,2]~1; f32[1,2,2,2] -0.9 0.1 0.5 1.2 -3 0 0.3 -0.4|F.grid_sample(t(x), t(y), align_corners=False)
GridSample|20|mode=cubic padding_mode=border align_corners=1|f32[1,1,3,4]~1; f32[1,1,3,2] -0.9 0.1 0.5 1.2 0.3 -0.4|F.grid_sample(t(x), t(y), "bicubic", "border", True)
GridSample|20|mode=cubic padding_mode=reflection|f64[1,1,3,4]~1; f64[1,1,3,2] -0.9 0.1 2.5 -7.2 0.3 -0.4|F.grid_sample(t(x), t(y), "bicubic", "reflection", False)
GridSample|20|mode=nearest padding_mode=reflection|f32[1,1,3,4]~1; f32[1,1,3,2] -0.9 0.1 2.5 -7.2 0.3 -0.4|F.grid_sample(t(x), t(y), "nearest", "reflection", False)
GridSample|20|mode=linear padding_mode=border|f32[1,1,2,3,2]~1; f32[1,1,1,2,3] -0.9 0.1 0.7 0.5 1.2 -0.3|F.grid_sample(t(x), t(y), "bilinear", "border", False)
GridSample|20|mode=nearest|i64[1,1,1,2] 9007199254740993 2; f32[1,1,3,2] -0.5 0 0.5 0 5 0|np.array([[[[9007199254740993, 2, 0]]]])
"""

SEQUENCES = f"""
LSTM|14|hidden_size=3|{LSTM[:-2]}|recurrent("LSTM", x, y, z, u, order=(0, 2, 3, 1))
LSTM|14|hidden_size=3|{LSTM}-; f32[1,2,3]~7; f32[1,2,3]~8; f32[1,9]~5|peephole_lstm(x, y, z, u, w, w1, w2)
LSTM|14|input_forget=1|{LSTM}-; f32[1,2,3]~7; f32[1,2,3]~8; f32[1,9]~5|peephole_lstm(x, y, z, u, w, w1, w2, True)
LSTM|14|hidden_size=3 direction=bidirectional|{BOTH % (12, 12, 24)}; f32[2,2,3]~8|recurrent("LSTM", x, y, z, u, v, w, w1, (0, 2, 3, 1))
LSTM|14|layout=1|f32[2,3,2]~1; f32[1,12,2]~4; f32[1,12,3]~9|tuple(a.transpose(p) for a, p in zip(recurrent("LSTM", x.transpose(1, 0, 2), y, z, order=(0, 2, 3, 1)), ((2, 0, 1, 3), (1, 0, 2), (1, 0, 2))))
GRU|14|linear_before_reset=1|{GRU[:-2]}|recurrent("GRU", x, y, z, u, order=(1, 0, 2))
GRU|14||{GRU}-; f32[1,2,3]~7|reset_first_gru(x, y, z, u, w)
GRU|14|linear_before_reset=1 direction=bidirectional|{BOTH % (9, 9, 18)}|recurrent("GRU", x, y, z, u, v, w, order=(1, 0, 2))
RNN|14||f32[3,2,2]~1; f32[1,3,2]~4; f32[1,3,3]~9; f32[1,6]~2|recurrent("RNN", x, y, z, u)
RNN|14|direction=bidirectional activations={{Relu,relu}}|{BOTH % (3, 3, 6)}|recurrent("RNN", x, y, z, u, v, w, nonlinearity="relu")
RNN|14|direction=reverse activations={{Affine}} activation_alpha=[2.0] activation_beta=[1.0] clip=0.5|f32[1,1,2] 0.1 0.3; f32[1,1,2] 1 1; f32[1,1,1] 1|np.float32([[[[1.8]]]]), np.float32([[[1.8]]])
Attention|23||f32[1,2,2,3]~1; f32[1,2,3,3]~3; f32[1,2,3,2]~5|attend(x, y, z)
Attention|23|q_num_heads=2 kv_num_heads=1 scale=0.5|f32[1,2,4]~1; f32[1,3,2]~3; f32[1,3,2]~5|attend(heads(x, 2), heads(y, 1), heads(z, 1), 0, 0.5).transpose(0, 2, 1, 3).reshape(1, 2, 4)
Attention|23|is_causal=1 softcap=2.0|f64[1,1,3,2]~1; f64[1,1,3,2]~3; f64[1,1,3,2]~5|attend(x, y, z, t(np.triu(np.full((3, 3), -np.inf), 1)), cap=2)
Attention|23||f32[1,1,2,2]~1; f32[1,1,1,2]~3; f32[1,1,1,2]~5; bool[2,2] 1 0 1 1; f32[1,1,1,2]~7; f32[1,1,1,2]~8|attend(x, np.concatenate([v, y], 2), np.concatenate([w, z], 2), t(np.float32([[0, -np.inf], [0, 0]]))), np.concatenate([v, y], 2), np.concatenate([w, z], 2)
Attention|23||f32[1,1,1,2]~1; f32[1,1,2,2]~3; f32[1,1,2,2]~5; bool[1,2] 0 0|np.zeros((1, 1, 1, 2))
CausalConvWithState|27||f32[1,2,4]~1; f32[2,1,3]~3; f32[2]~5; f32[1,2,2]~7|(lambda line: (F.conv1d(line, t(y), t(z), groups=2), line[..., -2:]))(t(np.concatenate([u, x], 2)))
CausalConvWithState|27|activation=silu|f64[1,1,4]~1; f64[1,1,3]~3|F.silu(F.conv1d(F.pad(t(x), (2, 0)), t(y))), x[..., -2:]
"""


def read(text):
    text = text.strip()
    if text == "-":
        return text, None, None
    name, sides, rest = re.fullmatch(r"(\w+)\[([\d,]*)\]\s*(.*)", text).groups()
    shape = [int(side) for side in sides.split(",") if side]
    count = int(np.prod(shape))
    if rest.startswith("~"):
        words = ["%g" % (((7 * i + 3 * int(rest[1:])) % 23) / 4 - 2.5) for i in range(count)]
        text = "%s[%s] %s" % (name, sides, " ".join(words))
    else:
        words = list(range(count)) if rest == "0.." else rest.split()
    convert = int if name[0] in "iu" else float
    return text, np.array([convert(word) for word in words]).astype(TYPES[name]).reshape(shape), name


def write(values, name):
    values = np.asarray(values).astype(TYPES[name])
    words = [str(int(value)) if name[0] in "iu" or name == "bool" else str(value) for value in values.reshape(-1)]
    words = [word[:-2] if word.endswith(".0") else word for word in words]
    return " ".join(["%s[%s]" % (name, ",".join(map(str, values.shape)))] + words)


def quote(text):
    return '"' + text.replace('"', '\\"') + '"'


def make(rows):
    kinds_of = {np.dtype(value): key for key, value in TYPES.items()}
    for row in rows.strip().splitlines():
        operator, opset, attributes, inputs, how = row.split("|", 4)
        parts = [read(part) for part in inputs.split(";")]
        names = dict(zip(["x", "y", "z", "u", "v", "w", "w1", "w2"], [part[1] for part in parts]), **globals())
        typed = re.match(r"(\w+): ", how)
        code = how[typed.end():] if typed else how
        results = eval(code, names)
        several = results if isinstance(results, tuple) else (results,)
        several = [np.asarray(result) for result in several]
        kinds = [kinds_of[result.dtype] if i else parts[0][2] for i, result in enumerate(several)]
        if typed:
            kinds = [typed.group(1)] * len(several)
        elif operator in ("DynamicQuantizeLinear",):
            kinds = [kinds_of[result.dtype] for result in several]
        outputs = "; ".join(write(result, kind) for result, kind in zip(several, kinds))
        inputs = "; ".join(part[0] for part in parts)
        print("    {%s}," % ", ".join([quote(operator), opset] + [quote(p) for p in (attributes, inputs, outputs, code)]))


print("/* Generated by make_net_rows.py: PyTorch's and NumPy's results. */\n/* clang-format off */\n#pragma once\n")
print('#include "tests/operators/text_case.h"\n')
for title, table in (("convolution", CONVOLUTIONS), ("product", PRODUCTS), ("pool", POOLS), ("sample", SAMPLES),
                     ("sequence", SEQUENCES)):
    print("static const struct operator_case %s_rows[] = {" % title)
    make(table)
    print("};\n")

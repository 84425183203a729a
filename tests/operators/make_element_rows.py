#!/usr/bin/env python3
"""Writes element_rows.h: calls of operators with the results that NumPy and PyTorch give (Debian 12's).

Run in this folder: ./make_element_rows.py > element_rows.h
A row of ours: operator, opset, attributes, inputs (both as text_case.h has them), how: Python for the outputs, from
x, y, z, u, v (the inputs in their order, None where left out), NumPy as np, torch.nn.functional as F, t() for a
PyTorch tensor. A tuple is several outputs. Results take the type named in front of "how", or that of x.
"""
import re
import numpy as np
import torch
import torch.nn.functional as F

TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "u8": np.uint8, "i8": np.int8, "u16": np.uint16,
         "i16": np.int16, "i32": np.int32, "i64": np.int64, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_,
         "bf16": np.float32}

# operator, opset, attributes, inputs, [type:] how
ONE = """
Acos|7||f32[4] -1 -0.3 0.5 1|np.arccos(x)
Acosh|9||f32[3] 1 1.5 10|np.arccosh(x)
Asin|22||f64[3] -1 0.25 0.5|np.arcsin(x)
Asinh|9||f32[4] -10 -0.001 0 2|np.arcsinh(x)
Atan|7||f16[3] -10 0 0.75|np.arctan(x)
Atanh|9||f32[3] -0.9 0 0.5|np.arctanh(x)
Ceil|13||f32[4] -1.5 -0.2 0.2 7|np.ceil(x)
Cos|7||f64[2] 0.5 3|np.cos(x)
Cosh|9||f32[3] -2 0 1.5|np.cosh(x)
Erf|13||f32[4] -2 -0.1 0 0.7|torch.erf(t(x)).numpy()
Exp|13||f32[5] -100 -1 0 1 20|np.exp(x)
Exp|13||bf16[3] -1 0.5 3|np.exp(x)
Floor|13||f32[4] -1.5 -0.2 0.2 7|np.floor(x)
Log|13||f32[4] 0 0.5 1 100|np.log(x)
Reciprocal|13||f32[3] -4 0.5 0|1 / x
Round|11||f32[7] -2.5 -1.5 -0.5 0.5 1.5 2.5 2.6|np.round(x)
Sigmoid|13||f32[5] -100 -1 0 2 100|torch.sigmoid(t(x)).numpy()
Sigmoid|13||f16[3] -1 0 2|1 / (1 + np.exp(-x.astype(np.float32)))
Sin|7||f32[3] -1 0 30|np.sin(x)
Sinh|9||f32[3] -2 0 1.5|np.sinh(x)
Softsign|22||f32[3] -3 0 0.5|F.softsign(t(x)).numpy()
Sqrt|13||f32[4] 0 2 9 -1|np.sqrt(x)
Tan|7||f32[3] -1 0 1.5|np.tan(x)
Tanh|13||f32[4] -20 -0.5 0 1|np.tanh(x)
Celu|12|alpha=0.5|f32[5] -50 -1 -0.01 0 3|F.celu(t(x), 0.5).numpy()
Elu|6|alpha=2.0|f32[4] -50 -1 0 3|F.elu(t(x), 2.0).numpy()
Elu|22||f64[3] -1 0 3|F.elu(t(x)).numpy()
HardSigmoid|6|alpha=0.5 beta=0.25|f32[4] -1 -0.25 1 9|np.clip(0.5 * x + 0.25, 0, 1)
HardSigmoid|22||f32[4] -3 -1 1 9|np.clip(0.2 * x + 0.5, 0, 1)
HardSwish|14||f32[5] -4 -1 0 1 4|F.hardswish(t(x)).numpy()
LeakyRelu|16|alpha=0.25|f32[3] -4 0 2|F.leaky_relu(t(x), 0.25).numpy()
LeakyRelu|6||f32[2] -4 2|F.leaky_relu(t(x)).numpy()
Mish|18||f32[5] -100 -1 0 2 100|F.mish(t(x)).numpy()
Selu|6||f32[3] -1 0 2|F.selu(t(x)).numpy()
Selu|22|alpha=2.0 gamma=3.0|f32[3] -1 0 2|np.where(x > 0, 3 * x, 3 * 2 * np.expm1(x))
Shrink|9|lambd=1.5|f32[5] -2 -1.5 0 1.5 2|F.hardshrink(t(x), 1.5).numpy()
Shrink|9|lambd=1.5 bias=1.5|f32[5] -2 -1.5 0 1.5 2|F.softshrink(t(x), 1.5).numpy()
Softplus|22||f32[5] -100 -1 0 2 100|F.softplus(t(x), threshold=1000).numpy()
Swish|24|alpha=2.0|f32[4] -3 0 1 50|x / (1 + np.exp(-2 * x))
ThresholdedRelu|10|alpha=2.0|f32[4] -3 2 2.5 9|F.threshold(t(x), 2.0, 0.0).numpy()
Gelu|20||f32[4] -3 -0.5 0 2|F.gelu(t(x)).numpy()
Gelu|20|approximate=tanh|f64[4] -3 -0.5 0 2|F.gelu(t(x), approximate='tanh').numpy()
Abs|13||f32[3] -0.0 -2.5 inf|np.abs(x)
Abs|13||i8[3] -128 -5 7|np.abs(x)
Abs|13||u16[2] 0 65535|np.abs(x)
Neg|13||i64[3] -9223372036854775808 0 5|-x
Neg|13||f16[2] 1.5 -2|-x
Relu|14||f32[3] -1 0 2.5|F.relu(t(x)).numpy()
Relu|14||i32[3] -7 0 7|np.maximum(x, 0)
Sign|13||f32[4] -2 0 3 nan|np.sign(x)
Sign|13||u8[2] 0 200|np.sign(x)
Not|1||bool[2] 0 1|~x
BitwiseNot|18||u16[3] 0 1 65535|~x
BitwiseNot|18||i8[2] -128 5|~x
IsInf|20||f32[4] -inf inf nan 1|bool: np.isinf(x)
IsInf|10|detect_negative=0|f32[4] -inf inf nan 1|bool: np.isposinf(x)
IsInf|10|detect_positive=0|f16[2] -inf inf|bool: np.isneginf(x)
IsNaN|20||f16[3] nan inf 0|bool: np.isnan(x)
Clip|6|min=-1.0 max=2.0|f32[4] -3 -1 1.5 7|np.clip(x, -1, 2)
Clip|13||i8[4] -100 -1 5 100; i8[] -3; i8[] 6|np.clip(x, y, z)
Clip|13||f16[3] -100 5 nan; -; f16[] 3|np.minimum(x, z)
Clip|13||u64[2] 1 9223372036854775807; u64[] 5|np.maximum(x, y)
Clip|12||f32[3] 1 5 9; f32[] 7; f32[] 3|np.minimum(np.maximum(x, y), z)
Cast|13|to=6|f32[6] -2.7 -0.5 0 1.9 7 -100|i32: np.trunc(x)
Cast|13|to=1|i64[3] 16777217 -9007199254740993 5|f32: x
Cast|13|to=9|f32[4] 0 -0.0 0.1 nan|bool: x != 0
Cast|13|to=10|f64[3] 65504 65519.999 1.00048828125|f16: x
Cast|13|to=2|i32[3] 255 256 -1|u8: x
Cast|19|to=16|f32[3] 1.00390625 1.01171875 3.5|bf16: x
Cast|13|to=13|bool[2] 1 0|u64: x
CastLike|15||f32[2] -1.5 3.5; i8[1] 0|i8: np.trunc(x)
BitCast|26|to=6|f32[2] 1 -2|i32: x.view(np.int32)
Identity|14||u32[2,1] 7 4294967295|x
Dropout|13||f32[3] 1 2 3|(x, np.ones_like(x, bool))
Dropout|7|ratio=0.75|f32[2] 1 2|(x, np.ones_like(x))
"""

SEVERAL = """
Add|14||f32[2,3] 0..; f32[2,3] 1 2 3 4 5 6|x + y
Add|7||f32[2,3] 0..; f32[] 0.5|x + y
Add|7||f32[1,2,1,3] 0..; f32[2,1,4,1] 0..|x + y
Add|14||u8[2] 200 5; u8[2] 100 5|x + y
Add|14||f16[2,2] 1 2 3 4; f16[2] 0.5 1000|x + y
Sub|14||i8[2] -128 5; i8[1] 1|x - y
Sub|7||f64[2,1] 1 2; f64[1,3] 0.25 0.5 0.75|x - y
Mul|14||f32[2,3,2] 0..; f32[3,1] 2 -1 0.5|x * y
Mul|14||i32[2] 65536 -3; i32[2] 65536 7|x * y
Div|14||f32[4] 1 -1 0 3; f32[4] 0 0 0 2|x / y
Div|14||i32[5] 7 -7 7 5 -2147483648; i32[5] 2 2 -2 0 -1|np.array([3, -3, -3, 0, -2147483648])
Div|14||i64[2] -9223372036854775808 9; i64[] -1|np.array([-9223372036854775808, -9])
Div|14||u8[3] 250 9 3; u8[3] 255 2 0|np.array([0, 4, 0])
Mod|13||i32[6] -4 7 5 4 -7 8; i32[6] 2 -3 8 -2 3 5|np.mod(x, y)
Mod|13|fmod=1|i64[6] -4 7 5 4 -7 8; i64[6] 2 -3 8 -2 3 5|np.fmod(x, y)
Mod|13|fmod=1|f32[3] -4.3 7.2 5; f32[3] 2.1 -3.4 8|np.fmod(x, y)
Mod|13||u8[3] 9 200 7; u8[3] 4 0 7|np.array([1, 0, 0])
Mod|13||i8[2] -128 5; i8[2] -1 0|np.array([0, 0])
Pow|15||f32[3] 1 2 3; f32[] 2|x ** y
Pow|15||f32[3] 1 4 9; f32[1] -0.5|x ** y
Pow|15||f32[2,1] 2 3; i64[3] 0 1 5|x ** y
Pow|15||i32[4] 2 -3 7 0; i32[4] 10 3 0 0|x ** y
Pow|15||i32[4] 2 -1 1 0; i64[1] -3|np.array([0, -1, 1, 0])
Pow|15||i64[2] 4 9; f32[] 0.5|x ** y
Pow|13||f16[2] 3 0.5; f16[] 3|x ** y
PRelu|16||f32[2,2,2] -1 2 -3 4 -5 6 -7 8; f32[2,1] 0.5 0.25|np.where(x < 0, x * y, x)
PRelu|9||i32[3] -2 0 5; i32[1] 3|np.where(x < 0, x * y, x)
Equal|19||i32[3] 1 2 3; i32[1] 2|bool: x == y
Equal|11||bool[2] 0 1; bool[2] 1 1|bool: x == y
Equal|13||f32[2] nan 1; f32[2] nan 1|bool: x == y
Greater|13||f16[3] 1 2 3; f16[] 2|bool: x > y
Greater|9||u64[2] 9223372036854775807 1; u64[1] 2|bool: x > y
GreaterOrEqual|16||f64[3] 1 2 nan; f64[] 2|bool: x >= y
Less|13||i8[2,1] -5 5; i8[2] -128 127|bool: x < y
LessOrEqual|16||bf16[3] 1 2 3; bf16[] 2|bool: x <= y
And|7||bool[2,1] 0 1; bool[2] 0 1|x & y
Or|7||bool[2,1] 0 1; bool[2] 0 1|x | y
Xor|7||bool[2,1] 0 1; bool[2] 0 1|x ^ y
BitwiseAnd|18||i32[2] -1 12; i32[1] 10|x & y
BitwiseOr|18||u8[2] 240 12; u8[2] 15 3|x | y
BitwiseXor|18||u64[2] 9223372036854775807 5; u64[1] 3|x ^ y
BitShift|11|direction=LEFT|u8[4] 1 255 3 1; u8[4] 7 1 0 200|np.array([128, 254, 3, 0])
BitShift|11|direction=RIGHT|u64[3] 256 1 5; u64[3] 4 1 64|np.array([16, 0, 0])
Max|13||f32[3] 1 nan 3; f32[3] 2 2 nan; f32[1] 2.5|np.maximum(np.maximum(x, y), z)
Max|12||u64[2] 9223372036854775807 1; u64[1] 7|np.maximum(x, y)
Max|8||f32[2,1] 1 2; f32[1,2] 0 3; f32[2,2,1] 1 2 3 4|np.maximum(np.maximum(x, y), z)
Min|13||i16[3] -5 7 0; i16[] 3|np.minimum(x, y)
Min|13||f16[2] 1 nan|x
Sum|13||f32[2] 1 2; f32[2,1] 10 20; f32[] 100|x + y + z
Sum|13||f16[2] 2048 1; f16[] 1; f16[] 1|np.array([2050, 3])
Mean|13||f32[2] 1 2; f32[2] 3 5; f32[2] 5 11|(x + y + z) / 3
Where|16||bool[2,1] 1 0; i64[2] 1 2; i64[] 9|i64: np.where(x, y, z)
Where|9||bool[2] 1 0; f16[2] 1 2; f16[2] 3 4|f16: np.where(x, y, z)
Where|16||bool[] 1; u8[2] 1 2; u8[2,1] 3 4|u8: np.where(x, y, z + 0 * y)
"""

# x has a fraction and is out of order; C: 2 x 3 x 4
C = "f32[2,3,4] " + " ".join("%g" % ((7 * i % 24) / 4 - 2) for i in range(24))
B = "f32[2,4,1,2] " + " ".join("%g" % ((5 * i % 16) / 2 - 3) for i in range(16))

ALONG = f"""
ReduceSum|13||{C}; i64[1] 1|x.sum(1, keepdims=True)
ReduceSum|13|keepdims=0|{C}; i64[2] 0 -1|x.sum((0, 2))
ReduceSum|11|axes=[0,1]|{C}|x.sum((0, 1), keepdims=True)
ReduceSum|13|noop_with_empty_axes=1|{C}; i64[0]|x
ReduceSum|13||{C}; i64[0]|x.sum(keepdims=True)
ReduceSum|13|keepdims=0|{C}|np.array(x.sum())
ReduceSum|13|keepdims=0|i8[3] 100 100 100|np.array(44)
ReduceSum|13|keepdims=0|f16[4] 2048 1 1 1|np.array(2051)
ReduceSum|13||f32[2,0,4]; i64[1] 1|x.sum(1, keepdims=True)
ReduceMean|18||{C}; i64[2] 1 2|x.mean((1, 2), keepdims=True)
ReduceMean|13|axes=[-1] keepdims=0|{C}|x.mean(-1)
ReduceMean|13|keepdims=0|i32[4] -7 -8 -3 1|np.array(-4)
ReduceMax|18||{C}; i64[2] 0 2|x.max((0, 2), keepdims=True)
ReduceMax|20|keepdims=0|bool[2,2] 0 1 0 0; i64[1] 1|x.max(1)
ReduceMax|13|axes=[1]|f32[2,2] 1 nan 2 3|x.max(1, keepdims=True)
ReduceMax|18|keepdims=0|f32[0,2]; i64[1] 0|np.array([-np.inf, -np.inf])
ReduceMax|18|keepdims=0|i8[0]; i64[1] 0|np.array(-128)
ReduceMin|18|keepdims=0|u64[2] 9223372036854775807 7|np.array(7)
ReduceMin|20|keepdims=0|bool[0]; i64[1] 0|np.array(True)
ReduceMin|12|axes=[2] keepdims=0|{C}|x.min(2)
ReduceProd|18|keepdims=0|{C}; i64[1] 0|x.prod(0)
ReduceProd|13||u8[3] 20 20 3|x.prod(keepdims=True, dtype=np.uint8)
ReduceL1|18|keepdims=0|{C}; i64[1] 2|np.abs(x).sum(2)
ReduceL1|18|keepdims=0|i32[3] -5 6 -7|np.array(18)
ReduceL2|18|keepdims=0|{C}; i64[1] 1|np.sqrt((x * x).sum(1))
ReduceLogSum|18|keepdims=0|f32[2,3] 1 2 3 4 5 6; i64[1] 1|np.log(x.sum(1))
ReduceLogSumExp|18|keepdims=0|f32[2,3] 1000 1001 1002 -1000 -1001 -1002; i64[1] 1|torch.logsumexp(t(x), 1).numpy()
ReduceLogSumExp|18|keepdims=0|f64[3,2] 1 -inf 2 -inf 3 -inf; i64[1] 0|torch.logsumexp(t(x), 0).numpy()
ReduceSumSquare|18|keepdims=0|{C}; i64[1] 1|(x * x).sum(1)
ReduceSumSquare|13|keepdims=0|i16[3] 100 -100 200|np.array(60000 - 65536)
ArgMax|13|axis=1|{C}|i64: np.expand_dims(x.argmax(1), 1)
ArgMax|13|axis=-1 keepdims=0|f16[2,3] 1 5 5 7 7 2|i64: x.argmax(-1)
ArgMax|13|axis=-1 keepdims=0 select_last_index=1|f32[2,3] 1 5 5 7 7 2|i64: np.array([2, 1])
ArgMin|13|axis=0 keepdims=0|{C}|i64: x.argmin(0)
ArgMin|13|keepdims=0|u64[3] 9 9223372036854775807 3|i64: np.array(2)
CumSum|14||f32[2,3] 0..; i64[] 1|x.cumsum(1)
CumSum|14|exclusive=1|f32[3] 1 2 3; i32[] 0|np.array([0, 1, 3])
CumSum|14|reverse=1|f64[3] 1 2 3; i64[1] 0|np.array([6, 5, 3])
CumSum|14|reverse=1 exclusive=1|i32[2,3] 1 2 3 4 5 6; i64[] -1|np.array([[5, 3, 0], [11, 6, 0]])
CumSum|14||u8[3] 200 100 1; i64[] 0|x.cumsum(dtype=np.uint8)
CumProd|26||f32[2,3] 1 2 3 4 5 6; i64[] 0|x.cumprod(0)
CumProd|26|exclusive=1|i64[3] 2 3 4; i64[] 0|np.array([1, 2, 6])
Softmax|13||{C}|torch.softmax(t(x), -1).numpy()
Softmax|13|axis=1|{C}|torch.softmax(t(x), 1).numpy()
Softmax|11||{C}|torch.softmax(t(x).reshape(2, 12), 1).reshape(2, 3, 4).numpy()
Softmax|11|axis=2|{C}|torch.softmax(t(x), 2).numpy()
Softmax|13||f32[3] 1000 1001 -1000|torch.softmax(t(x), 0).numpy()
Softmax|13||f16[3] 1 2 3|torch.softmax(t(x).float(), 0).numpy()
LogSoftmax|13|axis=0|{C}|torch.log_softmax(t(x), 0).numpy()
LogSoftmax|12||f32[2,2] 1 2 -300 300|torch.log_softmax(t(x), 1).numpy()
Hardmax|13||f32[2,3] 1 3 3 5 2 5|np.array([[0, 1, 0], [1, 0, 0]])
Hardmax|13|axis=0|f64[2,3] 1 3 3 5 2 3|np.array([[0, 1, 1], [1, 0, 0]])
LpNormalization|22|axis=1|{C}|F.normalize(t(x), 2, 1).numpy()
LpNormalization|1|p=1|f32[2,2] 1 -3 0 0|F.normalize(t(x), 1, 1).numpy()
LayerNormalization|17||{C}; f32[4] 1 2 3 4; f32[4] 0 1 0 -1|F.layer_norm(t(x), (4,), t(y), t(z)).numpy()
LayerNormalization|17|axis=1 epsilon=0.01|{C}; f32[3,1] 1 2 3|F.layer_norm(t(x), (3, 4), t(y).expand(3, 4).contiguous(), None, 0.01).numpy()
LayerNormalization|17|axis=2|{C}; f32[2,1,1] 1 2|(F.layer_norm(t(x), (4,)).numpy() * y, x.mean(2, keepdims=True), 1 / np.sqrt(x.var(2, keepdims=True) + 1e-5))
RMSNormalization|23||{C}; f32[4] 1 2 3 4|x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * y
GroupNormalization|21|num_groups=2|{B}; f32[4] 1 2 3 4; f32[4] 0 1 2 3|F.group_norm(t(x), 2, t(y), t(z)).numpy()
GroupNormalization|18|num_groups=2|{B}; f32[2] 1 2; f32[2] 0 1|F.group_norm(t(x), 2, t(y.repeat(2)), t(z.repeat(2))).numpy()
InstanceNormalization|6|epsilon=0.1|{C}; f32[3] 1 2 3; f32[3] 0 1 2|F.instance_norm(t(x), weight=t(y), bias=t(z), eps=0.1).numpy()
BatchNormalization|15||{C}; f32[3] 1 2 3; f32[3] 0 1 2; f32[3] 0.5 1 -1; f32[3] 1 4 0.25|F.batch_norm(t(x), t(u), t(v), t(y), t(z)).numpy()
BatchNormalization|9|epsilon=0.5|f64[2,2] 1 2 3 4; f64[2] 1 2; f64[2] 0 1; f64[2] 0.5 1; f64[2] 1 4|F.batch_norm(t(x), t(u), t(v), t(y), t(z), eps=0.5).numpy()
BatchNormalization|15|training_mode=1 momentum=0.75|{C}; f32[3] 1 2 3; f32[3] 0 1 2; f32[3] 0.5 1 -1; f32[3] 1 4 0.25|(F.batch_norm(t(x), None, None, t(y), t(z), training=True).numpy(), 0.75 * u + 0.25 * x.mean((0, 2)), 0.75 * v + 0.25 * x.var((0, 2)))
LRN|13|size=3 alpha=0.5 beta=0.5 bias=2.0|{B}|F.local_response_norm(t(x), 3, 0.5, 0.5, 2.0).numpy()
LRN|1|size=2|{B}|x / (1 + 1e-4 / 2 * (x ** 2 + np.concatenate([x[:, 1:] ** 2, 0 * x[:, :1]], 1))) ** 0.75
MeanVarianceNormalization|13||{B}|(x - x.mean((0, 2, 3), keepdims=True)) / (x.std((0, 2, 3), keepdims=True) + 1e-9)
MeanVarianceNormalization|9|axes=[1]|{C}|(x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) + 1e-9)
Det|22||f32[2,2,2] 1 2 3 4 0 2 1 5|np.linalg.det(x)
Det|11||f64[3,3] 2 0 1 1 3 2 1 1 4|np.linalg.det(x)
Det|11||f32[2,2] 1 2 2 4|np.array(0.0)
"""


def bf16(values):
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def read(text):
    text = text.strip()
    if text == "-":
        return None, None
    name, sides, numbers = re.fullmatch(r"(\w+)\[([\d,]*)\]\s*(.*)", text).groups()
    shape = [int(side) for side in sides.split(",") if side]
    count = int(np.prod(shape))
    words = list(range(count)) if numbers == "0.." else numbers.split()
    convert = float if name[0] in "fb" and name != "bool" else int
    values = np.array([convert(word) for word in words], TYPES[name] if words else float)
    return values.astype(TYPES[name]).reshape(shape), name


def write(values, name):
    values = np.asarray(values)
    if not (name[0] in "fb" and name != "bool"):
        values = values.astype(TYPES[name])
    values = bf16(values) if name == "bf16" else values.astype(TYPES[name])
    words = [str(int(value)) if name[0] in "iu" or name == "bool" else str(value) for value in values.reshape(-1)]
    words = [word[:-2] if word.endswith(".0") else word for word in words]
    return " ".join(["%s[%s]" % (name, ",".join(map(str, values.shape)))] + words)


def t(values):
    return torch.from_numpy(np.array(values))


def quote(text):
    return '"' + text.replace('"', '\\"') + '"'


def make(rows):
    for row in rows.strip().splitlines():
        operator, opset, attributes, inputs, how = row.split("|", 4)
        parts = [read(part) for part in inputs.split(";")]
        names = dict(zip("xyzuv", [part[0] for part in parts]), np=np, F=F, t=t, torch=torch)
        typed = re.match(r"(\w+): ", how)
        code = how[typed.end():] if typed else how
        with np.errstate(all="ignore"):
            results = eval(code, names)
        several = results if isinstance(results, tuple) else (results,)
        kinds = [typed.group(1) if typed else parts[0][1]] * len(several)
        kinds = ["bool" if np.asarray(r).dtype == bool and not typed else kind for r, kind in zip(several, kinds)]
        outputs = "; ".join(write(result, kind) for result, kind in zip(several, kinds))
        print("    {%s}," % ", ".join([quote(operator), opset] + [quote(p) for p in (attributes, inputs, outputs, code)]))


print("/* Generated by make_element_rows.py: NumPy's and PyTorch's results. */\n/* clang-format off */\n#pragma once\n")
print('#include "tests/operators/text_case.h"\n')
for name, rows in (("one", ONE), ("several", SEVERAL), ("along", ALONG)):
    print("static const struct operator_case %s_rows[] = {" % name)
    make(rows)
    print("};\n")

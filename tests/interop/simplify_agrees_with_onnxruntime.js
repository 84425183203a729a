// Each export of the reference material, as `besra model simplify` writes it, is opened by ONNX Runtime and gives,
// on random input, what besra gives for the file as it was.
'use strict';
const fs = require('fs');
const path = require('path');
const {ort, shared, run, show, runModel, checkAll} = require('./common.js');
const npy = require('./npy.js');

const models = path.join(shared, 'models');

// Differences are relative to the largest number of an output: boxes in pixels stand beside scores. Sums in another
// order move an f32 by some 1e-6 of the largest; f16 is computed in f32 by besra and in f16 by ONNX Runtime, whose
// results have 11 bits and errors that add up over 60 layers. A quantised net jumps by whole steps where rounding
// falls the other way; its outputs are logits of a step of some 3 % of the largest.
const F32 = 1e-4, F16 = 2e-2, QUANTISED = 0.1;

// shape, freeze: for the run and the simplification; runShape: for the run only. foreign: an operator of a domain that
// ONNX Runtime does not have; needs: one that not every build of it has; asWritten: ONNX Runtime joins nothing (it
// would compute QDQ in whole numbers, which besra does not).
const exports_ = [
    {model: 'yolov5/yolov5n.onnx'},
    {model: 'yolov5/yolov5n-heads.onnx'},
    {model: 'yolov5/yolov5n-heads5d.onnx'},
    {model: 'yolov5/yolov5n-fp16.onnx', tolerance: F16},
    {model: 'yolov5/yolov5n-dynamic.onnx', shape: 'images:1,3,320,416'},
    {model: 'yolov5/yolov5n-dynamic.onnx', runShape: 'images:1,3,320,416'}, // sides stay open
    {model: 'yolov8n.onnx'},
    {model: 'classify/mobilenet_v2.onnx'},
    {model: 'classify/mobilenet_v2_qdq.onnx', tolerance: QUANTISED, asWritten: true},
    {model: 'classify/squeezenet1_1.onnx'},
    {model: 'tutorial/linear_func.onnx'},
    {model: 'tutorial/linear_func_sub.onnx'},
    {model: 'tutorial/whole_model.onnx'},
    {model: 'tutorial/partial_model.onnx'},
    {model: 'tutorial/before_debug.onnx'}, // its my::Debug is left out
    {model: 'tutorial/after_debug.onnx'},
    {model: 'tutorial/my_add.onnx'},
    {model: 'tutorial/asinh.onnx'},
    {model: 'tutorial/srcnn.onnx'},
    {model: 'tutorial/srcnn3.onnx', freeze: 'factor=1,1,2,2'},
    {model: 'tutorial/dcn19.onnx', needs: 'DeformConv'},
    {model: 'tutorial/dcn.onnx', foreign: 'custom.deform_conv2d'},
    {model: 'tutorial/my_add_custom.onnx', foreign: 'custom.MyAdd'},
];

// Random input for the simplified model: written for besra, given to ONNX Runtime. The same numbers each time.
function makeInputs(inputs, shape, folder) {
    let state = 1;
    const random = () => (state = state * 48271 % 2147483647) / 2147483647; // Park and Miller's
    return inputs.map(({name, type, shape: declared}, index) => {
        const chosen = shape && shape.startsWith(name + ':') ? shape.slice(name.length + 1).split(',').map(Number) : null;
        const dims = chosen || declared.map(side => side === null ? 1 : side);
        const data = Float32Array.from({length: dims.reduce((a, b) => a * b, 1)}, random);
        const file = path.join(folder, `in${index}.npy`);
        npy.write(file, {type: 'float32', dims, data});
        return {name, type, dims, data, file};
    });
}

// To the nearest half; the numbers are 0..1, and none is so small that it would be subnormal.
function toHalf(value) {
    if (value < 2 ** -14)
        return Math.round(value * 2 ** 24);
    const exponent = Math.floor(Math.log2(value));
    return ((exponent + 15) << 10) + Math.round((value / 2 ** exponent - 1) * 1024);
}

function toTensor({type, dims, data}) {
    if (type === 'f16')
        return new ort.Tensor('float16', Uint16Array.from(data, toHalf), dims);
    return new ort.Tensor('float32', data, dims);
}

// The largest difference over the largest number.
function differenceOf(found, wanted, name) {
    if (found.dims.map(Number).join('x') !== wanted.dims.join('x'))
        throw new Error(`${name} is ${found.dims.join('x')} instead of ${wanted.dims.join('x')}`);
    const a = npy.numbers(found), b = npy.numbers(wanted);
    let difference = 0, largest = 0;
    for (let i = 0; i < b.length; i++) {
        if (!(Number.isFinite(a[i]) && Number.isFinite(b[i])))
            return Infinity;
        difference = Math.max(difference, Math.abs(a[i] - b[i]));
        largest = Math.max(largest, Math.abs(b[i]));
    }
    return difference / (largest || 1);
}

async function compare(row, index) {
    const folder = `${index}`, original = path.join(models, row.model), simple = path.join(folder, 'simple.onnx');
    const freeze = row.freeze ? ['--freeze', row.freeze] : [];
    fs.mkdirSync(folder);
    run('model', 'simplify', '-q', row.shape ? ['--shape', row.shape] : [], freeze, original, simple);
    const about = show(simple), names = about.outputs.map(({name}) => name);
    const inputs = makeInputs(about.inputs, row.shape || row.runShape, folder);
    const wanted = runModel(original, inputs, names, path.join(folder, 'besra'), freeze);

    const session = await ort.InferenceSession.create(simple, row.asWritten ? {graphOptimizationLevel: 'disabled'} : {});
    const results = await session.run(Object.fromEntries(inputs.map(input => [input.name, toTensor(input)])));
    const worst = Math.max(...names.map((name, i) => differenceOf(results[name], wanted[i], name)));
    await session.release();
    const tolerance = row.tolerance || F32;
    return {fine: worst <= tolerance, text: `${worst.toExponential(2)} of ${tolerance}`};
}

async function check(row, index) {
    if (row.foreign)
        return {skipped: `ONNX Runtime has no ${row.foreign}`};
    return compare(row, index).catch(error => {
        // an operator that this ONNX Runtime's CPU provider lacks is no fault of the file
        if (row.needs && /not.implemented|could not find an implementation/i.test(error.message))
            return {skipped: error.message};
        throw error;
    });
}

checkAll(exports_, row => [row.model, row.shape || row.runShape, row.freeze].filter(Boolean).join(' '), check);

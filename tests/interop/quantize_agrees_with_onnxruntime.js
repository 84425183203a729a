// Exports of the reference material, as `besra model quantize` writes them, are opened by ONNX Runtime and give what
// besra gives for the same file, and nearly what the f32 model gives.
'use strict';
const path = require('path');
const {ort, shared, run, show, runModel, checkAll} = require('./common.js');
const npy = require('./npy.js');

// Signal to noise in dB. Sums in another order let a number fall on the other side of a step now and then: besra and
// ONNX Runtime come to 34 dB of each other and more, while rounding itself leaves 18 to 31 on waves, which are like no
// picture that the ranges were taken from.
const SAME = 25, NEAR = 12;

const exports_ = [
    {model: 'yolov5/yolov5n-heads.onnx'},
    {model: 'classify/mobilenet_v2.onnx'}, // opset 10
    {model: 'classify/squeezenet1_1.onnx'},
];

// Waves, since noise is nothing that a net was calibrated for.
function makeInput(dims, file) {
    const [, , height, width] = dims;
    const data = Float32Array.from({length: dims.reduce((a, b) => a * b, 1)}, (_, i) => {
        const x = i % width, y = Math.floor(i / width) % height, c = Math.floor(i / width / height);
        return 0.5 + 0.5 * Math.sin(x / (7 + c) + 3 * Math.cos(y / 13));
    });
    npy.write(file, {type: 'float32', dims, data});
    return data;
}

function decibels(found, wanted) {
    let signal = 0, noise = 0;
    for (let i = 0; i < wanted.length; i++) {
        signal += wanted[i] ** 2;
        noise += (found[i] - wanted[i]) ** 2;
    }
    return found.length === wanted.length ? 10 * Math.log10(signal / noise) : NaN;
}

async function check(row, index) {
    const original = path.join(shared, 'models', row.model), quantized = `${index}.onnx`;
    run('model', 'quantize', '-q', '--samples', '4', '--calibrate', path.join(shared, 'images'), original, quantized);
    const about = show(quantized), names = about.outputs.map(({name}) => name);
    const {name: input, shape: dims} = about.inputs[0];
    const data = makeInput(dims, 'in.npy');
    const [ours, before] = [[quantized, `${index}-q`], [original, `${index}-f32`]].map(
        ([model, folder]) => runModel(model, [{name: input, file: 'in.npy'}], names, folder).map(npy.numbers));

    let same = Infinity, near = Infinity;
    for (const graphOptimizationLevel of ['disabled', 'all']) {
        const session = await ort.InferenceSession.create(quantized, {graphOptimizationLevel});
        const theirs = await session.run({[input]: new ort.Tensor('float32', data, dims)});
        names.forEach((name, i) => {
            same = Math.min(same, decibels(theirs[name].data, ours[i]));
            near = Math.min(near, decibels(theirs[name].data, before[i]));
        });
        await session.release();
    }
    return {fine: same >= SAME && near >= NEAR,
            text: `${same.toFixed(1)} dB of besra's, ${near.toFixed(1)} of f32`};
}

checkAll(exports_, row => row.model, check);

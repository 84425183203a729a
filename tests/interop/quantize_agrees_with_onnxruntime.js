// Exports of the reference material, as `besra model quantize` writes them, are opened by ONNX Runtime and give what
// besra gives for the same file, and nearly what the f32 model gives.
'use strict';
const child = require('child_process');
const fs = require('fs');
const path = require('path');
const npy = require('./npy.js');

const SKIPPED = 77;
const besra = process.env.BESRA_PROGRAM;
const shared = process.env.BESRA_SHARED || '/nonexistent';

function skip(why) {
    console.log(`SKIPPED: ${why}`);
    process.exit(SKIPPED);
}

let ort;
try {
    ort = require('onnxruntime-node');
} catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND')
        throw error;
    skip('onnxruntime-node is not installed (npm install onnxruntime-node, NODE_PATH names where)');
}
if (!fs.existsSync(shared))
    skip(`${shared} is not there`);

// Signal to noise in dB. Sums in another order let a number fall on the other side of a step now and then: besra and
// ONNX Runtime come to 34 dB of each other and more, while rounding itself leaves 18 to 31 on waves, which are like no
// picture that the ranges were taken from.
const SAME = 25, NEAR = 12;

const exports_ = [
    {model: 'yolov5/yolov5n-heads.onnx'},
    {model: 'classify/mobilenet_v2.onnx'}, // opset 10
    {model: 'classify/squeezenet1_1.onnx'},
];

function run(...options) {
    const done = child.spawnSync(besra, options.flat(), {encoding: 'utf8'});
    if (done.status !== 0)
        throw new Error(`besra ${options.flat().join(' ')}: ${done.status}: ${done.stderr}`);
    return done.stdout;
}

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

function outputsOf(model, input, folder, names) {
    run('model', 'run', '-q', '-i', `${input}=in.npy`, '-o', folder, model);
    return names.map(name => npy.numbers(npy.read(path.join(folder, name.replace(/^\.|[/\x00-\x1f]/g, '_') + '.npy'))));
}

async function check(row, index) {
    const original = path.join(shared, 'models', row.model), quantized = `${index}.onnx`;
    run('model', 'quantize', '-q', '--samples', '4', '--calibrate', path.join(shared, 'images'), original, quantized);
    const about = JSON.parse(run('model', 'show', '-q', '--json', quantized));
    const input = about.inputs[0].name, names = about.outputs.map(({name}) => name);
    const dims = about.inputs[0].shape;
    const data = makeInput(dims, 'in.npy');
    const ours = outputsOf(quantized, input, `${index}-q`, names), before = outputsOf(original, input, `${index}-f32`, names);

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
    return [same, near];
}

async function main() {
    let failed = 0;
    for (const [index, row] of exports_.entries()) {
        try {
            const [same, near] = await check(row, index);
            const fine = same >= SAME && near >= NEAR;
            console.log(`${fine ? 'ok' : 'FAILED'}: ${row.model}: ${same.toFixed(1)} dB of besra's, ${near.toFixed(1)} of f32`);
            failed += !fine;
        } catch (error) {
            console.log(`FAILED: ${row.model}: ${error.message}`);
            failed++;
        }
    }
    console.log(`${exports_.length - failed} passed, ${failed} failed`);
    process.exit(failed ? 1 : 0);
}

main();

// What the comparisons with ONNX Runtime share: ONNX Runtime itself, the reference material, the program.
'use strict';
const child = require('child_process');
const fs = require('fs');
const path = require('path');
const npy = require('./npy.js');

const SKIPPED = 77;
const shared = process.env.BESRA_SHARED || '/nonexistent';

function skip(why) {
    console.log(`SKIPPED: ${why}`);
    process.exit(SKIPPED);
}

function findRuntime() {
    try {
        return require('onnxruntime-node');
    } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND')
            throw error;
        skip('onnxruntime-node is not installed (npm install onnxruntime-node, NODE_PATH names where)');
    }
}

const ort = findRuntime();
if (!fs.existsSync(shared))
    skip(`${shared} is not there`);

// What besra writes to the standard output; options may be lists, empty ones too.
function run(...options) {
    const done = child.spawnSync(process.env.BESRA_PROGRAM, options.flat(), {encoding: 'utf8'});
    if (done.status !== 0)
        throw new Error(`besra ${options.flat().join(' ')}: ${done.status}: ${done.stderr}`);
    return done.stdout;
}

// What `besra model show` tells of a model.
function show(model) {
    return JSON.parse(run('model', 'show', '-q', '--json', model));
}

// The outputs of these names, as besra computes them in `folder` from inputs of {name, file}.
function runModel(model, inputs, names, folder, ...options) {
    run('model', 'run', '-q', inputs.map(({name, file}) => ['-i', `${name}=${file}`]).flat(), options.flat(), '-o', folder,
        model);
    return names.map(name => npy.read(path.join(folder, name.replace(/^\.|[/\x00-\x1f]/g, '_') + '.npy')));
}

// Calls check(row, index) for each row, which gives {fine, text}, or {skipped}, the reason; says how each ended and
// ends the program.
async function checkAll(rows, title, check) {
    let failed = 0, skipped = 0;
    for (const [index, row] of rows.entries()) {
        const result = await check(row, index).catch(error => ({fine: false, text: error.message}));
        const word = result.skipped ? 'SKIPPED' : result.fine ? 'ok' : 'FAILED';
        console.log(`${word}: ${title(row)}: ${result.skipped || result.text}`);
        skipped += Boolean(result.skipped);
        failed += word === 'FAILED';
    }
    console.log(`${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
    process.exit(failed ? 1 : 0);
}

module.exports = {ort, shared, run, show, runModel, checkAll};

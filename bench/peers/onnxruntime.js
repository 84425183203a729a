// ONNX Runtime and sharp, as their users would write it. For bench/compare.py.
//   node onnxruntime.js time MODEL INPUT.f32 1,3,640,640 RUNS THREADS [OUTPUT.f32]
//       runs a net on one tensor; prints {"ms": [...], "open_ms": ..., "dims": [...]}
//   node onnxruntime.js detect MODEL THREADS PICTURE...
//       JPEG in, JSON Lines out: a YOLOv5 export with decoded output at 640x640
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const SIDE = 640, PAD = 114, CONFIDENCE = 0.25, IOU = 0.45, MOST = 300, WARM = 3;

function openSession(model, threads) {
    return ort.InferenceSession.create(model, {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
    });
}

async function time(model, inputPath, shape, runs, threads, outputPath) {
    const bytes = fs.readFileSync(inputPath);
    const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    const begun = performance.now();
    const session = await openSession(model, threads);
    const open = performance.now() - begun;
    const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', data, shape)};
    const ms = [];
    let results;
    for (let run = -WARM; run < runs; run++) {
        const start = performance.now();
        results = await session.run(feeds);
        if (run >= 0)
            ms.push(performance.now() - start);
    }
    const output = results[session.outputNames[0]];
    if (outputPath)
        fs.writeFileSync(outputPath, Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength));
    console.log(JSON.stringify({ms, open_ms: open, dims: output.dims}));
}

// Pixels of the picture, scaled and padded to SIDE x SIDE, as RGB planes in 0..1.
async function letterbox(sharp, path) {
    const image = sharp(path).rotate();
    const facts = await sharp(path).metadata();
    const turned = (facts.orientation || 1) >= 5;
    const width = turned ? facts.height : facts.width, height = turned ? facts.width : facts.height;
    const gain = Math.min(SIDE / width, SIDE / height);
    const fitWidth = Math.round(width * gain), fitHeight = Math.round(height * gain);
    const left = Math.round((SIDE - fitWidth) / 2 - 0.1), top = Math.round((SIDE - fitHeight) / 2 - 0.1);
    const background = {r: PAD, g: PAD, b: PAD};
    const pixels = await image.toColourspace('srgb').removeAlpha()
        .resize(fitWidth, fitHeight, {fit: 'fill', kernel: 'linear'})
        .extend({left, top, right: SIDE - fitWidth - left, bottom: SIDE - fitHeight - top, background})
        .raw().toBuffer();
    const planes = new Float32Array(3 * SIDE * SIDE);
    for (let i = 0; i < SIDE * SIDE; i++)
        for (let c = 0; c < 3; c++)
            planes[c * SIDE * SIDE + i] = pixels[3 * i + c] / 255;
    // Boxes are mapped back by the padding before it was rounded, as YOLOv5 does.
    return {planes, gain, left: (SIDE - width * gain) / 2, top: (SIDE - height * gain) / 2, width, height};
}

function overlap(a, b) {
    const w = Math.min(a.box[2], b.box[2]) - Math.max(a.box[0], b.box[0]);
    const h = Math.min(a.box[3], b.box[3]) - Math.max(a.box[1], b.box[1]);
    if (w <= 0 || h <= 0)
        return 0;
    const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
    return w * h / (area(a.box) + area(b.box) - w * h);
}

function decode(rows, count, step) {
    const found = [];
    for (let row = 0; row < count; row++) {
        const at = row * step, objectness = rows[at + 4];
        if (objectness <= CONFIDENCE)
            continue;
        let best = 0;
        for (let c = 1; c < step - 5; c++)
            if (rows[at + 5 + c] > rows[at + 5 + best])
                best = c;
        const score = objectness * rows[at + 5 + best];
        if (score <= CONFIDENCE)
            continue;
        const [x, y, w, h] = rows.subarray(at, at + 4);
        found.push({class: best, score, box: [x - w / 2, y - h / 2, x + w / 2, y + h / 2]});
    }
    found.sort((a, b) => b.score - a.score);
    const kept = [];
    for (const candidate of found)
        if (kept.length < MOST && !kept.some((k) => k.class === candidate.class && overlap(k, candidate) > IOU))
            kept.push(candidate);
    return kept;
}

async function detect(model, threads, paths) {
    const sharp = require('sharp');
    sharp.concurrency(threads);
    sharp.cache(false);
    const session = await openSession(model, threads);
    for (const source of paths) {
        const picture = await letterbox(sharp, source);
        const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', picture.planes, [1, 3, SIDE, SIDE])};
        const results = await session.run(feeds);
        const output = results[session.outputNames[0]];
        const detections = decode(output.data, output.dims[1], output.dims[2]);
        for (const found of detections)
            found.box = found.box.map((v, i) => {
                const side = i % 2 ? picture.height : picture.width;
                const pixel = (v - (i % 2 ? picture.top : picture.left)) / picture.gain;
                return Math.min(Math.max(pixel, 0), side);
            });
        console.log(JSON.stringify({source, detections}));
    }
}

async function main([what, model, ...rest]) {
    if (what === 'time')
        return time(model, rest[0], rest[1].split(',').map(Number), Number(rest[2]), Number(rest[3]), rest[4]);
    if (what === 'detect')
        return detect(model, Number(rest[0]), rest.slice(1));
    throw new Error('time or detect?');
}

main(process.argv.slice(2)).catch((error) => {
    console.error(`onnxruntime.js: ${error.message}`);
    process.exitCode = 1;
});

// npy.js reads what besra writes, and besra what npy.js writes: the other tests here rest on it.
'use strict';
const assert = require('assert');
const child = require('child_process');
const path = require('path');
const npy = require('./npy.js');

const data = path.join(__dirname, '..', 'app', 'data');
const feeds = [
    {name: 'in_f32', type: 'float32', dims: [2, 3], data: Float32Array.of(0, -1.5, 2, 3.25, -4, 1e-3)},
    {name: 'in_u8', type: 'uint8', dims: [2, 3], data: Uint8Array.of(0, 1, 2, 3, 100, 127)},
    {name: 'in_i8', type: 'int8', dims: [2, 3], data: Int8Array.of(0, -1, 2, -3, 50, 63)},
    {name: 'in_i32', type: 'int32', dims: [2, 3], data: Int32Array.of(0, -1, 2, 3, 1 << 29, -(1 << 30))},
    {name: 'in_i64', type: 'int64', dims: [2, 3], data: BigInt64Array.of(0n, -1n, 2n, 9007199254740993n, 4n, 5n)},
    {name: 'in_f16', type: 'float16', dims: [2, 3], data: Uint16Array.of(0, 0x3C00, 0xC000, 0x3555, 0x0001, 0x7700)},
];

for (const feed of feeds) {
    npy.write(feed.name + '.npy', feed);
    assert.deepStrictEqual(npy.read(feed.name + '.npy').data, feed.data);
}
const done = child.spawnSync(process.env.BESRA_PROGRAM, [
    'model', 'run', '-q', '-o', 'out', ...feeds.flatMap(feed => ['-i', `${feed.name}=${feed.name}.npy`]),
    path.join(data, 'types.onnx')], {encoding: 'utf8'});
assert.strictEqual(done.status, 0, done.stderr);
for (const feed of feeds) {
    const out = npy.read(path.join('out', feed.name.replace('in_', 'out_') + '.npy'));
    assert.strictEqual(out.type, feed.type);
    assert.deepStrictEqual(out.dims, feed.dims);
    const twice = Array.from(feed.data, value => typeof value === 'bigint' ? 2n * value : 2 * value);
    if (feed.type === 'float16')
        assert.deepStrictEqual(npy.numbers(out), npy.numbers(feed).map(value => 2 * value));
    else
        assert.deepStrictEqual(out.data, feed.data.constructor.from(twice));
}
assert.strictEqual(npy.halfToNumber(0x3C00), 1);
assert.strictEqual(npy.halfToNumber(0xFBFF), -65504);
assert.strictEqual(npy.halfToNumber(0x0001), 2 ** -24);
console.log('6 types there and back');

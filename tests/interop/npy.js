// NumPy's .npy, little-endian and in C order, as besra writes it: {type, dims, data}, type as ONNX Runtime has it.
'use strict';
const fs = require('fs');

// NumPy's descr: [ONNX Runtime's type, its typed array, bytes of an element]
const types = {
    '<f4': ['float32', Float32Array, 4],
    '<f8': ['float64', Float64Array, 8],
    '<f2': ['float16', Uint16Array, 2],
    '|u1': ['uint8', Uint8Array, 1],
    '|i1': ['int8', Int8Array, 1],
    '<i4': ['int32', Int32Array, 4],
    '<i8': ['int64', BigInt64Array, 8],
    '|b1': ['bool', Uint8Array, 1],
};

function read(path) {
    const file = fs.readFileSync(path);
    if (file.toString('latin1', 0, 6) !== '\x93NUMPY' || file[6] !== 1)
        throw new Error(`${path}: no .npy 1.0`);
    const size = file.readUInt16LE(8);
    const header = file.toString('latin1', 10, 10 + size);
    const descr = /'descr': '([^']*)'/.exec(header)[1];
    const dims = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').map(s => s.trim()).filter(s => s).map(Number);
    if (!types[descr] || !/'fortran_order': False/.test(header))
        throw new Error(`${path}: ${descr} is not read here`);
    const [type, Numbers, bytes] = types[descr];
    const count = dims.reduce((a, b) => a * b, 1);
    if (file.length !== 10 + size + count * bytes)
        throw new Error(`${path}: ${file.length} bytes for ${dims.join('x')} of ${descr}`);
    // a copy: a typed array has to begin at a multiple of its elements' size
    const data = file.buffer.slice(file.byteOffset + 10 + size, file.byteOffset + file.length);
    return {type, dims, data: new Numbers(data)};
}

function write(path, {type, dims, data}) {
    const descr = Object.keys(types).find(key => types[key][0] === type);
    const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
    let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
    header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
    const head = Buffer.alloc(10);
    head.write('\x93NUMPY', 'latin1');
    head[6] = 1;
    head.writeUInt16LE(header.length, 8);
    fs.writeFileSync(path, Buffer.concat(
        [head, Buffer.from(header, 'latin1'), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

// Bits of an IEEE half as a number.
function halfToNumber(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent === 31)
        return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

// The numbers of a tensor, whatever its type.
function numbers({type, data}) {
    return Array.from(data, value => type === 'float16' && data instanceof Uint16Array ? halfToNumber(value)
                                                                                       : Number(value));
}

module.exports = {read, write, numbers, halfToNumber};

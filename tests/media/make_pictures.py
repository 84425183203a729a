#!/usr/bin/python3
"""Makes data/: small pictures of every kind that besra reads, and what they must decode to.

    tests/media/make_pictures.py            (Debian: python3-pil python3-opencv python3-numpy imagemagick)

What is expected never comes from besra. Lossless files are written byte by byte from known pixels; JPEG and
lossy WebP are decoded by OpenCV or Pillow; colours are converted by the formulas of the ICC specification in
floating point, or by Pillow's ImageCms where the profile is a table. data/golden.bin holds all expected rows,
golden.h says which are whose."""
import io
import os
import struct
import subprocess
import zlib

import cv2
import numpy as np
from PIL import Image, ImageCms

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")
W, H = 19, 13
rng = np.random.default_rng(7)
golden, rows = bytearray(), []


# ---- the pictures ---------------------------------------------------------------------------------------

def scene(width=W, height=H, channels=3, depth=8):
    """Smooth, coloured, and different at each edge; the last of 2 or 4 channels is opacity."""
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    planes = [0.5 + 0.5 * np.sin(5 * x + 1.5 * y + 2 * c) * np.cos(4 * y - c * x) for c in range(3)]
    planes = np.stack(planes, -1)
    colours = planes[..., :1] if channels < 3 else planes
    if channels in (2, 4):
        alpha = np.clip(1.6 * x + 0.9 * y - 0.3, 0, 1)[..., None]
        colours = np.concatenate([colours, alpha], -1)
    most = 255 if depth == 8 else 65535
    values = np.rint(colours * most).astype(np.uint16 if depth == 16 else np.uint8)
    if depth == 16:
        values ^= rng.integers(0, 256, values.shape, np.uint16)
    return values


def bgr(a):
    """RGB(A) to BGR(A); grey stays."""
    a = np.asarray(a)
    return a if a.shape[2] < 3 else a[..., [2, 1, 0] + ([3] if a.shape[2] == 4 else [])]


def net(a):
    """RGB(A) or grey of 8 or 16 bits, sRGB, to the 8-bit BGR that a net sees: exact, in integers."""
    a = np.asarray(a)
    most = 65535 if a.dtype == np.uint16 else 255
    v = a.astype(np.int64)
    if v.shape[2] in (2, 4):
        alpha = v[..., -1:]
        v = v[..., :-1] * alpha + most * (most - alpha)
    else:
        v = v * most
    scale = most * (most // 255)
    v = ((2 * v + scale) // (2 * scale)).astype(np.uint8)
    return np.repeat(v, 3, 2) if v.shape[2] == 1 else v[..., ::-1]


def upright(a, orientation):
    """EXIF 2.32, 4.6.4 A, by numpy's own turns."""
    turns = {1: lambda i: i, 2: np.fliplr, 3: lambda i: np.rot90(i, 2), 4: np.flipud,
             5: lambda i: np.transpose(i, (1, 0, 2)), 6: lambda i: np.rot90(i, -1),
             7: lambda i: np.rot90(np.transpose(i, (1, 0, 2)), 2), 8: lambda i: np.rot90(i, 1)}
    return turns[orientation](a)


def expect(name, for_net, for_edit=None, tolerance=0, orientation=1, icc=0, exif=0):
    """Notes what data/`name` is to be: `for_net` BGR8; `for_edit` (None: the same) as stored, BGR order.
    tolerance: the largest difference that another rounding may make in the picture for nets."""
    def put(a):
        a = np.ascontiguousarray(a)
        data = a.astype("<u2").tobytes() if a.dtype == np.uint16 else a.astype(np.uint8).tobytes()
        at = golden.find(data)  # many are the same
        if at < 0:
            at = len(golden)
            golden.extend(data)
        return "{%d, %d, %d, %d, %d}" % (at, a.shape[1], a.shape[0], a.shape[2], 16 if a.dtype == np.uint16 else 8)
    edit = for_net if for_edit is None else for_edit
    rows.append('    {"%s", %s, %s, %d, %d, %d, %d},' % (name, put(for_net), put(edit), tolerance, orientation, icc,
                                                       exif))


def save(name, data):
    with open(os.path.join(DATA, name), "wb") as f:
        f.write(data)
    return os.path.join(DATA, name)


# ---- EXIF -----------------------------------------------------------------------------------------------

def exif(orientation, order="<"):
    """A TIFF header, one directory with the orientation and a pointer to one with the pixel sizes."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    first = struct.pack(order + "H", 3) + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    first += struct.pack(order + "HHII", 0x010F, 2, 6, 8 + 2 + 36 + 4) + struct.pack(order + "HHII", 0x8769, 4, 1, 56)
    second = struct.pack(order + "H", 2) + struct.pack(order + "HHII", 0xA002, 4, 1, W)
    second += struct.pack(order + "HHII", 0xA003, 4, 1, H) + struct.pack(order + "I", 0)
    return head + first + struct.pack(order + "I", 0) + b"besra\0" + second


# ---- profiles -------------------------------------------------------------------------------------------

def s15(v):
    return struct.pack(">i", int(round(v * 65536)))


def xyz(v):
    return b"XYZ \0\0\0\0" + b"".join(s15(i) for i in v)


def gamma(g):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, int(round(g * 256))) + b"\0\0"


def table(f, n=1024):
    values = np.rint(f(np.linspace(0, 1, n)) * 65535).astype(">u2").tobytes()
    return b"curv\0\0\0\0" + struct.pack(">I", n) + values + b"\0" * (-len(values) % 4)


def profile(space, kind, tags):
    """ICC.1:2001-04: a header, a table of tags, the tags. D50 as the connection space's white."""
    tags = {"desc": b"desc\0\0\0\0" + struct.pack(">I", 6) + b"besra\0" + b"\0" * 78, "wtpt": xyz((0.9642, 1, 0.8249)),
            "cprt": b"text\0\0\0\0CC0\0", **tags}
    at, index, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        index += name.encode() + struct.pack(">II", at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    pcs = b"Lab " if "A2B0" in tags else b"XYZ "
    head = struct.pack(">I4sI4s4s4s12s4s4sIII8sI", at + len(body), b"lcms", 0x02100000, kind, space, pcs, b"\0" * 12,
                       b"acsp", b"\0" * 4, 0, 0, 0, b"\0" * 8, 0)
    head += s15(0.9642) + s15(1) + s15(0.8249)
    return head + b"\0" * (128 - len(head)) + struct.pack(">I", len(tags)) + index + body


def light(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encode(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])


def rgb_profile(matrix, curve):
    tags = {t: xyz(matrix[:, i]) for i, t in enumerate(("rXYZ", "gXYZ", "bXYZ"))}
    return profile(b"RGB ", b"mntr", {**tags, "rTRC": curve, "gTRC": curve, "bTRC": curve})


def grey_profile(curve):
    return profile(b"GRAY", b"mntr", {"kTRC": curve})


def cmyk_profile():
    """Two nodes an ink, each the Lab colour of the paper under those inks, roughly; 8-bit tables (lut8Type)."""
    nodes = b""
    for i in range(16):
        c, m, y, k = (i >> 3) & 1, (i >> 2) & 1, (i >> 1) & 1, i & 1
        l = 95 * (1 - 0.45 * c) * (1 - 0.5 * m) * (1 - 0.1 * y) * (1 - 0.85 * k)
        a, b = (-36 * c + 70 * m - 5 * y) * (1 - k), (-48 * c - 4 * m + 85 * y) * (1 - k)
        nodes += bytes((int(l * 2.55), int(a + 128), int(min(b, 127) + 128)))
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + b"".join(s15(v) for v in np.eye(3).ravel())
    lut += ramp * 4 + nodes + ramp * 3
    return profile(b"CMYK", b"prtr", {"A2B0": lut})


ICC_SRGB = rgb_profile(SRGB, table(light))
ICC_P3 = rgb_profile(P3, table(light))
ICC_GAMMA18 = rgb_profile(SRGB, gamma(1.8))
ICC_GREY18 = grey_profile(gamma(1.8))
ICC_CMYK = cmyk_profile()


def by_matrix(a, matrix, decode_light):
    """RGB through light and XYZ to sRGB; relative colorimetric: both whites are D50, both blacks are 0."""
    most = 65535 if a.dtype == np.uint16 else 255
    linear = decode_light(a[..., :3].astype(float) / most) @ (np.linalg.inv(SRGB) @ matrix).T
    out = np.rint(encode(linear) * most).astype(a.dtype)
    return np.concatenate([out, a[..., 3:]], -1)


# ---- PNG ------------------------------------------------------------------------------------------------

def pack_bits(a, bits):
    """Rows of samples to bytes, big-endian, each row padded to a byte. a: [h][n]"""
    if bits == 16:
        return [r.astype(">u2").tobytes() for r in a]
    if bits == 8:
        return [r.astype(np.uint8).tobytes() for r in a]
    b = ((a[..., None] >> np.arange(bits - 1, -1, -1)) & 1).reshape(a.shape[0], -1).astype(np.uint8)
    return [np.packbits(r).tobytes() for r in b]


def png(a, bits, colour, interlaced=False, before=(), after=()):
    """a: [h][w][samples]. `before` and `after` the pixels: chunks (type, data)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    h, w = a.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, dx, dy in passes:
        part = a[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + r for r in pack_bits(part.reshape(part.shape[0], -1), bits))
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, int(interlaced)))
    out += b"".join(chunk(*c) for c in before) + chunk(b"IDAT", zlib.compress(raw, 9))
    return out + b"".join(chunk(*c) for c in after) + chunk(b"IEND", b"")


def iccp(data):
    return b"iCCP", b"besra\0\0" + zlib.compress(data)


def make_png():
    for channels, colour in ((1, 0), (2, 4), (3, 2), (4, 6)):
        for depth in (8, 16):
            a = scene(channels=channels, depth=depth)
            for interlaced in (False, True):
                name = "png-%d-%d%s.png" % (channels, depth, "-interlaced" if interlaced else "")
                save(name, png(a, depth, colour, interlaced))
                expect(name, net(a), bgr(a))
    for bits in (1, 2, 4):
        v = (scene(channels=1) >> (8 - bits)).astype(np.uint8)
        full = (v * (255 // (2 ** bits - 1))).astype(np.uint8)
        save("png-grey-%d.png" % bits, png(v, bits, 0, bits == 2))
        expect("png-grey-%d.png" % bits, net(full), full)
    for bits in (1, 2, 4, 8):
        n = 2 ** bits
        palette = rng.integers(0, 256, (n, 3)).astype(np.uint8)
        v = rng.integers(0, n, (H, W, 1)).astype(np.uint8)
        a = palette[v[..., 0]]
        save("png-palette-%d.png" % bits, png(v, bits, 3, False, [(b"PLTE", palette.tobytes())]))
        expect("png-palette-%d.png" % bits, net(a), bgr(a))
        alpha = np.full(n, 255, np.uint8)
        alpha[:n // 2] = rng.integers(0, 256, n // 2)
        a = np.concatenate([a, alpha[v[..., 0]][..., None]], -1)
        save("png-palette-%d-clear.png" % bits,
             png(v, bits, 3, True, [(b"PLTE", palette.tobytes()), (b"tRNS", alpha[:n // 2].tobytes())]))
        expect("png-palette-%d-clear.png" % bits, net(a), bgr(a))
    for depth in (8, 16):  # one transparent colour
        for channels in (1, 3):
            a = scene(channels=channels, depth=depth)
            key = a[5, 7].astype(np.uint16)
            opaque = np.any(a != key, -1, keepdims=True) * (255 if depth == 8 else 65535)
            name = "png-%d-%d-key.png" % (channels, depth)
            save(name, png(a, depth, 0 if channels == 1 else 2, False, [(b"tRNS", key.astype(">u2").tobytes())]))
            a = np.concatenate([a, opaque.astype(a.dtype)], -1)
            expect(name, net(a), bgr(a))
    a = scene()
    for place in ("before", "after"):
        save("png-exif-%s.png" % place, png(a, 8, 2, **{place: [(b"eXIf", exif(6, ">"))]}))
        turned = upright(a, 6)
        expect("png-exif-%s.png" % place, net(turned), bgr(turned), 0, 6, 0, len(exif(6)))
    save("png-gamma.png", png(a, 8, 2, before=[(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0")]))
    expect("png-gamma.png", net(a), bgr(a))
    for depth in (8, 16):
        a = scene(channels=4, depth=depth)
        save("png-p3-%d.png" % depth, png(a, depth, 6, before=[iccp(ICC_P3)]))
        expect("png-p3-%d.png" % depth, net(by_matrix(a, P3, light)), bgr(a), 1, icc=len(ICC_P3))
    a = scene(channels=1)
    grey = np.rint(encode((a / 255.0) ** 1.8) * 255).astype(np.uint8)
    save("png-grey-gamma.png", png(a, 8, 0, before=[iccp(ICC_GREY18)]))
    expect("png-grey-gamma.png", net(grey), a, 1, icc=len(ICC_GREY18))
    a = scene(channels=2)
    grey = np.concatenate([np.rint(encode((a[..., :1] / 255.0) ** 1.8) * 255).astype(np.uint8), a[..., 1:]], -1)
    save("png-grey-alpha-gamma.png", png(a, 8, 4, before=[iccp(ICC_GREY18)]))
    expect("png-grey-alpha-gamma.png", net(grey), a, 1, icc=len(ICC_GREY18))


# ---- JPEG -----------------------------------------------------------------------------------------------

def jpeg(image, **options):
    f = io.BytesIO()
    image.save(f, "JPEG", **options)
    return f.getvalue()


def make_jpeg():
    big = scene(51, 37)
    for name, options in (("baseline", {}), ("444", {"subsampling": 0}), ("422", {"subsampling": 1}),
                          ("progressive", {"progressive": True}), ("optimised", {"optimize": True})):
        path = save("jpeg-%s.jpg" % name, jpeg(Image.fromarray(big), quality=85, **options))
        expect("jpeg-%s.jpg" % name, cv2.imread(path))
    # restart markers, and a stray byte before a marker, which is no damage
    path = save("jpeg-restarts.jpg", cv2.imencode(".jpg", bgr(big), [cv2.IMWRITE_JPEG_RST_INTERVAL, 3])[1].tobytes())
    expect("jpeg-restarts.jpg", cv2.imread(path))
    plain = jpeg(Image.fromarray(big), quality=60)
    at = plain.index(b"\xff\xdb")
    save("jpeg-stray.jpg", plain[:at] + b"\0\0" + plain[at:])
    expect("jpeg-stray.jpg", cv2.imdecode(np.frombuffer(plain, np.uint8), 1))
    grey = scene(channels=1)
    path = save("jpeg-grey.jpg", jpeg(Image.fromarray(grey[..., 0])))
    expect("jpeg-grey.jpg", cv2.imread(path), cv2.imread(path, 0)[..., None])
    for o in range(1, 9):
        a = scene()
        path = save("jpeg-exif-%d.jpg" % o, jpeg(Image.fromarray(a), exif=b"Exif\0\0" + exif(o, "<>"[o % 2])))
        stored = cv2.imread(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        assert np.array_equal(upright(stored, o), cv2.imread(path)), o
        expect("jpeg-exif-%d.jpg" % o, upright(stored, o), None, 0, o, 0, len(exif(o)))
    # an RGB JPEG (Adobe marker, transform 0), by libjpeg's own writer
    subprocess.run(["convert", "-size", "19x13", "gradient:red-blue", "-sampling-factor", "1x1", "-colorspace", "sRGB",
                    "-define", "jpeg:colorspace=RGB", "-quality", "90", os.path.join(DATA, "jpeg-rgb.jpg")], check=True)
    expect("jpeg-rgb.jpg", cv2.imread(os.path.join(DATA, "jpeg-rgb.jpg")))

    # CMYK and YCCK, both with the Adobe marker and inverted inks; then one without the marker, not inverted
    inks = np.concatenate([255 - scene(), scene(channels=1) // 3], -1)
    def plain_cmyk(ink):
        white = 255 - ink.astype(int)
        return ((white[..., :3] * white[..., 3:] * 2 + 255) // 510).astype(np.uint8)[..., ::-1]
    cmyk = jpeg(Image.fromarray(inks, "CMYK"), quality=95)
    stored = np.asarray(Image.open(io.BytesIO(cmyk)))  # 0: no ink, as Pillow has it
    save("jpeg-cmyk.jpg", cmyk)
    expect("jpeg-cmyk.jpg", plain_cmyk(stored))
    at = cmyk.index(b"Adobe") - 4
    save("jpeg-cmyk-bare.jpg", cmyk[:at] + cmyk[at + 16:])
    expect("jpeg-cmyk-bare.jpg", plain_cmyk(255 - stored))
    at = cmyk.index(b"Adobe") + 11
    ycck = cmyk[:at] + b"\2" + cmyk[at + 1:]  # the same numbers, read as YCC and K
    save("jpeg-ycck.jpg", ycck)
    expect("jpeg-ycck.jpg", plain_cmyk(np.asarray(Image.open(io.BytesIO(ycck)))))
    # Pillow's ImageCms for the table of inks: relative colorimetric (1), black point compensation (0x2000)
    save("jpeg-cmyk-icc.jpg", jpeg(Image.fromarray(inks, "CMYK"), quality=95, icc_profile=ICC_CMYK))
    shown = ImageCms.profileToProfile(Image.fromarray(stored, "CMYK"), ImageCms.ImageCmsProfile(io.BytesIO(ICC_CMYK)),
                                      ImageCms.createProfile("sRGB"), 1, outputMode="RGB", flags=0x2000)
    expect("jpeg-cmyk-icc.jpg", np.asarray(shown)[..., ::-1], None, 1)

    def with_icc(name, image, data, shown, tolerance, kept):
        save(name, jpeg(Image.fromarray(image), quality=90, icc_profile=data))
        a = np.asarray(Image.open(os.path.join(DATA, name)))
        a = a if a.ndim == 3 else a[..., None]
        expect(name, shown(a), bgr(a), tolerance, icc=kept)
    a = scene()
    with_icc("jpeg-srgb.jpg", a, ICC_SRGB, net, 0, len(ICC_SRGB))
    with_icc("jpeg-p3.jpg", a, ICC_P3, lambda i: net(by_matrix(i, P3, light)), 1, len(ICC_P3))
    with_icc("jpeg-gamma.jpg", a, ICC_GAMMA18, lambda i: net(by_matrix(i, SRGB, lambda v: v ** 1.8)), 1,
             len(ICC_GAMMA18))
    # more than fits one marker: 70,000 bytes of a tag that nobody reads
    large = profile(b"RGB ", b"mntr", {**{t: xyz(P3[:, i]) for i, t in enumerate(("rXYZ", "gXYZ", "bXYZ"))},
                                       **{t: table(light) for t in ("rTRC", "gTRC", "bTRC")}, "zzzz": b"\0" * 70000})
    with_icc("jpeg-p3-large.jpg", scene(8, 8), large, lambda i: net(by_matrix(i, P3, light)), 1, len(large))
    with_icc("jpeg-broken-icc.jpg", a, ICC_P3[:300], net, 0, 300)
    with_icc("jpeg-other-icc.jpg", a, ICC_CMYK, net, 0, len(ICC_CMYK))  # inks, for a picture that has none
    with_icc("jpeg-grey-p3.jpg", grey[..., 0], ICC_P3, net, 0, len(ICC_P3))  # equal channels stay grey in any RGB


# ---- WebP -----------------------------------------------------------------------------------------------

def make_webp():
    def put(name, a, **options):
        f = io.BytesIO()
        Image.fromarray(a).save(f, "WEBP", **options)
        path = save(name, f.getvalue())
        return cv2.imread(path, cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3][:a.shape[2]]]
    a, clear = scene(), scene(channels=4)
    lossy = put("webp-lossy.webp", a, quality=80)
    expect("webp-lossy.webp", net(lossy), bgr(lossy))
    put("webp-lossless.webp", a, lossless=True)
    expect("webp-lossless.webp", net(a), bgr(a))
    lossy = put("webp-alpha.webp", clear, quality=80)
    expect("webp-alpha.webp", net(lossy), bgr(lossy))
    put("webp-lossless-alpha.webp", clear, lossless=True, exact=True)
    expect("webp-lossless-alpha.webp", net(clear), bgr(clear))
    put("webp-p3-exif.webp", a, lossless=True, icc_profile=ICC_P3, exif=b"Exif\0\0" + exif(8))
    turned = upright(a, 8)
    expect("webp-p3-exif.webp", net(by_matrix(turned, P3, light)), bgr(turned), 1, 8, len(ICC_P3), len(exif(8)))
    f = io.BytesIO()
    clear[..., 3] |= 1  # Pillow gives up the colours of what is all transparent here
    frames = [Image.fromarray(clear), Image.fromarray(np.ascontiguousarray(clear[::-1]))]
    frames[0].save(f, "WEBP", save_all=True, append_images=frames[1:], lossless=True, exact=True)
    save("webp-animated.webp", f.getvalue())
    expect("webp-animated.webp", net(clear), bgr(clear))


# ---- TIFF -----------------------------------------------------------------------------------------------

def packbits(data):
    return b"".join(bytes((len(data[i:i + 128]) - 1,)) + data[i:i + 128] for i in range(0, len(data), 128))


def tiff(a, bits, photometric, order="<", tile=0, separate=False, extra=None, compression=1, orientation=1,
         icc=b"", colour_map=None, rows_per_strip=5, tags=()):
    """TIFF 6.0. a: [h][w][samples]; `extra`: ExtraSamples; tile: the side of tiles, 0: strips."""
    h, w, samples = a.shape
    planes = [a[..., s:s + 1] for s in range(samples)] if separate else [a]
    swap = bits == 16 and order == "<"

    def packed(part):
        rows_ = pack_bits(part.reshape(part.shape[0], -1).astype(np.int64), bits)
        if swap:
            rows_ = [np.frombuffer(r, ">u2").astype("<u2").tobytes() for r in rows_]
        if compression == 32773:
            return b"".join(packbits(r) for r in rows_)
        return zlib.compress(b"".join(rows_)) if compression == 8 else b"".join(rows_)
    parts = []
    for plane in planes:
        if tile:
            full = np.pad(plane, ((0, -h % tile), (0, -w % tile), (0, 0)), mode="edge")
            parts += [packed(full[y:y + tile, x:x + tile]) for y in range(0, h, tile) for x in range(0, w, tile)]
        else:
            parts += [packed(plane[y:y + rows_per_strip]) for y in range(0, h, rows_per_strip)]
    entries = [(256, 4, [w]), (257, 4, [h]), (258, 3, [bits] * samples), (259, 3, [compression]),
               (262, 3, [photometric]), (274, 3, [orientation]), (277, 3, [samples]), (284, 3, [2 if separate else 1])]
    if tile:
        entries += [(322, 4, [tile]), (323, 4, [tile])]
    else:
        entries += [(278, 4, [rows_per_strip])]
    if extra is not None:
        entries.append((338, 3, extra))
    if colour_map is not None:
        entries.append((320, 3, colour_map))
    if icc:
        entries.append((34675, 7, list(icc)))
    entries += list(tags)
    data, offsets = b"", []
    for part in parts:
        offsets.append(8 + len(data))
        data += part + b"\0" * (len(part) % 2)
    entries += [(324 if tile else 273, 4, offsets), (325 if tile else 279, 4, [len(p) for p in parts])]
    entries.sort()
    at = 8 + len(data)
    directory, values = struct.pack(order + "H", len(entries)), b""
    after = at + 2 + 12 * len(entries) + 4
    for tag, kind, list_ in entries:
        code = {3: "H", 4: "I", 7: "B"}[kind]
        raw = struct.pack(order + "%d%s" % (len(list_), code), *list_)
        if len(raw) > 4:
            raw, values = struct.pack(order + "I", after + len(values)), values + raw + b"\0" * (len(raw) % 2)
        directory += struct.pack(order + "HHI", tag, kind, len(list_)) + raw.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    return head + data + directory + struct.pack(order + "I", 0) + values


def make_tiff():
    n = 0
    for depth in (8, 16):
        for channels, photometric, extra in ((1, 1, None), (2, 1, [2]), (3, 2, None), (4, 2, [2])):
            a = scene(channels=channels, depth=depth)
            for tile in (0, 16):
                for separate in (False, True):
                    n += 1
                    name = "tiff-%d-%d%s%s.tif" % (channels, depth, "-tiles" if tile else "", "-planes" * separate)
                    save(name, tiff(a, depth, photometric, "<>"[n % 2], tile, separate, extra, (1, 8, 32773)[n % 3]))
                    expect(name, net(a), bgr(a))
    a = scene(channels=1)
    save("tiff-white-is-0.tif", tiff(255 - a, 8, 0))
    expect("tiff-white-is-0.tif", net(a), a)
    for bits in (1, 2, 4):
        v = scene(channels=1) >> (8 - bits)
        full = (v * (255 // (2 ** bits - 1))).astype(np.uint8)
        save("tiff-grey-%d.tif" % bits, tiff(v, bits, 1))
        expect("tiff-grey-%d.tif" % bits, net(full), full)
        save("tiff-grey-%d-white-is-0.tif" % bits, tiff(2 ** bits - 1 - v, bits, 0))
        expect("tiff-grey-%d-white-is-0.tif" % bits, net(full), full)
    for bits in (4, 8):
        palette = rng.integers(0, 256, (2 ** bits, 3))
        v = rng.integers(0, 2 ** bits, (H, W, 1))
        a = palette[v[..., 0]].astype(np.uint8)
        save("tiff-palette-%d.tif" % bits, tiff(v, bits, 3, colour_map=list((palette.T * 257).ravel())))
        expect("tiff-palette-%d.tif" % bits, net(a), bgr(a))
    # four samples, and nothing said about the fourth: opacity; said to be nothing known: left out
    a = scene(channels=4)
    save("tiff-4-unsaid.tif", tiff(a, 8, 2))
    expect("tiff-4-unsaid.tif", net(a), bgr(a))
    save("tiff-4-unknown.tif", tiff(a, 8, 2, extra=[0]))
    expect("tiff-4-unknown.tif", net(a[..., :3]), bgr(a[..., :3]))
    # multiplied by its opacity: dividing gives back what the rounding of the product left
    for depth, most in ((8, 255), (16, 65535)):
        a = scene(channels=4, depth=depth).astype(np.int64)
        alpha = a[..., 3:]
        product = (2 * a[..., :3] * alpha + most) // (2 * most)
        straight = np.where(alpha > 0, np.minimum((product * most + alpha // 2) // np.maximum(alpha, 1), most), product)
        kind = np.uint8 if depth == 8 else np.uint16
        stored = np.concatenate([product, alpha], -1).astype(kind)
        shown = np.concatenate([straight, alpha], -1).astype(kind)
        save("tiff-associated-%d.tif" % depth, tiff(stored, depth, 2, extra=[1]))
        expect("tiff-associated-%d.tif" % depth, net(shown), bgr(shown))
    inks = np.concatenate([255 - scene(), scene(channels=1) // 3], -1)
    white = 255 - inks.astype(int)
    shown = ((white[..., :3] * white[..., 3:] * 2 + 255) // 510).astype(np.uint8)
    save("tiff-cmyk.tif", tiff(inks, 8, 5))
    expect("tiff-cmyk.tif", bgr(shown))
    inks16 = inks.astype(np.uint16) * 257
    white = 65535 - inks16.astype(np.int64)
    shown = ((white[..., :3] * white[..., 3:] * 2 + 65535) // 131070).astype(np.uint16)
    save("tiff-cmyk-16.tif", tiff(inks16, 16, 5, separate=True))
    expect("tiff-cmyk-16.tif", net(shown), bgr(shown))
    for o in range(2, 9):
        a = scene()
        save("tiff-orientation-%d.tif" % o, tiff(a, 8, 2, orientation=o))
        expect("tiff-orientation-%d.tif" % o, net(upright(a, o)), bgr(upright(a, o)), 0, o)
    a = scene(depth=16)
    save("tiff-p3-16.tif", tiff(a, 16, 2, icc=ICC_P3))
    expect("tiff-p3-16.tif", net(by_matrix(a, P3, light)), bgr(a), 1, icc=len(ICC_P3))
    # written by libtiff itself, through Pillow and ImageMagick
    a = scene()
    for name in ("lzw", "adobe_deflate", "packbits"):
        Image.fromarray(a).save(os.path.join(DATA, "tiff-%s.tif" % name), compression="tiff_" + name)
        expect("tiff-%s.tif" % name, net(a), bgr(a))
    bits = scene(channels=1)[..., 0] > 127
    Image.fromarray(bits).save(os.path.join(DATA, "tiff-group4.tif"), compression="group4")
    full = (bits[..., None] * 255).astype(np.uint8)
    expect("tiff-group4.tif", net(full), full)
    Image.fromarray(scene(48, 32)).save(os.path.join(DATA, "tiff-jpeg.tif"), compression="jpeg")
    a = np.asarray(Image.open(os.path.join(DATA, "tiff-jpeg.tif")).convert("RGB"))
    expect("tiff-jpeg.tif", net(a), bgr(a))


# ---- BMP, PNM, rare -------------------------------------------------------------------------------------

def bmp(rows_, bits, compression=0, palette=b"", masks=b"", top_down=False, dib=40, width=W, height=H):
    rows_ = rows_ if isinstance(rows_, bytes) else b"".join(
        r + b"\0" * (-len(r) % 4) for r in (rows_ if top_down else rows_[::-1]))
    if dib == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        colours = len(palette) // 4
        head = struct.pack("<IiiHHIIiiII", dib, width, -height if top_down else height, 1, bits, compression, 0, 0, 0,
                           colours, 0)
        if dib > 40:
            head, masks = head + masks.ljust(dib - 40, b"\0"), b""
    start = 14 + len(head) + len(masks) + len(palette)
    return b"BM" + struct.pack("<III", start + len(rows_), 0, start) + head + masks + palette + rows_


def make_bmp():
    a = bgr(scene())
    rows24 = [r.tobytes() for r in a]
    save("bmp-24.bmp", bmp(rows24, 24))
    expect("bmp-24.bmp", a)
    save("bmp-24-top-down.bmp", bmp(rows24, 24, top_down=True))
    expect("bmp-24-top-down.bmp", a)
    save("bmp-24-core.bmp", bmp(rows24, 24, dib=12))
    expect("bmp-24-core.bmp", a)
    rows32 = [np.concatenate([r, np.zeros((W, 1), np.uint8)], -1).tobytes() for r in a]
    save("bmp-32.bmp", bmp(rows32, 32))
    expect("bmp-32.bmp", a)
    four = bgr(scene(channels=4))
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    save("bmp-32-alpha.bmp", bmp([r.tobytes() for r in four], 32, 3, masks=masks, dib=124))
    expect("bmp-32-alpha.bmp", net(scene(channels=4)), four)
    b, g, r = (a[..., i].astype(int) for i in range(3))
    rows16 = [i.astype("<u2").tobytes() for i in (r >> 3) << 10 | (g >> 3) << 5 | b >> 3]
    five = ((2 * (a >> 3).astype(int) * 255 + 31) // 62).astype(np.uint8)
    save("bmp-16.bmp", bmp(rows16, 16))
    expect("bmp-16.bmp", five)
    rows16 = [i.astype("<u2").tobytes() for i in (r >> 3) << 11 | (g >> 2) << 5 | b >> 3]
    five[..., 1] = ((2 * (g >> 2) * 255 + 63) // 126).astype(np.uint8)
    save("bmp-16-565.bmp", bmp(rows16, 16, 3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
    expect("bmp-16-565.bmp", five)
    for bits in (1, 4, 8):
        n = 2 ** bits
        palette = rng.integers(0, 256, (n, 3)).astype(np.uint8)
        v = rng.integers(0, n, (H, W))
        quads = np.concatenate([palette, np.zeros((n, 1), np.uint8)], -1).tobytes()
        save("bmp-%d.bmp" % bits, bmp(pack_bits(v, bits), bits, palette=quads))
        expect("bmp-%d.bmp" % bits, palette[v])
    grey = scene(channels=1)
    quads = b"".join(bytes((i, i, i, 0)) for i in range(256))
    save("bmp-grey.bmp", bmp([i.tobytes() for i in grey], 8, palette=quads))
    expect("bmp-grey.bmp", net(grey), grey)
    # runs of 8 bits: a run, values one by one (padded), a move, the end of a row, the end
    red = bytes(4 * 256)
    palette = bytearray(red)
    for i in range(256):
        palette[4 * i:4 * i + 3] = bytes((i, 255 - i, i // 2))
    v = np.zeros((3, 7), int)  # bottom row first
    v[0, :4], v[0, 4:] = 9, (1, 2, 3)
    v[1, 2:5] = 77
    runs = bytes((4, 9, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 2, 0, 3, 77, 0, 1))
    save("bmp-runs-8.bmp", bmp(runs, 8, 1, palette=bytes(palette), width=7, height=3))
    colours = np.frombuffer(bytes(palette), np.uint8).reshape(-1, 4)[:, :3]
    expect("bmp-runs-8.bmp", colours[v[::-1]])
    v = np.zeros((2, 7), int)
    v[0, :5], v[0, 5:] = (1, 2, 1, 2, 1), (3, 4)
    v[1, :3] = (5, 6, 7)
    runs = bytes((5, 0x12, 2, 0x34, 0, 0, 0, 3, 0x56, 0x70, 0, 1))
    save("bmp-runs-4.bmp", bmp(runs, 4, 2, palette=bytes(palette[:64]), width=7, height=2))
    expect("bmp-runs-4.bmp", colours[v[::-1]])


def make_pnm():
    bits = (scene(channels=1)[..., 0] < 128).astype(int)
    shown = ((1 - bits) * 255).astype(np.uint8)[..., None]
    text = "\n".join("".join(map(str, r)) for r in bits)
    save("pnm-1.pbm", ("P1\n# a comment\n%d %d\n%s\n" % (W, H, text)).encode())
    expect("pnm-1.pbm", net(shown), shown)
    save("pnm-4.pbm", b"P4\n%d %d\n" % (W, H) + b"".join(pack_bits(bits, 1)))
    expect("pnm-4.pbm", net(shown), shown)
    for most in (7, 255, 1000, 65535):
        depth, kind = (255, np.uint8) if most < 256 else (65535, np.uint16)
        for channels in (1, 3):
            v = (scene(channels=channels, depth=16).astype(np.int64) * most + 32767) // 65535
            shown = ((2 * v * depth + most) // (2 * most)).astype(kind)
            text = "\n".join(" ".join(map(str, r.ravel())) for r in v)
            name = "pnm-%d-%d.%s" % (2 if channels == 1 else 3, most, "pgm" if channels == 1 else "ppm")
            save(name, ("P%d %d %d\n%d\n%s\n" % (2 if channels == 1 else 3, W, H, most, text)).encode())
            expect(name, net(shown), bgr(shown))
            name = "pnm-%d-%d.%s" % (5 if channels == 1 else 6, most, "pgm" if channels == 1 else "ppm")
            raw = v.astype(">u2" if most > 255 else np.uint8).tobytes()
            save(name, b"P%d\n#x\n%d %d\n%d\n" % (5 if channels == 1 else 6, W, H, most) + raw)
            expect(name, net(shown), bgr(shown))


def gif_codes(values, bits, clear_at=()):
    """LZW as GIF has it: codes grow from bits + 1 to 12; sub-blocks of 255 bytes."""
    out, n, held = bytearray(), 0, 0
    def put(code, size):
        nonlocal held, n
        held |= code << n
        n += size
        while n >= 8:
            out.append(held & 255)
            held >>= 8
            n -= 8
    def fresh():
        return {(i,): i for i in range(1 << bits)}, (1 << bits) + 2, bits + 1
    table, next_, size = fresh()
    put(1 << bits, size)
    string = ()
    for i, v in enumerate(values):
        if string + (v,) in table:
            string += (v,)
            continue
        put(table[string], size)
        if next_ < 4096:
            table[string + (v,)] = next_
            next_ += 1
            if next_ == (1 << size) + 1 and size < 12:
                size += 1
        string = (v,)
        if i in clear_at:
            put(table[string], size)
            put(1 << bits, size if next_ < 1 << size else min(size + 1, 12))
            table, next_, size = fresh()
            string = ()
    if string:
        put(table[string], size)
    put((1 << bits) + 1, size if next_ < 1 << size else min(size + 1, 12))
    put(0, 7)
    return b"".join(bytes((len(out[i:i + 255]),)) + bytes(out[i:i + 255]) for i in range(0, len(out), 255)) + b"\0"


def gif(v, palette, bits, width=None, height=None, x=0, y=0, interlaced=False, clear=None, local=False):
    h, w = v.shape
    if interlaced:
        v = np.concatenate([v[0::8], v[4::8], v[2::4], v[1::2]])
    flags = 0x80 | (bits - 1)
    out = b"GIF89a" + struct.pack("<HHBBB", width or w, height or h, 0 if local else flags, 0, 0)
    out += b"" if local else palette.tobytes()
    if clear is not None:
        out += bytes((0x21, 0xF9, 4, 1, 0, 0, clear, 0))
    out += b"\x21\xfe\x05besra\0," + struct.pack("<HHHHB", x, y, w, h, (flags if local else 0) | 0x40 * interlaced)
    out += palette.tobytes() if local else b""
    return out + bytes((max(bits, 2),)) + gif_codes(v.ravel().tolist(), max(bits, 2)) + b";"


def make_gif():
    for bits in (1, 4, 8):
        palette = rng.integers(0, 256, (2 ** bits, 3)).astype(np.uint8)
        # long enough for all sizes of codes, at 8 bits for a full table too
        v = rng.integers(0, 2 ** bits, (H, W)) if bits < 8 else rng.integers(0, 256, (90, 60)) // 8 * 8
        a = palette[v]
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(gif(v, palette, bits))).convert("RGB")), a)
        save("gif-%d.gif" % bits, gif(v, palette, bits, interlaced=bits == 4, local=bits == 1))
        expect("gif-%d.gif" % bits, net(a), bgr(a))
    palette = rng.integers(0, 256, (16, 3)).astype(np.uint8)
    v = rng.integers(0, 16, (H, W))
    a = np.concatenate([palette[v], np.where(v == 3, 0, 255)[..., None].astype(np.uint8)], -1)
    save("gif-clear.gif", gif(v, palette, 4, clear=3))
    expect("gif-clear.gif", net(a), bgr(a))
    whole = np.zeros((H + 5, W + 7, 4), np.uint8)
    whole[2:2 + H, 3:3 + W, :3], whole[2:2 + H, 3:3 + W, 3] = palette[v], 255
    save("gif-part.gif", gif(v, palette, 4, W + 7, H + 5, 3, 2))
    expect("gif-part.gif", net(whole), bgr(whole))
    # Pillow's own writer, animated: the first frame counts
    frames = [Image.fromarray(scene(channels=1)[..., 0]), Image.fromarray(scene(channels=1)[::-1, :, 0])]
    frames[0].save(os.path.join(DATA, "gif-animated.gif"), save_all=True, append_images=frames[1:])
    a = np.asarray(Image.open(os.path.join(DATA, "gif-animated.gif")).convert("RGB"))
    expect("gif-animated.gif", net(a), bgr(a))


def make_rare():
    """For the module, which may be missing: their names begin with "rare-"."""
    a = scene()
    Image.fromarray(a).save(os.path.join(DATA, "rare-lossless.jp2"), num_resolutions=1)
    expect("rare-lossless.jp2", bgr(a))
    cv2.imwrite(os.path.join(DATA, "rare-raster.ras"), bgr(a))
    expect("rare-raster.ras", bgr(a))
    bright = (bgr(a).astype(np.float32) / 128) ** 2
    path = os.path.join(DATA, "rare-light.hdr")
    cv2.imwrite(path, bright)
    shown = np.rint(encode(cv2.imread(path, cv2.IMREAD_UNCHANGED).astype(float)) * 65535).astype(np.uint16)
    expect("rare-light.hdr", net(shown[..., ::-1]), shown, 1)


def main():
    for old in os.listdir(DATA):
        os.remove(os.path.join(DATA, old))
    for make in (make_png, make_jpeg, make_webp, make_tiff, make_bmp, make_pnm, make_gif, make_rare):
        make()
    save("golden.bin", bytes(golden))
    with open(os.path.join(HERE, "golden.h"), "w") as f:
        f.write("/* Made by make_pictures.py. */\n/* clang-format off */\n" + "\n".join(rows) + "\n")
    print(len(rows), "pictures,", len(golden), "bytes expected")


main()

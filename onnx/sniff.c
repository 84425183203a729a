#include "onnx/sniff.h"

#include <stdbool.h>
#include <string.h>

#define EXPORT_HINT                                                                                          \
    "export it first: torch.onnx.export(), YOLOv5's export.py --include onnx, or tf2onnx for TensorFlow"

/* Bytes by which a format is known, at an offset. None of them can begin an ONNX model that was read so far:
 * sniffing comes after reading has failed. */
static const struct signature {
    size_t            offset;
    const char       *bytes;
    size_t            size;
    struct looks_like looks;
} signatures[] = {
#define SIGNATURE(offset, bytes, what, hint)                                                                 \
    {                                                                                                        \
        offset, bytes, sizeof(bytes) - 1,                                                                    \
        {                                                                                                    \
            what, hint                                                                                       \
        }                                                                                                    \
    }
    SIGNATURE(0, "\xFF\xD8\xFF", "a JPEG picture", NULL),
    SIGNATURE(0, "\x89PNG\r\n", "a PNG picture", NULL),
    SIGNATURE(8, "WEBP", "a WebP picture", NULL),
    SIGNATURE(0, "GIF8", "a GIF picture", NULL),
    SIGNATURE(0, "PK\x03\x04", "a zip archive, perhaps a PyTorch checkpoint", EXPORT_HINT),
    SIGNATURE(0, "\x80\x02", "a Python pickle, perhaps an old PyTorch checkpoint", EXPORT_HINT),
    SIGNATURE(0, "\x89HDF\r\n", "an HDF5 file, perhaps a Keras model", EXPORT_HINT),
    SIGNATURE(4, "TFL3", "a TensorFlow Lite model", EXPORT_HINT),
    SIGNATURE(0, "\x93NUMPY", "a NumPy array", NULL),
    SIGNATURE(0, "\x1F\x8B", "a gzip archive", "unpack it first"),
    SIGNATURE(0, "version https://git-lfs", "a git-lfs pointer, not the file itself", "run: git lfs pull"),
    SIGNATURE(0, "<!DOCTYPE html", "a web page", "the download went wrong: fetch the file itself"),
    SIGNATURE(0, "<!doctype html", "a web page", "the download went wrong: fetch the file itself"),
    SIGNATURE(0, "<html", "a web page", "the download went wrong: fetch the file itself"),
    SIGNATURE(0, "<?xml", "an XML file, perhaps an OpenVINO model", "give the .onnx that it was made from"),
    SIGNATURE(0, "{", "a JSON text", NULL),
    SIGNATURE(0, "[net]", "a Darknet configuration", EXPORT_HINT),
#undef SIGNATURE
};

static bool all_zero(const uint8_t *data, size_t size)
{
    return size && data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

/* Whether it begins like something written for people. */
static bool is_text(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size && i < 256; i++)
        if ((data[i] < ' ' && data[i] != '\n' && data[i] != '\r' && data[i] != '\t') || data[i] == 0x7F)
            return false;
    return true;
}

static size_t count_blanks(const uint8_t *data, size_t size)
{
    size_t count = 0;

    while (count < size && (data[count] == ' ' || (data[count] >= '\t' && data[count] <= '\r')))
        count++;
    return count;
}

static bool has_signature(const struct signature *signature, const uint8_t *data, size_t size)
{
    return size >= signature->offset + signature->size &&
           memcmp(data + signature->offset, signature->bytes, signature->size) == 0;
}

const struct looks_like *sniff(const uint8_t *data, size_t size)
{
    static const struct looks_like empty = {"an empty file", NULL};
    static const struct looks_like zeros = {"a file of zeros", "the download was cut off: fetch it again"};
    static const struct looks_like text = {"a text file", NULL};

    if (!size)
        return &empty;
    if (all_zero(data, size))
        return &zeros;
    size_t blanks = count_blanks(data, size);
    data += blanks;
    size -= blanks;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (has_signature(&signatures[i], data, size))
            return &signatures[i].looks;
    return is_text(data, size) ? &text : NULL;
}

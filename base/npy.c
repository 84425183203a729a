/* The format: numpy/lib/format.py. Behind magic, version and length comes a Python dictionary as text:
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 640, 640), }
 * and then the elements. */
#include "base/npy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";

enum {
    MAGIC_SIZE = sizeof magic - 1,
    PREFIX_SIZE = MAGIC_SIZE + 4, /* with version and the 16 bits of length of version 1.0 */
    HEADER_ALIGNMENT = 64,        /* of the elements; NumPy 1.14 and later */
    MAX_HEADER = 65536,
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    HOST_ORDER = '>',
#else
    HOST_ORDER = '<',
#endif
};

/* X(type, NumPy's kind and size): bf16 is not among them. */
#define NUMPY_TYPES(X)                                                                                       \
    X(BSR_F32, "f4")                                                                                         \
    X(BSR_U8, "u1")                                                                                          \
    X(BSR_I8, "i1")                                                                                          \
    X(BSR_U16, "u2")                                                                                         \
    X(BSR_I16, "i2")                                                                                         \
    X(BSR_I32, "i4")                                                                                         \
    X(BSR_I64, "i8")                                                                                         \
    X(BSR_BOOL, "b1")                                                                                        \
    X(BSR_F16, "f2")                                                                                         \
    X(BSR_F64, "f8")                                                                                         \
    X(BSR_U32, "u4")                                                                                         \
    X(BSR_U64, "u8")

static const struct {
    int  type;
    char name[3];
} numpy_types[] = {
#define NUMPY_ROW(type, name) {type, name},
    NUMPY_TYPES(NUMPY_ROW)
#undef NUMPY_ROW
};

enum { NUMPY_TYPE_COUNT = sizeof numpy_types / sizeof *numpy_types };

/* ---- the dictionary --------------------------------------------------------------------------------- */

/* What is left of the header. Nothing of it is believed to end with a 0. */
struct cursor {
    const char *at, *end;
};

/* What the header says. */
struct layout {
    struct bsr_tensor tensor; /* type, dims, shape */
    bool              is_swapped, is_fortran;
    bool              has_descr, has_order, has_shape;
};

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && isspace((unsigned char)*cursor->at))
        cursor->at++;
}

/* Takes `sign` if it comes next. */
static bool take(struct cursor *cursor, char sign)
{
    skip_space(cursor);
    if (cursor->at >= cursor->end || *cursor->at != sign)
        return false;
    cursor->at++;
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    skip_space(cursor);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* Text in quotes of either kind, without escapes, of less than `size` bytes. */
static bool take_text(struct cursor *cursor, char *text, size_t size)
{
    skip_space(cursor);
    if (cursor->at >= cursor->end || (*cursor->at != '\'' && *cursor->at != '"'))
        return false;
    char        quote = *cursor->at++;
    const char *stop = memchr(cursor->at, quote, (size_t)(cursor->end - cursor->at));
    if (!stop || (size_t)(stop - cursor->at) >= size)
        return false;
    memcpy(text, cursor->at, (size_t)(stop - cursor->at));
    text[stop - cursor->at] = '\0';
    cursor->at = stop + 1;
    return true;
}

/* A whole number of 63 bits; Python 2 wrote an L behind long ones. */
static bool take_side(struct cursor *cursor, int64_t *side)
{
    int64_t value = 0;

    skip_space(cursor);
    if (cursor->at >= cursor->end || !isdigit((unsigned char)*cursor->at))
        return false;
    for (; cursor->at < cursor->end && isdigit((unsigned char)*cursor->at); cursor->at++) {
        int digit = *cursor->at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (cursor->at < cursor->end && *cursor->at == 'L')
        cursor->at++;
    *side = value;
    return true;
}

/* "<f4"; "|" and "=" stand for the machine's own order. */
static bool read_descr(struct cursor *cursor, struct layout *layout)
{
    char text[16];

    if (layout->has_descr || !take_text(cursor, text, sizeof text) || !*text || !strchr("<>|=", *text))
        return false;
    layout->has_descr = true;
    layout->is_swapped = (*text == '<' || *text == '>') && *text != HOST_ORDER;
    for (int i = 0; i < NUMPY_TYPE_COUNT; i++)
        if (strcmp(text + 1, numpy_types[i].name) == 0) {
            layout->tensor.type = numpy_types[i].type;
            return true;
        }
    return false;
}

static bool read_order(struct cursor *cursor, struct layout *layout)
{
    if (layout->has_order)
        return false;
    layout->has_order = true;
    layout->is_fortran = take_word(cursor, "True");
    return layout->is_fortran || take_word(cursor, "False");
}

/* (), (3,), (3, 4), (3, 4, ) */
static bool read_shape(struct cursor *cursor, struct layout *layout)
{
    struct bsr_tensor *tensor = &layout->tensor;

    if (layout->has_shape || !take(cursor, '('))
        return false;
    layout->has_shape = true;
    while (!take(cursor, ')')) {
        if (tensor->dims == BSR_MAX_DIMS || !take_side(cursor, &tensor->shape[tensor->dims]))
            return false;
        tensor->dims++;
        if (!take(cursor, ','))
            return take(cursor, ')');
    }
    return true;
}

static bool read_entry(struct cursor *cursor, struct layout *layout)
{
    char key[16];

    if (!take_text(cursor, key, sizeof key) || !take(cursor, ':'))
        return false;
    if (strcmp(key, "descr") == 0)
        return read_descr(cursor, layout);
    if (strcmp(key, "fortran_order") == 0)
        return read_order(cursor, layout);
    return strcmp(key, "shape") == 0 && read_shape(cursor, layout);
}

/* All three entries, in any order, and nothing else. */
static bool read_dictionary(struct cursor *cursor, struct layout *layout)
{
    if (!take(cursor, '{'))
        return false;
    while (!take(cursor, '}')) {
        if (!read_entry(cursor, layout))
            return false;
        if (take(cursor, ','))
            continue;
        if (!take(cursor, '}'))
            return false;
        break;
    }
    skip_space(cursor);
    return cursor->at == cursor->end && layout->has_descr && layout->has_order && layout->has_shape;
}

/* ---- elements --------------------------------------------------------------------------------------- */

static void copy_element(uint8_t *to, const uint8_t *from, size_t size, bool is_swapped)
{
    for (size_t i = 0; i < size; i++)
        to[i] = from[is_swapped ? size - 1 - i : i];
}

/* The first axis runs fastest in the file, the last one in the tensor. */
static void copy_fortran(struct bsr_tensor *tensor, const uint8_t *from, bool is_swapped)
{
    int64_t  position[BSR_MAX_DIMS] = {0};
    size_t   steps[BSR_MAX_DIMS], size = tensor_type_size(tensor->type), step = size, at = 0;
    size_t   count = tensor_count(tensor);
    uint8_t *to = tensor->data;

    for (int axis = 0; axis < tensor->dims; axis++) {
        steps[axis] = step;
        step *= (size_t)tensor->shape[axis];
    }
    for (size_t i = 0; i < count; i++, to += size) {
        copy_element(to, from + at, size, is_swapped);
        for (int axis = tensor->dims - 1; axis >= 0; axis--) {
            at += steps[axis];
            if (++position[axis] < tensor->shape[axis])
                break;
            at -= steps[axis] * (size_t)tensor->shape[axis];
            position[axis] = 0;
        }
    }
}

static void copy_elements(struct bsr_tensor *tensor, const struct layout *layout, const uint8_t *from)
{
    size_t   size = tensor_type_size(tensor->type), bytes = tensor_bytes(tensor);
    uint8_t *to = tensor->data;

    if (layout->is_fortran && tensor->dims > 1)
        copy_fortran(tensor, from, layout->is_swapped);
    else if (layout->is_swapped)
        for (size_t at = 0; at < bytes; at += size)
            copy_element(to + at, from + at, size, true);
    else
        memcpy(to, from, bytes);
    for (size_t at = 0; tensor->type == BSR_BOOL && at < bytes; at++)
        to[at] = to[at] != 0;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

/* Finds the header's text; *rest is what follows it. */
static bsr_status find_header(struct cursor *header, struct cursor *rest, const uint8_t *data, size_t size,
                              const char *name, struct bsr_error *err)
{
    if (size < PREFIX_SIZE || memcmp(data, magic, MAGIC_SIZE) != 0)
        return bsr_fail(err, BSR_EFORMAT, name, "it is no .npy file");
    int    version = data[MAGIC_SIZE];
    size_t prefix = version == 1 ? PREFIX_SIZE : PREFIX_SIZE + 2;
    if (version < 1 || version > 3)
        return bsr_fail(err, BSR_EFORMAT, name, "its .npy version is %d.%d (1.0 to 3.0)", version,
                        data[MAGIC_SIZE + 1]);
    size_t length = data[MAGIC_SIZE + 2] + (size_t)data[MAGIC_SIZE + 3] * 256;
    if (version > 1 && size >= prefix)
        length += ((size_t)data[MAGIC_SIZE + 4] << 16) + ((size_t)data[MAGIC_SIZE + 5] << 24);
    if (size < prefix || length > size - prefix || length > MAX_HEADER)
        return bsr_fail(err, BSR_EFORMAT, name, "its header of %zu bytes does not fit a file of %zu", length,
                        size);
    *header = (struct cursor){(const char *)data + prefix, (const char *)data + prefix + length};
    *rest = (struct cursor){header->end, (const char *)data + size};
    return BSR_OK;
}

bsr_status npy_read(struct bsr_tensor *out, const uint8_t *data, size_t size, const char *name,
                    struct bsr_error *err)
{
    struct layout layout = {0};
    struct cursor header = {0}, rest = {0};
    bsr_status    status = find_header(&header, &rest, data, size, name, err);

    if (status != BSR_OK)
        return status;
    struct cursor all = header;
    if (!read_dictionary(&header, &layout)) {
        bsr_fail(err, BSR_EFORMAT, name, "besra can't read its header \"%.*s\"", (int)(all.end - all.at),
                 all.at);
        bsr_hint(err, "numbers and bools of up to %d dimensions are read", BSR_MAX_DIMS);
        return BSR_EFORMAT;
    }
    size_t bytes = tensor_bytes(&layout.tensor), there = (size_t)(rest.end - rest.at);
    if (bytes > there)
        return bsr_fail(err, BSR_EFORMAT, name,
                        "it is cut off: its elements (%s of %s) are not all in %zu bytes",
                        tensor_shape_text(&layout.tensor).text, tensor_type_name(layout.tensor.type), there);
    status = tensor_alloc(&layout.tensor, err);
    if (status != BSR_OK)
        return status;
    copy_elements(&layout.tensor, &layout, (const uint8_t *)rest.at);
    *out = layout.tensor;
    return BSR_OK;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

/* The dictionary, with spaces behind it so that the elements are aligned, and a newline. */
static bool append_header(struct bytes *out, const struct bsr_tensor *tensor, const char *type)
{
    char   text[512];
    size_t used = (size_t)snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                                   tensor_type_size(tensor->type) == 1 ? '|' : HOST_ORDER, type);
    for (int i = 0; i < tensor->dims; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld%s", i ? " " : "",
                                 (long long)tensor->shape[i], i + 1 < tensor->dims || !i ? "," : "");
    used += (size_t)snprintf(text + used, sizeof text - used, "), }");

    size_t length = used + 1;
    length += (HEADER_ALIGNMENT - (PREFIX_SIZE + length) % HEADER_ALIGNMENT) % HEADER_ALIGNMENT;
    const uint8_t prefix[] = {1, 0, (uint8_t)(length & 0xFF), (uint8_t)(length >> 8)};
    bytes_append(out, magic, MAGIC_SIZE);
    bytes_append(out, prefix, sizeof prefix);
    return bytes_append_format(out, "%-*s\n", (int)length - 1, text);
}

bsr_status npy_write(const struct bsr_tensor *tensor, struct bytes *out, struct bsr_error *err)
{
    size_t bytes = tensor_bytes(tensor);

    if (tensor->type == BSR_BF16) {
        struct bsr_tensor wide;
        bsr_status        status = tensor_convert(&wide, tensor, BSR_F32, err);
        if (status != BSR_OK)
            return status;
        status = npy_write(&wide, out, err);
        tensor_free(&wide);
        return status;
    }
    const char *type = "";
    for (int i = 0; i < NUMPY_TYPE_COUNT; i++)
        if (numpy_types[i].type == tensor->type)
            type = numpy_types[i].name;
    if (append_header(out, tensor, type) && bytes_append(out, tensor->data, bytes))
        return BSR_OK;
    return bsr_fail_memory(err, NULL, bytes);
}

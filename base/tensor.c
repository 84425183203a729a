#include "base/tensor.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    size_t      bytes;
    const char *name;
} types[] = {
#define TYPE_ROW(type, value, bytes, name) [type] = {bytes, name},
    BSR_TYPE_LIST(TYPE_ROW)
#undef TYPE_ROW
};

size_t tensor_type_size(int type)
{
    return type > 0 && type < (int)(sizeof types / sizeof *types) ? types[type].bytes : 0;
}

const char *tensor_type_name(int type)
{
    return tensor_type_size(type) ? types[type].name : "?";
}

size_t tensor_count(const struct bsr_tensor *tensor)
{
    size_t count = 1;
    bool   overflow = false;

    for (int i = 0; i < tensor->dims; i++) {
        int64_t side = tensor->shape[i];
        if (side < 0)
            return SIZE_MAX;
        overflow |= side && count > (SIZE_MAX >> 1) / (size_t)side;
        count = overflow && side ? 1 : count * (size_t)side;
    }
    return overflow && count ? SIZE_MAX : count;
}

size_t tensor_bytes(const struct bsr_tensor *tensor)
{
    size_t count = tensor_count(tensor), size = tensor_type_size(tensor->type);
    return !size || count > (SIZE_MAX >> 1) / size ? SIZE_MAX : count * size;
}

bsr_status tensor_alloc(struct bsr_tensor *tensor, struct bsr_error *err)
{
    size_t bytes = tensor_bytes(tensor);
    if (bytes > TENSOR_MAX_BYTES)
        return bsr_fail(err, BSR_EMODEL, NULL, "a tensor of %s is too large", tensor_shape_text(tensor).text);
    void *data = mem_alloc_aligned(bytes ? bytes : 1, 1);
    if (!data)
        return bsr_fail_memory(err, NULL, bytes);
    tensor->data = data;
    return BSR_OK;
}

bsr_status tensor_copy(struct bsr_tensor *out, const struct bsr_tensor *tensor, struct bsr_error *err)
{
    struct bsr_tensor copy = *tensor;
    bsr_status        status = tensor_alloc(&copy, err);
    if (status != BSR_OK)
        return status;
    memcpy(copy.data, tensor->data, tensor_bytes(tensor));
    *out = copy;
    return BSR_OK;
}

void tensor_free(struct bsr_tensor *tensor)
{
    mem_free(tensor->data);
    tensor->data = NULL;
}

bool tensor_same_shape(const struct bsr_tensor *a, const struct bsr_tensor *b)
{
    return a->dims == b->dims && memcmp(a->shape, b->shape, (size_t)a->dims * sizeof *a->shape) == 0;
}

struct tensor_text tensor_shape_text(const struct bsr_tensor *tensor)
{
    struct tensor_text text = {"scalar"};
    size_t             used = 0;

    for (int i = 0; i < tensor->dims && used < sizeof text.text; i++)
        used += (size_t)snprintf(text.text + used, sizeof text.text - used, "%s%lld", i ? "x" : "",
                                 (long long)tensor->shape[i]);
    return text;
}

/* ---- 16-bit floats (IEEE 754-2008, binary16; bfloat16 is the upper half of binary32) ------------- */

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;

    if (exponent == 0x1F)
        return float_of(sign | 0x7F800000 | fraction << 13);
    if (exponent)
        return float_of(sign | (exponent + 112) << 23 | fraction << 13);
    float small = ldexpf((float)fraction, -24);
    return sign ? -small : small;
}

uint16_t f32_to_f16(float value)
{
    uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000, rest = bits & 0x7FFFFFFF;

    if (rest > 0x7F800000)
        return (uint16_t)(sign | 0x7E00 | (rest >> 13 & 0x1FF));
    if (rest >= 0x477FF000) /* 65520 and more round to infinity */
        return (uint16_t)(sign | 0x7C00);
    if (rest < 0x38800000) /* below 2^-14: a multiple of 2^-24; nearbyint rounds to even */
        return (uint16_t)(sign | (uint32_t)nearbyintf(ldexpf(float_of(rest), 24)));
    rest += 0xFFF + (rest >> 13 & 1);
    return (uint16_t)(sign | (rest - 0x38000000) >> 13);
}

float bf16_to_f32(uint16_t value)
{
    return float_of((uint32_t)value << 16);
}

uint16_t f32_to_bf16(float value)
{
    uint32_t bits = bits_of(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* The f32 next to a double, on the side of zero, or the odd one of two: a second rounding, to 16 bits, then
 * gives what one rounding would have given (Boldo and Melquiond 2008). */
static float round_to_odd(double value)
{
    float    near = (float)value;
    uint32_t bits = bits_of(near);

    if ((double)near == value || isnan(value) || bits & 1)
        return near;
    if (isinf(near))
        return near;
    bool away = fabs((double)near) > fabs(value);
    return float_of(away ? bits - 1 : bits + 1);
}

/* ---- elements as numbers -------------------------------------------------------------------------- */

/* The integer types of C behind the types: X(type, C type, least, most). */
#define INTEGER_TYPES(X)                                                                                     \
    X(BSR_U8, uint8_t, 0, UINT8_MAX)                                                                         \
    X(BSR_I8, int8_t, INT8_MIN, INT8_MAX)                                                                    \
    X(BSR_U16, uint16_t, 0, UINT16_MAX)                                                                      \
    X(BSR_I16, int16_t, INT16_MIN, INT16_MAX)                                                                \
    X(BSR_I32, int32_t, INT32_MIN, INT32_MAX)                                                                \
    X(BSR_I64, int64_t, INT64_MIN, INT64_MAX)                                                                \
    X(BSR_U32, uint32_t, 0, UINT32_MAX)

double tensor_get(const struct bsr_tensor *tensor, size_t index)
{
    switch (tensor->type) {
    case BSR_F32:
        return (double)((const float *)tensor->data)[index];
    case BSR_F64:
        return ((const double *)tensor->data)[index];
    case BSR_F16:
        return (double)f16_to_f32(((const uint16_t *)tensor->data)[index]);
    case BSR_BF16:
        return (double)bf16_to_f32(((const uint16_t *)tensor->data)[index]);
    case BSR_U64:
        return (double)((const uint64_t *)tensor->data)[index];
    default:
        return (double)tensor_get_int(tensor, index);
    }
}

static int64_t whole(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

int64_t tensor_get_int(const struct bsr_tensor *tensor, size_t index)
{
    switch (tensor->type) {
#define GET(type, ctype, least, most)                                                                        \
    case type:                                                                                               \
        return ((const ctype *)tensor->data)[index];
        INTEGER_TYPES(GET)
#undef GET
    case BSR_BOOL:
        return ((const uint8_t *)tensor->data)[index] != 0;
    case BSR_U64: {
        uint64_t value = ((const uint64_t *)tensor->data)[index];
        return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    }
    default:
        return whole(tensor_get(tensor, index));
    }
}

void tensor_set(struct bsr_tensor *tensor, size_t index, double value)
{
    switch (tensor->type) {
    case BSR_F32:
        ((float *)tensor->data)[index] = (float)value;
        break;
    case BSR_F64:
        ((double *)tensor->data)[index] = value;
        break;
    case BSR_F16:
        ((uint16_t *)tensor->data)[index] = f32_to_f16(round_to_odd(value));
        break;
    case BSR_BF16:
        ((uint16_t *)tensor->data)[index] = f32_to_bf16(round_to_odd(value));
        break;
    case BSR_BOOL:
        ((uint8_t *)tensor->data)[index] = value != 0;
        break;
    case BSR_U64:
        ((uint64_t *)tensor->data)[index] = !(value > 0)      ? 0
                                            : value >= 0x1p64 ? UINT64_MAX
                                                              : (uint64_t)nearbyint(value);
        break;
    default:
        tensor_set_int(tensor, index, whole(nearbyint(value)));
    }
}

void tensor_set_int(struct bsr_tensor *tensor, size_t index, int64_t value)
{
    switch (tensor->type) {
#define SET(type, ctype, least, most)                                                                        \
    case type:                                                                                               \
        ((ctype *)tensor->data)[index] = (ctype)(value < (int64_t)(least)  ? (int64_t)(least)                \
                                                 : value > (int64_t)(most) ? (int64_t)(most)                 \
                                                                           : value);                         \
        break;
        INTEGER_TYPES(SET)
#undef SET
    case BSR_BOOL:
        ((uint8_t *)tensor->data)[index] = value != 0;
        break;
    case BSR_U64:
        ((uint64_t *)tensor->data)[index] = value < 0 ? 0 : (uint64_t)value;
        break;
    default:
        tensor_set(tensor, index, (double)value);
    }
}

/* ---- conversion, a block at a time ----------------------------------------------------------------- */

enum { BLOCK = 256 };

/* Elements of any type, as they come out of a tensor: floats as doubles, the rest as 64 bits. */
struct block {
    double   reals[BLOCK];
    uint64_t wholes[BLOCK];
    bool     is_real, is_u64;
};

static bool is_float(int type)
{
    return type == BSR_F32 || type == BSR_F64 || type == BSR_F16 || type == BSR_BF16;
}

static void load_reals(double *block, const struct bsr_tensor *tensor, size_t at, size_t count)
{
    const void *from = (const char *)tensor->data + at * tensor_type_size(tensor->type);

    if (tensor->type == BSR_F64)
        memcpy(block, from, count * sizeof *block);
    else if (tensor->type == BSR_F32)
        for (size_t i = 0; i < count; i++)
            block[i] = (double)((const float *)from)[i];
    else if (tensor->type == BSR_F16)
        for (size_t i = 0; i < count; i++)
            block[i] = (double)f16_to_f32(((const uint16_t *)from)[i]);
    else
        for (size_t i = 0; i < count; i++)
            block[i] = (double)bf16_to_f32(((const uint16_t *)from)[i]);
}

static void load_wholes(uint64_t *block, const struct bsr_tensor *tensor, size_t at, size_t count)
{
    switch (tensor->type) {
#define LOAD(type, ctype, least, most)                                                                       \
    case type:                                                                                               \
        for (size_t i = 0; i < count; i++)                                                                   \
            block[i] = (uint64_t)((const ctype *)tensor->data)[at + i];                                      \
        break;
        INTEGER_TYPES(LOAD)
#undef LOAD
    case BSR_U64:
        memcpy(block, (const uint64_t *)tensor->data + at, count * sizeof *block);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            block[i] = ((const uint8_t *)tensor->data)[at + i] != 0;
    }
}

/* What the block holds, as f32: whole numbers are rounded once. */
static float block_f32(const struct block *block, size_t i)
{
    if (block->is_real)
        return (float)block->reals[i];
    return block->is_u64 ? (float)block->wholes[i] : (float)(int64_t)block->wholes[i];
}

static double block_f64(const struct block *block, size_t i)
{
    if (block->is_real)
        return block->reals[i];
    return block->is_u64 ? (double)block->wholes[i] : (double)(int64_t)block->wholes[i];
}

static void store_floats(struct bsr_tensor *out, const struct block *block, size_t at, size_t count)
{
    switch (out->type) {
    case BSR_F32:
        for (size_t i = 0; i < count; i++)
            ((float *)out->data)[at + i] = block_f32(block, i);
        break;
    case BSR_F64:
        for (size_t i = 0; i < count; i++)
            ((double *)out->data)[at + i] = block_f64(block, i);
        break;
    case BSR_F16:
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)out->data)[at + i] = f32_to_f16(round_to_odd(block_f64(block, i)));
        break;
    default:
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)out->data)[at + i] = f32_to_bf16(round_to_odd(block_f64(block, i)));
    }
}

/* Truncates; what no 64-bit number holds becomes the nearest one. */
static uint64_t truncate_to_bits(double value, bool to_u64)
{
    if (to_u64 && value >= 0x1p63)
        return value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
    return (uint64_t)whole(value);
}

static void store_wholes(struct bsr_tensor *out, const struct block *block, size_t at, size_t count)
{
    size_t size = tensor_type_size(out->type);

    for (size_t i = 0; i < count; i++) {
        uint64_t bits =
            block->is_real ? truncate_to_bits(block->reals[i], out->type == BSR_U64) : block->wholes[i];
        switch (size) {
        case 1:
            ((uint8_t *)out->data)[at + i] = (uint8_t)bits;
            break;
        case 2:
            ((uint16_t *)out->data)[at + i] = (uint16_t)bits;
            break;
        case 4:
            ((uint32_t *)out->data)[at + i] = (uint32_t)bits;
            break;
        default:
            ((uint64_t *)out->data)[at + i] = bits;
        }
    }
}

static void store_truths(struct bsr_tensor *out, const struct block *block, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)out->data)[at + i] = block->is_real ? block->reals[i] != 0 : block->wholes[i] != 0;
}

void tensor_convert_into(struct bsr_tensor *out, const struct bsr_tensor *tensor)
{
    size_t       count = tensor_count(tensor);
    struct block block;

    if (out->type == tensor->type) {
        memcpy(out->data, tensor->data, tensor_bytes(tensor));
        return;
    }
    block.is_real = is_float(tensor->type);
    block.is_u64 = tensor->type == BSR_U64;
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t length = count - at < BLOCK ? count - at : BLOCK;
        if (block.is_real)
            load_reals(block.reals, tensor, at, length);
        else
            load_wholes(block.wholes, tensor, at, length);
        if (is_float(out->type))
            store_floats(out, &block, at, length);
        else if (out->type == BSR_BOOL)
            store_truths(out, &block, at, length);
        else
            store_wholes(out, &block, at, length);
    }
}

bsr_status tensor_convert(struct bsr_tensor *out, const struct bsr_tensor *tensor, int type,
                          struct bsr_error *err)
{
    struct bsr_tensor result = *tensor;
    result.type = type;
    bsr_status status = tensor_alloc(&result, err);
    if (status != BSR_OK)
        return status;
    tensor_convert_into(&result, tensor);
    *out = result;
    return BSR_OK;
}

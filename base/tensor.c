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
        ((uint16_t *)tensor->data)[index] = f32_to_f16((float)value);
        break;
    case BSR_BF16:
        ((uint16_t *)tensor->data)[index] = f32_to_bf16((float)value);
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

/* ONNX's Cast wraps integers round and truncates floats. */
static void cast_element(struct bsr_tensor *out, const struct bsr_tensor *tensor, size_t i)
{
    bool from_float = tensor->type == BSR_F32 || tensor->type == BSR_F64 || tensor->type == BSR_F16 ||
                      tensor->type == BSR_BF16;
    bool to_float =
        out->type == BSR_F32 || out->type == BSR_F64 || out->type == BSR_F16 || out->type == BSR_BF16;

    if (to_float || out->type == BSR_BOOL) {
        tensor_set(out, i, tensor_get(tensor, i));
        return;
    }
    if (from_float && out->type == BSR_U64) {
        double value = trunc(tensor_get(tensor, i));
        ((uint64_t *)out->data)[i] =
            value >= 0x1p63 ? (value >= 0x1p64 ? UINT64_MAX : (uint64_t)value) : (uint64_t)whole(value);
        return;
    }
    uint64_t bits =
        tensor->type == BSR_U64 ? ((const uint64_t *)tensor->data)[i] : (uint64_t)tensor_get_int(tensor, i);
    if (from_float)
        bits = (uint64_t)tensor_get_int(tensor, i);
    memcpy((char *)out->data + i * tensor_type_size(out->type), &bits, tensor_type_size(out->type));
}

bsr_status tensor_convert(struct bsr_tensor *out, const struct bsr_tensor *tensor, int type,
                          struct bsr_error *err)
{
    struct bsr_tensor result = *tensor;
    result.type = type;
    bsr_status status = tensor_alloc(&result, err);
    if (status != BSR_OK)
        return status;
    size_t count = tensor_count(tensor);
    if (type == tensor->type)
        memcpy(result.data, tensor->data, tensor_bytes(tensor));
    else
        for (size_t i = 0; i < count; i++)
            cast_element(&result, tensor, i);
    *out = result;
    return BSR_OK;
}

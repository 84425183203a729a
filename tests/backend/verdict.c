#include "tests/backend/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct verdict verdict_make(enum outcome outcome, const char *format, ...)
{
    struct verdict verdict = {.outcome = outcome};
    va_list        args;

    va_start(args, format);
    vsnprintf(verdict.reason, sizeof verdict.reason, format, args);
    va_end(args);
    return verdict;
}

struct tolerance {
    double relative, absolute;
};

/* ONNX's runner has 1e-3 for all; a step of f16 is 2^-10 of a value, one of bf16 2^-7. */
static struct tolerance tolerance_of(int type)
{
    switch (type) {
    case BSR_F32:
    case BSR_F64:
        return (struct tolerance){1e-3, 1e-5};
    case BSR_F16:
        return (struct tolerance){4e-3, 2e-3};
    case BSR_BF16:
        return (struct tolerance){2e-2, 1e-2};
    default:
        return (struct tolerance){0, 0};
    }
}

static bool is_float(int type)
{
    return type == BSR_F32 || type == BSR_F64 || type == BSR_F16 || type == BSR_BF16;
}

static bool floats_agree(double expected, double found, struct tolerance tolerance)
{
    if (isnan(expected) || isnan(found))
        return isnan(expected) && isnan(found);
    if (isinf(expected) || isinf(found))
        return expected == found;
    return fabs(found - expected) <= tolerance.absolute + tolerance.relative * fabs(expected);
}

static bool elements_agree(const struct bsr_tensor *expected, const struct bsr_tensor *found, size_t at)
{
    if (is_float(expected->type))
        return floats_agree(tensor_get(expected, at), tensor_get(found, at), tolerance_of(expected->type));
    if (expected->type == BSR_U64)
        return ((const uint64_t *)expected->data)[at] == ((const uint64_t *)found->data)[at];
    return tensor_get_int(expected, at) == tensor_get_int(found, at);
}

static bool types_agree(int expected, int found, bool widened)
{
    bool small = expected == BSR_F16 || expected == BSR_BF16;
    return expected == found || (widened && small && found == BSR_F32);
}

struct verdict verdict_compare(const struct bsr_tensor *expected, const struct bsr_tensor *found,
                               bool widened, const char *name)
{
    size_t count = tensor_count(expected), differing = 0, first = 0;

    if (!types_agree(expected->type, found->type, widened))
        return verdict_make(WRONG, "%s is of type %s, not %s", name, tensor_type_name(found->type),
                            tensor_type_name(expected->type));
    if (!tensor_same_shape(expected, found))
        return verdict_make(WRONG, "%s has the shape %s, not %s", name, tensor_shape_text(found).text,
                            tensor_shape_text(expected).text);
    for (size_t i = count; i-- > 0;)
        if (!elements_agree(expected, found, i)) {
            differing++;
            first = i;
        }
    if (differing)
        return verdict_make(WRONG, "%s (%s %s) differs in %zu of %zu, first at %zu: %.9g, not %.9g", name,
                            tensor_type_name(expected->type), tensor_shape_text(expected).text, differing,
                            count, first, tensor_get(found, first), tensor_get(expected, first));
    return (struct verdict){.outcome = PASSED};
}

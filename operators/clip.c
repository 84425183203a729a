/* Clip: bounds as attributes (up to opset 10) or as inputs. */
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>

static bsr_status shape_clip(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, 3, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    for (int n = 1; n < 3; n++) {
        const struct bsr_tensor *bound = call_input(call, n);
        if (bound && (bound->type != in->type || tensor_count(bound) != 1))
            return bsr_operator_fail(err, "its bound is a tensor of %s, %s: not one number of %s",
                                     tensor_type_name(bound->type), tensor_shape_text(bound).text,
                                     tensor_type_name(in->type));
    }
    call_set_like(call, 0, in->type, in);
    return BSR_OK;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
/* Where a bound is missing, it is one that changes nothing. With least > most all is `most`. */
#define CLIP(T, lowest, highest)                                                                             \
    const struct bsr_tensor *lower = call_input(call, 1), *upper = call_input(call, 2);                      \
    const T                  least = lower ? *(const T *)lower->data : (lowest);                             \
    const T                  most = upper ? *(const T *)upper->data : (highest);                             \
    const T                 *in = call->inputs[0]->data;                                                     \
    T                       *out = call->outputs[0].data;                                                    \
    for (size_t i = 0, count = tensor_count(call->inputs[0]); i < count; i++) {                              \
        T v = in[i] < least ? least : in[i];                                                                 \
        out[i] = v > most ? most : v;                                                                        \
    }

#define CLIP_FLOAT(type, T, suffix, ...)                                                                     \
    static void clip_##suffix(const struct bsr_call *call)                                                   \
    {                                                                                                        \
        CLIP(T, (T)bsr_node_float(call->node, "min", -INFINITY),                                             \
             (T)bsr_node_float(call->node, "max", INFINITY))                                                 \
    }
#define CLIP_SIGNED(type, T, suffix, ...)                                                                    \
    static void clip_##suffix(const struct bsr_call *call)                                                   \
    {                                                                                                        \
        const int shift = 64 - 8 * (int)sizeof(T);                                                           \
        CLIP(T, (T)(INT64_MIN >> shift), (T)(INT64_MAX >> shift))                                            \
    }
#define CLIP_UNSIGNED(type, T, suffix, ...)                                                                  \
    static void clip_##suffix(const struct bsr_call *call)                                                   \
    {                                                                                                        \
        CLIP(T, 0, (T)UINT64_MAX)                                                                            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
ELEMENT_FLOATS(CLIP_FLOAT, )
ELEMENT_SIGNED(CLIP_SIGNED, )
ELEMENT_UNSIGNED(CLIP_UNSIGNED, )

static bsr_status run_clip(const struct bsr_call *call, struct bsr_error *err)
{
    switch (call->inputs[0]->type) {
#define CLIP_CASE(type, T, suffix, ...)                                                                      \
    case type:                                                                                               \
        clip_##suffix(call);                                                                                 \
        return BSR_OK;
        ELEMENT_NUMBERS(CLIP_CASE, )
#undef CLIP_CASE
    case BSR_F16:
    case BSR_BF16:
        return element_run_in_f32(call, run_clip, err);
    default:
        return element_refuse(call->inputs[0]->type, err);
    }
}

static const struct bsr_operator clip[] = {{"Clip", shape_clip, run_clip}};

const struct operator_group operators_clip = OPERATOR_GROUP(clip);

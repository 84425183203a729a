/* Where (opset 9 and later). */
#include "operators/broadcast.h"
#include "operators/registry.h"

static bsr_status shape_where(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 3, 3, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *condition = call->inputs[0], *yes = call->inputs[1], *no = call->inputs[2];
    struct bsr_tensor       *out = &call->outputs[0];
    if (condition->type != BSR_BOOL || yes->type != no->type)
        return bsr_operator_fail(err, "its inputs are of types %s, %s and %s (bool, and two of one type)",
                                 tensor_type_name(condition->type), tensor_type_name(yes->type),
                                 tensor_type_name(no->type));
    call_set_like(call, 0, yes->type, yes);
    status = call_broadcast(out, out, no, err);
    return status == BSR_OK ? call_broadcast(out, out, condition, err) : status;
}

/* X(C type): one for each size of an element. */
#define SIZE_LIST(X) X(uint8_t) X(uint16_t) X(uint32_t) X(uint64_t)

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
#define WHERE_RUN(T)                                                                                         \
    static void choose_##T(void *context, size_t at, const size_t *from, const size_t *step, size_t count)   \
    {                                                                                                        \
        const struct bsr_call *call = context;                                                               \
        const uint8_t         *condition = (const uint8_t *)call->inputs[0]->data + from[0];                 \
        const T               *yes = (const T *)call->inputs[1]->data + from[1];                             \
        const T               *no = (const T *)call->inputs[2]->data + from[2];                              \
        T                     *out = (T *)call->outputs[0].data + at;                                        \
        for (size_t i = 0; i < count; i++)                                                                   \
            out[i] = condition[i * step[0]] ? yes[i * step[1]] : no[i * step[2]];                            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
SIZE_LIST(WHERE_RUN)

static bsr_status run_where(const struct bsr_call *call, struct bsr_error *err)
{
    struct broadcast plan;
    struct bsr_call  copy = *call;

    (void)err;
    broadcast_plan(&plan, &call->outputs[0], call->inputs, 3);
#define WHERE_SIZE(T)                                                                                        \
    if (tensor_type_size(call->outputs[0].type) == sizeof(T))                                                \
        broadcast_each(&plan, choose_##T, &copy);
    SIZE_LIST(WHERE_SIZE)
#undef WHERE_SIZE
    return BSR_OK;
}

static const struct bsr_operator where[] = {{"Where", shape_where, run_where}};

const struct operator_group operators_where = OPERATOR_GROUP(where);

/* MaxUnpool: what MaxPool found goes back to where it was found; all else is 0. */
#include "operators/elements.h"
#include "operators/registry.h"
#include "operators/window.h"

#include <string.h>

/* The sides that a pool of this kernel had read; with an output_shape they are the front corner of the
 * result, which is what the indices speak of. */
struct undo {
    int64_t inner[BSR_MAX_DIMS], outer[BSR_MAX_DIMS];
};

static bsr_status undo_read(struct undo *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *places = call->inputs[1], *shape = call_input(call, 2);
    struct window            w;
    struct undo              undo;
    int                      count;
    bsr_status               status = window_read_sides(&w, call->node, x, NULL, err);

    if (status != BSR_OK)
        return status;
    if (places->type != BSR_I64 || !tensor_same_shape(x, places))
        return call_refuse(err, "its indices are %s of shape %s for an input of %s (i64)",
                           tensor_type_name(places->type), tensor_shape_text(places).text,
                           tensor_shape_text(x).text);
    for (int i = 0; i < x->dims; i++) {
        int     axis = WINDOW_AXES - w.axes + i - 2;
        int64_t side =
            i < 2 ? x->shape[i]
                  : (w.in[axis] - 1) * w.stride[axis] + w.kernel[axis] - w.before[axis] - w.after[axis];
        if (side < (i < 2 ? 0 : 1))
            return call_refuse(err, "a side of %lld would become %lld", (long long)x->shape[i],
                               (long long)side);
        undo.inner[i] = undo.outer[i] = side;
    }
    if (shape) {
        if ((status = call_ints(undo.outer, &count, BSR_MAX_DIMS, shape, err)) != BSR_OK)
            return status;
        if (count != x->dims)
            return call_refuse(err, "its output_shape has %d numbers, not %d", count, x->dims);
        for (int i = 0; i < x->dims; i++)
            if (undo.outer[i] < undo.inner[i])
                return call_refuse(err, "its output_shape has %lld where %lld are needed",
                                   (long long)undo.outer[i], (long long)undo.inner[i]);
    }
    *out = undo;
    return BSR_OK;
}

static bsr_status undo_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct undo undo;
    bsr_status  status = call_expect(call, 2, 3, err);

    if (status == BSR_OK && !type_is_float(call->inputs[0]->type))
        return element_refuse(call->inputs[0]->type, err);
    if (status == BSR_OK)
        status = undo_read(&undo, call, err);
    return status == BSR_OK ? call_set(call, 0, call->inputs[0]->type, call->inputs[0]->dims, undo.outer, err)
                            : status;
}

static bsr_status undo_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0];
    struct bsr_tensor       *y = &call->outputs[0], inner = {.type = BSR_U8, .dims = x->dims};
    struct undo              undo;
    size_t                   count = tensor_count(x), size = tensor_type_size(x->type);
    bsr_status               status = undo_read(&undo, call, err);

    if (status != BSR_OK)
        return status;
    memset(y->data, 0, tensor_bytes(y));
    memcpy(inner.shape, undo.inner, sizeof inner.shape);
    size_t room = tensor_count(&inner);
    for (size_t i = 0; i < count; i++) {
        int64_t place = ((const int64_t *)call->inputs[1]->data)[i];
        if (place < 0 || (size_t)place >= room)
            return call_refuse(err, "index %lld is not in %s", (long long)place,
                               tensor_shape_text(&inner).text);
        size_t rest = (size_t)place, at = 0, step = 1;
        for (int axis = x->dims - 1; axis >= 0; axis--) {
            at += rest % (size_t)undo.inner[axis] * step;
            rest /= (size_t)undo.inner[axis];
            step *= (size_t)undo.outer[axis];
        }
        memcpy((uint8_t *)y->data + at * size, (const uint8_t *)x->data + i * size, size);
    }
    return BSR_OK;
}

static const struct bsr_operator list[] = {
    {"MaxUnpool", undo_shape, undo_run},
};
const struct operator_group operators_pool_undo = OPERATOR_GROUP(list);

/* Pad and CenterCropPad: margins added or cut off. */
#include "operators/move.h"

#include "base/alloc.h"

#include <string.h>

/* Margins in elements before and behind each axis; negative ones cut off. */
struct margins {
    int64_t before[BSR_MAX_DIMS], after[BSR_MAX_DIMS];
};

/* Which element of a side of `side` is at i (which may be negative, or beyond); -1 for none. */
typedef int64_t margin_source(int64_t i, int64_t side);

static int64_t source_constant(int64_t i, int64_t side)
{
    return i >= 0 && i < side ? i : -1;
}

static int64_t source_edge(int64_t i, int64_t side)
{
    return i < 0 ? 0 : i < side ? i : side - 1;
}

static int64_t modulo(int64_t i, int64_t period)
{
    return i % period < 0 ? i % period + period : i % period;
}

static int64_t source_wrap(int64_t i, int64_t side)
{
    return modulo(i, side);
}

static int64_t source_reflect(int64_t i, int64_t side)
{
    int64_t period = side > 1 ? 2 * (side - 1) : 1;
    int64_t at = modulo(i, period);
    return at < side ? at : period - at;
}

static const struct {
    const char    *name;
    margin_source *source;
} modes[] = {
    {"constant", source_constant}, {"edge", source_edge}, {"wrap", source_wrap}, {"reflect", source_reflect}};

static bsr_status find_mode(margin_source **source, const char *name, struct bsr_error *err)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, name) == 0) {
            *source = modes[i].source;
            return BSR_OK;
        }
    return call_refuse(err, "its mode is \"%.32s\" (constant, edge, wrap or reflect)", name);
}

/* So small that sums can't overflow. */
static bool is_margin(int64_t elements)
{
    return elements > -(int64_t)TENSOR_MAX_BYTES && elements < (int64_t)TENSOR_MAX_BYTES;
}

static bsr_status margins_set(const struct bsr_call *call, const struct margins *margins,
                              struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  sides[BSR_MAX_DIMS];

    for (int i = 0; i < in->dims; i++)
        if (!is_margin(margins->before[i]) || !is_margin(margins->after[i]) ||
            __builtin_add_overflow(in->shape[i], margins->before[i] + margins->after[i], &sides[i]) ||
            sides[i] < 0)
            return call_refuse(err, "margins of %lld and %lld don't fit axis %d of %s",
                               (long long)margins->before[i], (long long)margins->after[i], i,
                               tensor_shape_text(in).text);
    return move_set(call, 0, in->type, in->dims, sides, err);
}

/* For each axis, one behind the other: which element is taken for each one of the result. */
static int64_t *make_tables(const struct bsr_call *call, const struct margins *margins, margin_source *source)
{
    const struct bsr_tensor *in = call->inputs[0], *out = &call->outputs[0];
    size_t                   count = 1;

    for (int i = 0; i < out->dims; i++)
        count += (size_t)out->shape[i];
    int64_t *tables = mem_alloc_aligned(count, sizeof *tables), *next = tables;
    for (int i = 0; tables && i < out->dims; i++)
        for (int64_t k = 0; k < out->shape[i]; k++)
            *next++ = in->shape[i] ? source(k - margins->before[i], in->shape[i]) : -1;
    return tables;
}

/* One row along the last axis: `in` is the row's start, NULL where all of it is margin. */
static void pad_row(char *out, const char *in, const int64_t *table, int64_t length, const void *fill,
                    size_t size)
{
    for (int64_t i = 0; i < length;) {
        int64_t from = in ? table[i] : -1, run = 1;
        if (from < 0) {
            memcpy(out + (size_t)i * size, fill, size);
        } else {
            while (i + run < length && table[i + run] == from + run)
                run++;
            memcpy(out + (size_t)i * size, in + (size_t)from * size, (size_t)run * size);
        }
        i += run;
    }
}

static bsr_status pad_by_tables(const struct bsr_call *call, const struct margins *margins,
                                margin_source *source, const void *fill, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *out = &call->outputs[0];
    size_t                   size = tensor_type_size(in->type);

    if (!tensor_count(out))
        return BSR_OK;
    if (!out->dims) {
        memcpy(out->data, in->data, size);
        return BSR_OK;
    }
    int64_t *tables = make_tables(call, margins, source);
    if (!tables)
        return bsr_fail_memory(err, NULL, sizeof *tables);

    int     last = out->dims - 1;
    int64_t position[BSR_MAX_DIMS] = {0}, strides[BSR_MAX_DIMS], length = out->shape[last];
    char   *to = out->data;
    call_strides(strides, in);
    do {
        const int64_t *table = tables;
        int64_t        from = 0;
        for (int i = 0; i < last; table += out->shape[i++]) {
            int64_t at = table[position[i]];
            from = at < 0 || from < 0 ? -1 : from + at * strides[i];
        }
        pad_row(to, from < 0 ? NULL : move_at(in, (size_t)from), table, length, fill, size);
        to += (size_t)length * size;
    } while (move_next(position, out->shape, last));
    mem_free(tables);
    return BSR_OK;
}

/* ---- Pad ------------------------------------------------------------------------------------------- */

/* Opset 1 calls its attribute "paddings". */
static bsr_status pad_margins(struct margins *margins, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct int_list          pads, axes;
    bool                     padded[BSR_MAX_DIMS] = {false};
    const char              *name = bsr_node_opset(call->node) < 2 ? "paddings" : "pads";
    bsr_status               status = move_ints(&pads, call, 1, name, err);

    if (status == BSR_OK)
        status = move_ints(&axes, call, 3, NULL, err);
    if (status != BSR_OK)
        return status;
    int count = axes.given ? axes.count : in->dims;
    if (!pads.given || pads.count != 2 * count)
        return call_refuse(err, "it has %d margins for %d axes", pads.count, count);
    *margins = (struct margins){{0}, {0}};
    for (int i = 0; i < count; i++) {
        int axis = i;
        status = axes.given ? call_axis(&axis, axes.values[i], in->dims, err) : BSR_OK;
        if (status != BSR_OK)
            return status;
        if (padded[axis])
            return call_refuse(err, "axis %d is named twice", axis);
        padded[axis] = true;
        margins->before[axis] = pads.values[i];
        margins->after[axis] = pads.values[count + i];
    }
    return BSR_OK;
}

static bsr_status pad_plan(struct margins *margins, margin_source **source, const struct bsr_call *call,
                           struct bsr_error *err)
{
    bsr_status status = find_mode(source, bsr_node_text(call->node, "mode", "constant"), err);
    return status == BSR_OK ? pad_margins(margins, call, err) : status;
}

static bsr_status pad_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct margins margins;
    margin_source *source;
    bsr_status     status = move_expect(call, 1, 4, 1, err);

    if (status == BSR_OK)
        status = pad_plan(&margins, &source, call, err);
    if (status == BSR_OK)
        status = margins_set(call, &margins, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0], *value = call_input(call, 2);
    if (value && (tensor_count(value) != 1 || value->type != in->type))
        return call_refuse(err, "its margins are to hold %s %s (one %s)", tensor_type_name(value->type),
                           tensor_shape_text(value).text, tensor_type_name(in->type));
    for (int i = 0; i < in->dims; i++)
        if (!in->shape[i] && call->outputs[0].shape[i] && source != source_constant)
            return call_refuse(err, "axis %d of %s has nothing to fill margins with", i,
                               tensor_shape_text(in).text);
    return BSR_OK;
}

static bsr_status pad_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *value = call_input(call, 2);
    struct margins           margins;
    margin_source           *source;
    uint64_t                 zero = 0;
    struct bsr_tensor        fill = {.data = &zero, .type = call->inputs[0]->type};
    bsr_status               status = pad_plan(&margins, &source, call, err);

    if (status != BSR_OK)
        return status;
    if (!value)
        tensor_set(&fill, 0, (double)bsr_node_float(call->node, "value", 0));
    return pad_by_tables(call, &margins, source, value ? value->data : fill.data, err);
}

/* ---- CenterCropPad --------------------------------------------------------------------------------- */

static bsr_status center_margins(struct margins *margins, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct int_list          sides, axes;
    bool                     named[BSR_MAX_DIMS] = {false};
    bsr_status               status = move_ints(&sides, call, 1, NULL, err);

    if (status == BSR_OK)
        status = move_ints(&axes, call, 2, "axes", err);
    if (status != BSR_OK)
        return status;
    int count = axes.given ? axes.count : in->dims;
    if (sides.count != count)
        return call_refuse(err, "it has %d sides for %d axes", sides.count, count);
    *margins = (struct margins){{0}, {0}};
    for (int i = 0; i < count; i++) {
        int axis = i;
        status = axes.given ? call_axis(&axis, axes.values[i], in->dims, err) : BSR_OK;
        if (status != BSR_OK)
            return status;
        if (sides.values[i] < 0 || named[axis])
            return call_refuse(err, "axis %d is named twice, or its side is negative", axis);
        named[axis] = true;
        int64_t more = sides.values[i] - in->shape[axis]; /* the odd one goes behind, when cut off too */
        margins->before[axis] = more / 2;
        margins->after[axis] = more - more / 2;
    }
    return BSR_OK;
}

static bsr_status center_crop_pad_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct margins margins;
    bsr_status     status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = center_margins(&margins, call, err);
    return status == BSR_OK ? margins_set(call, &margins, err) : status;
}

static bsr_status center_crop_pad_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct margins margins;
    const uint64_t zero = 0;
    bsr_status     status = center_margins(&margins, call, err);

    return status == BSR_OK ? pad_by_tables(call, &margins, source_constant, &zero, err) : status;
}

static const struct bsr_operator operators[] = {
    {"Pad", pad_shape, pad_run},
    {"CenterCropPad", center_crop_pad_shape, center_crop_pad_run},
};

const struct operator_group operators_pad = OPERATOR_GROUP(operators);

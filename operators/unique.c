/* Unique: the elements (or slices along an axis) that differ, where each is first, which one each is, and how
 * often there is one. */
#include "operators/move.h"
#include "operators/numbers.h"

#include "base/alloc.h"

#include <string.h>

/* The input as items 0 .. count - 1: item k is made of outer x inner elements. */
struct items {
    const struct bsr_tensor *in;
    size_t                   outer, count, inner;
    int                      axis; /* -1: every element is an item */
};

/* Which group of equal items each one is in; groups are numbered as they are to be put out. */
struct groups {
    size_t *sorted; /* [items]: all items, those of a group together */
    size_t *starts; /* [groups + 1]: where a group's begin in sorted[] */
    size_t *order;  /* [groups]: which one is put out n-th */
    size_t  count;
};

static bsr_status items_make(struct items *items, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    bsr_status               status = BSR_OK;

    *items = (struct items){in, 1, tensor_count(in), 1, -1};
    if (node_find_attribute(call->node, "axis", ATTRIBUTE_INT)) {
        status = call_axis(&items->axis, bsr_node_int(call->node, "axis", 0), in->dims, err);
        if (status != BSR_OK)
            return status;
        items->outer = (size_t)move_product(in->shape, 0, items->axis);
        items->count = (size_t)in->shape[items->axis];
        items->inner = (size_t)move_product(in->shape, items->axis + 1, in->dims);
    }
    if (!tensor_type_size(in->type) || tensor_count(in) > TENSOR_MAX_BYTES ||
        (items->count && !tensor_count(in)))
        return call_refuse(err, "it can't compare in %s %s", tensor_type_name(in->type),
                           tensor_shape_text(in).text);
    return BSR_OK;
}

static int compare_items(const void *context, size_t a, size_t b)
{
    const struct items *items = context;

    for (size_t o = 0; o < items->outer; o++)
        for (size_t i = 0; i < items->inner; i++) {
            size_t at = o * items->count * items->inner + i;
            int    order = number_compare(items->in, at + a * items->inner, items->in, at + b * items->inner);
            if (order)
                return order;
        }
    return 0;
}

/* Groups by the item that is first in each. */
static int compare_first(const void *context, size_t a, size_t b)
{
    const struct groups *groups = context;
    size_t               left = groups->sorted[groups->starts[a]], right = groups->sorted[groups->starts[b]];
    return (left > right) - (left < right);
}

static void groups_free(struct groups *groups)
{
    mem_free(groups->sorted);
    mem_free(groups->starts);
    mem_free(groups->order);
}

static bsr_status groups_make(struct groups *groups, const struct items *items, bool sorted,
                              struct bsr_error *err)
{
    struct groups made = {mem_alloc_aligned(items->count + 1, sizeof(size_t)),
                          mem_alloc_aligned(items->count + 1, sizeof(size_t)),
                          mem_alloc_aligned(items->count + 1, sizeof(size_t)), 0};
    bsr_status    status = BSR_OK;

    if (!made.sorted || !made.starts || !made.order)
        status = bsr_fail_memory(err, NULL, (items->count + 1) * sizeof(size_t));
    for (size_t i = 0; status == BSR_OK && i < items->count; i++)
        made.sorted[i] = i;
    if (status == BSR_OK)
        status = number_sort(made.sorted, items->count, compare_items, items, err);
    if (status != BSR_OK) {
        groups_free(&made);
        return status;
    }
    for (size_t i = 0; i < items->count; i++)
        if (!i || compare_items(items, made.sorted[i - 1], made.sorted[i]) != 0) {
            made.order[made.count] = made.count;
            made.starts[made.count++] = i;
        }
    made.starts[made.count] = items->count;
    if (!sorted)
        status = number_sort(made.order, made.count, compare_first, &made, err);
    if (status == BSR_OK)
        *groups = made;
    else
        groups_free(&made);
    return status;
}

static bsr_status unique_groups(struct items *items, struct groups *groups, const struct bsr_call *call,
                                struct bsr_error *err)
{
    bsr_status status = items_make(items, call, err);

    if (status == BSR_OK && !items->in->data)
        return call_needs_values(err);
    return status == BSR_OK ? groups_make(groups, items, bsr_node_int(call->node, "sorted", 1) != 0, err)
                            : status;
}

static bsr_status unique_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct items  items;
    struct groups groups;
    bsr_status    status = move_expect(call, 1, 1, 4, err);

    if (status == BSR_OK)
        status = unique_groups(&items, &groups, call, err);
    if (status != BSR_OK)
        return status;
    int64_t sides[BSR_MAX_DIMS], count = (int64_t)groups.count, all = (int64_t)items.count;
    memcpy(sides, items.in->shape, sizeof sides);
    sides[items.axis < 0 ? 0 : items.axis] = count;
    status = move_set(call, 0, items.in->type, items.axis < 0 ? 1 : items.in->dims, sides, err);
    for (int n = 1; status == BSR_OK && n < call->output_count; n++)
        status = move_set(call, n, BSR_I64, 1, n == 2 ? &all : &count, err);
    groups_free(&groups);
    return status;
}

/* Output n as a list of indices; NULL when the node doesn't name it. */
static int64_t *index_output(const struct bsr_call *call, int n)
{
    return n < call->output_count ? call->outputs[n].data : NULL;
}

static bsr_status unique_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct items  items;
    struct groups groups;
    bsr_status    status = unique_groups(&items, &groups, call, err);
    if (status != BSR_OK)
        return status;

    int64_t *first = index_output(call, 1), *inverse = index_output(call, 2), *counts = index_output(call, 3);
    for (size_t n = 0; n < groups.count; n++) {
        size_t start = groups.starts[groups.order[n]], end = groups.starts[groups.order[n] + 1];
        size_t item = groups.sorted[start];
        for (size_t o = 0; o < items.outer; o++)
            memcpy(move_at(&call->outputs[0], (o * groups.count + n) * items.inner),
                   move_at(items.in, (o * items.count + item) * items.inner),
                   items.inner * tensor_type_size(items.in->type));
        if (first)
            first[n] = (int64_t)item;
        if (counts)
            counts[n] = (int64_t)(end - start);
        for (size_t i = start; inverse && i < end; i++)
            inverse[groups.sorted[i]] = (int64_t)n;
    }
    groups_free(&groups);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Unique", unique_shape, unique_run},
};

const struct operator_group operators_unique = OPERATOR_GROUP(operators);

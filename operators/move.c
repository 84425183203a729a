#include "operators/move.h"

#include <string.h>

bsr_status move_expect(const struct bsr_call *call, int least, int most, int outputs, struct bsr_error *err)
{
    if (call->output_count > outputs)
        return call_refuse(err, "it has %d outputs (1 to %d)", call->output_count, outputs);
    return call_expect(call, least, most, err);
}

bsr_status move_set(const struct bsr_call *call, int n, int type, int dims, const int64_t *shape,
                    struct bsr_error *err)
{
    struct bsr_tensor wanted = {.type = type, .dims = dims}, filled = wanted;

    if (dims < 0 || dims > BSR_MAX_DIMS)
        return call_refuse(err, "its result has %d dimensions (0 to %d)", dims, BSR_MAX_DIMS);
    for (int i = 0; i < dims; i++) {
        wanted.shape[i] = shape[i];
        filled.shape[i] = shape[i] ? shape[i] : 1; /* so that products of any sides fit */
        if (shape[i] < 0 || (uint64_t)shape[i] > TENSOR_MAX_BYTES)
            return call_refuse(err, "side %d of its result would be %lld", i + 1, (long long)shape[i]);
    }
    if (tensor_count(&filled) > TENSOR_MAX_BYTES)
        return call_refuse(err, "its result of %s would be too large", tensor_shape_text(&wanted).text);
    return call_set(call, n, type, dims, shape, err);
}

int64_t move_product(const int64_t *shape, int first, int last)
{
    int64_t product = 1;
    for (int i = first; i < last; i++)
        if (shape[i] < 0 || __builtin_mul_overflow(product, shape[i], &product))
            return -1;
    return product;
}

bsr_status move_ints(struct int_list *out, const struct bsr_call *call, int input, const char *attribute,
                     struct bsr_error *err)
{
    const struct bsr_tensor *tensor = call_input(call, input);
    struct int_list          list = {.given = true};

    if (tensor) {
        bsr_status status = call_ints(list.values, &list.count, MOVE_MAX_INTS, tensor, err);
        if (status != BSR_OK)
            return status;
    } else {
        const int64_t *ints = attribute ? bsr_node_ints(call->node, attribute, &list.count) : NULL;
        list.given = attribute && node_find_attribute(call->node, attribute, ATTRIBUTE_INTS);
        if (list.count < 0 || list.count > MOVE_MAX_INTS)
            return call_refuse(err, "its attribute %s has %d numbers (at most %d)", attribute, list.count,
                               MOVE_MAX_INTS);
        if (list.count && ints)
            memcpy(list.values, ints, (size_t)list.count * sizeof *ints);
    }
    *out = list;
    return BSR_OK;
}

bsr_status move_expect_indices(const struct bsr_tensor *tensor, const char *what, struct bsr_error *err)
{
    if (tensor->type != BSR_I64 && tensor->type != BSR_I32)
        return call_refuse(err, "%s are of the type %s (i32 or i64)", what, tensor_type_name(tensor->type));
    return BSR_OK;
}

bsr_status move_index(int64_t *at, const struct bsr_tensor *indices, size_t n, int64_t side,
                      struct bsr_error *err)
{
    int64_t value = tensor_get_int(indices, n);
    if (value < -side || value >= side)
        return call_refuse(err, "index %lld is outside of an axis of %lld", (long long)value,
                           (long long)side);
    *at = value < 0 ? value + side : value;
    return BSR_OK;
}

void move_pack(struct move_block *block)
{
    int64_t step = 1;
    for (int i = block->axes - 1; i >= 0; i--) {
        block->to[i] = step;
        step *= block->sides[i];
    }
}

/* The same block with as few axes as can be: those of side 1 are dropped, and an axis that goes on where the
 * next one ends is joined with it. At least one axis is left. */
static struct move_block simplify(const struct move_block *block)
{
    struct move_block simple = {0};

    for (int i = 0; i < block->axes; i++) {
        int     last = simple.axes - 1;
        int64_t side = block->sides[i];
        if (side == 1)
            continue;
        bool joins =
            last >= 0 && simple.from[last] == block->from[i] * side && simple.to[last] == block->to[i] * side;
        int at = joins ? last : simple.axes++;
        simple.sides[at] = joins ? simple.sides[at] * side : side;
        simple.from[at] = block->from[i];
        simple.to[at] = block->to[i];
    }
    if (!simple.axes)
        simple = (struct move_block){.axes = 1, .sides = {1}, .from = {1}, .to = {1}};
    return simple;
}

/* Inlined, `size` is known: a load and a store an element. */
static inline void copy_steps(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t count,
                              int64_t size)
{
    for (int64_t i = 0; i < count; i++)
        memcpy(to + i * to_step * size, from + i * from_step * size, (size_t)size);
}

static void copy_row(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t count,
                     size_t size)
{
    if (to_step == 1 && from_step == 1)
        memcpy(to, from, (size_t)count * size);
    else if (size == 1)
        copy_steps(to, to_step, from, from_step, count, 1);
    else if (size == 2)
        copy_steps(to, to_step, from, from_step, count, 2);
    else if (size == 4)
        copy_steps(to, to_step, from, from_step, count, 4);
    else if (size == 8)
        copy_steps(to, to_step, from, from_step, count, 8);
}

void move_copy(void *to, const void *from, size_t size, const struct move_block *block)
{
    for (int i = 0; i < block->axes; i++)
        if (block->sides[i] <= 0)
            return;

    struct move_block simple = simplify(block);
    int               last = simple.axes - 1;
    int64_t           position[MOVE_MAX_AXES] = {0};
    do {
        int64_t to_offset = 0, from_offset = 0;
        for (int i = 0; i < last; i++) {
            to_offset += position[i] * simple.to[i];
            from_offset += position[i] * simple.from[i];
        }
        copy_row((char *)to + to_offset * (int64_t)size, simple.to[last],
                 (const char *)from + from_offset * (int64_t)size, simple.from[last], simple.sides[last],
                 size);
    } while (move_next(position, simple.sides, last));
}

void move_fill(void *to, const void *value, size_t size, size_t count)
{
    struct move_block block = {.axes = 1, .sides = {(int64_t)count}, .from = {0}, .to = {1}};
    move_copy(to, value, size, &block);
}

bool move_next(int64_t *position, const int64_t *sides, int dims)
{
    for (int i = dims - 1; i >= 0; i--) {
        if (++position[i] < sides[i])
            return true;
        position[i] = 0;
    }
    return false;
}

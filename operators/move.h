/* operators/move.h: what operators that move elements have in common: they do so by size, whatever the type,
 * and believe no number that says where to. */
#pragma once

#include "operators/call.h"
#include "operators/registry.h"

/* call_expect(), and at most `outputs` outputs. */
bsr_status move_expect(const struct bsr_call *call, int least, int most, int outputs, struct bsr_error *err);

/* call_set() for a shape that was computed from hostile numbers: BSR_EMODEL for a negative side and for more
 * than TENSOR_MAX_BYTES. */
bsr_status move_set(const struct bsr_call *call, int n, int type, int dims, const int64_t *shape,
                    struct bsr_error *err);

/* The product of sides first .. last - 1; -1 when that overflows or a side is negative. 1 for none. */
int64_t move_product(const int64_t *shape, int first, int last);

/* Whole numbers that are an attribute in old opsets and an input in new ones. */
enum { MOVE_MAX_INTS = 2 * BSR_MAX_DIMS };
struct int_list {
    int64_t values[MOVE_MAX_INTS];
    int     count;
    bool    given;
};

/* From the input when there is one, else from the attribute (may be NULL), else not given.
 * bsr_needs_values(), BSR_EMODEL as call_ints() has them. */
bsr_status move_ints(struct int_list *out, const struct bsr_call *call, int input, const char *attribute,
                     struct bsr_error *err);

/* BSR_EMODEL unless the tensor is of whole numbers (i32 or i64), as `what` ("its indices") has to be. */
bsr_status move_expect_indices(const struct bsr_tensor *tensor, const char *what, struct bsr_error *err);

/* *at of 0..side-1 for element n of a tensor of indices; negative ones count from the end. BSR_EMODEL when
 * out of range. */
bsr_status move_index(int64_t *at, const struct bsr_tensor *indices, size_t n, int64_t side,
                      struct bsr_error *err);

/* A block of sides[0] x sides[1] x ... elements to be copied, where a step along an axis is `from` elements
 * in the source and `to` in the destination; a step may be 0 or negative. */
enum { MOVE_MAX_AXES = 2 * BSR_MAX_DIMS };
struct move_block {
    int     axes;
    int64_t sides[MOVE_MAX_AXES], from[MOVE_MAX_AXES], to[MOVE_MAX_AXES];
};

/* Sets `to` so that the destination is filled without gaps, row-major. */
void move_pack(struct move_block *block);

/* Copies elements of `size` bytes (1, 2, 4 or 8); the pointers are where the block's first one is. */
void move_copy(void *to, const void *from, size_t size, const struct move_block *block);

/* `count` elements of `size` bytes, all equal to the one at `value`. */
void move_fill(void *to, const void *value, size_t size, size_t count);

/* Counts position[] up by one in a block of `sides`; false behind the last. */
bool move_next(int64_t *position, const int64_t *sides, int dims);

/* Where element n is. */
static inline void *move_at(const struct bsr_tensor *tensor, size_t n)
{
    return (char *)tensor->data + n * tensor_type_size(tensor->type);
}

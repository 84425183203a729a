#include "operators/numbers.h"

#include "base/alloc.h"
#include "operators/elements.h"

#include <math.h>
#include <string.h>

/* ---- comparing ------------------------------------------------------------------------------------- */

static int compare_reals(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    return (a > b) - (a < b);
}

int number_compare(const struct bsr_tensor *a, size_t i, const struct bsr_tensor *b, size_t j)
{
    if (type_is_float(a->type))
        return compare_reals(tensor_get(a, i), tensor_get(b, j));
    if (a->type == BSR_U64) {
        uint64_t left = ((const uint64_t *)a->data)[i], right = ((const uint64_t *)b->data)[j];
        return (left > right) - (left < right);
    }
    int64_t left = tensor_get_int(a, i), right = tensor_get_int(b, j);
    return (left > right) - (left < right);
}

/* ---- combining ------------------------------------------------------------------------------------- */

bsr_status number_reduction(enum reduction *out, const char *name, struct bsr_error *err)
{
    static const char *const names[] = {"none", "add", "mul", "min", "max"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum reduction)i;
            return BSR_OK;
        }
    return bsr_operator_fail(err, "its reduction is \"%.32s\" (none, add, mul, min or max)", name);
}

void number_set_bits(struct bsr_tensor *tensor, size_t i, uint64_t bits)
{
    switch (tensor_type_size(tensor->type)) {
    case 1:
        ((uint8_t *)tensor->data)[i] = (uint8_t)bits;
        break;
    case 2:
        ((uint16_t *)tensor->data)[i] = (uint16_t)bits;
        break;
    case 4:
        ((uint32_t *)tensor->data)[i] = (uint32_t)bits;
        break;
    default:
        ((uint64_t *)tensor->data)[i] = bits;
    }
}

uint64_t number_get_bits(const struct bsr_tensor *tensor, size_t i)
{
    return tensor->type == BSR_U64 ? ((const uint64_t *)tensor->data)[i]
                                   : (uint64_t)tensor_get_int(tensor, i);
}

static void copy_element(struct bsr_tensor *to, size_t i, const struct bsr_tensor *from, size_t j)
{
    size_t size = tensor_type_size(to->type);
    memcpy((char *)to->data + i * size, (const char *)from->data + j * size, size);
}

/* The lesser or greater one; NaN when one of them is. */
static void take_extreme(struct bsr_tensor *to, size_t i, const struct bsr_tensor *from, size_t j, bool least)
{
    if (type_is_float(to->type) && isnan(tensor_get(to, i)))
        return;
    bool is_nan = type_is_float(to->type) && isnan(tensor_get(from, j));
    int  order = number_compare(from, j, to, i);
    if (is_nan || (least ? order < 0 : order > 0))
        copy_element(to, i, from, j);
}

void number_combine(struct bsr_tensor *to, size_t i, const struct bsr_tensor *from, size_t j,
                    enum reduction reduction)
{
    if (reduction == REDUCTION_NONE) {
        copy_element(to, i, from, j);
    } else if (reduction == REDUCTION_MIN || reduction == REDUCTION_MAX) {
        take_extreme(to, i, from, j, reduction == REDUCTION_MIN);
    } else if (type_is_float(to->type)) {
        double a = tensor_get(to, i), b = tensor_get(from, j);
        tensor_set(to, i, reduction == REDUCTION_ADD ? a + b : a * b);
    } else {
        uint64_t a = number_get_bits(to, i), b = number_get_bits(from, j),
                 result = reduction == REDUCTION_ADD ? a + b : a * b;
        number_set_bits(to, i, to->type == BSR_BOOL ? result != 0 : result);
    }
}

/* ---- sorting --------------------------------------------------------------------------------------- */

/* Two sorted runs, first .. middle - 1 and middle .. last - 1, as one. */
static void merge(size_t *to, const size_t *from, size_t first, size_t middle, size_t last,
                  number_order *compare, const void *context)
{
    size_t left = first, right = middle;
    for (size_t i = first; i < last; i++) {
        bool take_left = left < middle && (right >= last || compare(context, from[left], from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

bsr_status number_sort(size_t *items, size_t count, number_order *compare, const void *context,
                       struct bsr_error *err)
{
    size_t *scratch = mem_alloc_aligned(count + 1, sizeof *scratch), *from = items, *to = scratch;
    if (!scratch)
        return bsr_fail_memory(err, NULL, (count + 1) * sizeof *scratch);

    for (size_t run = 1; run < count; run *= 2) {
        for (size_t first = 0; first < count; first += 2 * run) {
            size_t middle = count - first < run ? count : first + run;
            size_t last = count - first < 2 * run ? count : first + 2 * run;
            merge(to, from, first, middle, last, compare, context);
        }
        size_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    mem_free(scratch);
    return BSR_OK;
}

/* ---- single numbers -------------------------------------------------------------------------------- */

static bsr_status expect_one(const struct bsr_tensor *tensor, int input, struct bsr_error *err)
{
    if (tensor_count(tensor) != 1 || !tensor_type_size(tensor->type))
        return bsr_operator_fail(err, "its input %d is %s %s (one number)", input + 1,
                                 tensor_type_name(tensor->type), tensor_shape_text(tensor).text);
    return tensor->data ? BSR_OK : bsr_needs_values(err);
}

bsr_status number_int(int64_t *out, const struct bsr_call *call, int input, int64_t otherwise,
                      struct bsr_error *err)
{
    const struct bsr_tensor *tensor = call_input(call, input);
    bsr_status               status = tensor ? expect_one(tensor, input, err) : BSR_OK;

    if (status == BSR_OK && tensor && type_is_float(tensor->type))
        return bsr_operator_fail(err, "its input %d is no whole number", input + 1);
    if (status == BSR_OK)
        *out = tensor ? tensor_get_int(tensor, 0) : otherwise;
    return status;
}

bsr_status number_real(double *out, const struct bsr_call *call, int input, double otherwise,
                       struct bsr_error *err)
{
    const struct bsr_tensor *tensor = call_input(call, input);
    bsr_status               status = tensor ? expect_one(tensor, input, err) : BSR_OK;

    if (status == BSR_OK)
        *out = tensor ? tensor_get(tensor, 0) : otherwise;
    return status;
}

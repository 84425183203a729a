/* Det: determinants of the last two axes' square matrices, by Gaussian elimination with row pivots. */
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>

static bsr_status shape_det(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = element_shape_float(call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (in->dims < 2 || in->shape[in->dims - 1] != in->shape[in->dims - 2])
        return bsr_operator_fail(err, "a tensor of %s is not made of square matrices",
                                 tensor_shape_text(in).text);
    return call_set(call, 0, in->type, in->dims - 2, in->shape, err);
}

/* The row at or below `column` whose element in it is greatest. */
static size_t find_pivot(const double *matrix, size_t side, size_t column)
{
    size_t best = column;
    for (size_t row = column + 1; row < side; row++)
        if (fabs(matrix[row * side + column]) > fabs(matrix[best * side + column]))
            best = row;
    return best;
}

static void swap_rows(double *matrix, size_t side, size_t a, size_t b)
{
    for (size_t i = 0; i < side; i++) {
        double other = matrix[a * side + i];
        matrix[a * side + i] = matrix[b * side + i];
        matrix[b * side + i] = other;
    }
}

/* Destroys the matrix. */
static double determinant(double *matrix, size_t side)
{
    double product = 1;

    for (size_t column = 0; column < side; column++) {
        size_t pivot = find_pivot(matrix, side, column);
        if (pivot != column) {
            swap_rows(matrix, side, pivot, column);
            product = -product;
        }
        double head = matrix[column * side + column];
        product *= head;
        if (head == 0)
            return 0;
        for (size_t row = column + 1; row < side; row++) {
            double factor = matrix[row * side + column] / head;
            for (size_t i = column; i < side; i++)
                matrix[row * side + i] -= factor * matrix[column * side + i];
        }
    }
    return product;
}

static bsr_status run_det(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    size_t                   side = (size_t)in->shape[in->dims - 1];
    size_t                   count = tensor_count(&call->outputs[0]);
    double                  *matrix = mem_alloc_zeroed(side ? side * side : 1, sizeof *matrix);
    if (!matrix)
        return bsr_fail_memory(err, NULL, side * side * sizeof *matrix);
    for (size_t i = 0; i < count; i++) {
        element_load(matrix, in, i * side * side, side * side);
        double value = determinant(matrix, side);
        element_store(&call->outputs[0], i, &value, 1);
    }
    mem_free(matrix);
    return BSR_OK;
}

static const struct bsr_operator det[] = {{"Det", shape_det, run_det}};

const struct operator_group operators_det = OPERATOR_GROUP(det);

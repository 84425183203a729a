/* AffineGrid: where each point of a picture (or a volume) comes from under an affine map, for GridSample. */
#include "operators/elements.h"
#include "operators/move.h"

/* theta [N][axes][axes + 1]; size is N, C and the sides, [..height][width]. */
static bsr_status grid_sides(int64_t *sides, int *axes, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *theta = call->inputs[0];
    int                      count;
    bsr_status               status = call_ints(sides, &count, 5, call->inputs[1], err);

    if (status != BSR_OK)
        return status;
    *axes = count - 2;
    if (count < 4 || theta->dims != 3 || theta->shape[0] != sides[0] || theta->shape[1] != *axes ||
        theta->shape[2] != *axes + 1 || !type_is_float(theta->type))
        return call_refuse(err, "a map of %s does not fit a size of %d sides, [N][2][3] or [N][3][4]",
                           tensor_shape_text(theta).text, count);
    return BSR_OK;
}

static bsr_status affine_grid_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    sides[5];
    int        axes;
    bsr_status status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = grid_sides(sides, &axes, call, err);
    if (status != BSR_OK)
        return status;
    sides[1] = sides[0]; /* [N][..sides][axes] */
    for (int i = 1; i <= axes; i++)
        sides[i] = sides[i + 1];
    sides[axes + 1] = axes;
    return move_set(call, 0, call->inputs[0]->type, axes + 2, sides, err);
}

/* -1 .. 1 from the first pixel's centre to the last one's (aligned), or from edge to edge. */
static double coordinate(int64_t i, int64_t side, bool aligned)
{
    if (aligned)
        return side > 1 ? 2 * (double)i / (double)(side - 1) - 1 : 0;
    return (2 * (double)i + 1) / (double)side - 1;
}

static bsr_status affine_grid_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *theta = call->inputs[0];
    struct bsr_tensor       *out = &call->outputs[0];
    bool                     aligned = bsr_node_int(call->node, "align_corners", 0) != 0;
    int                      axes = out->dims - 2;
    int64_t                  position[BSR_MAX_DIMS] = {0};
    size_t                   to = 0;

    (void)err;
    if (!tensor_count(out))
        return BSR_OK;
    do {
        for (int row = 0; row < axes; row++) {
            size_t at = (size_t)((position[0] * axes + row) * (axes + 1));
            double sum = tensor_get(theta, at + (size_t)axes);
            for (int i = 0; i < axes; i++) /* x is the last axis */
                sum += tensor_get(theta, at + (size_t)i) *
                       coordinate(position[axes - i], out->shape[axes - i], aligned);
            tensor_set(out, to++, sum);
        }
    } while (move_next(position, out->shape, axes + 1));
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"AffineGrid", affine_grid_shape, affine_grid_run},
};

const struct operator_group operators_affine_grid = OPERATOR_GROUP(operators);

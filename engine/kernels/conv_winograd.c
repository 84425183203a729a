/* Winograd's F(4x4, 3x3): 36 multiplications for 16 outputs instead of 144. */
#include "engine/kernels/conv_tiles.h"

static const double transform[6][3] = {{1 / 4., 0, 0},
                                       {-1 / 6., -1 / 6., -1 / 6.},
                                       {-1 / 6., 1 / 6., -1 / 6.},
                                       {1 / 24., 1 / 12., 1 / 6.},
                                       {1 / 24., -1 / 12., 1 / 6.},
                                       {0, 0, 1}};

static int members(int matrix)
{
    (void)matrix;
    return 1;
}

static const struct tile_plan plan = {.kind = TILE_WINOGRAD,
                                      .step = TILE,
                                      .extent = 6,
                                      .positions = 36,
                                      .matrices = 36,
                                      .members = members,
                                      .factors = 6,
                                      .transform = transform};

static bool can(const struct conv_shape *shape)
{
    for (int i = 0; i < 2; i++)
        if (shape->kernel[i] != 3 || shape->stride[i] != 1 || shape->dilation[i] != 1)
            return false;
    return shape->groups == 1;
}

static int reach(const struct conv_shape *shape, int direction, int out_size)
{
    (void)shape;
    (void)direction;
    return tiles_reach(&plan, out_size);
}

static size_t weight_floats(const struct conv *conv)
{
    return tiles_weight_floats(conv, &plan);
}

static bool pack(struct conv *conv, const float *weights)
{
    tiles_pack(conv, &plan, weights);
    return true;
}

static void run(const struct op *op, int first, int last, void *scratch)
{
    tiles_run(op, &plan, first, last, scratch);
}

static void bind(struct op *op, const struct conv *conv, int threads)
{
    op->run = run;
    tiles_bind(op, conv, &plan, threads);
}

const struct conv_code conv_winograd_code = {
    .name = "conv winograd",
    .can = can,
    .reach = reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .bind = bind,
};

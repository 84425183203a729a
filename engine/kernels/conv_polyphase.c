/* 3x3 with stride 2, by phases: outputs see even samples through two weights, which is F(4, 2) with 5
 * products for 4 outputs, and odd samples through one, with 4: in both directions 81 multiplications for 16
 * outputs instead of 144. Products of odd samples with the same factor share their weights. */
#include "engine/kernels/conv_tiles.h"

/* Points 0, 1, -1, 2 and infinity of the outer weights; the last one is the middle weight, of the odd
 * samples. */
static const double transform[6][3] = {
    {1 / 2., 0, 0}, {-1 / 2., 0, -1 / 2.}, {-1 / 6., 0, 1 / 6.}, {1 / 6., 0, 1 / 3.}, {0, 0, 1}, {0, 1, 0}};

enum { FACTORS = 6, ODD = 5 };

static int members(int matrix)
{
    return (matrix / FACTORS == ODD ? TILE : 1) * (matrix % FACTORS == ODD ? TILE : 1);
}

static const struct tile_plan plan = {.kind = TILE_POLYPHASE,
                                      .step = 2 * TILE,
                                      .extent = 9,
                                      .positions = 81,
                                      .matrices = FACTORS * FACTORS,
                                      .members = members,
                                      .factors = FACTORS,
                                      .transform = transform};

static bool can(const struct conv_shape *shape)
{
    for (int i = 0; i < 2; i++)
        if (shape->kernel[i] != 3 || shape->stride[i] != 2 || shape->dilation[i] != 1)
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

const struct conv_code conv_polyphase_code = {
    .name = "conv polyphase",
    .can = can,
    .reach = reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .bind = bind,
};

/* Nets that enlarge and that nobody thought of: steps of a seed. */
#include "tests/pipeline/super_parts.h"

/* Where a random net is. */
struct walk {
    struct super_making making;
    const char         *value;
    int64_t             channels;
};

static void add_conv(struct walk *walk)
{
    static const int64_t sides[] = {1, 3, 3, 3, 5, 7};
    int64_t             kernel = sides[super_draw(&walk->making, 6)], out = 4 + super_draw(&walk->making, 20);
    struct super_window window = super_same(kernel);

    if (kernel > 1 && super_draw(&walk->making, 4) == 0)
        window.dilation = 2;
    if (kernel > 1 && super_draw(&walk->making, 6) == 0) {
        window.kernel[super_draw(&walk->making, 2)] = 1;
    }
    if (super_draw(&walk->making, 5) == 0)
        out = window.groups = walk->channels;
    for (int i = 0; i < 4; i++)
        window.pads[i] = (window.kernel[i % 2] - 1) * window.dilation / 2;
    walk->value = super_conv_by(&walk->making, walk->value, walk->channels, out, &window);
    walk->channels = out;
}

static void add_activation(struct walk *walk)
{
    static const char *const names[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish"};
    int                      which = super_draw(&walk->making, 6);
    walk->value = which == 5 ? super_prelu(&walk->making, walk->value, walk->channels)
                             : super_node(&walk->making, names[which], walk->value, NULL);
}

static void add_residual(struct walk *walk)
{
    const char *was = walk->value;
    int64_t     channels = walk->channels;
    add_conv(walk);
    add_activation(walk);
    const char *back = super_conv(&walk->making, walk->value, walk->channels, channels, 3);
    walk->value = super_node(&walk->making, super_draw(&walk->making, 4) ? "Add" : "Mul", back, was);
    walk->channels = channels;
}

static void add_concat(struct walk *walk)
{
    const char *was = walk->value;
    int64_t     channels = walk->channels;
    if (channels > 24)
        return;
    add_conv(walk);
    walk->value =
        bsr_build_node(walk->making.build, "Concat", (const char *[]){was, walk->value, NULL},
                       (const struct bsr_attribute[]){bsr_attribute_int("axis", 1), {.name = NULL}});
    walk->channels += channels;
}

static void add_pool(struct walk *walk)
{
    const struct bsr_attribute attributes[] = {bsr_attribute_ints("kernel_shape", 2, (const int64_t[]){3, 3}),
                                               bsr_attribute_ints("pads", 4, (const int64_t[]){1, 1, 1, 1}),
                                               {.name = NULL}};
    walk->value = bsr_build_node(walk->making.build, super_draw(&walk->making, 2) ? "MaxPool" : "AveragePool",
                                 (const char *[]){walk->value, NULL}, attributes);
}

static void add_reflected(struct walk *walk)
{
    static const char *const modes[] = {"reflect", "edge", "constant"};
    struct super_window      bare = {{3, 3}, 1, 1, 1, {0, 0, 0, 0}};
    int64_t                  out = 4 + super_draw(&walk->making, 12);
    walk->value = super_pad(&walk->making, walk->value, 1, modes[super_draw(&walk->making, 3)]);
    walk->value = super_conv_by(&walk->making, walk->value, walk->channels, out, &bare);
    walk->channels = out;
}

static const char *enlarge(struct walk *walk, int factor)
{
    static const char *const places[] = {"half_pixel", "asymmetric", "pytorch_half_pixel"};
    const char              *place = places[super_draw(&walk->making, 3)];
    int64_t                  many = walk->channels * factor * factor;

    switch (super_draw(&walk->making, 5)) {
    case 0:
        return super_nearest(&walk->making, walk->value, factor);
    case 1:
        return super_resize(&walk->making, walk->value, factor, "linear", place);
    case 2:
        return super_resize(&walk->making, walk->value, factor, "cubic", place);
    case 3:
        return super_transposed(&walk->making, walk->value, walk->channels, walk->channels,
                                factor + super_draw(&walk->making, 3 * factor), factor);
    default:
        return super_shuffle(&walk->making, super_conv(&walk->making, walk->value, walk->channels, many, 3),
                             factor, super_draw(&walk->making, 2));
    }
}

/* Down by two and up again. */
static void add_valley(struct walk *walk)
{
    struct super_window half = super_same(super_draw(&walk->making, 2) ? 3 : 5);
    int64_t             out = 4 + super_draw(&walk->making, 12);

    half.stride = 2;
    if (super_draw(&walk->making, 3) == 0) {
        half = (struct super_window){{2, 2}, 2, 1, 1, {0, 0, 0, 0}};
    } else if (super_draw(&walk->making, 3) == 0) {
        half = (struct super_window){{6, 6}, 2, 1, 1, {2, 2, 2, 2}};
    }
    walk->value = super_conv_by(&walk->making, walk->value, walk->channels, out, &half);
    walk->channels = out;
    add_activation(walk);
    add_conv(walk);
    walk->value = enlarge(walk, 2);
}

int super_write_random(const char *path, uint64_t seed)
{
    static void (*const steps[])(struct walk *) = {add_conv,       add_conv,      add_activation,
                                                   add_activation, add_residual,  add_concat,
                                                   add_pool,       add_reflected, add_valley};
    struct walk walk = {.making = super_begin(seed), .channels = 3};
    int         count = 4 + super_draw(&walk.making, 10), factor = 1 + super_draw(&walk.making, 4);
    walk.value = super_picture(&walk.making, &(struct super_net){3, factor, -1, -1});
    for (int i = 0; i < count; i++)
        steps[super_draw(&walk.making, (int)(sizeof steps / sizeof *steps))](&walk);
    if (walk.channels > 24) {
        walk.value = super_conv(&walk.making, walk.value, walk.channels, 8, 1);
        walk.channels = 8;
    }
    if (factor > 1)
        walk.value = enlarge(&walk, factor);
    walk.value = super_conv(&walk.making, walk.value, walk.channels, 3, 3);
    super_end(&walk.making, walk.value, path);
    return factor;
}

#include "tests/pipeline/super_parts.h"

const char *const super_names[SUPER_KINDS] = {"ESPCN", "FSRCNN", "VDSR",    "EDSR",
                                              "U-Net", "cubic",  "shuffle", "SRCNN"};

static const char *espcn(struct super_making *making, const char *x, const struct super_net *net)
{
    const char *a = super_node(making, "Tanh", super_conv(making, x, net->channels, 24, 5), NULL);
    a = super_node(making, "Tanh", super_conv(making, a, 24, 16, 3), NULL);
    a = super_conv(making, a, 16, (int64_t)net->channels * net->factor * net->factor, 3);
    return super_node(making, "Add", super_shuffle(making, a, net->factor, true),
                      super_nearest(making, x, net->factor));
}

static const char *fsrcnn(struct super_making *making, const char *x, const struct super_net *net)
{
    const char *a = super_prelu(making, super_conv(making, x, net->channels, 20, 5), 20);
    a = super_prelu(making, super_conv(making, a, 20, 12, 1), 12);
    for (int i = 0; i < 3; i++)
        a = super_prelu(making, super_conv(making, a, 12, 12, 3), 12);
    a = super_prelu(making, super_conv(making, a, 12, 20, 1), 20);
    return super_transposed(making, a, 20, net->channels, 9, net->factor);
}

static const char *vdsr(struct super_making *making, const char *x, const struct super_net *net)
{
    const char *a = super_node(making, "Relu", super_conv(making, x, net->channels, 16, 3), NULL);
    for (int i = 0; i < 4; i++)
        a = super_node(making, "Relu", super_conv(making, a, 16, 16, 3), NULL);
    return super_node(making, "Add", super_conv(making, a, 16, net->channels, 3), x);
}

static const char *edsr(struct super_making *making, const char *x, const struct super_net *net)
{
    const char *head = super_conv(making, x, net->channels, 16, 3), *a = head;
    for (int i = 0; i < 2; i++) {
        const char *b = super_node(making, "Relu", super_conv(making, a, 16, 16, 3), NULL);
        a = super_node(making, "Add", super_conv(making, b, 16, 16, 3), a);
    }
    a = super_node(making, "Add", super_conv(making, a, 16, 16, 3), head);
    int step = net->factor == 3 ? 3 : 2;
    for (int done = 1; done < net->factor; done *= step)
        a = super_shuffle(making, super_conv(making, a, 16, (int64_t)16 * step * step, 3), step, done > 1);
    return super_conv(making, a, 16, net->channels, 3);
}

static const char *unet(struct super_making *making, const char *x, const struct super_net *net)
{
    struct super_window half = super_same(3);
    half.stride = 2;
    const char *a = super_node(making, "Relu", super_conv(making, x, net->channels, 16, 3), NULL);
    const char *b = super_node(making, "Relu", super_conv_by(making, a, 16, 24, &half), NULL);
    b = super_node(making, "Relu", super_conv(making, b, 24, 24, 3), NULL);
    b = super_resize(making, b, 2, "linear", "half_pixel");
    a = bsr_build_node(making->build, "Concat", (const char *[]){a, b, NULL},
                       (const struct bsr_attribute[]){bsr_attribute_int("axis", 1), {.name = NULL}});
    return super_conv(making, a, 40, net->channels, 3);
}

static const char *cubic(struct super_making *making, const char *x, const struct super_net *net)
{
    struct super_window bare = super_same(3);
    for (int i = 0; i < 4; i++)
        bare.pads[i] = 0;
    const char *a = super_conv_by(making, super_pad(making, x, 1, "reflect"), net->channels, 12, &bare);
    a = super_node(making, "Sigmoid", a, NULL);
    a = super_conv(making, a, 12, (int64_t)net->channels * net->factor * net->factor, 3);
    return super_node(making, "Add", super_shuffle(making, a, net->factor, false),
                      super_resize(making, x, net->factor, "cubic", "half_pixel"));
}

/* What comes before depth to space, and that as old exporters have it: a Reshape takes the channels apart,
 * one puts them into rows and columns. */
static const char *apart(struct super_making *making, const char *x, const struct super_net *net)
{
    int64_t     c = net->channels, f = net->factor;
    const char *a = super_node(making, "Relu", super_conv(making, x, c, 16, 3), NULL);
    return super_conv(making, a, 16, c * f * f, 3);
}

static const char *reshaped(struct super_making *making, const char *x, const char *six, const char *four)
{
    x = super_node(making, "Reshape", x, six);
    x = super_with(making, "Transpose", x, bsr_attribute_ints("perm", 6, (const int64_t[]){0, 1, 4, 2, 5, 3}),
                   (struct bsr_attribute){.name = NULL});
    return super_node(making, "Reshape", x, four);
}

static const char *numbers(struct super_making *making, int64_t count, const int64_t *values)
{
    int64_t copy[8];
    for (int64_t i = 0; i < count; i++)
        copy[i] = values[i];
    return super_constant(making, BSR_I64, copy, 1, &count);
}

static const char *joined(struct super_making *making, const char *a, const char *b)
{
    return bsr_build_node(making->build, "Concat", (const char *[]){a, b, NULL},
                          (const struct bsr_attribute[]){bsr_attribute_int("axis", 0), {.name = NULL}});
}

static const char *old_shuffle(struct super_making *making, const char *x, const struct super_net *net)
{
    int64_t     c = net->channels, f = net->factor;
    const char *a = apart(making, x, net), *shape = super_node(making, "Shape", x, NULL);
    const char *sides = bsr_build_node(making->build, "Slice",
                                       (const char *[]){shape, numbers(making, 1, (const int64_t[]){2}),
                                                        numbers(making, 1, (const int64_t[]){4}), NULL},
                                       NULL);
    const char *larger = super_node(making, "Mul", sides, numbers(making, 2, (const int64_t[]){f, f}));
    return reshaped(making, a, joined(making, numbers(making, 4, (const int64_t[]){1, c, f, f}), sides),
                    joined(making, numbers(making, 2, (const int64_t[]){1, c}), larger));
}

void super_write_one_size(const char *path, const struct super_net *net, uint64_t seed)
{
    int64_t             c = net->channels, f = net->factor, h = net->height, w = net->width;
    struct super_making making = super_begin(seed);
    const char         *x = super_picture(&making, net), *a = apart(&making, x, net);
    a = reshaped(&making, a, numbers(&making, 6, (const int64_t[]){1, c, f, f, h, w}),
                 numbers(&making, 4, (const int64_t[]){1, c, h * f, w * f}));
    super_end(&making, a, path);
}

static const char *srcnn(struct super_making *making, const char *x, const struct super_net *net)
{
    const char *a = super_node(making, "Relu", super_conv(making, x, net->channels, 24, 9), NULL);
    a = super_node(making, "Relu", super_conv(making, a, 24, 12, 3), NULL);
    return super_conv(making, a, 12, net->channels, 5);
}

void super_write(const char *path, enum super_kind kind, const struct super_net *net, uint64_t seed)
{
    static const char *(*const makers[SUPER_KINDS])(struct super_making *, const char *,
                                                    const struct super_net *) = {
        [SUPER_ESPCN] = espcn, [SUPER_FSRCNN] = fsrcnn, [SUPER_VDSR] = vdsr,           [SUPER_EDSR] = edsr,
        [SUPER_UNET] = unet,   [SUPER_CUBIC] = cubic,   [SUPER_SHUFFLE] = old_shuffle, [SUPER_SRCNN] = srcnn};
    struct super_making making = super_begin(seed);
    const char         *x = super_picture(&making, net);
    super_end(&making, makers[kind](&making, x, net), path);
}

void super_write_global(const char *path, const struct super_net *net)
{
    struct super_making making = super_begin(3);
    const char         *x = super_picture(&making, net), *a = super_conv(&making, x, net->channels, 8, 3);
    const char         *gate =
        super_node(&making, "Sigmoid", super_node(&making, "GlobalAveragePool", a, NULL), NULL);
    a = super_node(&making, "Mul", a, gate);
    a = super_conv(&making, a, 8, (int64_t)net->channels * net->factor * net->factor, 3);
    super_end(&making, super_shuffle(&making, a, net->factor, true), path);
}

#include "tests/pipeline/super_net.h"

#include "besra.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

const char *const super_names[SUPER_KINDS] = {"ESPCN", "FSRCNN", "VDSR",    "EDSR",
                                              "U-Net", "cubic",  "shuffle", "SRCNN"};

enum { MOST_FLOATS = 1 << 17 };

/* A net in the making. */
struct making {
    struct bsr_build *build;
    uint64_t          state;
    int               weights;
};

static uint32_t next(struct making *making)
{
    making->state = making->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(making->state >> 33);
}

static int draw(struct making *making, int limit)
{
    return (int)(next(making) % (uint32_t)limit);
}

static struct making begin(uint64_t seed)
{
    struct making    making = {.state = seed * 2654435761U + 12345};
    struct bsr_error err = {0};

    if (bsr_build_open(&making.build, "super", 17, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return making;
}

static const char *picture(struct making *making, const struct super_net *net)
{
    const int64_t shape[4] = {1, net->channels, net->height, net->width};
    return bsr_build_input(making->build, "picture", BSR_F32, 4, shape);
}

static void end(struct making *making, const char *value, const char *path)
{
    struct bsr_error err = {0};

    bsr_build_output(making->build, value, "enlarged");
    if (bsr_build_write(making->build, path, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    bsr_build_close(making->build);
}

static const char *constant(struct making *making, int type, void *data, int dims, const int64_t *shape)
{
    struct bsr_tensor tensor = {.data = data, .type = type, .dims = dims};
    char              name[16];

    for (int i = 0; i < dims; i++)
        tensor.shape[i] = shape[i];
    snprintf(name, sizeof name, "w%d", making->weights++);
    return bsr_build_weight(making->build, name, &tensor);
}

/* Random numbers whose sums over `fan` are about as large as what they are multiplied with. */
static const char *weight(struct making *making, int dims, const int64_t *shape, double fan)
{
    static float numbers[MOST_FLOATS];
    size_t       count = 1;

    for (int i = 0; i < dims; i++)
        count *= (size_t)shape[i];
    assert_true(count <= MOST_FLOATS);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)(((double)next(making) / (1U << 30) - 1) * 1.7 / fan);
    return constant(making, BSR_F32, numbers, dims, shape);
}

static const char *node(struct making *making, const char *op, const char *a, const char *b)
{
    return bsr_build_node(making->build, op, (const char *[]){a, b, NULL}, NULL);
}

struct window {
    int64_t kernel[2], stride, dilation, groups;
    int64_t pads[4]; /* top, left, bottom, right */
};

static struct window same(int64_t kernel)
{
    int64_t pad = kernel / 2;
    return (struct window){{kernel, kernel}, 1, 1, 1, {pad, pad, pad, pad}};
}

static const char *conv_by(struct making *making, const char *x, int64_t in, int64_t out,
                           const struct window *window)
{
    const int64_t              shape[4] = {out, in / window->groups, window->kernel[0], window->kernel[1]};
    const struct bsr_attribute attributes[] = {
        bsr_attribute_ints("pads", 4, window->pads),
        bsr_attribute_ints("strides", 2, (const int64_t[]){window->stride, window->stride}),
        bsr_attribute_ints("dilations", 2, (const int64_t[]){window->dilation, window->dilation}),
        bsr_attribute_int("group", window->groups),
        {.name = NULL}};
    double fan = (double)(shape[1] * shape[2] * shape[3]);
    double root = 1;
    while (root * root < fan)
        root += 0.5;
    const char *w = weight(making, 4, shape, root), *b = weight(making, 1, (const int64_t[]){out}, 10);
    return bsr_build_node(making->build, "Conv", (const char *[]){x, w, b, NULL}, attributes);
}

static const char *conv(struct making *making, const char *x, int64_t in, int64_t out, int64_t kernel)
{
    const struct window window = same(kernel);
    return conv_by(making, x, in, out, &window);
}

static const char *prelu(struct making *making, const char *x, int64_t channels)
{
    return node(making, "PRelu", x, weight(making, 3, (const int64_t[]){channels, 1, 1}, 4));
}

static const char *with(struct making *making, const char *op, const char *x, struct bsr_attribute a,
                        struct bsr_attribute b)
{
    const struct bsr_attribute attributes[] = {a, b, {.name = NULL}};
    return bsr_build_node(making->build, op, (const char *[]){x, NULL}, attributes);
}

static const char *shuffle(struct making *making, const char *x, int64_t factor, bool crd)
{
    return with(making, "DepthToSpace", x, bsr_attribute_int("blocksize", factor),
                bsr_attribute_text("mode", crd ? "CRD" : "DCR"));
}

static const char *resize(struct making *making, const char *x, int factor, const char *mode,
                          const char *place)
{
    float                      scales[4] = {1, 1, (float)factor, (float)factor};
    const struct bsr_attribute attributes[] = {bsr_attribute_text("mode", mode),
                                               bsr_attribute_text("coordinate_transformation_mode", place),
                                               bsr_attribute_text("nearest_mode", "floor"),
                                               {.name = NULL}};
    const char                *by = constant(making, BSR_F32, scales, 1, (const int64_t[]){4});
    return bsr_build_node(making->build, "Resize", (const char *[]){x, "", by, NULL}, attributes);
}

static const char *nearest(struct making *making, const char *x, int factor)
{
    return resize(making, x, factor, "nearest", "asymmetric");
}

static const char *transposed(struct making *making, const char *x, int64_t in, int64_t out, int64_t kernel,
                              int64_t factor)
{
    int64_t pad = (kernel - 1) / 2, extra = factor + 2 * pad - kernel;
    while (extra < 0)
        extra = factor + 2 * --pad - kernel;
    if (extra >= factor) { /* the other way round */
        pad = (kernel - factor) / 2;
        extra = factor + 2 * pad - kernel;
    }
    int64_t behind = pad;
    if (extra < 0) {
        behind += extra;
        extra = 0;
    }
    const struct bsr_attribute attributes[] = {
        bsr_attribute_ints("pads", 4, (const int64_t[]){pad, pad, behind, behind}),
        bsr_attribute_ints("strides", 2, (const int64_t[]){factor, factor}),
        bsr_attribute_ints("output_padding", 2, (const int64_t[]){extra, extra}),
        {.name = NULL}};
    const int64_t shape[4] = {in, out, kernel, kernel};
    return bsr_build_node(making->build, "ConvTranspose",
                          (const char *[]){x, weight(making, 4, shape, (double)kernel * 2), NULL},
                          attributes);
}

/* Pads as many pixels on all sides. */
static const char *pad(struct making *making, const char *x, int64_t pixels, const char *mode)
{
    int64_t     pads[8] = {0, 0, pixels, pixels, 0, 0, pixels, pixels};
    const char *given = constant(making, BSR_I64, pads, 1, (const int64_t[]){8});
    return bsr_build_node(making->build, "Pad", (const char *[]){x, given, NULL},
                          (const struct bsr_attribute[]){bsr_attribute_text("mode", mode), {.name = NULL}});
}

/* ---- the kinds ------------------------------------------------------------------------------------ */

static const char *espcn(struct making *making, const char *x, const struct super_net *net)
{
    const char *a = node(making, "Tanh", conv(making, x, net->channels, 24, 5), NULL);
    a = node(making, "Tanh", conv(making, a, 24, 16, 3), NULL);
    a = conv(making, a, 16, (int64_t)net->channels * net->factor * net->factor, 3);
    return node(making, "Add", shuffle(making, a, net->factor, true), nearest(making, x, net->factor));
}

static const char *fsrcnn(struct making *making, const char *x, const struct super_net *net)
{
    const char *a = prelu(making, conv(making, x, net->channels, 20, 5), 20);
    a = prelu(making, conv(making, a, 20, 12, 1), 12);
    for (int i = 0; i < 3; i++)
        a = prelu(making, conv(making, a, 12, 12, 3), 12);
    a = prelu(making, conv(making, a, 12, 20, 1), 20);
    return transposed(making, a, 20, net->channels, 9, net->factor);
}

static const char *vdsr(struct making *making, const char *x, const struct super_net *net)
{
    const char *a = node(making, "Relu", conv(making, x, net->channels, 16, 3), NULL);
    for (int i = 0; i < 4; i++)
        a = node(making, "Relu", conv(making, a, 16, 16, 3), NULL);
    return node(making, "Add", conv(making, a, 16, net->channels, 3), x);
}

static const char *edsr(struct making *making, const char *x, const struct super_net *net)
{
    const char *head = conv(making, x, net->channels, 16, 3), *a = head;
    for (int i = 0; i < 2; i++) {
        const char *b = node(making, "Relu", conv(making, a, 16, 16, 3), NULL);
        a = node(making, "Add", conv(making, b, 16, 16, 3), a);
    }
    a = node(making, "Add", conv(making, a, 16, 16, 3), head);
    int step = net->factor == 3 ? 3 : 2;
    for (int done = 1; done < net->factor; done *= step)
        a = shuffle(making, conv(making, a, 16, (int64_t)16 * step * step, 3), step, done > 1);
    return conv(making, a, 16, net->channels, 3);
}

static const char *unet(struct making *making, const char *x, const struct super_net *net)
{
    struct window half = same(3);
    half.stride = 2;
    const char *a = node(making, "Relu", conv(making, x, net->channels, 16, 3), NULL);
    const char *b = node(making, "Relu", conv_by(making, a, 16, 24, &half), NULL);
    b = node(making, "Relu", conv(making, b, 24, 24, 3), NULL);
    b = resize(making, b, 2, "linear", "half_pixel");
    a = bsr_build_node(making->build, "Concat", (const char *[]){a, b, NULL},
                       (const struct bsr_attribute[]){bsr_attribute_int("axis", 1), {.name = NULL}});
    return conv(making, a, 40, net->channels, 3);
}

static const char *cubic(struct making *making, const char *x, const struct super_net *net)
{
    struct window bare = same(3);
    for (int i = 0; i < 4; i++)
        bare.pads[i] = 0;
    const char *a = conv_by(making, pad(making, x, 1, "reflect"), net->channels, 12, &bare);
    a = node(making, "Sigmoid", a, NULL);
    a = conv(making, a, 12, (int64_t)net->channels * net->factor * net->factor, 3);
    return node(making, "Add", shuffle(making, a, net->factor, false),
                resize(making, x, net->factor, "cubic", "half_pixel"));
}

/* What comes before depth to space, and that as old exporters have it: a Reshape takes the channels apart,
 * one puts them into rows and columns. */
static const char *apart(struct making *making, const char *x, const struct super_net *net)
{
    int64_t     c = net->channels, f = net->factor;
    const char *a = node(making, "Relu", conv(making, x, c, 16, 3), NULL);
    return conv(making, a, 16, c * f * f, 3);
}

static const char *reshaped(struct making *making, const char *x, const char *six, const char *four)
{
    x = node(making, "Reshape", x, six);
    x = with(making, "Transpose", x, bsr_attribute_ints("perm", 6, (const int64_t[]){0, 1, 4, 2, 5, 3}),
             (struct bsr_attribute){.name = NULL});
    return node(making, "Reshape", x, four);
}

static const char *numbers(struct making *making, int64_t count, const int64_t *values)
{
    int64_t copy[8];
    for (int64_t i = 0; i < count; i++)
        copy[i] = values[i];
    return constant(making, BSR_I64, copy, 1, &count);
}

static const char *joined(struct making *making, const char *a, const char *b)
{
    return bsr_build_node(making->build, "Concat", (const char *[]){a, b, NULL},
                          (const struct bsr_attribute[]){bsr_attribute_int("axis", 0), {.name = NULL}});
}

static const char *old_shuffle(struct making *making, const char *x, const struct super_net *net)
{
    int64_t     c = net->channels, f = net->factor;
    const char *a = apart(making, x, net), *shape = node(making, "Shape", x, NULL);
    const char *sides = bsr_build_node(making->build, "Slice",
                                       (const char *[]){shape, numbers(making, 1, (const int64_t[]){2}),
                                                        numbers(making, 1, (const int64_t[]){4}), NULL},
                                       NULL);
    const char *larger = node(making, "Mul", sides, numbers(making, 2, (const int64_t[]){f, f}));
    return reshaped(making, a, joined(making, numbers(making, 4, (const int64_t[]){1, c, f, f}), sides),
                    joined(making, numbers(making, 2, (const int64_t[]){1, c}), larger));
}

void super_write_one_size(const char *path, const struct super_net *net, uint64_t seed)
{
    int64_t       c = net->channels, f = net->factor, h = net->height, w = net->width;
    struct making making = begin(seed);
    const char   *x = picture(&making, net), *a = apart(&making, x, net);
    a = reshaped(&making, a, numbers(&making, 6, (const int64_t[]){1, c, f, f, h, w}),
                 numbers(&making, 4, (const int64_t[]){1, c, h * f, w * f}));
    end(&making, a, path);
}

static const char *srcnn(struct making *making, const char *x, const struct super_net *net)
{
    const char *a = node(making, "Relu", conv(making, x, net->channels, 24, 9), NULL);
    a = node(making, "Relu", conv(making, a, 24, 12, 3), NULL);
    return conv(making, a, 12, net->channels, 5);
}

void super_write(const char *path, enum super_kind kind, const struct super_net *net, uint64_t seed)
{
    static const char *(*const makers[SUPER_KINDS])(struct making *, const char *,
                                                    const struct super_net *) = {
        [SUPER_ESPCN] = espcn, [SUPER_FSRCNN] = fsrcnn, [SUPER_VDSR] = vdsr,           [SUPER_EDSR] = edsr,
        [SUPER_UNET] = unet,   [SUPER_CUBIC] = cubic,   [SUPER_SHUFFLE] = old_shuffle, [SUPER_SRCNN] = srcnn};
    struct making making = begin(seed);
    const char   *x = picture(&making, net);
    end(&making, makers[kind](&making, x, net), path);
}

void super_write_global(const char *path, const struct super_net *net)
{
    struct making making = begin(3);
    const char   *x = picture(&making, net), *a = conv(&making, x, net->channels, 8, 3);
    const char   *gate = node(&making, "Sigmoid", node(&making, "GlobalAveragePool", a, NULL), NULL);
    a = node(&making, "Mul", a, gate);
    a = conv(&making, a, 8, (int64_t)net->channels * net->factor * net->factor, 3);
    end(&making, shuffle(&making, a, net->factor, true), path);
}

/* ---- of a seed ------------------------------------------------------------------------------------ */

/* Where a random net is. */
struct walk {
    struct making making;
    const char   *value;
    int64_t       channels;
};

static void add_conv(struct walk *walk)
{
    static const int64_t sides[] = {1, 3, 3, 3, 5, 7};
    int64_t              kernel = sides[draw(&walk->making, 6)], out = 4 + draw(&walk->making, 20);
    struct window        window = same(kernel);

    if (kernel > 1 && draw(&walk->making, 4) == 0)
        window.dilation = 2;
    if (kernel > 1 && draw(&walk->making, 6) == 0) {
        window.kernel[draw(&walk->making, 2)] = 1;
    }
    if (draw(&walk->making, 5) == 0)
        out = window.groups = walk->channels;
    for (int i = 0; i < 4; i++)
        window.pads[i] = (window.kernel[i % 2] - 1) * window.dilation / 2;
    walk->value = conv_by(&walk->making, walk->value, walk->channels, out, &window);
    walk->channels = out;
}

static void add_activation(struct walk *walk)
{
    static const char *const names[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish"};
    int                      which = draw(&walk->making, 6);
    walk->value = which == 5 ? prelu(&walk->making, walk->value, walk->channels)
                             : node(&walk->making, names[which], walk->value, NULL);
}

static void add_residual(struct walk *walk)
{
    const char *was = walk->value;
    int64_t     channels = walk->channels;
    add_conv(walk);
    add_activation(walk);
    const char *back = conv(&walk->making, walk->value, walk->channels, channels, 3);
    walk->value = node(&walk->making, draw(&walk->making, 4) ? "Add" : "Mul", back, was);
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
    walk->value = bsr_build_node(walk->making.build, draw(&walk->making, 2) ? "MaxPool" : "AveragePool",
                                 (const char *[]){walk->value, NULL}, attributes);
}

static void add_reflected(struct walk *walk)
{
    static const char *const modes[] = {"reflect", "edge", "constant"};
    struct window            bare = {{3, 3}, 1, 1, 1, {0, 0, 0, 0}};
    int64_t                  out = 4 + draw(&walk->making, 12);
    walk->value = pad(&walk->making, walk->value, 1, modes[draw(&walk->making, 3)]);
    walk->value = conv_by(&walk->making, walk->value, walk->channels, out, &bare);
    walk->channels = out;
}

static const char *enlarge(struct walk *walk, int factor)
{
    static const char *const places[] = {"half_pixel", "asymmetric", "pytorch_half_pixel"};
    const char              *place = places[draw(&walk->making, 3)];
    int64_t                  many = walk->channels * factor * factor;

    switch (draw(&walk->making, 5)) {
    case 0:
        return nearest(&walk->making, walk->value, factor);
    case 1:
        return resize(&walk->making, walk->value, factor, "linear", place);
    case 2:
        return resize(&walk->making, walk->value, factor, "cubic", place);
    case 3:
        return transposed(&walk->making, walk->value, walk->channels, walk->channels,
                          factor + draw(&walk->making, 3 * factor), factor);
    default:
        return shuffle(&walk->making, conv(&walk->making, walk->value, walk->channels, many, 3), factor,
                       draw(&walk->making, 2));
    }
}

/* Down by two and up again. */
static void add_valley(struct walk *walk)
{
    struct window half = same(draw(&walk->making, 2) ? 3 : 5);
    int64_t       out = 4 + draw(&walk->making, 12);

    half.stride = 2;
    if (draw(&walk->making, 3) == 0) {
        half = (struct window){{2, 2}, 2, 1, 1, {0, 0, 0, 0}};
    } else if (draw(&walk->making, 3) == 0) {
        half = (struct window){{6, 6}, 2, 1, 1, {2, 2, 2, 2}};
    }
    walk->value = conv_by(&walk->making, walk->value, walk->channels, out, &half);
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
    struct walk walk = {.making = begin(seed), .channels = 3};
    int         count = 4 + draw(&walk.making, 10), factor = 1 + draw(&walk.making, 4);
    walk.value = picture(&walk.making, &(struct super_net){3, factor, -1, -1});
    for (int i = 0; i < count; i++)
        steps[draw(&walk.making, (int)(sizeof steps / sizeof *steps))](&walk);
    if (walk.channels > 24) {
        walk.value = conv(&walk.making, walk.value, walk.channels, 8, 1);
        walk.channels = 8;
    }
    if (factor > 1)
        walk.value = enlarge(&walk, factor);
    walk.value = conv(&walk.making, walk.value, walk.channels, 3, 3);
    end(&walk.making, walk.value, path);
    return factor;
}

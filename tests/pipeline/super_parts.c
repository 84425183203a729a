#include "tests/pipeline/super_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST_FLOATS = 1 << 17 };

static uint32_t next(struct super_making *making)
{
    making->state = making->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(making->state >> 33);
}

int super_draw(struct super_making *making, int limit)
{
    return (int)(next(making) % (uint32_t)limit);
}

struct super_making super_begin(uint64_t seed)
{
    struct super_making making = {.state = seed * 2654435761U + 12345};
    struct bsr_error    err = {0};

    if (bsr_build_open(&making.build, "super", 17, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return making;
}

const char *super_picture(struct super_making *making, const struct super_net *net)
{
    const int64_t shape[4] = {1, net->channels, net->height, net->width};
    return bsr_build_input(making->build, "picture", BSR_F32, 4, shape);
}

void super_end(struct super_making *making, const char *value, const char *path)
{
    struct bsr_error err = {0};

    bsr_build_output(making->build, value, "enlarged");
    if (bsr_build_write(making->build, path, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    bsr_build_close(making->build);
}

const char *super_constant(struct super_making *making, int type, void *data, int dims, const int64_t *shape)
{
    struct bsr_tensor tensor = {.data = data, .type = type, .dims = dims};
    char              name[16];

    for (int i = 0; i < dims; i++)
        tensor.shape[i] = shape[i];
    snprintf(name, sizeof name, "w%d", making->weights++);
    return bsr_build_weight(making->build, name, &tensor);
}

/* Random numbers whose sums over `fan` are about as large as what they are multiplied with. */
static const char *weight(struct super_making *making, int dims, const int64_t *shape, double fan)
{
    static float numbers[MOST_FLOATS];
    size_t       count = 1;

    for (int i = 0; i < dims; i++)
        count *= (size_t)shape[i];
    assert_true(count <= MOST_FLOATS);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)(((double)next(making) / (1U << 30) - 1) * 1.7 / fan);
    return super_constant(making, BSR_F32, numbers, dims, shape);
}

const char *super_node(struct super_making *making, const char *op, const char *a, const char *b)
{
    return bsr_build_node(making->build, op, (const char *[]){a, b, NULL}, NULL);
}

struct super_window super_same(int64_t kernel)
{
    int64_t pad = kernel / 2;
    return (struct super_window){{kernel, kernel}, 1, 1, 1, {pad, pad, pad, pad}};
}

const char *super_conv_by(struct super_making *making, const char *x, int64_t in, int64_t out,
                          const struct super_window *window)
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

const char *super_conv(struct super_making *making, const char *x, int64_t in, int64_t out, int64_t kernel)
{
    const struct super_window window = super_same(kernel);
    return super_conv_by(making, x, in, out, &window);
}

const char *super_prelu(struct super_making *making, const char *x, int64_t channels)
{
    return super_node(making, "PRelu", x, weight(making, 3, (const int64_t[]){channels, 1, 1}, 4));
}

const char *super_with(struct super_making *making, const char *op, const char *x, struct bsr_attribute a,
                       struct bsr_attribute b)
{
    const struct bsr_attribute attributes[] = {a, b, {.name = NULL}};
    return bsr_build_node(making->build, op, (const char *[]){x, NULL}, attributes);
}

const char *super_shuffle(struct super_making *making, const char *x, int64_t factor, bool crd)
{
    return super_with(making, "DepthToSpace", x, bsr_attribute_int("blocksize", factor),
                      bsr_attribute_text("mode", crd ? "CRD" : "DCR"));
}

const char *super_resize(struct super_making *making, const char *x, int factor, const char *mode,
                         const char *place)
{
    float                      scales[4] = {1, 1, (float)factor, (float)factor};
    const struct bsr_attribute attributes[] = {bsr_attribute_text("mode", mode),
                                               bsr_attribute_text("coordinate_transformation_mode", place),
                                               bsr_attribute_text("nearest_mode", "floor"),
                                               {.name = NULL}};
    const char                *by = super_constant(making, BSR_F32, scales, 1, (const int64_t[]){4});
    return bsr_build_node(making->build, "Resize", (const char *[]){x, "", by, NULL}, attributes);
}

const char *super_nearest(struct super_making *making, const char *x, int factor)
{
    return super_resize(making, x, factor, "nearest", "asymmetric");
}

const char *super_transposed(struct super_making *making, const char *x, int64_t in, int64_t out,
                             int64_t kernel, int64_t factor)
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

const char *super_pad(struct super_making *making, const char *x, int64_t pixels, const char *mode)
{
    int64_t     pads[8] = {0, 0, pixels, pixels, 0, 0, pixels, pixels};
    const char *given = super_constant(making, BSR_I64, pads, 1, (const int64_t[]){8});
    return bsr_build_node(making->build, "Pad", (const char *[]){x, given, NULL},
                          (const struct bsr_attribute[]){bsr_attribute_text("mode", mode), {.name = NULL}});
}

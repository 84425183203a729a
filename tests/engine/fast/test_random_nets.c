/* Nets that nobody thought of: convolutions of all kinds, sums, concats, other sizes; odd channels and sides.
 */
#include "tests/engine/fast/fast_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NETS = 120, MOST_VALUES = 64 };

struct growing {
    struct fast_case net;
    const char      *values[MOST_VALUES];
    int              count;
};

static void push(struct growing *g, const char *value)
{
    if (value && g->count < MOST_VALUES)
        g->values[g->count++] = value;
}

/* The later ones more often: nets are deep. */
static const char *pick(struct growing *g)
{
    int a = case_draw(&g->net, g->count), b = case_draw(&g->net, g->count);
    return g->values[a > b ? a : b];
}

/* Another value of the same height and width, or NULL. */
static const char *pick_beside(struct growing *g, const char *value, bool channels)
{
    struct bsr_tensor shape = case_shape(&g->net, value);

    for (int tries = 0; tries < 12; tries++) {
        const char       *other = g->values[case_draw(&g->net, g->count)];
        struct bsr_tensor its = case_shape(&g->net, other);
        if (its.shape[2] == shape.shape[2] && its.shape[3] == shape.shape[3] &&
            (!channels || its.shape[1] == shape.shape[1]))
            return other;
    }
    return NULL;
}

static const char *activate(struct growing *g, const char *x)
{
    static const char *const names[] = {"Relu",      "Sigmoid", "Tanh", "HardSwish",
                                        "LeakyRelu", "Elu",     "Abs",  "HardSigmoid"};

    switch (case_draw(&g->net, 5)) {
    case 0:
    case 1:
        return case_node(&g->net, "Mul", x, case_node(&g->net, "Sigmoid", x, NULL));
    case 2:
        return x;
    default:
        return case_node(&g->net, names[case_draw(&g->net, 8)], x, NULL);
    }
}

static void add_conv(struct growing *g)
{
    static const int channels[] = {1, 3, 5, 8, 16, 24, 32, 33, 40};
    static const int kernels[] = {1, 1, 3, 3, 3, 5, 7};
    const char      *x = pick(g);
    int in = (int)case_shape(&g->net, x).shape[1], out = channels[case_draw(&g->net, 9)], groups = 1;
    int kernel = kernels[case_draw(&g->net, 7)], stride = 1 + (case_draw(&g->net, 4) == 0);

    if (case_draw(&g->net, 4) == 0) {
        groups = in;
        out = in * (1 + case_draw(&g->net, 2));
    } else if (in % 2 == 0 && case_draw(&g->net, 6) == 0) {
        groups = 2;
        out = out / 2 * 2 + 2;
    }
    const char *y = case_conv(&g->net, x, in, out, kernel, stride, groups);
    if (case_draw(&g->net, 4) == 0)
        y = case_node(&g->net, "Mul", y, case_weight(&g->net, (int[]){1, out, 1, 1, 0}));
    y = activate(g, y);
    const char *other = pick_beside(g, y, true);
    if (other && other != y && case_draw(&g->net, 2))
        y = case_node(&g->net, "Add", y, other);
    if (case_draw(&g->net, 3) == 0)
        y = activate(g, y);
    push(g, y);
}

/* As C3 and C2f begin: parts that are brought together later. */
static void add_branches(struct growing *g)
{
    static const int channels[] = {8, 16, 12};
    const char      *x = pick(g);
    int              in = (int)case_shape(&g->net, x).shape[1], each = channels[case_draw(&g->net, 3)];
    const char      *a = case_node(&g->net, "Relu", case_conv(&g->net, x, in, each, 1, 1, 1), NULL);
    const char      *b = case_node(&g->net, "Relu", case_conv(&g->net, x, in, each, 1, 1, 1), NULL);
    const char      *c = case_node(&g->net, "Relu", case_conv(&g->net, a, each, each, 3, 1, 1), NULL);

    if (case_draw(&g->net, 2))
        c = case_node(&g->net, "Add", a, c);
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};
    const char                *inputs[] = {c, b, case_draw(&g->net, 3) ? NULL : a, NULL};
    push(g, bsr_build_node(g->net.build, "Concat", inputs, along));
    if (case_draw(&g->net, 2))
        push(g, a);
}

static void add_concat(struct growing *g)
{
    const char                *x = pick(g), *y = pick_beside(g, x, false);
    const char                *z = y && case_draw(&g->net, 2) ? pick_beside(g, x, false) : NULL;
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};

    if (y && case_shape(&g->net, x).shape[1] < 64 && case_shape(&g->net, y).shape[1] < 64)
        push(g, bsr_build_node(g->net.build, "Concat", (const char *[]){x, y, z, NULL}, along));
}

static void add_slice(struct growing *g)
{
    const char       *x = pick(g);
    struct bsr_tensor shape = case_shape(&g->net, x);

    if (shape.shape[1] < 2)
        return;
    int64_t from = case_draw(&g->net, (int)shape.shape[1] - 1), to = 1 + from;
    to += case_draw(&g->net, (int)(shape.shape[1] - from));
    if (case_draw(&g->net, 2))
        from = from / 8 * 8;
    push(g, bsr_build_node(g->net.build, "Slice",
                           (const char *[]){x, case_ints(&g->net, 1, &from), case_ints(&g->net, 1, &to),
                                            case_ints(&g->net, 1, &(int64_t){1}), NULL},
                           NULL));
}

static void add_size(struct growing *g)
{
    const char                *x = pick(g);
    struct bsr_tensor          shape = case_shape(&g->net, x);
    const struct bsr_attribute pool[] = {
        bsr_attribute_ints("kernel_shape", 2, (const int64_t[]){3, 2}),
        bsr_attribute_ints("pads", 4, (const int64_t[]){1, 0, 1, 1}),
        bsr_attribute_ints("strides", 2, (const int64_t[]){1 + case_draw(&g->net, 2), 1}),
        {.name = NULL}};
    const struct bsr_attribute nearest[] = {
        bsr_attribute_text("coordinate_transformation_mode", "asymmetric"),
        bsr_attribute_text("nearest_mode", "floor"),
        {.name = NULL}};
    const float scales[] = {1, 1, 2, 2};

    if (shape.shape[2] > 24 || shape.shape[3] > 24 || case_draw(&g->net, 2)) {
        push(g, bsr_build_node(g->net.build, case_draw(&g->net, 2) ? "MaxPool" : "AveragePool",
                               (const char *[]){x, NULL}, pool));
        return;
    }
    x = bsr_build_node(g->net.build, "Resize",
                       (const char *[]){x, "", case_floats(&g->net, 1, (int64_t[]){4}, scales), NULL},
                       nearest);
    const char *beside = pick_beside(g, x, false);
    if (beside && case_draw(&g->net, 2)) {
        const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};
        const char *both = bsr_build_node(g->net.build, "Concat", (const char *[]){x, beside, NULL}, along);
        x = case_conv(&g->net, both, (int)case_shape(&g->net, both).shape[1], 24, 1, 1, 1);
    }
    push(g, x);
}

static void add_transposed(struct growing *g)
{
    const char       *x = pick(g);
    struct bsr_tensor shape = case_shape(&g->net, x);
    int64_t kernel = 2 + case_draw(&g->net, 3), pad = case_draw(&g->net, 2), extra = case_draw(&g->net, 2);
    int     out = 1 + case_draw(&g->net, 17);
    const struct bsr_attribute attributes[] = {
        bsr_attribute_ints("strides", 2, (const int64_t[]){2, 2}),
        bsr_attribute_ints("pads", 4, (const int64_t[]){pad, pad, pad, pad}),
        bsr_attribute_ints("output_padding", 2, (const int64_t[]){extra, 0}),
        {.name = NULL}};

    if (shape.shape[2] > 24 || shape.shape[3] > 24 || shape.shape[2] < 2 || shape.shape[3] < 2)
        return;
    const char *w = case_weight(&g->net, (int[]){(int)shape.shape[1], out, (int)kernel, (int)kernel, 0});
    push(g, activate(
                g, bsr_build_node(g->net.build, "ConvTranspose", (const char *[]){x, w, NULL}, attributes)));
}

/* Squeeze and excitation. */
static void add_gate(struct growing *g)
{
    const char *x = pick(g);
    int         channels = (int)case_shape(&g->net, x).shape[1];
    const char *mean = case_node(&g->net, "GlobalAveragePool", x, NULL);
    const char *few = case_node(&g->net, "Relu", case_conv(&g->net, mean, channels, 5, 1, 1, 1), NULL);
    const char *gate = case_node(&g->net, "Sigmoid", case_conv(&g->net, few, 5, channels, 1, 1, 1), NULL);

    push(g, case_draw(&g->net, 2) ? case_node(&g->net, "Mul", x, gate) : case_node(&g->net, "Mul", gate, x));
}

static struct fast_compiled make_net(uint64_t seed)
{
    struct growing g = {.net = case_open(seed)};
    int            height = 5 + case_draw(&g.net, 19), width = 5 + case_draw(&g.net, 19);

    push(&g, case_input(&g.net, "x", case_draw(&g.net, 2) ? 3 : 1 + case_draw(&g.net, 20), height, width));
    add_conv(&g);
    for (int steps = 4 + case_draw(&g.net, 12); steps > 0; steps--)
        switch (case_draw(&g.net, 10)) {
        case 0:
            add_branches(&g);
            break;
        case 1:
            add_concat(&g);
            break;
        case 2:
            add_slice(&g);
            break;
        case 3:
            add_size(&g);
            break;
        case 4:
            add_transposed(&g);
            break;
        case 5:
            add_gate(&g);
            break;
        default:
            add_conv(&g);
            break;
        }
    /* Every end is read: what is in the middle may be an output, too. */
    for (int i = 0; i < 3; i++) {
        const char *out = g.values[g.count - 1 - (i ? case_draw(&g.net, g.count - 1) : 0)];
        if (i == 0 || out != g.values[g.count - 1])
            bsr_build_output(g.net.build, case_node(&g.net, "Abs", out, NULL), NULL);
    }
    bsr_build_output(
        g.net.build,
        case_conv(&g.net, g.values[0], (int)case_shape(&g.net, g.values[0]).shape[1], 7, 3, 2, 1), NULL);
    return case_compile(&g.net, NULL);
}

static void test_random_nets_compute_what_the_evaluator_computes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= NETS; seed++) {
        struct fast_compiled compiled = make_net(seed);
        compiled_check_arena(&compiled);
        compiled_check(&compiled, seed, 1e-4);
        compiled_free(&compiled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_nets_compute_what_the_evaluator_computes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

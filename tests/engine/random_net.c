#include "tests/engine/random_net.h"

#include "onnx/build.h"
#include "tests/engine/fast/fast_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_VALUES = 128, MOST_NUMBERS = 8000 };

struct growing {
    struct fast_case net;
    const char      *values[MOST_VALUES];
    int              count;
    char             names[MOST_VALUES + 2][16]; /* of the outputs of Split */
};

static int draw(struct growing *g, int limit)
{
    return case_draw(&g->net, limit);
}

static struct bsr_tensor shape_of(struct growing *g, const char *value)
{
    return case_shape(&g->net, value);
}

/* For later steps, where it is neither too small nor too large for them. */
static void push(struct growing *g, const char *value)
{
    if (!value || g->count == MOST_VALUES)
        return;
    struct bsr_tensor shape = shape_of(g, value);
    if (shape.dims >= 2 && shape.dims <= 5 && tensor_count(&shape) <= MOST_NUMBERS)
        g->values[g->count++] = value;
}

/* The later ones more often. */
static const char *pick(struct growing *g)
{
    int a = draw(g, g->count), b = draw(g, g->count);
    return g->values[a > b ? a : b];
}

/* One of these dimensions, or NULL. */
static const char *pick_of(struct growing *g, int dims)
{
    for (int tries = 0; tries < 20; tries++) {
        const char *value = pick(g);
        if (shape_of(g, value).dims == dims)
            return value;
    }
    return NULL;
}

/* Another of the same shape, or itself. */
static const char *pick_like(struct growing *g, const char *value)
{
    struct bsr_tensor shape = shape_of(g, value);

    for (int tries = 0; tries < 20; tries++) {
        const char       *other = pick(g);
        struct bsr_tensor its = shape_of(g, other);
        if (tensor_same_shape(&shape, &its))
            return other;
    }
    return value;
}

static const char *one(struct growing *g, const char *op, const char *x)
{
    return case_node(&g->net, op, x, NULL);
}

static const char *two(struct growing *g, const char *op, const char *a, const char *b)
{
    return case_node(&g->net, op, a, b);
}

static const char *with_int(struct growing *g, const char *op, const char *x, const char *name, int64_t value)
{
    const struct bsr_attribute list[] = {bsr_attribute_int(name, value), {.name = NULL}};
    return bsr_build_node(g->net.build, op, (const char *[]){x, NULL}, list);
}

static const char *with_ints(struct growing *g, const char *op, const char *x, const char *name, int count,
                             const int64_t *values)
{
    const struct bsr_attribute list[] = {bsr_attribute_ints(name, count, values), {.name = NULL}};
    return bsr_build_node(g->net.build, op, (const char *[]){x, NULL}, list);
}

static const char *scalar(struct growing *g, float value)
{
    static const int64_t sides[] = {1};
    return case_floats(&g->net, draw(g, 2), sides, &value);
}

static int any_axis(struct growing *g, const char *x)
{
    int dims = shape_of(g, x).dims, axis = draw(g, dims);
    return draw(g, 2) ? axis : axis - dims;
}

/* ---- number by number ---------------------------------------------------------------------------- */

static void add_unary(struct growing *g)
{
    static const char *const names[] = {"Relu",      "LeakyRelu",   "Sigmoid",  "Tanh",     "Elu",
                                        "HardSwish", "HardSigmoid", "Abs",      "Neg",      "Softsign",
                                        "Atan",      "Erf",         "Identity", "Softplus", "Selu",
                                        "Celu"}; /* Softplus is besra's */
    push(g, one(g, names[draw(g, 16)], pick(g)));
}

/* There and back again in a type that passes OpenCV as bytes only. */
static void add_other_type(struct growing *g)
{
    const char *wide = with_int(g, "Cast", pick(g), "to", BSR_F64);
    push(g, with_int(g, "Cast", draw(g, 2) ? one(g, "Neg", wide) : wide, "to", BSR_F32));
}

static void add_binary(struct growing *g)
{
    static const char *const names[] = {"Add", "Sub", "Mul", "Max", "Min", "Add", "Mul"};
    const char              *a = pick(g), *b = pick_like(g, a);

    if (draw(g, 6) == 0)
        push(g, two(g, "Div", a, two(g, "Add", one(g, "Abs", b), scalar(g, 1))));
    else
        push(g, two(g, names[draw(g, 7)], a, b));
}

/* A constant that is broadcast: of some of the sides of the value, 1 for the others. */
static void add_constant(struct growing *g)
{
    static const char *const names[] = {"Add", "Sub", "Mul", "Div"};
    const char              *x = pick(g), *constant;
    struct bsr_tensor        shape = shape_of(g, x);
    int                      sides[BSR_MAX_DIMS + 1] = {0}, skip = draw(g, shape.dims), kind = draw(g, 4);

    for (int i = skip; i < shape.dims; i++)
        sides[i - skip] = draw(g, 2) ? (int)shape.shape[i] : 1;
    constant = draw(g, 2) ? scalar(g, 0.25F + 0.25F * (float)draw(g, 8)) : case_weight(&g->net, sides);
    if (kind == 3)
        constant = scalar(g, 2);
    push(g, draw(g, 4) && kind != 3 ? two(g, names[kind], constant, x) : two(g, names[kind], x, constant));
}

/* [N][C][H][W] with [N][C][1][1], [N][1][H][W] or the like of its own. */
static void add_gate(struct growing *g)
{
    const char *x = pick_of(g, 4), *y;

    if (!x)
        return;
    switch (draw(g, 3)) {
    case 0:
        y = one(g, draw(g, 2) ? "GlobalAveragePool" : "GlobalMaxPool", x);
        break;
    case 1:
        y = with_ints(g, "ReduceMean", x, "axes", 1, (const int64_t[]){draw(g, 4)});
        break;
    default:
        y = with_ints(g, "ReduceMax", x, "axes", 2, (const int64_t[]){1, 3});
    }
    const char              *a = draw(g, 2) ? one(g, "Sigmoid", y) : y;
    static const char *const names[] = {"Mul", "Add", "Sub"};
    push(g, draw(g, 2) ? two(g, names[draw(g, 3)], x, a) : two(g, names[draw(g, 3)], a, x));
}

/* ---- chains that have another meaning for OpenCV -------------------------------------------------- */

static void add_softmax_chain(struct growing *g)
{
    const char *x = one(g, "Tanh", pick(g)), *other = pick_like(g, x);
    const char *e = one(g, "Exp", x), *numerator = draw(g, 2) ? e : other;
    int64_t     axis = draw(g, shape_of(g, x).dims);
    const char *axes = case_ints(&g->net, 1, &axis);

    push(g, two(g, "Div", numerator, two(g, "ReduceSum", e, axes)));
}

static void add_norm_chain(struct growing *g)
{
    const char *x = pick(g), *far = two(g, "Add", one(g, "Abs", pick_like(g, x)), scalar(g, 1));
    int64_t     axis = draw(g, shape_of(g, x).dims);

    push(g, two(g, "Div", draw(g, 2) ? far : x, with_ints(g, "ReduceL2", far, "axes", 1, &axis)));
}

static void add_power_chain(struct growing *g)
{
    const char *x = one(g, "Tanh", pick(g));
    const char *cube = two(g, "Pow", x, scalar(g, (float)(2 + draw(g, 2))));

    push(g, two(g, draw(g, 2) ? "Mul" : "Add", cube, scalar(g, 0.044715F)));
}

static void add_celu_chain(struct growing *g)
{
    float       alpha = 0.5F + 0.5F * (float)draw(g, 3);
    const char *elu = one(g, "Elu", two(g, "Div", pick(g), scalar(g, alpha)));

    push(g, two(g, "Mul", scalar(g, draw(g, 2) ? alpha : 2), elu));
}

static void add_gate_chain(struct growing *g)
{
    const char                *x = pick(g), *other = draw(g, 2) ? x : pick_like(g, x);
    const struct bsr_attribute swish[] = {
        bsr_attribute_float("alpha", 1.0F / 6.0F), bsr_attribute_float("beta", 0.5F), {.name = NULL}};
    const char *gate = bsr_build_node(g->net.build, "HardSigmoid", (const char *[]){x, NULL}, swish);

    if (draw(g, 3) == 0)
        gate = one(g, "Tanh", one(g, "Softplus", x));
    if (draw(g, 3) == 0)
        push(g, gate); /* has two readers, perhaps */
    push(g, two(g, "Mul", other, gate));
}

static void add_gelu_chain(struct growing *g)
{
    const char *x = pick(g), *other = draw(g, 2) ? x : pick_like(g, x);
    const char *erf = one(g, "Erf", two(g, "Div", x, scalar(g, 1.41421356F)));

    push(g, two(g, "Mul", two(g, "Mul", other, two(g, "Add", erf, scalar(g, 1))), scalar(g, 0.5F)));
}

/* ---- maps ---------------------------------------------------------------------------------------- */

static void add_conv(struct growing *g)
{
    static const int kernels[] = {1, 3, 3, 5};
    const char      *x = pick_of(g, 4);

    if (!x)
        return;
    int         in = (int)shape_of(g, x).shape[1], groups = draw(g, 3) ? 1 : in, stride = 1 + !draw(g, 3);
    int         out = groups == in ? in : 1 + draw(g, 6);
    const char *y = case_conv(&g->net, x, in, out, kernels[draw(g, 4)], stride, groups);
    static const char *const behind[] = {"Relu", "Sigmoid", "Tanh", "HardSwish", "Softplus", "Identity"};
    push(g, draw(g, 2) ? one(g, behind[draw(g, 6)], y) : y);
}

static void add_norm(struct growing *g)
{
    static const float spreads[16] = {1, .5F, 2, 1, .7F, 1, 1.5F, 1, 1, 1, 3, 1, 1, 1, 1, 1};
    const char        *x = pick_of(g, 4), *lists[3];

    if (!x)
        return;
    int64_t channels = shape_of(g, x).shape[1];
    for (int i = 0; i < 3; i++)
        lists[i] = case_weight(&g->net, (const int[]){(int)channels, 0});
    if (channels > 16)
        return;
    const char *spread = case_floats(&g->net, 1, &channels, spreads);
    push(g, bsr_build_node(g->net.build, "BatchNormalization",
                           (const char *[]){x, lists[0], lists[1], lists[2], spread, NULL}, NULL));
}

static void add_pool(struct growing *g)
{
    const char *x = pick_of(g, 4);

    if (!x || shape_of(g, x).shape[2] < 2 || shape_of(g, x).shape[3] < 2)
        return;
    const struct bsr_attribute window[] = {
        bsr_attribute_ints("kernel_shape", 2, (const int64_t[]){2, 2}),
        bsr_attribute_ints("strides", 2, (const int64_t[]){1 + draw(g, 2), 1 + draw(g, 2)}),
        {.name = NULL}};
    push(g, bsr_build_node(g->net.build, draw(g, 2) ? "MaxPool" : "AveragePool", (const char *[]){x, NULL},
                           window));
}

/* Nearest and linear are OpenCV's in some forms, cubic is besra's. */
static void add_resize(struct growing *g)
{
    static const char *const   modes[] = {"nearest", "linear", "cubic"};
    static const int64_t       sides[] = {4};
    const char                *x = pick_of(g, 4);
    const float                factors[] = {1, 1, (float)(1 + draw(g, 2)), 2};
    const struct bsr_attribute list[] = {
        bsr_attribute_text("mode", modes[draw(g, 3)]),
        bsr_attribute_text("coordinate_transformation_mode", draw(g, 2) ? "asymmetric" : "half_pixel"),
        bsr_attribute_text("nearest_mode", draw(g, 2) ? "floor" : "round_prefer_floor"),
        {.name = NULL}};

    if (x)
        push(g, bsr_build_node(g->net.build, "Resize",
                               (const char *[]){x, "", case_floats(&g->net, 1, sides, factors), NULL}, list));
}

/* ---- places -------------------------------------------------------------------------------------- */

static void add_transpose(struct growing *g)
{
    const char *x = pick(g);
    int         dims = shape_of(g, x).dims;
    int64_t     order[BSR_MAX_DIMS];

    for (int i = 0; i < dims; i++)
        order[i] = i;
    for (int i = dims - 1; i > 0; i--) {
        int     other = draw(g, i + 1);
        int64_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    push(g, with_ints(g, "Transpose", x, "perm", dims, order));
}

/* Two neighbouring sides made one, or one made two. */
static void add_reshape(struct growing *g)
{
    const char       *x = pick(g);
    struct bsr_tensor shape = shape_of(g, x);
    int64_t           sides[BSR_MAX_DIMS + 1];
    int               at = draw(g, shape.dims), dims = 0;

    for (int i = 0; i < shape.dims; i++) {
        sides[dims++] = shape.shape[i];
        if (i == at && i + 1 < shape.dims && shape.dims > 2 && draw(g, 2))
            sides[dims - 1] *= shape.shape[++i];
        else if (i == at && shape.shape[i] % 2 == 0 && shape.dims < 5) {
            sides[dims - 1] /= 2;
            sides[dims++] = 2;
        }
    }
    if (draw(g, 3) == 0)
        sides[draw(g, dims)] = -1;
    push(g, two(g, "Reshape", x, case_ints(&g->net, dims, sides)));
}

static void add_joined(struct growing *g)
{
    const char                *a = pick(g), *b = pick_like(g, a), *c = pick_like(g, a);
    const struct bsr_attribute axis[] = {bsr_attribute_int("axis", any_axis(g, a)), {.name = NULL}};

    push(g,
         bsr_build_node(g->net.build, "Concat", (const char *[]){a, b, draw(g, 2) ? c : NULL, NULL}, axis));
}

static void add_split(struct growing *g)
{
    const char *x = pick(g);
    int         axis = any_axis(g, x), dims = shape_of(g, x).dims;
    int64_t     side = shape_of(g, x).shape[axis < 0 ? axis + dims : axis], first = side / 2 + draw(g, 2);
    char       *names[2] = {g->names[g->count], g->names[g->count + 1]};

    if (side < 3 || first >= side || g->count + 2 > MOST_VALUES)
        return;
    for (int i = 0; i < 2; i++)
        snprintf(names[i], sizeof g->names[0], "part%d", g->count + i);
    const struct bsr_attribute list[] = {bsr_attribute_int("axis", axis), {.name = NULL}};
    const char                *sizes = case_ints(&g->net, 2, (const int64_t[]){first, side - first});
    if (bsr_build_named_node(g->net.build, "Split", NULL, (const char *[]){x, sizes, NULL},
                             (const char *[]){names[0], names[1], NULL}, list)) {
        push(g, names[0]);
        push(g, names[1]);
    }
}

static void add_slice(struct growing *g)
{
    const char *x = pick(g);
    int64_t     axis = draw(g, shape_of(g, x).dims), side = shape_of(g, x).shape[axis];
    int64_t     start = draw(g, (int)side), step = 1 + !draw(g, 4), end = draw(g, 2) ? 1000 : start + 1;

    push(g, bsr_build_node(g->net.build, "Slice",
                           (const char *[]){x, case_ints(&g->net, 1, &start), case_ints(&g->net, 1, &end),
                                            case_ints(&g->net, 1, &axis), case_ints(&g->net, 1, &step), NULL},
                           NULL));
}

/* Gather with a list, and CumSum, are besra's. */
static void add_places(struct growing *g)
{
    const char *x = pick(g);
    int64_t     axis = draw(g, shape_of(g, x).dims), side = shape_of(g, x).shape[axis];
    int64_t     places[] = {draw(g, (int)side), draw(g, (int)side), -1};

    if (draw(g, 2)) {
        const struct bsr_attribute list[] = {bsr_attribute_int("axis", axis), {.name = NULL}};
        push(g, bsr_build_node(g->net.build, "Gather",
                               (const char *[]){x, case_ints(&g->net, 3, places), NULL}, list));
    } else
        push(g, two(g, "Mul", two(g, "CumSum", x, case_ints(&g->net, 1, &axis)), scalar(g, 0.125F)));
}

/* ---- sums ---------------------------------------------------------------------------------------- */

static void add_reduction(struct growing *g)
{
    static const char *const   names[] = {"ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceMean"};
    const char                *x = pick(g);
    int64_t                    axis = any_axis(g, x);
    bool                       keep = shape_of(g, x).dims < 3 || draw(g, 2);
    const struct bsr_attribute list[] = {
        bsr_attribute_ints("axes", 1, &axis), bsr_attribute_int("keepdims", keep), {.name = NULL}};
    const char *y = bsr_build_node(g->net.build, names[draw(g, 5)], (const char *[]){x, NULL}, list);

    push(g, draw(g, 3) ? y : one(g, "Tanh", y));
}

static void add_softmax(struct growing *g)
{
    const char *x = pick(g);
    push(g, with_int(g, "Softmax", x, "axis", any_axis(g, x)));
}

/* Of two values, or with a constant; then what might be taken into it. */
static void add_product(struct growing *g)
{
    static const char *const behind[] = {"Relu", "Tanh", "Sigmoid", "Softplus"};
    const char              *x = pick(g), *y;
    struct bsr_tensor        shape = shape_of(g, x);
    int                      inner = (int)shape.shape[shape.dims - 1];
    int64_t                  order[BSR_MAX_DIMS];

    for (int i = 0; i < shape.dims; i++)
        order[i] = i < shape.dims - 2 ? i : 2 * shape.dims - 3 - i;
    if (draw(g, 2))
        y = two(g, "MatMul", x, with_ints(g, "Transpose", pick_like(g, x), "perm", shape.dims, order));
    else
        y = two(g, "MatMul", x, case_weight(&g->net, (const int[]){inner, 1 + draw(g, 6), 0}));
    y = draw(g, 2) ? two(g, draw(g, 2) ? "Div" : "Mul", y, scalar(g, 4)) : y;
    push(g, draw(g, 2) ? one(g, behind[draw(g, 4)], y) : y);
}

/* ---- all ----------------------------------------------------------------------------------------- */

static void (*const steps[])(struct growing *g) = {
    add_unary,      add_unary,      add_other_type,    add_binary,     add_binary,      add_constant,
    add_constant,   add_gate,       add_softmax_chain, add_norm_chain, add_power_chain, add_celu_chain,
    add_gate_chain, add_gelu_chain, add_conv,          add_conv,       add_norm,        add_pool,
    add_resize,     add_transpose,  add_reshape,       add_joined,     add_split,       add_slice,
    add_places,     add_reduction,  add_softmax,       add_product,
};

struct bytes random_net(uint64_t seed, int64_t shape[4])
{
    struct growing   g = {.net = case_open(seed)};
    struct bytes     onnx = {0};
    struct bsr_error err = {0};

    static const int heights[] = {6, 6, 9, 2, 1}, widths[] = {8, 8, 20};
    shape[0] = 1 + draw(&g, 2);
    shape[1] = 4;
    shape[2] = heights[draw(&g, 5)];
    shape[3] = widths[draw(&g, 3)];
    g.values[g.count++] = bsr_build_input(g.net.build, "x", BSR_F32, 4, shape);
    for (int left = 10 + draw(&g, 21); left > 0; left--)
        steps[draw(&g, (int)(sizeof steps / sizeof steps[0]))](&g);
    bsr_build_output(g.net.build, g.values[g.count - 1], "out");
    for (int i = draw(&g, 4), n = 0; i > 0; i--) {
        char name[16];
        int  at = 1 + draw(&g, g.count - 1);
        snprintf(name, sizeof name, "out%d", n++);
        bsr_build_output(g.net.build, one(&g, "Identity", g.values[at]), name);
    }
    if (build_pack(g.net.build, &onnx, &err) != BSR_OK)
        fail_msg("net %llu: %s: %s", (unsigned long long)seed, err.subject, err.message);
    bsr_build_close(g.net.build);
    return onnx;
}

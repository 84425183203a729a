#include "tests/engine/fast/fast_case.h"

#include "base/alloc.h"
#include "onnx/build.h"
#include "onnx/prepare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DU;
}

static float draw_float(uint64_t *state)
{
    return (float)(next(state) >> 40) / (float)(1 << 23) - 1;
}

struct fast_case case_open(uint64_t seed)
{
    struct fast_case net = {.random = seed * 2654435761U + 1};
    struct bsr_error err = {0};

    if (bsr_build_open(&net.build, "case", 17, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return net;
}

int case_draw(struct fast_case *net, int limit)
{
    return (int)(next(&net->random) >> 33) % limit;
}

const char *case_input(struct fast_case *net, const char *name, int channels, int height, int width)
{
    return bsr_build_input(net->build, name, BSR_F32, 4, (const int64_t[]){1, channels, height, width});
}

const char *case_weight(struct fast_case *net, const int *shape)
{
    struct bsr_tensor tensor = {.type = BSR_F32};
    char              name[32];

    snprintf(name, sizeof name, "w%d", net->weights++);
    while (shape[tensor.dims]) {
        tensor.shape[tensor.dims] = shape[tensor.dims];
        tensor.dims++;
    }
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    size_t count = tensor_count(&tensor);
    float  scale = tensor.dims > 1 ? 2 / sqrtf((float)(count / (size_t)shape[0])) : 0.5F;
    for (size_t i = 0; i < count; i++)
        ((float *)tensor.data)[i] = scale * draw_float(&net->random);
    const char *weight = bsr_build_weight(net->build, name, &tensor);
    tensor_free(&tensor);
    return weight;
}

const char *case_ints(struct fast_case *net, int count, const int64_t *values)
{
    struct bsr_tensor tensor = {
        .data = (void *)(uintptr_t)values, .type = BSR_I64, .dims = 1, .shape = {count}};
    char name[32];

    snprintf(name, sizeof name, "w%d", net->weights++);
    return bsr_build_weight(net->build, name, &tensor);
}

const char *case_floats(struct fast_case *net, int dims, const int64_t *shape, const float *values)
{
    struct bsr_tensor tensor = {.data = (void *)(uintptr_t)values, .type = BSR_F32, .dims = dims};
    char              name[32];

    snprintf(name, sizeof name, "w%d", net->weights++);
    for (int i = 0; i < dims; i++)
        tensor.shape[i] = shape[i];
    return bsr_build_weight(net->build, name, &tensor);
}

/* Weights and bias are made. The output is as large as the input over the stride. */
static const char *add_conv(struct fast_case *net, const char *x, const char *w, const char *b, int kernel,
                            int stride, int groups)
{
    int64_t                    pad = (kernel - 1) / 2;
    const struct bsr_attribute attributes[] = {
        bsr_attribute_ints("pads", 4, (const int64_t[]){pad, pad, pad, pad}),
        bsr_attribute_ints("strides", 2, (const int64_t[]){stride, stride}),
        bsr_attribute_int("group", groups),
        {.name = NULL}};

    return bsr_build_node(net->build, "Conv", (const char *[]){x, w, b, NULL}, attributes);
}

const char *case_conv(struct fast_case *net, const char *x, int in, int out, int kernel, int stride,
                      int groups)
{
    const char *w = case_weight(net, (int[]){out, in / groups, kernel, kernel, 0});
    const char *b = case_weight(net, (int[]){out, 0});

    return add_conv(net, x, w, b, kernel, stride, groups);
}

static const char *add_constant(struct fast_case *net, int type, int count, void *data)
{
    struct bsr_tensor tensor = {.data = data, .type = type, .dims = count > 0, .shape = {count}};
    char              name[32];

    snprintf(name, sizeof name, "w%d", net->weights++);
    return bsr_build_weight(net->build, name, &tensor);
}

const char *case_round(struct fast_case *net, const char *x, float scale, int zero, bool with_sign)
{
    uint8_t     byte = (uint8_t)(with_sign ? zero & 0xFF : zero);
    const char *s = add_constant(net, BSR_F32, 0, &scale);
    const char *z = add_constant(net, with_sign ? BSR_I8 : BSR_U8, 0, &byte);

    net->quantised = true;
    x = bsr_build_node(net->build, "QuantizeLinear", (const char *[]){x, s, z, NULL}, NULL);
    return bsr_build_node(net->build, "DequantizeLinear", (const char *[]){x, s, z, NULL}, NULL);
}

enum { MOST_OUTPUTS = 256, MOST_WEIGHTS = 1 << 16 };

const char *case_byte_conv(struct fast_case *net, const char *x, int in, int out, int kernel, int stride,
                           int groups)
{
    static int8_t     weights[MOST_WEIGHTS];
    float             scales[MOST_OUTPUTS];
    struct bsr_tensor tensor = {
        .data = weights, .type = BSR_I8, .dims = 4, .shape = {out, in / groups, kernel, kernel}};
    char name[32];

    assert_true(out <= MOST_OUTPUTS && tensor_count(&tensor) <= MOST_WEIGHTS);
    for (size_t i = 0; i < tensor_count(&tensor); i++)
        weights[i] = (int8_t)(case_draw(net, 255) - 127);
    for (int o = 0; o < out; o++)
        scales[o] = (float)(1 + case_draw(net, 100)) / 4000.0F / (float)(in / groups * kernel * kernel);
    snprintf(name, sizeof name, "w%d", net->weights++);
    const char *w = bsr_build_weight(net->build, name, &tensor);
    const char *s = add_constant(net, BSR_F32, out, scales);
    w = bsr_build_node(net->build, "DequantizeLinear", (const char *[]){w, s, NULL},
                       (struct bsr_attribute[]){bsr_attribute_int("axis", 0), {.name = NULL}});
    net->quantised = true;
    return add_conv(net, x, w, case_weight(net, (int[]){out, 0}), kernel, stride, groups);
}

const char *case_node(struct fast_case *net, const char *op, const char *a, const char *b)
{
    return bsr_build_node(net->build, op, (const char *[]){a, b, NULL}, NULL);
}

struct bsr_tensor case_shape(const struct fast_case *net, const char *value)
{
    struct bsr_tensor shape = {.data = NULL};

    if (!bsr_build_shape(net->build, value, &shape))
        fail_msg("nothing is known of %s", value);
    return shape;
}

/* ---- compiled ------------------------------------------------------------------------------------ */

static const char *refuse(void *context, const struct onnx_node_view *node)
{
    (void)context;
    fail_msg("%s can't be fast: %s", node->node.type, fast_supports(NULL, node));
    return "no";
}

struct fast_compiled case_compile(struct fast_case *net, const char *output)
{
    struct fast_compiled     compiled = {.program = NULL};
    const struct onnx_takers takers = {.engine = refuse, .fast = fast_supports, .worth = fast_worth};
    struct bsr_error         err = {0};

    if (output)
        bsr_build_output(net->build, output, "out");
    bsr_status status = build_pack(net->build, &compiled.onnx, &err);
    bsr_build_close(net->build);
    if (status == BSR_OK)
        status = onnx_model_read(&compiled.model, compiled.onnx.data, compiled.onnx.size, NULL, "case", &err);
    if (status == BSR_OK && net->quantised)
        status =
            onnx_prepare(compiled.model, &(struct onnx_prepare_options){.qdq = ONNX_QDQ_JOIN}, NULL, &err);
    if (status == BSR_OK)
        status = onnx_split_make(&compiled.split, compiled.model, &takers, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_int_equal(compiled.split.region_count, 1);
    assert_true(compiled.split.regions[0].fast);
    if (fast_compile(&compiled.program, &compiled.split.regions[0], NULL, "case", &err) != BSR_OK ||
        fast_runner_open(&compiled.runner, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return compiled;
}

void compiled_free(struct fast_compiled *compiled)
{
    fast_close(compiled->program);
    fast_runner_close(compiled->runner);
    onnx_split_free(&compiled->split);
    onnx_model_free(compiled->model);
    bytes_free(&compiled->onnx);
}

void compiled_check_memory(struct fast_compiled *compiled, float *const *inputs, float *const *outputs)
{
    bsr_status status = BSR_ENOMEM;

    fast_close(compiled->program); /* so that its weights are packed anew */
    compiled->program = NULL;
    fast_set_threads(2);
    for (size_t n = 1; status != BSR_OK; n++) {
        struct fast_program *program = NULL;
        struct fast_runner  *runner = NULL;
        struct bsr_error     err = {0};
        mem_fail_from(n);
        status = fast_runner_open(&runner, &err);
        if (status == BSR_OK)
            status = fast_compile(&program, &compiled->split.regions[0], NULL, "case", &err);
        if (status == BSR_OK)
            status = fast_run(program, runner, inputs, outputs, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        fast_close(program);
        fast_runner_close(runner);
    }
    assert_int_equal(store_bytes(), 0);
    compiled_free(compiled);
}

int compiled_count(const struct fast_compiled *compiled, enum layer_kind kind)
{
    const struct fast_net *net = &compiled->program->net;
    int                    count = 0;

    for (int i = 0; i < net->layer_count; i++)
        count += !net->layers[i].gone && net->layers[i].kind == kind;
    return count;
}

enum { MOST_ENDS = 8, MOST_THREADS = 4 };

static void run_reference(const struct onnx_region *region, const struct bsr_tensor *inputs,
                          struct bsr_tensor *outputs)
{
    struct evaluator *evaluator = NULL;
    struct bsr_error  err = {0};

    if (evaluator_open(&evaluator, region->model, &err) != BSR_OK ||
        evaluator_run(evaluator, inputs, outputs, NULL, NULL, &err) != BSR_OK)
        fail_msg("%s", err.message);
    evaluator_close(evaluator);
}

/* How far numbers may be apart, in parts of the largest of them. */
struct closeness {
    double tolerance;
    size_t apart; /* 0, or one of so many may be further, */
    double most;  /* up to this */
};

static void compare(const struct bsr_tensor *expected, const float *got, struct closeness close,
                    uint64_t seed)
{
    const float *wanted = expected->data;
    const size_t count = tensor_count(expected);
    double       most = 1e-3, worst = 0;
    size_t       further = 0;

    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)wanted[i]));
    for (size_t i = 0; i < count; i++) {
        double apart = fabs((double)wanted[i] - (double)got[i]);
        worst = apart <= worst ? worst : apart; /* NaN is the worst */
        further += !(apart <= close.tolerance * most);
    }
    size_t allowed = close.apart ? count / close.apart : 0;
    if (further > allowed || (further && !(worst <= close.most * most)))
        fail_msg("seed %llu: %g apart, of numbers up to %g; %zu of %zu are", (unsigned long long)seed, worst,
                 most, further, count);
}

/* Outputs between guards, that are filled with what no net computes. */
static float *make_output(size_t count)
{
    float *data = mem_alloc_aligned(count + 32, sizeof *data);

    assert_non_null(data);
    for (size_t i = 0; i < count + 32; i++)
        data[i] = -12345;
    return data + 16;
}

static void free_output(float *data, size_t count)
{
    for (size_t i = 0; i < 16; i++)
        assert_true(data[-1 - (ptrdiff_t)i] == -12345 && data[count + i] == -12345);
    mem_free(data - 16);
}

static void check(struct fast_compiled *compiled, uint64_t seed, struct closeness close)
{
    const struct onnx_region *region = &compiled->split.regions[0];
    struct bsr_tensor         inputs[MOST_ENDS], expected[MOST_ENDS] = {{.data = NULL}};
    float                    *planes[MOST_ENDS], *outputs[MOST_THREADS][MOST_ENDS];
    struct bsr_error          err = {0};

    assert_true(region->input_count <= MOST_ENDS && region->output_count <= MOST_ENDS);
    for (int i = 0; i < region->input_count; i++) {
        inputs[i] = region->inputs[i];
        assert_int_equal(tensor_alloc(&inputs[i], NULL), BSR_OK);
        planes[i] = inputs[i].data;
        for (size_t k = 0; k < tensor_count(&inputs[i]); k++)
            planes[i][k] = draw_float(&seed);
    }
    run_reference(region, inputs, expected);
    for (int t = 0; t < MOST_THREADS; t++) {
        for (int i = 0; i < region->output_count; i++)
            outputs[t][i] = make_output(tensor_count(&expected[i]));
        fast_set_threads(t + 1);
        if (fast_run(compiled->program, compiled->runner, planes, outputs[t], &err) != BSR_OK)
            fail_msg("%s", err.message);
        for (int i = 0; i < region->output_count; i++) {
            compare(&expected[i], outputs[t][i], close, seed);
            assert_memory_equal(outputs[t][i], outputs[0][i], tensor_bytes(&expected[i]));
        }
    }
    for (int t = 0; t < MOST_THREADS; t++)
        for (int i = 0; i < region->output_count; i++)
            free_output(outputs[t][i], tensor_count(&expected[i]));
    for (int i = 0; i < region->output_count; i++)
        tensor_free(&expected[i]);
    for (int i = 0; i < region->input_count; i++)
        tensor_free(&inputs[i]);
}

void compiled_check(struct fast_compiled *compiled, uint64_t seed, double tolerance)
{
    check(compiled, seed, (struct closeness){.tolerance = tolerance});
}

void compiled_check_rounded(struct fast_compiled *compiled, uint64_t seed, double tolerance, size_t apart,
                            double most)
{
    check(compiled, seed, (struct closeness){tolerance, apart, most});
}

void compiled_check_arena(const struct fast_compiled *compiled)
{
    const struct fast_program *program = compiled->program;

    for (int a = 0; a < program->net.value_count; a++) {
        const struct fast_memory *x = &program->memory[a];
        if (x->first < 0)
            continue;
        assert_true(x->at + x->floats <= program->floats);
        for (int b = 0; b < a; b++) {
            const struct fast_memory *y = &program->memory[b];
            bool                      together = y->first >= 0 && x->first <= y->last && y->first <= x->last;
            if (together && x->at < y->at + y->floats && y->at < x->at + x->floats)
                fail_msg("values %d and %d overlap", a, b);
        }
    }
}

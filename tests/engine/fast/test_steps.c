/* Quantised nets: where QuantizeLinear and DequantizeLinear stand, numbers are bytes, convolutions sums of
 * whole numbers; and the net computes what the evaluator does. */
#include "tests/engine/fast/fast_case.h"

#include "base/alloc.h"
#include "engine/fast/store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* One number of so many lies that close to the edge between two steps that f32 may tell either; what is made
 * of it is then apart by a few steps of 1/255. */
enum { ONE_OF = 200 };
static const double CLOSE = 1e-5, A_FEW_STEPS = 0.05;

static struct fast_compiled check(struct fast_case *net, const char *output)
{
    struct fast_compiled compiled = case_compile(net, output);

    compiled_check_rounded(&compiled, 7, CLOSE, ONE_OF, A_FEW_STEPS);
    compiled_check_arena(&compiled);
    return compiled;
}

static int count_methods(const struct fast_compiled *compiled, bool bytes)
{
    const struct fast_program *program = compiled->program;
    int                        count = 0;

    for (int i = 0; i < program->net.layer_count; i++)
        for (int c = 0; c < program->convs[i].count; c++)
            count += (program->convs[i].items[c].method == CONV_BYTES) == bytes;
    return count;
}

/* Convolutions of bytes, others, and layers that only change steps. */
static void assert_kinds(const struct fast_compiled *compiled, int of_bytes, int of_floats, int converts)
{
    assert_int_equal(count_methods(compiled, true), of_bytes);
    assert_int_equal(count_methods(compiled, false), of_floats);
    assert_int_equal(compiled_count(compiled, LAYER_CONVERT), converts);
}

static int count_copies(const struct fast_compiled *compiled)
{
    int count = 0;

    for (int i = 0; i < compiled->program->op_count; i++)
        count += strcmp(compiled->program->ops[i].what, "copy bytes") == 0;
    return count;
}

/* ---- parts of nets ------------------------------------------------------------------------------- */

static const char *silu(struct fast_case *net, const char *x)
{
    return case_node(net, "Mul", x, case_node(net, "Sigmoid", x, NULL));
}

static const char *concat(struct fast_case *net, const char *a, const char *b)
{
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};
    return bsr_build_node(net->build, "Concat", (const char *[]){a, b, NULL}, along);
}

static const char *max_pool(struct fast_case *net, const char *x)
{
    const struct bsr_attribute five[] = {bsr_attribute_ints("kernel_shape", 2, (const int64_t[]){5, 5}),
                                         bsr_attribute_ints("pads", 4, (const int64_t[]){2, 2, 2, 2}),
                                         {.name = NULL}};
    return bsr_build_node(net->build, "MaxPool", (const char *[]){x, NULL}, five);
}

static const char *twice(struct fast_case *net, const char *x)
{
    const float                scales[] = {1, 1, 2, 2};
    const struct bsr_attribute nearest[] = {
        bsr_attribute_text("coordinate_transformation_mode", "asymmetric"),
        bsr_attribute_text("nearest_mode", "floor"),
        {.name = NULL}};
    return bsr_build_node(net->build, "Resize",
                          (const char *[]){x, "", case_floats(net, 1, (int64_t[]){4}, scales), NULL},
                          nearest);
}

/* As our quantiser does it: a convolution, SiLU, rounded. */
static const char *layer(struct fast_case *net, const char *x, int in, int out, int kernel, int stride,
                         float scale, int zero)
{
    return case_round(net, silu(net, case_byte_conv(net, x, in, out, kernel, stride, 1)), scale, zero, false);
}

static const char *rounded_input(struct fast_case *net, int channels, int height, int width)
{
    return case_round(net, case_input(net, "x", channels, height, width), 1.0F / 128, 128, false);
}

/* ---- bytes from layer to layer -------------------------------------------------------------------- */

static void test_bytes_are_passed_from_convolution_to_convolution(void **state)
{
    struct fast_case net = case_open(1);
    const char      *x = rounded_input(&net, 3, 24, 22);

    (void)state;
    x = layer(&net, x, 3, 16, 6, 2, 1.0F / 512, 60);
    x = layer(&net, x, 16, 21, 3, 2, 1.0F / 700, 80);
    x = layer(&net, x, 21, 24, 1, 1, 1.0F / 600, 70);
    struct fast_compiled compiled = check(&net, case_byte_conv(&net, x, 24, 13, 3, 1, 1));
    assert_kinds(&compiled, 4, 0, 0);
    compiled_free(&compiled);
}

/* i8 has other zeros and the same steps. */
static void test_numbers_with_a_sign_are_bytes_too(void **state)
{
    struct fast_case net = case_open(2);
    const char      *x = case_round(&net, case_input(&net, "x", 5, 9, 11), 1.0F / 128, 3, true);

    (void)state;
    x = case_round(&net, case_byte_conv(&net, x, 5, 8, 3, 1, 1), 1.0F / 400, -20, true);
    struct fast_compiled compiled = check(&net, case_byte_conv(&net, x, 8, 9, 3, 1, 1));
    assert_kinds(&compiled, 2, 0, 0);
    compiled_free(&compiled);
}

/* C3 of YOLOv5: parts of different steps lie in one map, one after the other in the same place; each is read
 * with a halo of its own zero. */
static void check_c3(bool shortcut, bool rounded_sum)
{
    struct fast_case net = case_open(3);
    const char      *x = rounded_input(&net, 16, 12, 10);
    const char      *a = layer(&net, x, 16, 8, 1, 1, 1.0F / 500, 70);
    const char      *m = layer(&net, a, 8, 8, 3, 1, 1.0F / 650, 90);
    const char      *n = silu(&net, case_byte_conv(&net, m, 8, 8, 3, 1, 1));
    const char      *b = layer(&net, x, 16, 8, 1, 1, 1.0F / 300, 100);

    if (shortcut)
        n = case_node(&net, "Add", a, n);
    if (rounded_sum)
        n = case_round(&net, n, 1.0F / 300, 100, false);
    const char          *y = layer(&net, concat(&net, n, b), 16, 16, 3, 1, 1.0F / 500, 60);
    struct fast_compiled compiled = check(&net, case_byte_conv(&net, y, 16, 5, 1, 1, 1));
    if (rounded_sum) {
        assert_kinds(&compiled, 5, 0, 0); /* the two that read x are one */
        assert_int_equal(count_copies(&compiled), 0);
    }
    compiled_free(&compiled);
}

static void test_parts_of_a_map_have_steps_of_their_own(void **state)
{
    (void)state;
    check_c3(true, true);
    check_c3(false, true);
    check_c3(true, false);
}

/* SPPF and the neck: pools, maps enlarged, and what they meet in. */
static void test_bytes_are_moved_as_they_are(void **state)
{
    struct fast_case net = case_open(4);
    const char      *x = rounded_input(&net, 8, 16, 12);
    const char      *a = layer(&net, x, 8, 16, 3, 2, 1.0F / 500, 70);
    const char      *p = max_pool(&net, a), *q = max_pool(&net, p);
    const char      *both = concat(&net, concat(&net, a, p), q);
    const char      *small = layer(&net, both, 48, 8, 1, 1, 1.0F / 128, 128);
    const char      *large = concat(&net, twice(&net, small), x);

    (void)state;
    struct fast_compiled compiled = check(&net, case_byte_conv(&net, large, 16, 8, 3, 1, 1));
    assert_kinds(&compiled, 3, 0, 0);
    assert_int_equal(compiled_count(&compiled, LAYER_POOL), 2);
    compiled_free(&compiled);
}

static void test_what_is_rounded_twice_alike_is_rounded_once(void **state)
{
    struct fast_case net = case_open(5);
    const char      *x = case_input(&net, "x", 8, 9, 9);
    const char      *a = case_round(&net, x, 1.0F / 128, 128, false),
               *b = case_round(&net, x, 1.0F / 128, 128, false);

    (void)state;
    a = case_round(&net, max_pool(&net, a), 1.0F / 128, 128, false);
    const char          *y = case_node(&net, "Add", case_byte_conv(&net, a, 8, 8, 3, 1, 1),
                                       case_byte_conv(&net, b, 8, 8, 1, 1, 1));
    struct fast_compiled compiled = check(&net, y);
    assert_kinds(&compiled, 2, 0, 0);
    compiled_free(&compiled);
}

/* ---- where bytes end --------------------------------------------------------------------------- */

static void test_weights_without_steps_are_those_of_floats(void **state)
{
    struct fast_case net = case_open(10);
    const char      *x = rounded_input(&net, 8, 9, 9);
    const char      *y = case_round(&net, case_conv(&net, x, 8, 8, 3, 1, 1), 1.0F / 64, 128, false);

    (void)state;
    struct fast_compiled compiled = check(&net, case_byte_conv(&net, y, 8, 8, 3, 1, 1));
    assert_kinds(&compiled, 1, 1, 2); /* bytes of x to floats, and floats to bytes */
    compiled_free(&compiled);
}

static void test_a_first_layer_in_floats_makes_bytes(void **state)
{
    struct fast_case net = case_open(11);
    const char      *x = case_input(&net, "x", 3, 20, 22);
    const char *y = case_round(&net, silu(&net, case_conv(&net, x, 3, 16, 6, 2, 1)), 1.0F / 128, 40, false);

    (void)state;
    struct fast_compiled compiled = check(&net, case_byte_conv(&net, y, 16, 9, 3, 1, 1));
    assert_int_equal(count_methods(&compiled, true), 1);
    compiled_free(&compiled);
}

static void test_what_knows_no_bytes_gets_floats(void **state)
{
    struct fast_case           net = case_open(12);
    const char                *x = rounded_input(&net, 8, 10, 10);
    const struct bsr_attribute linear[] = {bsr_attribute_text("mode", "linear"), {.name = NULL}};
    const struct bsr_attribute strides[] = {bsr_attribute_ints("strides", 2, (const int64_t[]){2, 2}),
                                            {.name = NULL}};
    const float                scales[] = {1, 1, 2, 2};

    (void)state;
    const char *grouped = case_round(&net, case_byte_conv(&net, x, 8, 8, 3, 1, 8), 1.0F / 400, 90, false);
    const char *pairs = case_round(&net, case_byte_conv(&net, grouped, 8, 8, 3, 1, 4), 1.0F / 400, 90, false);
    const char *wide = bsr_build_node(
        net.build, "Resize", (const char *[]){pairs, "", case_floats(&net, 1, (int64_t[]){4}, scales), NULL},
        linear);
    const char *turned =
        bsr_build_node(net.build, "ConvTranspose",
                       (const char *[]){x, case_weight(&net, (int[]){8, 8, 2, 2, 0}), NULL}, strides);
    const char          *sum = case_round(&net, case_node(&net, "Add", wide, turned), 1.0F / 32, 128, false);
    const char          *mean = case_node(&net, "GlobalAveragePool", sum, NULL);
    const char          *y = case_node(&net, "Mul", case_byte_conv(&net, sum, 8, 8, 3, 1, 1), mean);
    struct fast_compiled compiled = check(&net, y);
    assert_int_equal(count_methods(&compiled, true), 1);
    compiled_free(&compiled);
}

/* As ONNX Runtime's quantiser does it: around every node, also between those of a SiLU, each with steps of
 * its own, which a concat then brings together. */
static const char *round_all(struct fast_case *net, const char *x)
{
    return case_round(net, x, 1.0F / (float)(64 + case_draw(net, 64)), 100 + case_draw(net, 50), false);
}

static void test_rounding_everywhere_is_what_is_written(void **state)
{
    struct fast_case net = case_open(13);
    const char      *x = round_all(&net, case_input(&net, "x", 8, 16, 16));
    const char      *a = round_all(&net, case_byte_conv(&net, x, 8, 16, 3, 1, 1));

    (void)state;
    a = round_all(&net, case_node(&net, "Mul", a, round_all(&net, case_node(&net, "Sigmoid", a, NULL))));
    const char          *b = round_all(&net, case_byte_conv(&net, a, 16, 16, 3, 2, 1));
    const char          *c = round_all(&net, max_pool(&net, b)), *d = round_all(&net, twice(&net, c));
    const char          *e = round_all(&net, concat(&net, d, a));
    const char          *f = round_all(&net, case_byte_conv(&net, e, 32, 16, 1, 1, 1));
    const char          *g = round_all(&net, case_node(&net, "Add", f, a));
    struct fast_compiled compiled =
        case_compile(&net, round_all(&net, case_byte_conv(&net, g, 16, 16, 3, 1, 1)));
    /* One step, which is a large part of these small numbers. */
    compiled_check_rounded(&compiled, 3, CLOSE, ONE_OF / 2, 0.2);
    compiled_check_arena(&compiled);
    assert_int_equal(count_methods(&compiled, true), 4);
    compiled_free(&compiled);
}

/* 16-bit steps are no bytes. */
static void test_other_steps_are_not_taken(void **state)
{
    static const struct {
        int64_t range[3];
        float   scale;
        bool    fast;
    } rows[] = {
        {{0, 3, 255}, 0.5F, true},    {{-128, 0, 127}, 0.5F, true},   {{0, 3, 65535}, 0.5F, false},
        {{0, 300, 255}, 0.5F, false}, {{0, 3, 255}, 0, false},        {{0, 3, 255}, NAN, false},
        {{0, 3, 255}, -1, false},     {{0, 3, 255}, INFINITY, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fast_case         net = case_open(14);
        const char              *x = case_input(&net, "x", 8, 9, 9);
        struct bsr_tensor        shape = case_shape(&net, x);
        const struct bsr_tensor *ends[] = {&shape};
        const struct attribute   attributes[] = {
              {.name = "range", .kind = ATTRIBUTE_INTS, .ints = rows[i].range, .count = 3},
              {.name = "scale", .kind = ATTRIBUTE_FLOAT, .f = rows[i].scale}};
        const struct onnx_node_view view = {.node = {.name = "r",
                                                     .domain = "besra",
                                                     .type = "RoundToSteps",
                                                     .opset = 1,
                                                     .attributes = attributes,
                                                     .attribute_count = 2},
                                            .inputs = ends,
                                            .input_count = 1,
                                            .outputs = ends,
                                            .output_count = 1};
        assert_int_equal(fast_supports(NULL, &view) == NULL, rows[i].fast);
        bsr_build_close(net.build);
    }
}

/* ---- failures ------------------------------------------------------------------------------------ */

static void test_compiling_without_memory_fails_and_leaks_nothing(void **state)
{
    struct fast_case net = case_open(20);
    const char      *x = rounded_input(&net, 3, 12, 8);
    float            input[3 * 12 * 8] = {0}, output[16 * 6 * 4];
    float           *inputs[] = {input}, *outputs[] = {output};

    (void)state;
    x = layer(&net, x, 3, 16, 3, 2, 1.0F / 512, 60);
    const char *a = layer(&net, x, 16, 8, 1, 1, 1.0F / 512, 60),
               *b = layer(&net, x, 16, 8, 1, 1, 1.0F / 256, 60);
    a = case_round(&net, case_node(&net, "Add", a, case_byte_conv(&net, a, 8, 8, 3, 1, 1)), 1.0F / 256, 60,
                   false);
    struct fast_compiled compiled =
        case_compile(&net, case_byte_conv(&net, concat(&net, a, b), 16, 16, 1, 1, 1));
    compiled_check_memory(&compiled, inputs, outputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_passed_from_convolution_to_convolution),
        cmocka_unit_test(test_numbers_with_a_sign_are_bytes_too),
        cmocka_unit_test(test_parts_of_a_map_have_steps_of_their_own),
        cmocka_unit_test(test_bytes_are_moved_as_they_are),
        cmocka_unit_test(test_what_is_rounded_twice_alike_is_rounded_once),
        cmocka_unit_test(test_weights_without_steps_are_those_of_floats),
        cmocka_unit_test(test_a_first_layer_in_floats_makes_bytes),
        cmocka_unit_test(test_what_knows_no_bytes_gets_floats),
        cmocka_unit_test(test_rounding_everywhere_is_what_is_written),
        cmocka_unit_test(test_other_steps_are_not_taken),
        cmocka_unit_test(test_compiling_without_memory_fails_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

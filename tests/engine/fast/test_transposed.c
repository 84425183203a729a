/* Transposed convolutions, of few outputs (one convolution to blocks of pixels) and of many (one for each
 * phase of the strides), are what the evaluator computes. */
#include "tests/engine/fast/fast_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct transposed {
    int  in, out, kernel[2], stride[2];
    int  pads[4], extra[2];
    bool bias;
};

static const char *add(struct fast_case *net, const char *x, const struct transposed *t)
{
    int64_t pads[4], strides[2], extra[2];
    for (int i = 0; i < 4; i++)
        pads[i] = t->pads[i];
    for (int i = 0; i < 2; i++) {
        strides[i] = t->stride[i];
        extra[i] = t->extra[i];
    }
    const struct bsr_attribute attributes[] = {bsr_attribute_ints("pads", 4, pads),
                                               bsr_attribute_ints("strides", 2, strides),
                                               bsr_attribute_ints("output_padding", 2, extra),
                                               {.name = NULL}};
    const char                *w = case_weight(net, (int[]){t->in, t->out, t->kernel[0], t->kernel[1], 0});
    const char                *b = t->bias ? case_weight(net, (int[]){t->out, 0}) : "";
    return bsr_build_node(net->build, "ConvTranspose", (const char *[]){x, w, b, NULL}, attributes);
}

static struct fast_compiled check(uint64_t seed, const struct transposed *t, int height, int width)
{
    struct fast_case     net = case_open(seed);
    const char          *y = add(&net, case_input(&net, "x", t->in, height, width), t);
    struct fast_compiled compiled = case_compile(&net, case_node(&net, "Relu", y, NULL));

    compiled_check(&compiled, seed, 1e-4);
    compiled_check_arena(&compiled);
    return compiled;
}

static void test_few_outputs_are_one_convolution_to_blocks(void **state)
{
    static const struct transposed cases[] = {
        {20, 1, {9, 9}, {2, 2}, {4, 4, 4, 4}, {1, 1}, true},
        {20, 1, {9, 9}, {3, 3}, {4, 4, 4, 4}, {2, 2}, false},
        {20, 3, {9, 9}, {4, 4}, {4, 4, 4, 4}, {3, 3}, true},
        {7, 1, {4, 4}, {2, 2}, {1, 1, 1, 1}, {0, 0}, true},
        {7, 1, {2, 2}, {2, 2}, {0, 0, 0, 0}, {0, 0}, false},
        {5, 1, {6, 4}, {2, 2}, {2, 1, 2, 1}, {0, 0}, true},
        {9, 2, {5, 6}, {2, 2}, {1, 2, 2, 2}, {0, 0}, true},
        {3, 1, {8, 8}, {4, 4}, {0, 4, 4, 0}, {0, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fast_compiled compiled = check(i + 1, &cases[i], 13, 10);
        assert_int_equal(compiled_count(&compiled, LAYER_TRANSPOSED), 0);
        assert_int_equal(compiled_count(&compiled, LAYER_DEPTH_TO_SPACE), 1);
        compiled_free(&compiled);
    }
}

static void test_others_are_one_for_each_phase(void **state)
{
    static const struct transposed cases[] = {
        {8, 32, {4, 4}, {2, 2}, {1, 1, 1, 1}, {0, 0}, true}, /* blocks would take more */
        {8, 1, {4, 4}, {2, 1}, {1, 1, 1, 1}, {0, 0}, true},  /* no square blocks */
        {8, 1, {3, 3}, {2, 2}, {0, 0, 0, 0}, {0, 0}, true},  /* no whole ones */
        {8, 1, {3, 3}, {1, 1}, {1, 1, 1, 1}, {0, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fast_compiled compiled = check(i + 1, &cases[i], 11, 12);
        assert_int_equal(compiled_count(&compiled, LAYER_TRANSPOSED), 1);
        compiled_free(&compiled);
    }
}

static void test_any_form_is_right(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct fast_case  draws = case_open(seed);
        struct transposed t = {
            .in = 1 + case_draw(&draws, 20), .out = 1 + case_draw(&draws, 5), .bias = seed % 2};
        int square = 1 + case_draw(&draws, 4);
        for (int i = 0; i < 2; i++) {
            t.stride[i] = seed % 5 ? square : 1 + case_draw(&draws, 3);
            t.kernel[i] = t.stride[i] + case_draw(&draws, 7);
            t.pads[i] = case_draw(&draws, t.kernel[i] < 5 ? t.kernel[i] : 5);
            t.pads[2 + i] = case_draw(&draws, t.kernel[i] < 5 ? t.kernel[i] : 5);
            int rest = t.stride[i] + t.pads[i] + t.pads[2 + i] - t.kernel[i];
            if (rest >= 0 && rest < t.stride[i] && seed % 3)
                t.extra[i] = rest; /* whole blocks */
        }
        bsr_build_close(draws.build);
        struct fast_compiled compiled = check(seed, &t, 10 + (int)(seed % 7), 9 + (int)(seed % 5));
        compiled_free(&compiled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_outputs_are_one_convolution_to_blocks),
        cmocka_unit_test(test_others_are_one_for_each_phase),
        cmocka_unit_test(test_any_form_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

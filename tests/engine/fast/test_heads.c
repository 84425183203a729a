/* Outputs in other forms than planes: whatever was wished for, the numbers are those of a run without wishes,
 * bit for bit. */
#include "tests/engine/fast/fast_case.h"

#include "base/alloc.h"
#include "onnx/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUTPUTS = 5, CHANNELS = 3, HEIGHT = 40, WIDTH = 56 };

/* What becomes of an output, and what is wished for. */
static const struct engine_wish wishes[OUTPUTS] = {
    {ENGINE_ONE, 3, 4},  /* a head with anchors */
    {ENGINE_NONE, 1, 0}, /* a box */
    {ENGINE_MAP, 1, 0},  /* classes */
    {ENGINE_ONE, 2, 1},  /* behind a 3x3: all of it */
    {ENGINE_PLANES, 1, 0},
};
static const bool in_parts[OUTPUTS] = {true, true, false, false, false};

/* What a layer makes, as bytes where the net is quantised. */
static const char *finish(struct fast_case *net, const char *op, const char *x, bool quantised)
{
    x = case_node(net, op, x, NULL);
    return quantised ? case_round(net, x, 1.0F / 256, 0, false) : x;
}

/* A net with a head on each of two sizes, and others. */
static struct bytes make_net(uint64_t seed, bool quantised)
{
    struct fast_case net = case_open(seed);
    struct bytes     onnx = {0};
    struct bsr_error err = {0};
    const char *(*conv)(struct fast_case *, const char *, int, int, int, int, int) =
        quantised ? case_byte_conv : case_conv;
    int         a = 5 + case_draw(&net, 60), b = 5 + case_draw(&net, 60), classes = 1 + case_draw(&net, 40);
    const char *x = case_input(&net, "x", CHANNELS, HEIGHT, WIDTH);
    if (quantised)
        x = case_round(&net, x, 1.0F / 255, 0, false);
    const char *fine = finish(&net, "Relu", conv(&net, x, CHANNELS, a, 3, 2, 1), quantised);
    const char *coarse = finish(&net, "Sigmoid", conv(&net, fine, a, b, 3, 2, 1), quantised);
    const char *outputs[OUTPUTS] = {
        conv(&net, fine, a, 3 * (5 + classes), 1, 1, 1),
        conv(&net, coarse, b, 4 + case_draw(&net, 70), 1, 1, 1),
        conv(&net, coarse, b, classes, 1, 1, 1),
        conv(&net, fine, a, 2 * (2 + case_draw(&net, 9)), 3, 1, 1),
        conv(&net, coarse, b, 7, 1, 1, 1),
    };

    for (int i = 0; i < OUTPUTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "out%d", i);
        bsr_build_output(net.build, outputs[i], name);
    }
    if (build_pack(net.build, &onnx, &err) != BSR_OK)
        fail_msg("%s", err.message);
    bsr_build_close(net.build);
    return onnx;
}

static struct engine *open_net(const struct bytes *onnx, const char *backend,
                               const struct engine_wish *wished)
{
    struct engine_options options = {.backend = backend, .wishes = wished};
    struct engine        *engine = NULL;
    struct bsr_error      err = {0};

    if (engine_open(&engine, onnx->data, onnx->size, &options, "heads", &err) != BSR_OK)
        fail_msg("%s", err.message);
    return engine;
}

static const struct tensor *run(struct engine *engine, const float *picture)
{
    struct tensor        input = {"x", picture, 4, {1, CHANNELS, HEIGHT, WIDTH}};
    const struct tensor *outputs = NULL;
    struct bsr_error     err = {0};
    int                  count = 0;

    if (engine_run(engine, &input, 1, &outputs, &count, &err) != BSR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count, OUTPUTS);
    return outputs;
}

static void fill(float *picture, uint64_t seed)
{
    for (int i = 0; i < CHANNELS * HEIGHT * WIDTH; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        picture[i] = (float)(seed >> 40) / (float)(1 << 24);
    }
}

static float at(const struct tensor *planes, int channel, int pixel)
{
    return planes->data[(ptrdiff_t)channel * planes->shape[2] * planes->shape[3] + pixel];
}

/* What lies there, against planes. */
static void check_map(const struct engine_head *head, const struct tensor *planes, int first, int step)
{
    int width = (int)planes->shape[3], pixels = width * (int)planes->shape[2], index = 0;

    assert_true(head->height == planes->shape[2] && head->width == planes->shape[3]);
    for (int c = first; c < planes->shape[1]; c += step, index++)
        for (int p = 0; p < pixels; p++) {
            float got = head->data[p / width * head->row + p % width * head->pixel + index];
            float wanted = at(planes, c, p);
            assert_memory_equal(&got, &wanted, sizeof got);
        }
}

/* Some pixels, of all groups, in more than one handful. */
static void check_rows(struct engine *engine, int output, const struct tensor *planes, int each,
                       uint64_t seed)
{
    int      total = (int)(planes->shape[2] * planes->shape[3]), channels = (int)planes->shape[1] / each;
    uint32_t pixels[200];

    for (int group = 0; group < each; group++) {
        size_t           count = 0, step = 0;
        const float     *rows = NULL;
        struct bsr_error err = {0};
        for (int p = (int)(seed % 5); p < total && count < 200; p += 1 + (int)((seed + count * 7) % 4))
            pixels[count++] = (uint32_t)p;
        count = group ? count : count % 13; /* few at first */
        assert_int_equal(engine_head_rows(engine, output, group, pixels, count, &rows, &step, &err), BSR_OK);
        for (size_t i = 0; i < count; i++)
            for (int c = 0; c < channels; c++) {
                float wanted = at(planes, group * channels + c, (int)pixels[i]);
                assert_memory_equal(&rows[i * step + (size_t)c], &wanted, sizeof wanted);
            }
    }
}

static void check_forms(uint64_t seeds, bool quantised)
{
    static float picture[CHANNELS * HEIGHT * WIDTH];
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct bytes   onnx = make_net(seed, quantised);
        struct engine *whole = open_net(&onnx, NULL, NULL), *parts = open_net(&onnx, NULL, wishes);

        for (int turn = 0; turn < 3; turn++) {
            engine_set_threads(1 + turn % 2);
            fill(picture, seed * 10 + (uint64_t)turn);
            const struct tensor *planes = run(whole, picture), *got = run(parts, picture);
            for (int i = 0; i < OUTPUTS; i++) {
                struct engine_head head;
                assert_int_equal(got[i].dims, 4);
                assert_memory_equal(got[i].shape, planes[i].shape, 4 * sizeof *got[i].shape);
                assert_false(engine_head(whole, i, &head));
                if (wishes[i].form == ENGINE_PLANES) {
                    assert_false(engine_head(parts, i, &head));
                    assert_memory_equal(
                        got[i].data, planes[i].data,
                        (size_t)(planes[i].shape[1] * planes[i].shape[2] * planes[i].shape[3]) *
                            sizeof(float));
                    continue;
                }
                assert_true(engine_head(parts, i, &head));
                assert_null(got[i].data);
                assert_int_equal(head.part, in_parts[i]);
                int step = in_parts[i] ? (int)planes[i].shape[1] / wishes[i].groups : 1;
                if (wishes[i].form != ENGINE_NONE)
                    check_map(&head, &planes[i], in_parts[i] ? wishes[i].channel : 0, step);
                else
                    assert_null(head.data);
                if (in_parts[i])
                    check_rows(parts, i, &planes[i], wishes[i].groups, seed);
            }
        }
        engine_close(whole);
        engine_close(parts);
        bytes_free(&onnx);
    }
    engine_set_threads(1);
}

static void test_forms_of_outputs_change_no_bit(void **state)
{
    (void)state;
    check_forms(24, false);
}

static void test_nor_do_they_in_quantised_nets(void **state)
{
    (void)state;
    check_forms(12, true);
}

static void test_other_engines_give_planes(void **state)
{
    static const char *const backends[] = {"opencv", "besra"};
    static float             picture[CHANNELS * HEIGHT * WIDTH];
    struct bytes             onnx = make_net(3, false);
    (void)state;

    fill(picture, 1);
    for (size_t b = 0; b < sizeof backends / sizeof *backends; b++) {
        struct engine       *engine = open_net(&onnx, backends[b], wishes);
        const struct tensor *outputs = run(engine, picture);
        struct engine_head   head;
        for (int i = 0; i < OUTPUTS; i++) {
            assert_non_null(outputs[i].data);
            assert_false(engine_head(engine, i, &head));
        }
        engine_close(engine);
    }
    bytes_free(&onnx);
}

static void test_what_there_is_not_is_refused(void **state)
{
    static float     picture[CHANNELS * HEIGHT * WIDTH];
    struct bytes     onnx = make_net(4, false);
    struct engine   *engine = open_net(&onnx, NULL, wishes);
    struct bsr_error err;
    const uint32_t   last = HEIGHT / 2 * WIDTH / 2 - 1, behind = last + 1;
    const float     *rows = NULL;
    size_t           step = 0;
    (void)state;

    struct engine_head head;
    assert_false(engine_head(engine, 0, &head)); /* before the first run */
    assert_int_equal(engine_head_rows(engine, 0, 0, &last, 1, &rows, &step, &err), BSR_ERANGE);
    run(engine, picture);
    assert_int_equal(engine_head_rows(engine, 0, 2, &last, 1, &rows, &step, &err), BSR_OK);
    assert_int_equal(engine_head_rows(engine, 0, 2, &last, 0, &rows, &step, &err), BSR_OK);
    assert_int_equal(engine_head_rows(engine, 0, 2, &behind, 1, &rows, &step, &err), BSR_ERANGE);
    assert_int_equal(engine_head_rows(engine, 0, 3, &last, 1, &rows, &step, &err), BSR_ERANGE);
    assert_int_equal(engine_head_rows(engine, 0, -1, &last, 1, &rows, &step, &err), BSR_ERANGE);
    assert_int_equal(engine_head_rows(engine, 2, 0, &last, 1, &rows, &step, &err), BSR_ERANGE);
    assert_int_equal(engine_head_rows(engine, 4, 0, &last, 1, &rows, &step, &err), BSR_ERANGE);
    assert_int_equal(engine_head_rows(engine, OUTPUTS, 0, &last, 1, &rows, &step, &err), BSR_ERANGE);
    assert_int_equal(engine_head_rows(engine, -1, 0, &last, 1, &rows, &step, &err), BSR_ERANGE);
    engine_close(engine);
    bytes_free(&onnx);
}

/* Groups that don't divide the channels, a channel that no group has: all of it, or nothing but what is asked
 * for, but never memory that isn't there. */
static void test_impossible_wishes_give_all(void **state)
{
    static const struct engine_wish wrong[][OUTPUTS] = {
        {{ENGINE_ONE, 0, 0}, {ENGINE_NONE, -1, 0}, {ENGINE_ONE, 1 << 30, 0}},
        {{ENGINE_ONE, 1, 1 << 30}, {ENGINE_ONE, 1, -1}, {ENGINE_NONE, 1 << 20, 5}},
    };
    static float picture[CHANNELS * HEIGHT * WIDTH];
    struct bytes onnx = make_net(5, false);
    (void)state;

    fill(picture, 2);
    struct engine       *whole = open_net(&onnx, NULL, NULL);
    const struct tensor *planes = run(whole, picture);
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        struct engine *engine = open_net(&onnx, NULL, wrong[w]);
        run(engine, picture);
        for (int i = 0; i < 3; i++) {
            struct engine_head head;
            assert_true(engine_head(engine, i, &head));
            assert_false(head.part);
            check_map(&head, &planes[i], 0, 1);
        }
        engine_close(engine);
    }
    engine_close(whole);
    bytes_free(&onnx);
}

static const char *refuse(void *context, const struct onnx_node_view *node)
{
    (void)context;
    (void)node;
    return "not asked";
}

static void test_failed_allocations_leave_nothing(void **state)
{
    const struct onnx_takers takers = {.engine = refuse, .fast = fast_supports, .worth = fast_worth};
    static float             picture[CHANNELS * HEIGHT * WIDTH], out[1 << 16];
    float                   *inputs[] = {picture}, *outputs[] = {out, out, out, out, out};
    struct bytes             onnx = make_net(6, false);
    struct onnx_model       *model = NULL;
    struct onnx_split        split;
    struct bsr_error         err = {0};
    bsr_status               status = BSR_ENOMEM;
    const uint32_t           pixels[] = {0, 5};
    (void)state;

    fast_set_threads(1);
    assert_int_equal(onnx_model_read(&model, onnx.data, onnx.size, NULL, "heads", &err), BSR_OK);
    assert_int_equal(onnx_split_make(&split, model, &takers, &err), BSR_OK);
    for (size_t n = 1; status != BSR_OK; n++) {
        struct fast_program *program = NULL;
        struct fast_runner  *runner = NULL;
        const float         *rows;
        size_t               step;
        mem_fail_from(n);
        status = fast_runner_open(&runner, &err);
        if (status == BSR_OK)
            status = fast_compile(&program, &split.regions[0], wishes, "heads", &err);
        if (status == BSR_OK)
            status = fast_run(program, runner, inputs, outputs, &err);
        if (status == BSR_OK)
            status = fast_head_rows(program, runner, 0, 1, pixels, 2, &rows, &step, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        fast_close(program);
        fast_runner_close(runner);
    }
    assert_int_equal(store_bytes(), 0);
    onnx_split_free(&split);
    onnx_model_free(model);
    bytes_free(&onnx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_outputs_change_no_bit),
        cmocka_unit_test(test_nor_do_they_in_quantised_nets),
        cmocka_unit_test(test_other_engines_give_planes),
        cmocka_unit_test(test_what_there_is_not_is_refused),
        cmocka_unit_test(test_impossible_wishes_give_all),
        cmocka_unit_test(test_failed_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What programs share, keep apart and give back. */
#include "tests/engine/fast/fast_case.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A residual block, a concat that copies, an enlarged map, a transposed convolution, an end in one pixel. */
static const char *make_net(struct fast_case *net)
{
    const float                scales[] = {1, 1, 2, 2};
    const struct bsr_attribute nearest[] = {
        bsr_attribute_text("coordinate_transformation_mode", "asymmetric"),
        bsr_attribute_text("nearest_mode", "floor"),
        {.name = NULL}};
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};
    const struct bsr_attribute twice[] = {bsr_attribute_ints("strides", 2, (const int64_t[]){2, 2}),
                                          {.name = NULL}};
    const char                *x = case_input(net, "x", 3, 12, 8), *a = case_conv(net, x, 3, 5, 3, 2, 1);
    const char                *b = case_node(net, "Add", a, case_conv(net, a, 5, 5, 3, 1, 1));
    const char                *large =
        bsr_build_node(net->build, "Resize",
                       (const char *[]){b, "", case_floats(net, 1, (int64_t[]){4}, scales), NULL}, nearest);
    const char *up =
        bsr_build_node(net->build, "ConvTranspose",
                       (const char *[]){b, case_weight(net, (int[]){5, 7, 2, 2, 0}), NULL}, twice);
    const char *both = bsr_build_node(net->build, "Concat", (const char *[]){large, up, large, NULL}, along);
    const char *y = case_node(net, "Relu", case_conv(net, both, 17, 6, 1, 1, 1), NULL);
    return case_conv(net, case_node(net, "GlobalAveragePool", y, NULL), 6, 4, 1, 1, 1);
}

static void test_equal_weights_are_packed_once(void **state)
{
    struct fast_case     net = case_open(3), twin = case_open(3), other = case_open(4);
    size_t               before = store_bytes();
    struct fast_compiled a = case_compile(&net, make_net(&net));
    size_t               one = store_bytes() - before;
    struct fast_compiled b = case_compile(&twin, make_net(&twin));

    (void)state;
    assert_true(one > 0);
    assert_int_equal(store_bytes() - before, one);
    struct fast_compiled c = case_compile(&other, make_net(&other));
    assert_int_equal(store_bytes() - before, 2 * one);
    compiled_free(&a);
    assert_int_equal(store_bytes() - before, 2 * one);
    compiled_check(&b, 5, 1e-4);
    compiled_free(&b);
    compiled_free(&c);
    assert_int_equal(store_bytes(), before);
}

/* One runner's memory serves programs of several sizes in turn. */
static void test_programs_share_a_runner(void **state)
{
    struct fast_case     small = case_open(1), large = case_open(2);
    struct fast_compiled a = case_compile(&small, make_net(&small));
    const char          *x = case_input(&large, "x", 3, 40, 40);
    const char          *y = case_conv(&large, case_conv(&large, x, 3, 40, 5, 1, 1), 40, 3, 3, 1, 1);
    struct fast_compiled b = case_compile(&large, y);
    struct fast_runner  *own = b.runner;

    (void)state;
    assert_true(fast_peak_bytes(b.program) > fast_peak_bytes(a.program));
    b.runner = a.runner;
    for (int i = 0; i < 3; i++) {
        compiled_check(&a, 1, 1e-4);
        compiled_check(&b, 2, 1e-4);
    }
    b.runner = own;
    compiled_free(&a);
    compiled_free(&b);
}

static void test_steps_are_timed(void **state)
{
    struct fast_case     net = case_open(5);
    struct fast_compiled compiled = case_compile(&net, make_net(&net));
    struct fast_time     times[64];
    double               macs = 0;

    (void)state;
    int count = fast_profile(compiled.program, compiled.runner, 2, times, 64);
    assert_true(count > 6 && count < 64);
    for (int i = 0; i < count; i++) {
        assert_non_null(times[i].what);
        assert_true(times[i].ms >= 0);
        macs += times[i].macs;
    }
    /* 5x3x3x3 and 5x5x3x3 at 6x4; 5x7x2x2 at 6x4; 17x6 at 12x8; 6x4 */
    assert_true(macs == 135 * 24 + 225 * 24 + 140 * 24 + 102 * 96 + 24);
    compiled_free(&compiled);
}

static void test_failed_allocations_leave_nothing(void **state)
{
    struct fast_case     net = case_open(6);
    struct fast_compiled compiled = case_compile(&net, make_net(&net));
    float                input[3 * 12 * 8] = {0}, output[4];
    float               *inputs[] = {input}, *outputs[] = {output};

    (void)state;
    compiled_check_memory(&compiled, inputs, outputs);
}

/* ---- the arena -------------------------------------------------------------------------------------- */

static void test_what_lives_at_the_same_time_lies_apart(void **state)
{
    struct fast_case random = case_open(7);

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct fast_memory items[40] = {{.first = 0}};
        int                count = 1 + case_draw(&random, 40);
        size_t             total = 0, most = 0;
        for (int i = 0; i < count; i++) {
            items[i].first = case_draw(&random, 30) - 1; /* -1: never */
            items[i].last = items[i].first + case_draw(&random, 8);
            items[i].floats = 16 * (size_t)(1 + case_draw(&random, 50));
        }
        assert_int_equal(arena_place(items, count, &total, NULL), BSR_OK);
        for (int i = 0; i < count; i++)
            for (int k = 0; k < i; k++)
                if (items[i].first >= 0 && items[k].first >= 0 && items[i].first <= items[k].last &&
                    items[k].first <= items[i].last)
                    assert_true(items[i].at >= items[k].at + items[k].floats ||
                                items[k].at >= items[i].at + items[i].floats);
        for (int t = 0; t < 40; t++) { /* what must be there at once */
            size_t now = 0;
            for (int i = 0; i < count; i++)
                now += items[i].first >= 0 && items[i].first <= t && t <= items[i].last ? items[i].floats : 0;
            most = now > most ? now : most;
        }
        assert_true(total >= most && total <= 2 * most);
    }
    bsr_build_close(random.build);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_weights_are_packed_once),
        cmocka_unit_test(test_programs_share_a_runner),
        cmocka_unit_test(test_steps_are_timed),
        cmocka_unit_test(test_failed_allocations_leave_nothing),
        cmocka_unit_test(test_what_lives_at_the_same_time_lies_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

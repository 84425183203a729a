/* besra bench: what it tells hangs together. How long anything takes is no test's business. */
#include "tests/app/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double real_at(const json_t *object, const char *path)
{
    const json_t *value = json_at(object, path);
    assert_non_null(value);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double part_at(const json_t *object, const char *path, const char *part)
{
    char whole[128];
    snprintf(whole, sizeof whole, "%s.%s", path, part);
    return real_at(object, whole);
}

static void expect_ordered(const json_t *object, const char *path)
{
    assert_true(part_at(object, path, "min") > 0);
    assert_true(part_at(object, path, "min") <= part_at(object, path, "p50"));
    assert_true(part_at(object, path, "p50") <= part_at(object, path, "p90"));
    assert_true(part_at(object, path, "p90") <= part_at(object, path, "p99"));
}

/* The sum of a number over an array of objects. */
static double sum_of(const json_t *object, const char *array, const char *key)
{
    double  sum = 0;
    size_t  index;
    json_t *item;

    json_array_foreach(json_at(object, array), index, item)
    {
        sum += json_number_value(json_object_get(item, key));
    }
    return sum;
}

/* ---- what programs read ------------------------------------------------------------------------------- */

static void test_a_detector_is_timed_stage_by_stage(void **state)
{
    (void)state;
    json_t *object = run_json("$BESRA bench -q -m " MODELS "berries-decoded.onnx -i "
                              "$SOURCE/assets/cards/cards-1.jpg --runs 4 --threads 1 --json");

    expect_json(object, "runs", "4");
    expect_json(object, "threads", "1");
    expect_json(object, "engine", "\"auto\"");
    expect_json(object, "precision", "\"f32\"");
    expect_json(object, "compare", "null");
    expect_ordered(object, "net_ms");
    expect_ordered(object, "picture_ms");
    static const char *const stages[] = {"decode", "pre", "net", "post"};
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        assert_true(part_at(object, "stages_ms", stages[i]) > 0);
    assert_true(real_at(object, "peak_bytes") > 1e6);
    assert_true(real_at(object, "open_ms") > 0);
    assert_true(real_at(object, "peak_macs_per_s") > 0);
    json_decref(object);
}

/* colours.onnx: the mean over 64 x 64, a matrix of 3 x 3 and 3 biases. */
static void test_layers_have_all_multiplications_of_the_net(void **state)
{
    (void)state;
    json_t *object = run_json("$BESRA bench -q --runs 2 --json " MODELS "colours.onnx");

    expect_json(object, "macs", "9");
    expect_json(object, "input", "[1, 3, 64, 64]");
    expect_json(object, "stages_ms.decode", "null"); /* without -i there is nothing to decode */
    assert_true(part_at(object, "stages_ms", "net") > 0);
    json_decref(object);

    static const char *const engines[] = {"auto", "opencv"};
    for (size_t i = 0; i < 2; i++) {
        object = run_json("$BESRA bench -q --runs 2 --json --engine %s cards", engines[i]);
        assert_true(real_at(object, "macs") > 1e8);
        assert_true(sum_of(object, "layers", "macs") == real_at(object, "macs"));
        assert_true(sum_of(object, "layers", "ms") > 0);
        assert_int_equal(json_array_size(json_at(object, "regions")) > 0, i == 0); /* stock OpenCV has none */
        json_decref(object);
    }
}

/* 8,032 multiplications a pixel of luma (ARCHITECTURE.md). */
static void test_an_enlargement_is_timed_at_its_factor(void **state)
{
    (void)state;
    json_t *object =
        run_json("$BESRA bench -q --runs 2 --scale 1.5 --json -i $SOURCE/assets/photos/chelsea.jpg srcnn");
    double width = real_at(object, "input.3"), height = real_at(object, "input.2");

    assert_true(real_at(object, "macs") == 8032 * width * height);
    expect_ordered(object, "picture_ms");
    assert_int_equal(json_array_size(json_at(object, "layers")), 0);
    json_decref(object);
}

static void test_a_net_for_no_picture_has_no_stages(void **state)
{
    (void)state;
    json_t *object = run_json("$BESRA bench -q --runs 3 --json " MODELS "types.onnx");

    expect_json(object, "stages_ms", "null");
    expect_json(object, "picture_ms", "null");
    expect_ordered(object, "net_ms");
    json_decref(object);
    object = run_json("$BESRA bench -q --runs 3 --json --shape x:1,3,2,5 --freeze factor=1,1,2,3 " MODELS
                      "scaled.onnx");
    expect_json(object, "input", "[1, 3, 2, 5]");
    json_decref(object);
}

static void test_another_engine_is_run_beside(void **state)
{
    (void)state;
    json_t *object = run_json("$BESRA bench -q --runs 3 --json --compare opencv " MODELS "colours.onnx");

    expect_json(object, "compare.engine", "\"opencv\"");
    expect_ordered(object, "compare.net_ms");
    expect_real(object, "compare.ratio",
                real_at(object, "net_ms.p50") / real_at(object, "compare.net_ms.p50"), 1e-3);
    json_decref(object);
}

/* ---- what people read --------------------------------------------------------------------------------- */

static void test_the_slowest_layers_are_shown_or_all(void **state)
{
    (void)state;
    char *out = run_expecting(0, NULL, "$BESRA bench -q --runs 2 --threads 1 cards");

    expect_part(out, "cards at 1x3x");
    expect_part(out, "engine auto, 1 threads, 2 runs");
    expect_part(out, "net of a picture");
    expect_part(out, "fast region 0");
    expect_part(out, "Slowest layers");
    free(out);
    out = run_expecting(0, NULL, "$BESRA bench -q --runs 2 --layers --compare besra " MODELS "colours.onnx");
    expect_no_part(out, "Slowest");
    expect_part(out, "Beside it: --engine besra");
    free(out);
}

static void test_what_cannot_be_measured_is_refused(void **state)
{
    (void)state;
    static const struct {
        int         code;
        const char *arguments, *part;
    } cases[] = {
        {2, "", "which model?"},
        {2, "-m cards cards", "two models"},
        {2, "a b", "too many arguments"},
        {2, "cards --compare nothing", "--compare"},
        {2, "cards --runs 0", "--runs"},
        {4, MODELS "circle.onnx", "circle.onnx"},
        {3, "cards -i no-such.jpg", "no-such.jpg"},
        {1, "cards -i $SOURCE/README.md", "README.md"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        free(run_expecting(cases[i].code, cases[i].part, "$BESRA bench %s", cases[i].arguments));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_a_detector_is_timed_stage_by_stage),
        IN_SCRATCH(test_layers_have_all_multiplications_of_the_net),
        IN_SCRATCH(test_an_enlargement_is_timed_at_its_factor),
        IN_SCRATCH(test_a_net_for_no_picture_has_no_stages),
        IN_SCRATCH(test_another_engine_is_run_beside),
        IN_SCRATCH(test_the_slowest_layers_are_shown_or_all),
        IN_SCRATCH(test_what_cannot_be_measured_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

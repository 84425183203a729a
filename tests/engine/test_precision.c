/* bf16 and int8: who is refused, with which reason, and how far bf16 is from f32. */
#include "base/alloc.h"
#include "base/cpu.h"
#include "engine/kernels/onednn.h"
#include "tests/engine/node_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const conv_of_16 = "Conv-11 x:1x16x20x20 w=24x16x3x3 b=24 | pads=[1,1,1,1]";

static bsr_status open_as(struct engine **out, const struct node_model *model,
                          enum engine_precision precision, const char *backend, struct bsr_error *err)
{
    const struct engine_options options = {.backend = backend, .precision = precision};

    *out = NULL;
    *err = (struct bsr_error){0};
    return engine_open(out, model->onnx.data, model->onnx.size, &options, "net", err);
}

static void emulate(bool wish)
{
    assert_int_equal(wish ? setenv("BESRA_BF16", "emulate", 1) : unsetenv("BESRA_BF16"), 0);
}

/* Numbers of a run; the caller frees them. */
static float *run(struct engine *engine, const struct node_model *model, size_t *count)
{
    const struct engine_value *outputs = NULL;
    int                        output_count = 0;
    struct bsr_error           err = {0};

    if (engine_run_any(engine, model->inputs, model->input_count, &outputs, &output_count, &err) != BSR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(output_count, 1);
    *count = tensor_count(&outputs[0].tensor);
    float *numbers = mem_alloc(*count * sizeof *numbers);
    assert_non_null(numbers);
    memcpy(numbers, outputs[0].tensor.data, *count * sizeof *numbers);
    return numbers;
}

static void test_bf16_is_refused_with_the_reason(void **state)
{
    struct node_model model;
    struct engine    *engine = NULL;
    struct bsr_error  err;

    (void)state;
    emulate(false);
    node_model_make(&model, conv_of_16, NUMBERS_AROUND_ZERO);
    if (!onednn_is_there()) {
        assert_int_equal(open_as(&engine, &model, ENGINE_BF16, NULL, &err), BSR_EMISSING);
        assert_non_null(strstr(err.message, "without oneDNN"));
    } else if (!cpu_has_bf16()) {
        assert_int_equal(open_as(&engine, &model, ENGINE_BF16, NULL, &err), BSR_EMISSING);
        assert_non_null(strstr(err.message, "AVX512-BF16"));
    } else {
        assert_int_equal(open_as(&engine, &model, ENGINE_BF16, NULL, &err), BSR_OK);
    }
    engine_close(engine);
    assert_int_equal(open_as(&engine, &model, ENGINE_BF16, "opencv", &err), BSR_EUSAGE);
    assert_null(engine);
    node_model_free(&model);
}

static void test_int8_is_of_quantised_models(void **state)
{
    struct node_model model;
    struct engine    *engine = NULL;
    struct bsr_error  err;

    (void)state;
    node_model_make(&model, conv_of_16, NUMBERS_AROUND_ZERO);
    bsr_status status = open_as(&engine, &model, ENGINE_INT8, NULL, &err);
    assert_int_equal(status, cpu_has_int8() ? BSR_EMODEL : BSR_EMISSING);
    assert_non_null(strstr(err.message, cpu_has_int8() ? "nothing in it is quantised" : "AVX512-VNNI"));
    assert_null(engine);
    assert_int_equal(open_as(&engine, &model, ENGINE_INT8, "besra", &err), BSR_EUSAGE);
    node_model_free(&model);
}

/* Of 144 products of numbers in -2..2, whose factors are each off by up to 1/512 of themselves. */
static void test_bf16_is_near_f32_and_not_the_same(void **state)
{
    struct node_model model;
    struct engine    *exact = NULL, *rounded = NULL;
    struct bsr_error  err;
    size_t            count = 0, other = 0;
    double            worst = 0;

    (void)state;
    emulate(true);
    node_model_make(&model, conv_of_16, NUMBERS_AROUND_ZERO);
    if (open_as(&rounded, &model, ENGINE_BF16, NULL, &err) != BSR_OK) {
        print_message("skipped: %s\n", err.message);
        node_model_free(&model);
        skip();
    }
    assert_int_equal(open_as(&exact, &model, ENGINE_F32, NULL, &err), BSR_OK);
    float *wanted = run(exact, &model, &count), *found = run(rounded, &model, &other);
    assert_int_equal(count, other);
    for (size_t i = 0; i < count; i++)
        worst = fmax(worst, fabs((double)found[i] - (double)wanted[i]));
    assert_true(worst > 1e-3 && worst < 0.2);
    mem_free(wanted);
    mem_free(found);
    engine_close(exact);
    engine_close(rounded);
    node_model_free(&model);
    emulate(false);
}

/* At each allocation of its own: an error and no leak. (oneDNN's own memory can't be made to fail here.) */
static void test_bf16_without_memory_fails_and_leaks_nothing(void **state)
{
    struct node_model model;
    struct engine    *engine = NULL;
    struct bsr_error  err;

    (void)state;
    emulate(true);
    node_model_make(&model, conv_of_16, NUMBERS_AROUND_ZERO);
    bsr_status status = open_as(&engine, &model, ENGINE_BF16, NULL, &err);
    engine_close(engine);
    if (status != BSR_OK) {
        print_message("skipped: %s\n", err.message);
        node_model_free(&model);
        skip();
    }
    bsr_status said = BSR_ENOMEM;
    for (size_t n = 1; said != BSR_OK; n++) {
        const struct engine_value *outputs = NULL;
        int                        count = 0;
        assert_true(n < 5000);
        mem_fail_from(n);
        said = open_as(&engine, &model, ENGINE_BF16, NULL, &err);
        if (said == BSR_OK)
            said = engine_run_any(engine, model.inputs, model.input_count, &outputs, &count, &err);
        mem_fail_from(0);
        if (said != BSR_OK && said != BSR_ENOMEM)
            fail_msg("allocation %zu: %s", n, err.message);
        engine_close(engine);
    }
    node_model_free(&model);
    emulate(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bf16_is_refused_with_the_reason),
        cmocka_unit_test(test_int8_is_of_quantised_models),
        cmocka_unit_test(test_bf16_is_near_f32_and_not_the_same),
        cmocka_unit_test(test_bf16_without_memory_fails_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

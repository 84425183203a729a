/* The pass that takes a cubic Resize out of the front of a graph. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct bytes written(const struct onnx_model *model)
{
    struct bytes     out = {0};
    struct bsr_error err;
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    return out;
}

static bool contains(const struct bytes *bytes, const char *text)
{
    return memmem(bytes->data, bytes->size, text, strlen(text)) != NULL;
}

static void test_front_resize_is_lifted(void **state)
{
    static const struct {
        const char *name;
        double      factor;
        const char *input;
    } cases[] = {
        {"resize_constant", 2.0, ""},
        {"resize_initializer", 2.5, ""},
        {"resize_floats", 3.0, ""},
        {"resize_input", 0.0, "scales"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_model *model = sample_read(cases[i].name);
        struct onnx_resize resize = {0};
        struct bsr_error   err = {0};

        assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_OK);
        assert_true(resize.found);
        assert_true(resize.factor == cases[i].factor);
        assert_string_equal(resize.input, cases[i].input);
        assert_true(resize.cubic_a == -0.75);

        /* Only the body is left, and reads the picture. */
        assert_int_equal(onnx_node_count(model, "Resize"), 0);
        assert_int_equal(onnx_node_count(model, "Constant"), 0);
        assert_int_equal(onnx_node_count(model, "Conv"), 1);
        assert_int_equal(onnx_input_count(model), 1);
        assert_string_equal(onnx_input(model, 0).name, "x");
        struct bytes out = written(model);
        assert_false(contains(&out, "big"));
        assert_false(contains(&out, "scales"));

        struct onnx_value x = onnx_input(model, 0), y = onnx_output(model, 0);
        assert_int_equal(x.shape[1], 1);
        assert_int_equal(x.shape[2], -1);
        assert_int_equal(x.shape[3], -1);
        assert_int_equal(y.shape[1], 1);
        assert_int_equal(y.shape[2], -1);
        assert_int_equal(y.shape[3], -1);
        assert_true(contains(&out, "height") && contains(&out, "width"));

        /* A second pass finds nothing more. */
        assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_OK);
        assert_false(resize.found);
        onnx_model_free(model);
        bytes_free(&out);
    }
}

/* A subgraph that reads the Resize's result reads the picture now; scales that feed something else stay. */
static void test_all_readers_follow(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("resize_subgraph");
    struct onnx_resize resize;
    struct bsr_error   err;

    assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_OK);
    assert_true(resize.found);
    struct bytes out = written(model);
    assert_false(contains(&out, "big"));
    assert_int_equal(onnx_input_count(model), 3);
    assert_int_equal(onnx_node_count(model, "Identity"), 1);
    assert_int_equal(onnx_output(model, 0).shape[2], -1);
    assert_int_equal(onnx_output(model, 2).shape[0], 4);

    struct onnx_model *again = NULL;
    assert_int_equal(onnx_model_read(&again, out.data, out.size, NULL, "again", &err), BSR_OK);
    onnx_model_free(again);
    onnx_model_free(model);
    bytes_free(&out);
}

static void test_other_models_are_left_as_they_are(void **state)
{
    static const char *const names[] = {"conv",
                                        "dynamic",
                                        "outputs",
                                        "resize_linear",
                                        "resize_nearest",
                                        "resize_shared_picture",
                                        "resize_in_the_middle"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct onnx_model *model = sample_read(names[i]);
        struct onnx_resize resize = {.found = true};
        struct bsr_error   err;
        struct bytes       before = written(model);

        assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_OK);
        assert_false(resize.found);
        struct bytes after = written(model);
        assert_int_equal(before.size, after.size);
        assert_memory_equal(before.data, after.data, after.size);
        onnx_model_free(model);
        bytes_free(&before);
        bytes_free(&after);
    }
}

static void test_a_resize_that_is_not_ours_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"resize_sizes", "sizes instead of scales"},
        {"resize_align_corners", "align_corners"},
        {"resize_asymmetric", "not half_pixel"},
        {"resize_unequal", "different scales"},
        {"resize_batch", "batch or channels"},
        {"resize_shrinking", "less than 1"},
        {"resize_nan", "no number"},
        {"resize_five_scales", "no constant of four numbers"},
        {"resize_exclude_outside", "exclude_outside"},
        {"resize_antialias", "antialias"},
        {"resize_axes", "axes"},
        {"resize_sharper", "cubic_coeff_a"},
        {"resize_computed", "no constant"},
        {"resize_only", "output of the model"},
        {"resize_flat", "NCHW"},
        {"resize_no_scales", "no scales"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_model *model = sample_read(cases[i].name);
        struct onnx_resize resize = {.factor = 17.0};
        struct bsr_error   err = {0};
        struct bytes       before = written(model);

        assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_EMODEL);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, err.message, cases[i].says);
        assert_non_null(strstr(err.message, "'/Resize'"));
        assert_string_equal(err.subject, cases[i].name);
        assert_true(resize.factor == 17.0);
        struct bytes after = written(model);
        assert_int_equal(before.size, after.size);
        assert_memory_equal(before.data, after.data, after.size);
        onnx_model_free(model);
        bytes_free(&before);
        bytes_free(&after);
    }
}

static void test_out_of_memory_leaves_the_model_as_it_was(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        struct onnx_model *model = sample_read("resize_constant");
        struct bytes       before = written(model);
        struct onnx_resize resize = {0};
        struct bsr_error   err = {0};

        mem_fail_from(n);
        bsr_status status = onnx_lift_front_resize(model, &resize, &err);
        mem_fail_from(0);
        struct bytes after = written(model);
        if (status != BSR_OK) {
            assert_int_equal(status, BSR_ENOMEM);
            assert_string_equal(err.subject, "resize_constant");
            assert_int_equal(before.size, after.size);
            assert_memory_equal(before.data, after.data, after.size);
        }
        onnx_model_free(model);
        bytes_free(&before);
        bytes_free(&after);
        if (status == BSR_OK) {
            assert_true(n > 5);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front_resize_is_lifted),
        cmocka_unit_test(test_all_readers_follow),
        cmocka_unit_test(test_other_models_are_left_as_they_are),
        cmocka_unit_test(test_a_resize_that_is_not_ours_is_refused_with_its_reason),
        cmocka_unit_test(test_out_of_memory_leaves_the_model_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

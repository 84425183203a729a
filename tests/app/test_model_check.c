/* besra model check: all that is wrong with a model, at once; then what OpenCV can't run and what besra does
 * about it. faulty.onnx has a fault a line in make_models.py. */
#include "tests/app/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- faults ----------------------------------------------------------------------------------- */

static const struct {
    const char *level, *where, *what;
} faults[] = {
    {"warning", "model", "imports opset 99"},
    {"warning", "node /early (Relu)", "reads 'made_later' before node /later (Relu) makes it"},
    {"error", "node /dangling (Add)", "reads 'nothing', which nothing makes"},
    {"error", "value 'twice'", "is made twice: by node /once (Relu) and by node /again (Abs)"},
    {"error", "node /joined (Concat)", "its attribute 'axis' is a text; ONNX wants a whole number"},
    {"error", "node /mystery (custom.Frobnicate)", "neither besra nor a plugin has an operator of this name"},
    {"error", "output 'y'", "is declared as 1x5, its nodes make 1x4 of it"},
};
enum { FAULTS = sizeof faults / sizeof *faults };

/* The JSON of a check that ends with 4. */
static json_t *check_refused(const char *options)
{
    json_error_t fault;
    char        *out = run_expecting(4, NULL, "$BESRA model check --json %s", options);
    json_t      *object = json_loads(out, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        fail_msg("no JSON: %s\n%s", fault.text, out);
    free(out);
    return object;
}

static bool has_fault(const json_t *list, size_t row)
{
    size_t  i;
    json_t *fault;
    json_array_foreach((json_t *)list, i, fault)
    {
        if (strcmp(json_string_value(json_object_get(fault, "level")), faults[row].level) == 0 &&
            strcmp(json_string_value(json_object_get(fault, "where")), faults[row].where) == 0 &&
            strstr(json_string_value(json_object_get(fault, "what")), faults[row].what))
            return true;
    }
    return false;
}

static void test_all_faults_are_told_at_once(void **state)
{
    (void)state;
    json_t *object = check_refused(MODELS "faulty.onnx");
    expect_json(object, "usable", "false");
    for (size_t i = 0; i < FAULTS; i++)
        if (!has_fault(json_at(object, "faults"), i))
            fail_msg("not told: %s %s", faults[i].where, faults[i].what);
    json_decref(object);

    char *out = run_expecting(4, NULL, "$BESRA model check " MODELS "faulty.onnx");
    for (size_t i = 0; i < FAULTS; i++)
        expect_part(out, faults[i].what);
    assert_true(strstr(out, "  error  ") < strstr(out, "  warning  ")); /* errors first */
    expect_part(out, "faulty.onnx: not usable: 6 errors\n");
    free(out);
}

static void test_a_circle_is_told_once(void **state)
{
    (void)state;
    json_t *object = check_refused(MODELS "circle.onnx");
    assert_int_equal(json_array_size(json_at(object, "faults")), 2);
    expect_json(object, "faults.0.level", "\"warning\"");
    expect_part(json_string_value(json_at(object, "faults.1.what")), "goes round in a circle");
    expect_json(object, "obstacles", "[]");
    json_decref(object);
}

static void test_deform_conv2d_without_offsets_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const char reason[] = "it has 2 inputs: without weight and offset it can't be computed";
    char             *out = run_expecting(4, NULL, "$BESRA model check " MODELS "two-input-deform.onnx");
    expect_part(out, reason);
    expect_part(out, "as torchvision::deform_conv2d has them");
    expect_no_part(out, "run by besra's own operator");
    free(out);
    free(run_expecting(4, reason, "$BESRA model run " MODELS "two-input-deform.onnx"));
}

/* ---- models that run --------------------------------------------------------------------------- */

static void test_what_is_well_is_said_to_be_usable(void **state)
{
    (void)state;
    static const char *const names[] = {"colours",      "double",          "berries",
                                        "berries-nhwc", "berries-columns", "numbers"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        free(run_expecting(0, NULL, "$BESRA model check " MODELS "%s.onnx | grep 'usable: it ran, '",
                           names[i]));
        char *out = run_expecting(0, NULL, "$BESRA model check --engine opencv " MODELS "%s.onnx", names[i]);
        expect_part(out, "usable: it ran, all of it by OpenCV ");
        free(out);
    }
    json_t *object = run_json("$BESRA model check --json " MODELS "colours.onnx");
    expect_json(object, "usable", "true");
    expect_json(object, "failure", "null");
    expect_json(object, "faults", "[]");
    expect_json(object, "obstacles", "[]");
    expect_json(object, "inputs", "{\"images\": [1, 3, 64, 64]}");
    json_decref(object);
}

static void test_what_opencv_cannot_run_is_told_with_what_becomes_of_it(void **state)
{
    (void)state;
    json_t *object = run_json("$BESRA model check --json " MODELS "berries-boxes.onnx");
    expect_json(object, "obstacles.0.op", "\"NonMaxSuppression\"");
    expect_json(object, "obstacles.0.why", "\"the shape of what it makes depends on values\"");
    expect_json(object, "obstacles.0.pass", "\"engine\"");
    expect_part(json_string_value(json_at(object, "obstacles.0.avoided_by")), "--nms");
    json_decref(object);

    char *out = run_expecting(0, NULL, "$BESRA model check --shape x:1,3,4,4 " MODELS "scaled.onnx");
    expect_part(out, "with --freeze factor=NUMBERS more of it runs in OpenCV");
    free(out);
    out = run_expecting(0, NULL,
                        "$BESRA model check --shape x:1,3,4,4 --freeze factor=1,1,2,2 " MODELS "scaled.onnx");
    expect_no_part(out, "--freeze");
    free(out);
    free(run_expecting(0, NULL, "$BESRA model check --engine besra " MODELS "types.onnx"));
}

static void test_frozen_values_that_do_not_fit_are_no_crash(void **state)
{
    (void)state;
    char *out = run_expecting(
        4, NULL, "$BESRA model check --shape x:1,3,4,4 --freeze factor=1,2,2 " MODELS "scaled.onnx");
    expect_part(out, "not usable: input 'factor' has the shape 4");
    free(out);
    free(run_expecting(
        4, NULL, "$BESRA model check --shape x:1,3,4,4 --freeze factor=1,1,1e9,1e9 " MODELS "scaled.onnx"));
    free(run_expecting(
        4, NULL, "$BESRA model check --shape x:1,3,4,4 --freeze factor=1,1,nan,-1 " MODELS "scaled.onnx"));
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        int         code;
        const char *part, *command;
    } rows[] = {
        {2, "--engine", "$BESRA model check --engine tensorrt " MODELS "colours.onnx"},
        {2, "did you mean 'images'?", "$BESRA model check --shape image:1,3,4,4 " MODELS "double.onnx"},
        {1, "standard output: can't be written: No space",
         "$BESRA model check " MODELS "colours.onnx > /dev/full"},
        {1, "standard output: can't be written: No space",
         "$BESRA model check " MODELS "faulty.onnx > /dev/full"},
        {1, "can't be written: No space", "$BESRA model check --json " MODELS "colours.onnx > /dev/full"},
        {3, "nosuch.so", "$BESRA model check --ops nosuch.so " MODELS "colours.onnx"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, "%s", rows[i].command));
}

/* ---- the tutorials' three problems --------------------------------------------------------------- */

static void test_the_tutorials_models_are_usable_and_it_is_said_how(void **state)
{
    (void)state;
    static const struct {
        const char *model, *part;
    } rows[] = {
        {"before_debug", "drop-no-ops: is left out: a debug node"},
        {"dcn", "engine: run by besra's own operator"},
        {"dcn19", "engine: run by besra's own operator"},
        {"srcnn", "usable: it ran, "},
        {"srcnn3", "with --freeze factor=NUMBERS"},
        {"asinh", "usable: it ran, "},
        {"linear_func", "usable: it ran, all of it by OpenCV"},
        {"linear_func_sub", "usable: it ran, all of it by OpenCV"},
        {"my_add", "usable: it ran, all of it by OpenCV"},
        {"whole_model", "usable: it ran, all of it by OpenCV"},
        {"partial_model", "usable: it ran, all of it by OpenCV"},
        {"after_debug", "usable: it ran, all of it by OpenCV"},
    };
    tutorial_enter();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *out =
            run_expecting(0, NULL, "$BESRA model check --engine opencv $TUTORIAL/%s.onnx", rows[i].model);
        expect_part(out, rows[i].part);
        free(out);
    }
    char *out = run_expecting(4, NULL, "$BESRA model check $TUTORIAL/my_add_custom.onnx");
    expect_part(out, "load its plugin with --ops");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_all_faults_are_told_at_once),
        IN_SCRATCH(test_a_circle_is_told_once),
        IN_SCRATCH(test_deform_conv2d_without_offsets_is_refused_with_the_reason),
        IN_SCRATCH(test_what_is_well_is_said_to_be_usable),
        IN_SCRATCH(test_what_opencv_cannot_run_is_told_with_what_becomes_of_it),
        IN_SCRATCH(test_frozen_values_that_do_not_fit_are_no_crash),
        IN_SCRATCH(test_mistakes_are_told),
        IN_SCRATCH(test_the_tutorials_models_are_usable_and_it_is_said_how),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

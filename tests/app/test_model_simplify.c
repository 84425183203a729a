/* besra model simplify and explain: a plainer graph that computes the same, and the list of what is changed.
 */
#include "tests/app/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIMPLIFY "$BESRA model simplify "

/* ---- simplify ------------------------------------------------------------------------------------ */

static void test_what_does_nothing_goes_and_the_numbers_stay(void **state)
{
    (void)state;
    json_t *object =
        run_json(SIMPLIFY "--json --shape x:1,3,2,2 --freeze factor=1,1,2,2 " MODELS "scaled.onnx b.onnx");
    expect_json(object, "before", "{\"Add\": 1, \"Identity\": 1, \"Mul\": 1, \"Resize\": 1}");
    expect_json(object, "after", "{\"Add\": 1, \"Mul\": 1, \"Resize\": 1}");
    expect_json(object, "max_abs_difference", "0.0");
    json_decref(object);
    object = run_json("$BESRA model show --json b.onnx");
    expect_json(object, "inputs",
                "[{\"name\": \"x\", \"type\": \"f32\", \"shape\": [1, 3, 2, 2], \"here\": [1, 3, 2, 2]}]");
    expect_json(object, "outputs.0.shape", "[1, 3, 4, 4]");
    json_decref(object);
    free(run_expecting(0, NULL,
                       "$BESRA model run --seed 5 -o a --shape x:1,3,2,2 --freeze factor=1,1,2,2 " MODELS
                       "scaled.onnx && $BESRA model run --seed 5 -o b b.onnx && cmp a/y.npy b/y.npy"));
}

static void test_the_table_and_the_proof_are_for_people(void **state)
{
    (void)state;
    char *out = run_expecting(0, "written to b.onnx", SIMPLIFY MODELS "scaled.onnx b.onnx");
    expect_part(out, "operator   before  after\n");
    expect_part(out, "Identity        1      -\n");
    expect_part(out, "all nodes       4      3\n");
    expect_part(out, "on random input (--seed 1) both give the same, to the bit");
    free(out);
    free(run_expecting(0, "its inputs stay open", SIMPLIFY "-y " MODELS "scaled.onnx b.onnx"));
}

static void test_what_is_simple_already_stays(void **state)
{
    (void)state;
    free(run_expecting(
        0, NULL, SIMPLIFY MODELS "scaled.onnx b.onnx && " SIMPLIFY "b.onnx c.onnx && cmp b.onnx c.onnx"));
    free(run_expecting(0, NULL,
                       SIMPLIFY MODELS "berries-decoded.onnx d.onnx && " SIMPLIFY
                                       "d.onnx e.onnx && cmp d.onnx e.onnx"));
    free(run_expecting(0, NULL, "$BESRA model check d.onnx"));
}

static void test_standard_output_gets_the_model_and_nothing_else(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       SIMPLIFY MODELS "scaled.onnx b.onnx > table && " SIMPLIFY MODELS
                                       "scaled.onnx - > c.onnx && cmp b.onnx c.onnx"));
    free(run_expecting(2, "give --json=FILE", SIMPLIFY "--json " MODELS "scaled.onnx -"));
    free(run_expecting(0, NULL,
                       SIMPLIFY "--json=d.json " MODELS "scaled.onnx - | cmp - b.onnx && test -s d.json"));
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        int         code;
        const char *part, *command;
    } rows[] = {
        {2, "no output: name the .onnx to write", SIMPLIFY MODELS "scaled.onnx"},
        {1, "b.onnx: exists already", SIMPLIFY MODELS "scaled.onnx b.onnx"},
        {1, "/dev/full: can't be written: No space", SIMPLIFY MODELS "scaled.onnx /dev/full"},
        {1, "standard output: can't be written: No space", SIMPLIFY MODELS "scaled.onnx - > /dev/full"},
        {1, "standard output: can't be written: No space",
         SIMPLIFY "-y " MODELS "scaled.onnx c.onnx > /dev/full"},
        {1, "nowhere/b.onnx: can't be written", SIMPLIFY MODELS "scaled.onnx nowhere/b.onnx"},
        {4, "depends on its own result", SIMPLIFY MODELS "circle.onnx d.onnx"},
        {4, "besra: ", SIMPLIFY MODELS "faulty.onnx d.onnx"},
        {4, "no ONNX model: this is an empty file", SIMPLIFY "empty.onnx d.onnx"},
        {2, "has 4 dimensions, not 1", SIMPLIFY "--shape x:3 " MODELS "scaled.onnx d.onnx"},
        {4, "'factor' has another shape than the 2",
         SIMPLIFY "--freeze factor=1,2 " MODELS "scaled.onnx d.onnx"},
    };
    text_write("b.onnx", "here\n");
    text_write("empty.onnx", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, "%s", rows[i].command));
    expect_files(".", "b.onnx\nc.onnx\nempty.onnx\n");
}

/* Every export of the reference material, as it is and at a fixed size. */
static const struct {
    const char *model, *options;
} exports[] = {
    {"yolov5/yolov5n.onnx", ""},
    {"yolov5/yolov5n-heads.onnx", ""},
    {"yolov5/yolov5n-heads5d.onnx", ""},
    {"yolov5/yolov5n-fp16.onnx", ""},
    {"yolov5/yolov5n-dynamic.onnx", "--shape images:1,3,320,416"},
    {"yolov8n.onnx", ""},
    {"classify/mobilenet_v2.onnx", ""},
    {"classify/mobilenet_v2_qdq.onnx", ""},
    {"classify/squeezenet1_1.onnx", ""},
    {"tutorial/srcnn3.onnx", "--freeze factor=1,1,2,2"},
    {"tutorial/before_debug.onnx", ""},
    {"tutorial/whole_model.onnx", ""},
    {"tutorial/my_add.onnx", ""},
    {"tutorial/dcn.onnx", ""},
    {"tutorial/dcn19.onnx", ""},
    {"tutorial/asinh.onnx", ""},
};

/* Where sanitizers make a run at 640 x 640 take half a minute: all but these. */
static bool takes_long(const char *model)
{
#ifdef BESRA_SANITIZED
    bool large = strstr(model, "yolo") && !strstr(model, "dynamic");
    if (large)
        printf("SAMPLED: not %s, since this build is slow\n", model);
    return large;
#else
    (void)model;
    return false;
#endif
}

static void test_every_export_is_proved_to_be_the_same(void **state)
{
    (void)state;
    char *folder = shared_path("models");
    if (!folder)
        skip();
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        if (takes_long(exports[i].model))
            continue;
        json_t *object =
            run_json(SIMPLIFY "-q -y --json %s '%s/%s' b.onnx", exports[i].options, folder, exports[i].model);
        assert_true(json_number_value(json_at(object, "relative_difference")) <= 1e-4);
        assert_false(json_is_integer(json_at(object, "after.Constant")));
        assert_false(json_is_integer(json_at(object, "after.Identity")));
        json_decref(object);
    }
    /* at a fixed size nothing is left of what computed shapes */
    json_t *object = run_json(
        SIMPLIFY "-q -y --json --shape images:1,3,320,416 %s/yolov5/yolov5n-dynamic.onnx b.onnx", folder);
    assert_null(json_at(object, "after.Shape"));
    assert_null(json_at(object, "after.Gather"));
    assert_null(json_at(object, "after.Range"));
    json_decref(object);
    free(folder);
}

/* ---- explain -------------------------------------------------------------------------------------- */

static void test_what_is_changed_is_listed_with_the_names_before(void **state)
{
    (void)state;
    char *out = run_expecting(
        0, NULL, "$BESRA model explain --shape x:1,3,2,2 --freeze factor=1,1,2,2 " MODELS "scaled.onnx");
    expect_part(out, "drop-no-ops  /same (Identity)  is left out: it does nothing");
    free(out);
    out = run_expecting(0, NULL, "$BESRA model explain --engine opencv " MODELS "berries-decoded.onnx");
    expect_part(out, "For pictures (detect, upscale, classify) besra does itself:");
    expect_part(
        out, "cut-detect  the Detect tail  is cut off (19 nodes): besra decodes 3 heads of 3 anchors and 2 "
             "classes");
    expect_part(out, "berries-decoded.onnx: nothing to change");
    free(out);
    out = run_expecting(0, NULL, "$BESRA model explain " MODELS "berries-nhwc.onnx");
    expect_part(out, "lift-transpose");
    free(out);

    json_t *object = run_json("$BESRA model explain --json --shape x:1,3,2,2 --freeze factor=1,1,2,2 " MODELS
                              "scaled.onnx");
    expect_json(
        object, "changes.0",
        "{\"pass\": \"drop-no-ops\", \"before\": \"/same (Identity)\", \"after\": \"is left out: it does "
        "nothing\"}");
    expect_json(object, "inputs", "{\"x\": [1, 3, 2, 2], \"factor\": [4]}");
    json_decref(object);
    free(run_expecting(1, "standard output: can't be written",
                       "$BESRA model explain " MODELS "colours.onnx > /dev/full"));
    free(run_expecting(4, "besra: ", "$BESRA model explain " MODELS "faulty.onnx"));
}

/* Nodes that nobody asked OpenCV about, since it has no tensors of their types. */
static void test_what_is_no_float_is_besras_and_is_explained(void **state)
{
    (void)state;
    static const char *const engines[] = {"auto", "opencv"};
    for (size_t i = 0; i < 2; i++) {
        char *out =
            run_expecting(0, NULL, "$BESRA model explain --engine %s " MODELS "types.onnx", engines[i]);
        expect_part(out, "/u8 (Add)    run by besra: OpenCV has no tensors of u8");
        expect_part(out, "/bool (Not)  run by besra: OpenCV has no tensors of bool");
        expect_part(out, "6 changes: f16-to-f32 1, engine 5");
        free(out);
    }
}

static void test_the_tutorials_problems_are_explained(void **state)
{
    (void)state;
    tutorial_enter();
    char *out = run_expecting(0, NULL, "$BESRA model explain --engine opencv $TUTORIAL/before_debug.onnx");
    expect_part(out, "drop-no-ops  /Debug_3 (my.Debug)  is left out: a debug node");
    expect_part(out, "4 changes: drop-no-ops 4");
    free(out);
    out = run_expecting(0, NULL, "$BESRA model explain $TUTORIAL/srcnn3.onnx");
    expect_part(out, "is done by besra, by any factor; the input 'factor' that carried it is gone");
    free(out);
    out = run_expecting(0, NULL, "$BESRA model explain $TUTORIAL/srcnn.onnx");
    expect_part(out, "is done by besra, by any factor: the model's is 3");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_what_does_nothing_goes_and_the_numbers_stay),
        IN_SCRATCH(test_the_table_and_the_proof_are_for_people),
        IN_SCRATCH(test_what_is_simple_already_stays),
        IN_SCRATCH(test_standard_output_gets_the_model_and_nothing_else),
        IN_SCRATCH(test_mistakes_are_told),
        IN_SCRATCH(test_every_export_is_proved_to_be_the_same),
        IN_SCRATCH(test_what_is_changed_is_listed_with_the_names_before),
        IN_SCRATCH(test_what_is_no_float_is_besras_and_is_explained),
        IN_SCRATCH(test_the_tutorials_problems_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* besra model edit and extract: each change is made and nothing else is; the rest of the file stays. */
#include "tests/app/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EDIT    "$BESRA model edit "
#define EXTRACT "$BESRA model extract "

/* What `model show` tells of a model's layers. */
static json_t *show(const char *path)
{
    return run_json("$BESRA model show -q --json --layers %s", path);
}

/* Unless two models have the same nodes (name, operator, inputs, outputs, shapes, weights), inputs and
 * outputs. */
static void expect_same_graph(const char *path, const char *other)
{
    static const char *const keys[] = {"layers", "inputs", "outputs", "opsets", "parameters"};
    json_t                  *one = show(path), *two = show(other);

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *text = json_dumps(json_object_get(two, keys[i]), JSON_ENCODE_ANY);
        expect_json(one, keys[i], text);
        free(text);
    }
    json_decref(one);
    json_decref(two);
}

/* What scaled.onnx, changed, makes of 1 .. 6 at a factor of 1: gains 1, 2, 3 and shifts 0.5, 0, -0.5. */
static void expect_scaled(const char *model, const char *output, const double wanted[6], double tolerance)
{
    static const double x[] = {1, 2, 3, 4, 5, 6};
    char                path[64];

    tensor_save("x.npy", BSR_F32, 4, (const int64_t[]){1, 3, 1, 2}, x);
    snprintf(path, sizeof path, "out/%s.npy", output);
    free(run_expecting(0, NULL, "$BESRA model run -q -y -i x.npy -o out %s", model));
    expect_numbers(path, BSR_F32, 6, wanted, tolerance);
}

/* ---- each change -------------------------------------------------------------------------------- */

static void test_a_node_becomes_another_operator(void **state)
{
    (void)state;
    static const double wanted[] = {0.5, 1.5, 6, 8, 15.5, 18.5};
    free(run_expecting(0, "written to b.onnx", EDIT "--set-op /shift=Sub " MODELS "scaled.onnx b.onnx"));
    expect_scaled("b.onnx", "y", wanted, 1e-6);
    free(
        run_expecting(0, NULL, EDIT "--set-op y=Sub " MODELS "scaled.onnx -o c.onnx")); /* by what it makes */
    expect_same_file("b.onnx", "c.onnx");
}

static void test_tensors_and_nodes_get_other_names(void **state)
{
    (void)state;
    static const double wanted[] = {1.5, 2.5, 6, 8, 14.5, 17.5};
    free(run_expecting(0, NULL,
                       EDIT "--rename x=picture --rename y=made --rename gained=inner --rename gain=weights "
                            "--rename /gain=first " MODELS "scaled.onnx b.onnx"));
    expect_scaled("b.onnx", "made", wanted, 1e-6);
    json_t *object = show("b.onnx");
    expect_json(object, "inputs.0.name", "\"picture\"");
    expect_json(object, "layers.1.name", "\"first\"");
    expect_json(object, "layers.1.inputs", "[\"enlarged\", \"weights\"]");
    expect_json(object, "layers.1.outputs", "[\"inner\"]");
    expect_json(object, "layers.2.inputs", "[\"inner\"]");
    json_decref(object);
}

static void test_inputs_get_other_shapes(void **state)
{
    (void)state;
    free(run_expecting(0, NULL, EDIT "--set-input-shape x:1,3,8,6 " MODELS "scaled.onnx b.onnx"));
    free(run_expecting(0, NULL, EDIT "--set-input-shape x:1,3,?,6 b.onnx c.onnx"));
    json_t *object = show("b.onnx");
    expect_json(object, "inputs.0.shape", "[1, 3, 8, 6]");
    json_decref(object);
    object = show("c.onnx");
    expect_json(object, "inputs.0.shape", "[1, 3, null, 6]");
    json_decref(object);
    free(run_expecting(0, NULL, EDIT "--set-input-shape images:1,3,32,32 " MODELS "double.onnx d.onnx"));
    json_t *record = run_json("$BESRA model run --json d.onnx");
    expect_json(record, "outputs.0.shape", "[1, 3, 64, 64]");
    json_decref(record);
}

static void test_metadata_is_set_changed_and_taken_out(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       EDIT "--set-metadata 'author=J. D.' --set-metadata eq=a=b --set-metadata "
                            "\"names={0: 'one', 1: 'two'}\" " MODELS "double.onnx b.onnx"));
    json_t *object = show("b.onnx");
    expect_json(object, "metadata",
                "{\"author\": \"J. D.\", \"eq\": \"a=b\", \"names\": \"{0: 'one', 1: 'two'}\"}");
    json_decref(object);
    free(run_expecting(0, NULL, EDIT "--set-metadata author= --set-metadata eq=2 b.onnx c.onnx"));
    object = show("c.onnx");
    expect_json(object, "metadata", "{\"eq\": \"2\", \"names\": \"{0: 'one', 1: 'two'}\"}");
    json_decref(object);
}

static void test_a_node_is_taken_out(void **state)
{
    (void)state;
    static const double wanted[] = {1.5, 2.5, 3, 4, 4.5, 5.5}; /* no gain */
    free(run_expecting(0, NULL, EDIT "--remove-node /gain --remove-node /same " MODELS "scaled.onnx b.onnx"));
    expect_scaled("b.onnx", "y", wanted, 1e-6);
    json_t *object = show("b.onnx");
    assert_int_equal(json_array_size(json_at(object, "layers")), 2);
    json_decref(object);
    /* the last one: what made the output's input makes the output */
    free(run_expecting(0, NULL, EDIT "--remove-node /shift " MODELS "scaled.onnx c.onnx"));
    expect_scaled("c.onnx", "y", (const double[]){1, 2, 6, 8, 15, 18}, 1e-6);
    /* one that changes the shape can't go */
    free(run_expecting(4, NULL, EDIT "--remove-node /mean " MODELS "colours.onnx d.onnx"));
    expect_files(".", "b.onnx\nc.onnx\nout/y.npy\nx.npy\n");
}

static void test_weights_are_replaced(void **state)
{
    (void)state;
    static const double wanted[] = {-0.5, -1.5, 3, 4, 4.5, 5.5};
    tensor_save("gain.npy", BSR_F32, 3, (const int64_t[]){3, 1, 1}, (const double[]){-1, 1, 1});
    tensor_save("flat.npy", BSR_F32, 1, (const int64_t[]){3}, (const double[]){-1, 1, 1});
    free(run_expecting(0, NULL, EDIT "--replace-weights gain=gain.npy " MODELS "scaled.onnx b.onnx"));
    expect_scaled("b.onnx", "y", wanted, 1e-6);
    free(run_expecting(4, "'gain' has the shape 3x1x1, the new weights have 3",
                       EDIT "--replace-weights gain=flat.npy " MODELS "scaled.onnx c.onnx"));
    free(run_expecting(2, "did you mean 'gain'?",
                       EDIT "--replace-weights gian=gain.npy " MODELS "scaled.onnx c.onnx"));
    free(run_expecting(3, "none.npy: no such file",
                       EDIT "--replace-weights gain=none.npy " MODELS "scaled.onnx c.onnx"));
    assert_int_not_equal(access("c.onnx", F_OK), 0);
}

static void test_an_input_is_frozen(void **state)
{
    (void)state;
    tensor_save("factor.npy", BSR_F32, 1, (const int64_t[]){4}, (const double[]){1, 1, 2, 1});
    free(run_expecting(0, NULL, EDIT "--freeze factor=1,1,2,1 " MODELS "scaled.onnx b.onnx"));
    free(run_expecting(0, NULL, EDIT "--freeze factor=factor.npy " MODELS "scaled.onnx c.onnx"));
    expect_same_file("b.onnx", "c.onnx");
    json_t *object = run_json("$BESRA model show --json --shape x:1,3,4,5 b.onnx");
    assert_int_equal(json_array_size(json_at(object, "inputs")), 1);
    expect_json(object, "outputs.0.here", "[1, 3, 8, 5]");
    json_decref(object);
    free(run_expecting(4, "has the shape 4", EDIT "--freeze factor=1,1 " MODELS "scaled.onnx d.onnx"));
}

static void test_weights_become_halves_and_inputs_stay(void **state)
{
    (void)state;
    static const double wanted[] = {1.5, 2.5, 6, 8, 14.5, 17.5}; /* all of them halves exactly */
    free(run_expecting(0, NULL, EDIT "--to-fp16 " MODELS "scaled.onnx b.onnx"));
    expect_scaled("b.onnx", "y", wanted, 1e-6);
    json_t *object = show("b.onnx");
    expect_json(object, "parameters", "6");
    expect_json(object, "weight_bytes", "12");
    expect_json(object, "inputs.0.type", "\"f32\"");
    expect_json(object, "outputs.0.type", "\"f32\"");
    json_decref(object);
}

static void test_changes_are_made_in_the_order_of_the_help(void **state)
{
    (void)state;
    /* /same goes, /shift becomes Sub, and only then do they get other names */
    free(run_expecting(0, NULL,
                       EDIT "--rename /shift=/last --to-fp16 --set-op /shift=Sub --remove-node /same "
                            "--freeze factor=1,1,1,1 --set-metadata a=b " MODELS "scaled.onnx b.onnx"));
    expect_scaled("b.onnx", "y", (const double[]){0.5, 1.5, 6, 8, 15.5, 18.5}, 1e-6);
    free(run_expecting(0, NULL, EDIT MODELS "scaled.onnx same.onnx && cmp same.onnx " MODELS "scaled.onnx"));
}

/* ---- sub-models ---------------------------------------------------------------------------------- */

static void test_a_part_is_cut_out(void **state)
{
    (void)state;
    free(run_expecting(0, "written to b.onnx",
                       EXTRACT "--inputs enlarged --outputs gained " MODELS "scaled.onnx b.onnx"));
    json_t *object = show("b.onnx");
    assert_int_equal(json_array_size(json_at(object, "layers")), 1);
    expect_json(object, "inputs.0.name", "\"enlarged\"");
    expect_json(object, "outputs.0.name", "\"gained\"");
    expect_json(object, "parameters", "3");
    json_decref(object);
    /* several outputs, in the order asked for */
    free(run_expecting(0, NULL, EXTRACT "--outputs scores,size " MODELS "berries-decoded.onnx c.onnx"));
    object = show("c.onnx");
    expect_json(object, "outputs.0.name", "\"scores\"");
    expect_json(object, "outputs.1.name", "\"size\"");
    expect_json(object, "outputs.1.shape", "[1, 252, 2]");
    json_decref(object);
    free(run_expecting(0, NULL, "$BESRA model check c.onnx"));
}

static void test_parts_that_are_not_there_are_told(void **state)
{
    (void)state;
    static const struct {
        int         code;
        const char *part, *options;
    } rows[] = {
        {2, "did you mean 'gained'?", "--outputs gaines"},
        {2, "there is no tensor 'nothing-of-the-kind'", "--inputs nothing-of-the-kind"},
        {4, "'gain' is an input or a weight: no node makes it", "--outputs gain"},
        {4, "'x' is to be an input and an output", "--outputs x"},
        {4, "'", "--inputs gained --outputs enlarged"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, EXTRACT "%s " MODELS "scaled.onnx b.onnx",
                           rows[i].options));
    expect_files(".", "");
}

/* ---- the tutorials -------------------------------------------------------------------------------- */

static void test_set_op_makes_linear_func_sub(void **state)
{
    (void)state;
    char path[512];
    tutorial_enter();
    free(run_expecting(0, NULL, EDIT "--set-op output=Sub $TUTORIAL/linear_func.onnx b.onnx"));
    expect_same_graph("b.onnx", "$TUTORIAL/linear_func_sub.onnx");
    free(run_expecting(0, NULL,
                       "$BESRA model run -i a=$TUTORIAL/linear_func_a.npy -i x=$TUTORIAL/linear_func_x.npy "
                       "-i b=$TUTORIAL/linear_func_b.npy -o out b.onnx"));
    snprintf(path, sizeof path, "%s/linear_func_sub_output.npy", getenv("TUTORIAL"));
    expect_near("out/output.npy", path, 1e-4);
}

static void test_extract_makes_partial_model_of_whole_model(void **state)
{
    (void)state;
    char path[512];
    tutorial_enter();
    free(run_expecting(0, NULL,
                       EXTRACT "--inputs /b.0/b.0.2/Conv_output_0 --outputs /b.2/b.2.1/Conv_output_0 "
                               "$TUTORIAL/whole_model.onnx b.onnx"));
    expect_same_graph("b.onnx", "$TUTORIAL/partial_model.onnx");
    free(run_expecting(0, NULL, "$BESRA model run -i $TUTORIAL/partial_input.npy -o out b.onnx"));
    snprintf(path, sizeof path, "%s/partial_output.npy", getenv("TUTORIAL"));
    expect_near("out/_b.2_b.2.1_Conv_output_0.npy", path, 1e-4);
}

/* ---- what goes wrong ------------------------------------------------------------------------------ */

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        int         code;
        const char *part, *command;
    } rows[] = {
        {2, "did you mean '/shift'?", EDIT "--set-op /shitf=Sub " MODELS "scaled.onnx b.onnx"},
        {4, "ONNX has no operator 'Frobnicate'", EDIT "--set-op y=Frobnicate " MODELS "scaled.onnx b.onnx"},
        {2, "--set-op: \"y\" has no '='", EDIT "--set-op y " MODELS "scaled.onnx b.onnx"},
        {2, "--set-metadata: \"=y\" has no '='", EDIT "--set-metadata =y " MODELS "scaled.onnx b.onnx"},
        {4, "there is a tensor 'y' already", EDIT "--rename x=y " MODELS "scaled.onnx b.onnx"},
        {2, "there is no tensor or node 'qqqqqqq'", EDIT "--rename qqqqqqq=b " MODELS "scaled.onnx b.onnx"},
        {2, "--set-input-shape: \"1,3,\" is no shape",
         EDIT "--set-input-shape x:1,3, " MODELS "scaled.onnx b.onnx"},
        {2, "--set-input-shape: the model has no input 'image'; did you mean 'images'?",
         EDIT "--set-input-shape image:1 " MODELS "double.onnx b.onnx"},
        {2, "no output: name the .onnx to write", EDIT MODELS "scaled.onnx"},
        {2, "given together with the output", EDIT "-o a.onnx " MODELS "scaled.onnx b.onnx"},
        {3, "none.onnx: no such file", EDIT "none.onnx b.onnx"},
        {4, "no ONNX model: this is an empty file", EXTRACT "empty.onnx b.onnx"},
        {4, "no ONNX model: this is a PNG", EDIT "picture.onnx b.onnx"},
        {1, "/dev/full: can't be written: No space", EDIT MODELS "scaled.onnx /dev/full"},
        {1, "standard output: can't be written: No space", EDIT MODELS "scaled.onnx - > /dev/full"},
        {1, "/proc/b.onnx: can't be written", EDIT MODELS "scaled.onnx /proc/b.onnx"},
        {1, "nowhere/b.onnx: can't be written: No such file", EXTRACT MODELS "scaled.onnx nowhere/b.onnx"},
    };
    text_write("empty.onnx", "");
    scene_write("picture.png");
    rename("picture.png", "picture.onnx");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, "%s", rows[i].command));
    expect_files(".", "empty.onnx\npicture.onnx\n");
}

static void test_what_is_there_stays_and_the_input_in_any_case(void **state)
{
    (void)state;
    static const char *const inputs[] = {"a.onnx a.onnx", "a.onnx ./a.onnx", "a.onnx link.onnx",
                                         "a.cfg a.onnx", "a.onnx hard.onnx"};
    free(run_expecting(0, NULL,
                       "cp " MODELS "berries.onnx a.onnx && ln -s a.onnx link.onnx && ln a.onnx hard.onnx && "
                       "sed 's/berries.onnx/a.onnx/' " MODELS "berries.cfg > a.cfg && echo here > b.onnx"));
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        free(run_expecting(2, "is what is read", EDIT "-y --set-metadata a=b %s", inputs[i]));
        free(run_expecting(2, "is what is read", EXTRACT "-y %s", inputs[i]));
        free(run_expecting(2, "is what is read", "$BESRA model simplify -y %s", inputs[i]));
    }
    free(run_expecting(0, NULL, "cmp a.onnx " MODELS "berries.onnx && test -L link.onnx"));
    free(
        run_expecting(1, "b.onnx: exists already\n       replace it with --overwrite", EDIT "a.onnx b.onnx"));
    free(run_expecting(0, NULL, "echo here | cmp - b.onnx"));
    free(run_expecting(0, NULL, EDIT "--overwrite a.onnx b.onnx && cmp a.onnx b.onnx"));
}

static void test_a_model_may_come_and_go_through_pipes(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       EDIT "-q --set-op y=Sub - - < " MODELS "scaled.onnx > a.onnx && " EDIT
                            "--set-op y=Sub " MODELS "scaled.onnx b.onnx && cmp a.onnx b.onnx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_a_node_becomes_another_operator),
        IN_SCRATCH(test_tensors_and_nodes_get_other_names),
        IN_SCRATCH(test_inputs_get_other_shapes),
        IN_SCRATCH(test_metadata_is_set_changed_and_taken_out),
        IN_SCRATCH(test_a_node_is_taken_out),
        IN_SCRATCH(test_weights_are_replaced),
        IN_SCRATCH(test_an_input_is_frozen),
        IN_SCRATCH(test_weights_become_halves_and_inputs_stay),
        IN_SCRATCH(test_changes_are_made_in_the_order_of_the_help),
        IN_SCRATCH(test_a_part_is_cut_out),
        IN_SCRATCH(test_parts_that_are_not_there_are_told),
        IN_SCRATCH(test_set_op_makes_linear_func_sub),
        IN_SCRATCH(test_extract_makes_partial_model_of_whole_model),
        IN_SCRATCH(test_mistakes_are_told),
        IN_SCRATCH(test_what_is_there_stays_and_the_input_in_any_case),
        IN_SCRATCH(test_a_model_may_come_and_go_through_pipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

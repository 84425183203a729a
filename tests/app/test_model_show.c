/* besra model show: what it tells of a model is what is in it. Numbers of the tests' own models are worked
 * out by hand beside them (make_models.py has the graphs). */
#include "tests/app/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_all_parts(const char *text, const char *const *parts)
{
    for (; *parts; parts++)
        expect_part(text, *parts);
}

/* ---- what a person reads ------------------------------------------------------------------- */

static void test_inputs_outputs_operators_and_origin_are_shown(void **state)
{
    (void)state;
    static const char *const parts[] = {"made by     make_models.py, opset 14, IR version 7\n",
                                        "inputs      x  f32  1 x 3 x height x width",
                                        "factor  f32  4\n",
                                        "outputs     y  f32  1 x 3 x high x wide",
                                        "parameters  6 (24 bytes)",
                                        "Identity      1",
                                        "Resize        1",
                                        NULL};
    char *out = run_expecting(0, "assumed: --shape x:1,3,640,640", "$BESRA model show " MODELS "scaled.onnx");
    expect_all_parts(out, parts);
    expect_no_part(out, "\033["); /* no colours where nobody sees them */
    free(out);
    out = run_expecting(0, NULL, "$BESRA model show " MODELS "berries-decoded.onnx");
    expect_part(out, "besra detect: YOLOv5 or v7, whose Detect tail besra does itself, 2 classes");
    expect_part(out, "names = 2 classes: berry, green leaf");
    free(out);
}

static void test_layers_have_shapes_multiplications_and_the_range_of_their_weights(void **state)
{
    (void)state;
    char *out = run_expecting(0, NULL,
                              "$BESRA model show --layers --shape x:1,3,2,5 --freeze factor=1,1,2,3 " MODELS
                              "scaled.onnx");
    expect_part(out, "0  /enlarge  Resize    1x3x2x5   1x3x4x15");
    expect_part(out, "1  /gain     Mul       1x3x4x15  1x3x4x15           3        1 .. 3");
    expect_part(out, "3  /shift    Add       1x3x4x15  1x3x4x15           3        -0.5 .. 0.5");
    free(out);
}

static void test_cards_are_shown_by_name(void **state)
{
    (void)state;
    free(run_expecting(0, NULL, "$BESRA model show berries | grep -q 'besra detect: '"));
    free(run_expecting(0, NULL, "$BESRA model show " MODELS "berries.cfg | grep -q berries.onnx"));
}

/* ---- what a program reads ------------------------------------------------------------------ */

static void test_json_has_the_right_numbers(void **state)
{
    (void)state;
    /* colours.onnx: the mean over 64 x 64, a matrix of 3 x 3 and 3 biases. Live at most: the picture of
     * 3 x 64 x 64 floats and the three means. */
    json_t *object = run_json("$BESRA model show --json --layers " MODELS "colours.onnx");
    expect_json(object, "parameters", "12");
    expect_json(object, "weight_bytes", "48");
    expect_json(object, "macs", "9");
    expect_json(object, "peak_bytes", "49164");
    expect_json(object, "opsets", "{\"ai.onnx\": 12}");
    expect_json(object, "metadata.names", "\"{0: 'red', 1: 'green', 2: 'grey'}\"");
    expect_json(
        object, "inputs",
        "[{\"name\": \"images\", \"type\": \"f32\", \"shape\": [1, 3, 64, 64], \"here\": [1, 3, 64, 64]}]");
    expect_json(object, "outputs.0.shape", "[1, 3]");
    expect_json(object, "kind", "\"besra classify: 3 classes\"");
    expect_json(object, "operators.1", "{\"name\": \"Gemm\", \"count\": 1, \"macs\": 9}");
    expect_json(object, "layers.2.inputs", "[\"flat\", \"weight\", \"bias\"]");
    expect_json(object, "layers.2.input_shapes", "[[1, 3], [3, 3], [3]]");
    expect_json(object, "layers.2.macs", "9");
    json_decref(object);

    /* double.onnx at 4 x 8: 12 filters of 3 x 1 x 1, so 36 multiplications a pixel. */
    object = run_json("$BESRA model show --json --shape images:1,3,4,8 " MODELS "double.onnx");
    expect_json(object, "parameters", "36");
    expect_json(object, "macs", "1152");
    expect_json(object, "inputs.0.shape", "[1, 3, null, null]");
    expect_json(object, "inputs.0.here", "[1, 3, 4, 8]");
    expect_json(object, "outputs.0.here", "[1, 3, 8, 16]");
    /* Its maps have channels by eights: 12 are 16 of 4 x 8 pixels, beside either the 8 of the picture (4 x 8)
     * or the 8 of the result (8 x 16), which need not be there at the same time: 2048 + 4096 bytes. */
    expect_json(object, "fast_bytes", "6144");
    json_decref(object);

    object = run_json("$BESRA model show -q --json " MODELS "types.onnx");
    expect_json(object, "kind", "null");
    expect_json(object, "inputs.6",
                "{\"name\": \"in_bool\", \"type\": \"bool\", \"shape\": [2, 3], \"here\": [2, 3]}");
    json_decref(object);
}

static void test_what_depends_on_values_is_unknown_not_wrong(void **state)
{
    (void)state;
    json_t *object = run_json("$BESRA model show --json --shape x:1,3,2,2 " MODELS "scaled.onnx");
    expect_json(object, "outputs.0.here", "null");
    expect_json(object, "peak_bytes", "null");
    expect_json(object, "fast_bytes", "null");
    json_decref(object);
    object =
        run_json("$BESRA model show --json --shape x:1,3,2,2 --freeze factor=1,1,3,2 " MODELS "scaled.onnx");
    expect_json(object, "outputs.0.here", "[1, 3, 6, 4]");
    json_decref(object);
}

static void test_srcnn_has_twenty_thousand_multiplications_a_pixel(void **state)
{
    (void)state;
    tutorial_enter();
    json_t *object = run_json("$BESRA model show --json $TUTORIAL/srcnn.onnx");
    /* 768 x 768 pixels x (64 x 3 x 9 x 9 + 32 x 64 + 3 x 32 x 5 x 5); weights, biases, and the scales */
    expect_json(object, "macs", "11796480000");
    expect_json(object, "parameters", "20103");
    expect_json(object, "outputs.0.shape", "[1, 3, 768, 768]");
    json_decref(object);
}

/* ---- one tensor ---------------------------------------------------------------------------- */

static void test_statistics_of_a_tensor_are_numpy_s(void **state)
{
    (void)state;
    /* n = numpy.array([0, 1, 2, 3, 4, -1.5, 0], 'f4'), the finite ones: n.min(), n.max(), n.mean(), n.std(),
     * numpy.histogram(n, 20)[0] */
    json_t *object = run_json("$BESRA model show --tensor numbers --json " MODELS "numbers.onnx");
    expect_json(object, "type", "\"f32\"");
    expect_json(object, "shape", "[2, 5]");
    expect_json(object, "count", "10");
    expect_real(object, "min", -1.5, 0);
    expect_real(object, "max", 4, 0);
    expect_real(object, "mean", 1.2142857142857142, 1e-8);
    expect_real(object, "deviation", 1.7699302419, 1e-8);
    expect_json(object, "zeros", "2");
    expect_json(object, "nans", "1");
    expect_json(object, "infinities", "2");
    expect_json(object, "histogram", "[1,0,0,0,0,2,0,0,0,1,0,0,1,0,0,0,1,0,0,1]");
    json_decref(object);

    char *out = run_expecting(0, NULL, "$BESRA model show --tensor numbers " MODELS "numbers.onnx");
    expect_part(out, "infinite   2");
    expect_part(out, "deviation  1.76993");
    free(out);
}

static void test_statistics_of_a_weight_are_numpy_s(void **state)
{
    (void)state;
    tutorial_enter();
    /* w = numpy.load('srcnn_conv1_weight.npy').astype('f8'): w.min(), w.max(), w.mean(), w.std() */
    json_t *object = run_json("$BESRA model show --tensor conv1.weight --json $TUTORIAL/srcnn.onnx");
    expect_json(object, "shape", "[64, 3, 9, 9]");
    expect_real(object, "min", -2.0285069942474365, 1e-8);
    expect_real(object, "max", 0.821366548538208, 1e-8);
    expect_real(object, "mean", 0.0013475671754141, 1e-9);
    expect_real(object, "deviation", 0.0891881947, 1e-8);
    json_decref(object);
}

static void test_an_inner_tensor_is_that_of_a_run_with_the_seed(void **state)
{
    (void)state;
    json_t *shown = run_json("$BESRA model show --tensor y --seed 7 --json --shape x:1,3,4,4 --freeze "
                             "factor=1,1,2,2 " MODELS "scaled.onnx");
    json_t *run = run_json(
        "$BESRA model run --seed 7 --json --shape x:1,3,4,4 --freeze factor=1,1,2,2 " MODELS "scaled.onnx");
    expect_json(shown, "shape", "[1, 3, 8, 8]");
    expect_real(shown, "mean", json_number_value(json_at(run, "outputs.0.mean")), 1e-6);
    expect_real(shown, "max", json_number_value(json_at(run, "outputs.0.max")), 1e-6);
    json_decref(shown);
    json_decref(run);
    json_t *input = run_json("$BESRA model show --tensor in_u8 --json " MODELS "types.onnx");
    expect_json(input, "type", "\"u8\"");
    json_decref(input);
}

/* ---- drawings ------------------------------------------------------------------------------ */

static bool has_graphviz(void)
{
    struct run_result run = run_shell("command -v dot");
    bool              found = run.code == 0;
    run_free(&run);
    if (!found)
        printf("SKIPPED: graphviz's dot is not installed\n");
    return found;
}

static void test_dot_draws_the_graph_with_shapes_on_its_edges(void **state)
{
    (void)state;
    char *out =
        run_expecting(0, NULL, "$BESRA model show --dot --shape images:1,3,4,8 " MODELS "double.onnx");
    expect_part(out, "digraph");
    expect_part(out, "n0 -> n1 [label=\"1x12x4x8\"]");
    expect_part(out, "n1 -> o0 [label=\"1x3x8x16\"]");
    free(out);
    free(run_expecting(0, NULL, "$BESRA model show --dot=g.dot " MODELS "colours.onnx"));
    expect_files(".", "g.dot\n");
    free(run_expecting(1, "g.dot: exists already", "$BESRA model show --dot=g.dot " MODELS "colours.onnx"));
    free(run_expecting(0, NULL, "$BESRA model show -y --dot=g.dot " MODELS "colours.onnx"));
    if (!has_graphviz())
        skip();
    free(run_expecting(0, NULL, "dot -Tplain g.dot | grep -q ^edge"));
}

static void test_names_of_any_kind_stay_within_their_quotes(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       "$BESRA model edit --rename 'images=a\"b\\c -> {<x>' --rename '/mean=\"];' " MODELS
                       "colours.onnx odd.onnx"));
    json_t *object = run_json("$BESRA model show --json odd.onnx");
    expect_json(object, "inputs.0.name", "\"a\\\"b\\\\c -> {<x>\"");
    json_decref(object);
    if (!has_graphviz())
        skip();
    free(run_expecting(0, NULL,
                       "$BESRA model show --dot odd.onnx | dot -Tplain | grep -c ^node | grep -qx 5"));
}

static void test_svg_is_drawn_or_told_how(void **state)
{
    (void)state;
    free(run_expecting(3, "apt install graphviz",
                       "PATH=/nonexistent $BESRA model show --svg g.svg " MODELS "colours.onnx"));
    expect_files(".", "");
    if (!has_graphviz())
        skip();
    char *out = run_expecting(0, NULL, "$BESRA model show --svg - " MODELS "colours.onnx");
    expect_part(out, "<svg");
    expect_part(out, "1x3x64x64");
    expect_part(out, "</svg>");
    free(out);
    free(run_expecting(0, NULL,
                       "$BESRA model show --svg g.svg --dot=g.dot --json=g.json " MODELS "colours.onnx"));
    expect_files(".", "g.dot\ng.json\ng.svg\n");
}

/* ---- what goes wrong ----------------------------------------------------------------------- */

static void test_what_is_no_model_is_told_apart(void **state)
{
    (void)state;
    static const char *const commands[] = {"show", "check", "explain", "run"};
    scene_write("picture.png");
    text_write("empty.onnx", "");
    text_write("text.onnx", "a text that is no model\n");
    free(run_expecting(0, NULL,
                       "mv picture.png picture.onnx; head -c 100 " MODELS "colours.onnx > half.onnx"));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const char *name = commands[i];
        free(run_expecting(4, "besra: empty.onnx: no ONNX model: this is an empty file",
                           "$BESRA model %s empty.onnx", name));
        free(run_expecting(4, "besra: text.onnx: no ONNX model: this is a text", "$BESRA model %s text.onnx",
                           name));
        free(run_expecting(4, "besra: picture.onnx: no ONNX model: this is a PNG",
                           "$BESRA model %s picture.onnx", name));
        free(run_expecting(4, "besra: half.onnx: ", "$BESRA model %s half.onnx", name));
        free(run_expecting(3, "besra: none.onnx: no such file", "$BESRA model %s none.onnx", name));
        free(run_expecting(2, "no model: name an .onnx", "$BESRA model %s", name));
        free(run_expecting(2, "too many arguments", "$BESRA model %s a.onnx b.onnx", name));
    }
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        int         code;
        const char *part, *command;
    } rows[] = {
        {2, "did you mean 'images'?", "$BESRA model show --shape image:1,3,4,4 " MODELS "double.onnx"},
        {2, "its inputs are: images", "$BESRA model show --shape picture:1,3,4,4 " MODELS "double.onnx"},
        {2, "has 4 dimensions, not 3", "$BESRA model show --shape images:3,4,4 " MODELS "double.onnx"},
        {2, "\"1,3,x\" is no shape", "$BESRA model show --shape images:1,3,x " MODELS "double.onnx"},
        {2, "more than one option settles the input 'images'",
         "$BESRA model show --shape images:1,3,4,4 --shape images:1,3,8,8 " MODELS "double.onnx"},
        {2, "is no list of numbers", "$BESRA model show --freeze factor=many " MODELS "scaled.onnx"},
        {2, "has no value", "$BESRA model show --freeze factor " MODELS "scaled.onnx"},
        {3, "none.npy: no such file", "$BESRA model show --freeze factor=none.npy " MODELS "scaled.onnx"},
        {2, "did you mean 'numbers'?", "$BESRA model show --tensor nunbers " MODELS "numbers.onnx"},
        {2, "no tensor 'qqqqqqqqqqqq'", "$BESRA model show --tensor qqqqqqqqqqqq " MODELS "numbers.onnx"},
        {2, "more than one thing", "$BESRA model show --dot --json " MODELS "numbers.onnx"},
        {2, "more than one thing", "$BESRA model show --dot --svg - " MODELS "numbers.onnx"},
        {2, "more than one thing", "$BESRA model show --dot --tensor numbers " MODELS "numbers.onnx"},
        {4, "depends on its own result", "$BESRA model show " MODELS "circle.onnx"},
        {1, "standard output: can't be written: No space",
         "$BESRA model show " MODELS "numbers.onnx > /dev/full"},
        {1, "standard output: can't be written: No space",
         "$BESRA model show --json " MODELS "numbers.onnx > /dev/full"},
        {1, "/dev/full: can't be written: No space",
         "$BESRA model show --dot=/dev/full " MODELS "numbers.onnx"},
        {2, "numbers.onnx: is what is read",
         "cp " MODELS "numbers.onnx . && $BESRA model show -y --dot=./numbers.onnx numbers.onnx"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, "%s", rows[i].command));
    expect_files(".", "numbers.onnx\n");
    free(run_expecting(0, NULL, "cmp numbers.onnx " MODELS "numbers.onnx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_inputs_outputs_operators_and_origin_are_shown),
        IN_SCRATCH(test_layers_have_shapes_multiplications_and_the_range_of_their_weights),
        IN_SCRATCH(test_cards_are_shown_by_name),
        IN_SCRATCH(test_json_has_the_right_numbers),
        IN_SCRATCH(test_what_depends_on_values_is_unknown_not_wrong),
        IN_SCRATCH(test_srcnn_has_twenty_thousand_multiplications_a_pixel),
        IN_SCRATCH(test_statistics_of_a_tensor_are_numpy_s),
        IN_SCRATCH(test_statistics_of_a_weight_are_numpy_s),
        IN_SCRATCH(test_an_inner_tensor_is_that_of_a_run_with_the_seed),
        IN_SCRATCH(test_dot_draws_the_graph_with_shapes_on_its_edges),
        IN_SCRATCH(test_names_of_any_kind_stay_within_their_quotes),
        IN_SCRATCH(test_svg_is_drawn_or_told_how),
        IN_SCRATCH(test_what_is_no_model_is_told_apart),
        IN_SCRATCH(test_mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

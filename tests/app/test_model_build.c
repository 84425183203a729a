/* besra model build: the examples of docs/nets, weights from everywhere, and what it says of descriptions
 * that are wrong.
 */
#include "base/file.h"
#include "base/npy.h"
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NETS "$SOURCE/docs/nets/"

static void expect_run(int code, const char *command)
{
    struct run_result run = run_shell("%s", command);
    expect_code(&run, code);
    run_free(&run);
}

static size_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (size_t)st.st_size;
}

/* value, value + step, ... as a .npy */
static void npy_put(const char *path, int dims, const int64_t *shape, double value, double step)
{
    struct bsr_tensor tensor = {.type = BSR_F32, .dims = dims};
    struct bytes      bytes = {0};
    memcpy(tensor.shape, shape, (size_t)dims * sizeof *shape);
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    for (size_t i = 0; i < tensor_count(&tensor); i++)
        tensor_set(&tensor, i, value + (double)i * step);
    assert_int_equal(npy_write(&tensor, &bytes, NULL), BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, true, false, NULL), BSR_OK);
    bytes_free(&bytes);
    tensor_free(&tensor);
}

static struct bsr_tensor npy_take(const char *path)
{
    struct bsr_tensor tensor = {0};
    struct bytes      bytes = {0};
    assert_int_equal(file_read(&bytes, path, 1 << 24, NULL), BSR_OK);
    assert_int_equal(npy_read(&tensor, bytes.data, bytes.size, path, NULL), BSR_OK);
    bytes_free(&bytes);
    return tensor;
}

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

/* ---- the examples ----------------------------------------------------------------------------------------
 */

static void test_examples_say_what_was_made(void **state)
{
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"linear",
         "linear.cfg: 2 nodes, 0 parameters, inputs a 10x10, x 10x10, b 10x10, output output 10x10\n"},
        {"mlp", "mlp.cfg: 4 nodes, 238,510 parameters, input picture 1x1x28x28, output scores 1x10\n"},
        {"residual", "residual.cfg: 8 nodes, 4,624 parameters, input x 1x16x32x32, output y 1x16x32x32\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result run =
            run_shell("$BESRA model build " NETS "%s.cfg %s.onnx && $BESRA model check %s.onnx",
                      cases[i].name, cases[i].name, cases[i].name);
        expect_code(&run, 0);
        expect_part(run.err, cases[i].says);
        expect_part(run.out, "usable: it ran");
        expect_no_part(run.out, "Faults");
        run_free(&run);
    }
}

/* 2 * 3 + 1. */
static void test_the_linear_function_computes(void **state)
{
    (void)state;
    npy_put("a.npy", 2, SHAPE(10, 10), 2, 0);
    npy_put("x.npy", 2, SHAPE(10, 10), 3, 0);
    npy_put("b.npy", 2, SHAPE(10, 10), 1, 0);
    expect_run(0, "$BESRA model build " NETS "linear.cfg net.onnx && "
                  "$BESRA model run -i a=a.npy -i x=x.npy -i b=b.npy -o out net.onnx");
    struct bsr_tensor found = npy_take("out/output.npy");
    assert_string_equal(tensor_shape_text(&found).text, "10x10");
    for (size_t i = 0; i < 100; i++)
        assert_true(tensor_get(&found, i) == 7);
    tensor_free(&found);
}

static void test_the_perceptron_and_the_residual_block_run(void **state)
{
    (void)state;
    expect_run(0, "$BESRA model build " NETS "mlp.cfg mlp.onnx && $BESRA model run -o out mlp.onnx");
    expect_run(0, "$BESRA model build " NETS
                  "residual.cfg residual.onnx && $BESRA model run -o out residual.onnx");
    struct bsr_tensor scores = npy_take("out/scores.npy"), y = npy_take("out/y.npy");
    assert_string_equal(tensor_shape_text(&scores).text, "1x10");
    assert_string_equal(tensor_shape_text(&y).text, "1x16x32x32");
    for (size_t i = 0; i < tensor_count(&y); i++)
        assert_true(tensor_get(&y, i) >= 0); /* a Relu is the last */
    tensor_free(&scores);
    tensor_free(&y);
}

/* Each layer takes the middle of its window, of the channel that its number says: what comes out is the
 * input, enlarged. A flat picture of 0.25 stays one under a cubic. */
static void put_middle(const char *path, int64_t outputs, int64_t inputs, int64_t kernel)
{
    struct bsr_tensor tensor = {.type = BSR_F32, .dims = 4, .shape = {outputs, inputs, kernel, kernel}};
    struct bytes      bytes = {0};
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    memset(tensor.data, 0, tensor_bytes(&tensor));
    for (int64_t o = 0; o < outputs && o < inputs; o++)
        tensor_set(&tensor, (size_t)((o * inputs + o) * kernel * kernel + kernel * kernel / 2), 1);
    assert_int_equal(npy_write(&tensor, &bytes, NULL), BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, true, false, NULL), BSR_OK);
    bytes_free(&bytes);
    tensor_free(&tensor);
}

static void test_srcnn_takes_its_weights_from_npy_files(void **state)
{
    (void)state;
    put_middle("srcnn_conv1_weight.npy", 64, 3, 9);
    put_middle("srcnn_conv2_weight.npy", 32, 64, 1);
    put_middle("srcnn_conv3_weight.npy", 3, 32, 5);
    npy_put("srcnn_conv1_bias.npy", 1, SHAPE(64), 0, 0);
    npy_put("srcnn_conv2_bias.npy", 1, SHAPE(32), 0, 0);
    npy_put("srcnn_conv3_bias.npy", 1, SHAPE(3), 0.5, 0);
    npy_put("flat.npy", 4, SHAPE(1, 3, 256, 256), 0.25, 0);
    struct run_result run = run_shell("cp " NETS "srcnn.cfg . && $BESRA model build srcnn.cfg srcnn.onnx");
    expect_code(&run, 0);
    expect_part(run.err, "20,103 parameters, input input 1x3x256x256, output output 1x3x768x768");
    run_free(&run);
    expect_run(0, "$BESRA model run -i flat.npy -o out srcnn.onnx");
    struct bsr_tensor found = npy_take("out/output.npy");
    assert_string_equal(tensor_shape_text(&found).text, "1x3x768x768");
    for (size_t i = 0; i < tensor_count(&found); i++)
        assert_float_equal(tensor_get(&found, i), 0.75, 1e-6);
    tensor_free(&found);
}

/* ---- as the tutorial's own -------------------------------------------------------------------------------
 */

/* Makes the tutorial's files known as $TUTORIAL. */
static void need_tutorial(void)
{
    char *path = shared_path("models/tutorial");
    if (!path) {
        skip();
        return;
    }
    setenv("TUTORIAL", path, 1);
    free(path);
}

static void test_the_linear_function_is_that_of_the_tutorial(void **state)
{
    (void)state;
    need_tutorial();
    expect_run(0, "$BESRA model build " NETS "linear.cfg net.onnx && "
                  "$BESRA model compare --atol 0 --rtol 0 net.onnx $TUTORIAL/linear_func.onnx");
    expect_run(0, "$BESRA model run -i a=$TUTORIAL/linear_func_a.npy -i x=$TUTORIAL/linear_func_x.npy "
                  "-i b=$TUTORIAL/linear_func_b.npy -o out net.onnx");
    char             *path = shared_path("models/tutorial/linear_func_output.npy");
    struct bsr_tensor found = npy_take("out/output.npy"), wanted = npy_take(path);
    for (size_t i = 0; i < 100; i++)
        assert_float_equal(tensor_get(&found, i), tensor_get(&wanted, i), 1e-6);
    tensor_free(&found);
    tensor_free(&wanted);
    free(path);
}

static void test_srcnn_is_that_of_the_tutorial(void **state)
{
    (void)state;
    need_tutorial();
    expect_run(0,
               "cp " NETS "srcnn.cfg $TUTORIAL/srcnn_conv*.npy . && $BESRA model build srcnn.cfg net.onnx");
    expect_run(0, "$BESRA model compare --at output --atol 1e-6 --rtol 1e-6 net.onnx $TUTORIAL/srcnn.onnx");
    expect_run(0, "$BESRA model compare --at output -i $SOURCE/assets/photos/chelsea.jpg net.onnx "
                  "$TUTORIAL/srcnn.onnx");

    /* Half the bytes, weights of 11 bits: 0.00056 apart at most on random numbers of 0 to 1 (measured). */
    expect_run(0, "$BESRA model build --storage f16 srcnn.cfg half.onnx && "
                  "$BESRA model compare --at output --atol 2e-3 half.onnx $TUTORIAL/srcnn.onnx");
    expect_run(1, "$BESRA model compare --at output --atol 1e-6 --rtol 1e-6 half.onnx $TUTORIAL/srcnn.onnx");
    assert_true(size_of("half.onnx") < size_of("net.onnx") * 55 / 100);
}

/* ---- options and files -----------------------------------------------------------------------------------
 */

static void test_the_seed_makes_the_weights(void **state)
{
    (void)state;
    expect_run(0, "$BESRA model build " NETS "mlp.cfg written.onnx");
    expect_run(0, "$BESRA model build --seed 7 " NETS "mlp.cfg seven.onnx"); /* as in the file */
    expect_run(0, "$BESRA model build --seed 8 " NETS "mlp.cfg -o eight.onnx");
    expect_same_file("written.onnx", "seven.onnx");
    expect_run(1, "cmp -s seven.onnx eight.onnx");
    assert_int_equal(size_of("seven.onnx"), size_of("eight.onnx"));
}

static void test_the_storage_can_be_chosen(void **state)
{
    (void)state;
    expect_run(0, "$BESRA model build " NETS "residual.cfg written.onnx");
    expect_run(0, "$BESRA model build --storage f16 " NETS "residual.cfg half.onnx");
    expect_run(0, "$BESRA model build --storage f32 " NETS "residual.cfg full.onnx");
    expect_same_file("written.onnx", "half.onnx");
    assert_true(size_of("half.onnx") < size_of("full.onnx") * 6 / 10);
    expect_run(0, "$BESRA model compare --at y --atol 0.02 half.onnx full.onnx");
}

static void test_the_model_goes_where_it_is_sent(void **state)
{
    (void)state;
    expect_run(0, "$BESRA model build -o - " NETS "linear.cfg > piped.onnx");
    expect_run(0, "$BESRA model build - kept.onnx < " NETS "linear.cfg");
    expect_same_file("piped.onnx", "kept.onnx");
    struct run_result run = run_shell("$BESRA model build --json -q " NETS "linear.cfg net.onnx");
    expect_code(&run, 0);
    assert_string_equal(run.err, "");
    json_t *record = record_read(run.out, 0);
    expect_keys(record, "description nodes parameters inputs outputs");
    assert_int_equal(json_integer_value(json_object_get(record, "nodes")), 2);
    assert_int_equal(json_array_size(json_object_get(record, "inputs")), 3);
    json_decref(record);
    run_free(&run);
    expect_files(".", "kept.onnx\nnet.onnx\npiped.onnx\n");
}

static void test_nothing_is_lost_when_it_fails(void **state)
{
    static const struct {
        const char *arguments, *says;
        int         code;
    } cases[] = {
        {NETS "linear.cfg", "no output: name the .onnx to write", 2},
        {NETS "linear.cfg a.onnx -o b.onnx", "given together with the output 'a.onnx'", 2},
        {NETS "linear.cfg kept.onnx", "kept.onnx: exists already\n       replace it with --overwrite", 1},
        {"-y net.cfg ./net.cfg", "is the description itself", 2},
        {"-y wrong.cfg kept.onnx", "wrong.cfg:1", 2},
        {NETS "linear.cfg none/net.onnx", "none/net.onnx: can't be written", 1},
        {NETS "linear.cfg /dev/full", "/dev/full: can't be written", 1},
        {"none.cfg net.onnx", "none.cfg: no such file", 3},
        {"--storage f8 " NETS "linear.cfg net.onnx", "--storage", 2},
    };

    (void)state;
    expect_run(0, "cp " NETS "linear.cfg net.cfg && echo 'layers = 3' > wrong.cfg && echo kept > kept.onnx");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result run = run_shell("$BESRA model build %s", cases[i].arguments);
        expect_code(&run, cases[i].code);
        expect_part(run.err, cases[i].says);
        run_free(&run);
    }
    expect_files(".", "kept.onnx\nnet.cfg\nwrong.cfg\n");
    expect_run(0, "test \"$(cat kept.onnx)\" = kept && cmp net.cfg " NETS "linear.cfg");
    expect_run(0, "$BESRA model build -y net.cfg kept.onnx");
    assert_true(size_of("kept.onnx") > 100);
}

/* ---- what is wrong ---------------------------------------------------------------------------------------
 */

#define INPUT       "inputs = ( { name = \"x\"; shape = [1, 3, 8, 8]; } );\n"
#define LAYER(text) INPUT "layers = ( { " text "; } );\n"

static void test_what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text;
        int         code;
        const char *says;
    } cases[] = {
        {INPUT "layers = ( { type = \"conv\"; channels = 4; kernel = 3;\n    weights = \"none.npy\"; } );\n",
         3, "none.npy: no such file\n       net.cfg:2 names it, for conv1.weight\n"},
        {LAYER("type = \"conv\"; channels = 4; kernel = 3; weights = \"short.bin\""), 2,
         "net.cfg:2: conv1.weight: short.bin is of 6 bytes, 4x3x3x3 numbers of f32 are 432\n"},
        {LAYER("type = \"conv\"; channels = 4; kernel = 3; bias = \"wide.npy\""), 2,
         "net.cfg:2: conv1.bias: the shape 5 is not what is asked for: 4\n"},
        {LAYER("opp = \"Relu\""), 2, "net.cfg:2: a layer needs op"},
        {LAYER("op = \"Relu\"; nmae = \"r\""), 2, "net.cfg:2: nmae: unknown key; did you mean name?\n"},
        {LAYER("op = \"Rellu\""), 4, "net.cfg:2: ONNX has no operator 'Rellu'; did you mean 'Relu'?\n"},
        {LAYER("op = \"Softmax\"; attributes = { axes = 1; }"), 4,
         "net.cfg:2: Softmax has no attribute 'axes'; did you mean 'axis'?\n"},
        {LAYER("op = \"Softmax\"; attributes = { axis = 0.5; }"), 4,
         "net.cfg:2: attribute 'axis' of Softmax is a whole number, not a float\n"},
        {"opset = 13;\n" LAYER("op = \"Mish\""), 4,
         "net.cfg:3: Mish came with opset 18, the model's is 13\n"},
        {LAYER("type = \"dense\"; units = 5"), 2,
         "net.cfg:2: dense reads [N][C], its input 'x' is 1x3x8x8\n       put a layer { op = \"Flatten\"; }"},
        {LAYER("type = \"conv\"; channels = 4; kernel = 9"), 4, "does not fit into 8 padded by 0\n"},
        {INPUT "layers = ( { type = \"conv\"; name = \"c\"; channels = 4; kernel = 3; },\n"
               "           { op = \"Add\"; inputs = [\"x\", \"c\"]; } );\n",
         4, "net.cfg:3: node add_0 (Add): "},
        {LAYER("op = \"Add\"; inputs = [\"x\", \"y\"]"), 4,
         "net.cfg:2: node add_0 (Add): nothing before makes 'y'"},
        {LAYER("op = \"Relu\"") "outputs = \"y\";\n", 4, "net.cfg: outputs: nothing before makes 'y'"},
        {"", 2, "net.cfg: names no inputs"},
    };

    (void)state;
    text_write("short.bin", "short\n");
    npy_put("wide.npy", 1, SHAPE(5), 0, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text_write("net.cfg", cases[i].text);
        struct run_result run = run_shell("$BESRA model build net.cfg net.onnx");
        if (run.code != cases[i].code)
            fail_msg("case %zu: exit code %d: %s", i, run.code, run.err);
        expect_part(run.err, cases[i].says);
        assert_string_equal(run.out, "");
        run_free(&run);
        assert_int_not_equal(access("net.onnx", F_OK), 0);
    }
}

/* libconfig's scanner loses the text it was collecting (1.5): its leak. */
static void test_a_syntax_error_is_told_with_its_line(void **state)
{
    (void)state;
    text_write("net.cfg", INPUT "layers = ( { op = \"Relu\"; }\n");
    struct run_result run = run_shell("ASAN_OPTIONS=detect_leaks=0 $BESRA model build net.cfg net.onnx");
    expect_code(&run, 2);
    expect_part(run.err, "net.cfg:3: syntax error");
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_examples_say_what_was_made),
        IN_SCRATCH(test_the_linear_function_computes),
        IN_SCRATCH(test_the_perceptron_and_the_residual_block_run),
        IN_SCRATCH(test_srcnn_takes_its_weights_from_npy_files),
        IN_SCRATCH(test_the_linear_function_is_that_of_the_tutorial),
        IN_SCRATCH(test_srcnn_is_that_of_the_tutorial),
        IN_SCRATCH(test_the_seed_makes_the_weights),
        IN_SCRATCH(test_the_storage_can_be_chosen),
        IN_SCRATCH(test_the_model_goes_where_it_is_sent),
        IN_SCRATCH(test_nothing_is_lost_when_it_fails),
        IN_SCRATCH(test_what_is_wrong_is_told_with_its_line),
        IN_SCRATCH(test_a_syntax_error_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

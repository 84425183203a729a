/* The description of a net: everything that it says is understood, what it says wrongly is told with its
 * line. */
#include "base/alloc.h"
#include "config/net_description.h"
#include "mutate.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char whole[] =
    "name = \"tiny\"; opset = 13; storage = \"f16\"; seed = 5;\n"
    "inputs = ( { name = \"x\"; shape = [1, 3, -1, 8]; }, { name = \"k\"; shape = []; type = \"i64\"; } );\n"
    "weights = ( { name = \"s\"; values = [1.0, 2.0]; type = \"f64\"; shape = [2, 1]; },\n"
    "            { name = \"r\"; file = \"r.bin\"; shape = [4]; }, { name = \"f\"; fill = 0.5; } );\n"
    "layers = (\n"
    "  { type = \"conv\"; channels = 4; kernel = [3, 5]; stride = 2; padding = [1, 2]; dilation = [1, 2];\n"
    "    groups = 1; weights = \"w.npy\"; bias = false; activation = \"relu\"; input = \"x\"; output = "
    "\"c\"; },\n"
    "  { op = \"my.Thing\"; name = \"n\"; inputs = [\"c\", \"\"]; outputs = (\"y\", \"z\");\n"
    "    attributes = { i = -3; f = 0.5; t = \"text\"; is = [1, 2]; fs = [0.5, 1.0]; b = true; empty = []; "
    "}; },\n"
    "  { type = \"conv\"; channels = 1; kernel = 1; padding = \"same\"; weights = { values = [1.0]; shape = "
    "[1, 1, "
    "1, 1]; }; bias = [0.25]; },\n"
    "  { type = \"dense\"; units = 7; weights = 0.5; }\n"
    ");\n"
    "outputs = \"y\";\n"
    "metadata = { author = \"a\"; stride = \"32\"; };\n";

static struct net_description read_whole(void)
{
    struct net_description net = {.path = NULL};
    struct bsr_error       err = {0};
    if (net_description_read(&net, support_write("net.cfg", whole), &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return net;
}

static void test_the_frame_is_understood(void **state)
{
    struct net_description net = read_whole();

    (void)state;
    assert_string_equal(net.name, "tiny");
    assert_int_equal(net.opset, 13);
    assert_true(net.f16);
    assert_int_equal(net.seed, 5);
    assert_int_equal(net.input_count, 2);
    assert_int_equal(net.inputs[0].source.shape[2], -1);
    assert_int_equal(net.inputs[0].source.type, BSR_F32);
    assert_int_equal(net.inputs[1].source.dims, 0);
    assert_int_equal(net.inputs[1].source.type, BSR_I64);
    assert_int_equal(net.weight_count, 3);
    assert_int_equal(net.weights[0].source.value_count, 2);
    assert_int_equal(net.weights[0].source.type, BSR_F64);
    assert_true(net.weights[0].source.values[1] == 2);
    assert_string_equal(net.weights[1].source.file, support_path("r.bin"));
    assert_int_equal(net.weights[2].source.kind, NET_FILL);
    assert_int_equal(net.outputs.count, 1);
    assert_string_equal(net.outputs.items[0], "y");
    assert_int_equal(net.metadata.count, 4);
    assert_string_equal(net.metadata.items[3], "32");
    net_description_free(&net);
}

static void test_layers_are_understood(void **state)
{
    struct net_description  net = read_whole();
    const struct net_layer *conv = &net.layers[0], *node = &net.layers[1];

    (void)state;
    assert_int_equal(net.layer_count, 4);
    assert_int_equal(conv->kind, NET_CONV);
    assert_int_equal(conv->line, 6);
    assert_int_equal(conv->kernel[1], 5);
    assert_int_equal(conv->stride[1], 2);
    assert_int_equal(conv->dilation[1], 2);
    assert_int_equal(conv->padding[2], 1); /* top, left, bottom, right */
    assert_int_equal(conv->padding[3], 2);
    assert_int_equal(conv->weights.kind, NET_FILE);
    assert_int_equal(conv->bias.kind, NET_NONE);
    assert_string_equal(conv->activation, "Relu");
    assert_string_equal(conv->outputs.items[0], "c");
    assert_int_equal(node->kind, NET_NODE);
    assert_string_equal(node->op, "my.Thing");
    assert_string_equal(node->inputs.items[1], "");
    assert_string_equal(node->outputs.items[1], "z");
    assert_int_equal(node->attribute_count, 7);
    assert_int_equal(node->attributes[0].i, -3);
    assert_true(node->attributes[1].kind == NET_FLOAT && node->attributes[1].f == 0.5F);
    assert_string_equal(node->attributes[2].text, "text");
    assert_int_equal(node->attributes[3].ints[1], 2);
    assert_true(node->attributes[4].floats[0] == 0.5F);
    assert_int_equal(node->attributes[5].i, 1);
    assert_int_equal(node->attributes[6].count, 0);
    assert_true(net.layers[2].same);
    assert_int_equal(net.layers[2].weights.shape[3], 1);
    assert_int_equal(net.layers[2].bias.kind, NET_VALUES);
    assert_int_equal(net.layers[3].channels, 7);
    assert_int_equal(net.layers[3].bias.kind, NET_NOT_GIVEN);
    net_description_free(&net);
}

#define X "inputs = ( { name = \"x\"; shape = [1]; } );\n"

static void test_what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text;
        int         line; /* 0: the file as a whole */
        const char *says;
    } cases[] = {
        {"layers = ( { op = \"Relu\"; } );", 0, "names no inputs"},
        {X, 0, "has no layers"},
        {X "layer = ( { op = \"Relu\"; } );", 2, "layer: unknown key; did you mean layers?"},
        {X "layers = ( { op = \"Relu\"; atributes = { }; } );", 2, "did you mean attributes?"},
        {X "layers = ( { type = \"conv\"; kernal = 3; } );", 2, "did you mean kernel?"},
        {X "layers = ( { type = \"dense\"; kernel = 3; } );", 2, "kernel: unknown key"},
        {X "layers = ( { type = \"pool\"; } );", 2, "must be \"conv\" or \"dense\""},
        {X "layers = ( { kernel = 3; } );", 2, "a layer needs op"},
        {X "layers = ( { type = \"conv\"; channels = 3; } );", 2, "needs channels and kernel"},
        {X "layers = ( { type = \"dense\"; } );", 2, "needs units"},
        {X "layers = ( { type = \"conv\"; channels = 0; kernel = 1; } );", 2,
         "must be a whole number of 1 to"},
        {X "layers = ( { type = \"conv\"; channels = 1; kernel = [1, 2, 3]; } );", 2, "[rows, columns]"},
        {X "layers = ( { type = \"conv\"; channels = 1; kernel = 1; padding = [1, 2, 3]; } );", 2,
         "\"same\""},
        {X "layers = ( { type = \"dense\"; units = 1; activation = \"rulu\"; } );", 2, "relu sigmoid"},
        {X "layers = ( { type = \"dense\"; units = 1; weights = false; } );", 2, "without weights"},
        {X "layers = ( { type = \"dense\"; units = 1; weights = { file = \"a\"; fill = 1; }; } );", 2,
         "one place"},
        {X "layers = ( { type = \"dense\"; units = 1; weights = \"../a.npy\"; } );", 2, "must not leave"},
        {X "layers = ( { op = \"\"; } );", 2, "must not be empty"},
        {X "layers = ( { op = 3; } );", 2, "must be a text"},
        {X "layers = ( { op = \"A\"; input = \"x\"; inputs = [\"x\"]; } );", 2, "said twice"},
        {X "layers = ( { op = \"A\"; attributes = { a = ({}); }; } );", 2, "all whole numbers"},
        {X "layers = ( { op = \"A\"; attributes = { a = 1e300; }; } );", 2, "must be a number, a text"},
        {X "layers = ( 3 );", 2, "must be a group"},
        {X "layers = { };", 2, "must be a list of 1 to 10000 groups"},
        {"inputs = ( { name = \"x\"; } );", 1, "an input needs a shape"},
        {"inputs = ( { shape = [1]; } );", 1, "needs a name"},
        {"inputs = ( { name = \"x\"; shape = [1,1,1,1,1,1,1,1,1]; } );", 1, "0 to 8 sides"},
        {"inputs = ( { name = \"x\"; shape = [-2]; } );", 1, "must be a whole number of -1 to"},
        {"inputs = ( { name = \"x\"; shape = [1]; type = \"float\"; } );", 1, "must be one of f32 u8"},
        {X "weights = ( { name = \"w\"; } );", 2, "random weights need a shape"},
        {X "weights = ( { name = \"w\"; shape = [-1]; } );", 2, "sides are known"},
        {X "weights = ( { name = \"w\"; values = [\"a\"]; } );", 2, "must be numbers"},
        {"storage = \"f8\";", 1, "must be \"f32\" or \"f16\""},
        {"opset = 6;", 1, "must be a whole number of 7 to 22"},
        {"metadata = { a = 1; };", 1, "must be a text"},
        {"seed = -1;", 1, "must be a whole number of 0 to"},
        {"name = ", 1, "syntax error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct net_description net = {.opset = 99};
        struct bsr_error       err = {0};
        const char            *path = support_write("wrong.cfg", cases[i].text);
        assert_int_equal(net_description_read(&net, path, &err), BSR_EUSAGE);
        assert_int_equal(net.opset, 99);
        char place[16] = "";
        if (cases[i].line)
            snprintf(place, sizeof place, ":%d", cases[i].line);
        size_t length = strlen(path);
        if (strncmp(err.subject, path, length) != 0 || strcmp(err.subject + length, place) != 0 ||
            !strstr(err.message, cases[i].says))
            fail_msg("case %zu says: %s: %s", i, err.subject, err.message);
    }
    assert_int_equal(net_description_read(&(struct net_description){.opset = 0}, support_path("none"), NULL),
                     BSR_EMISSING);
}

/* libconfig itself does not survive running out of memory: only besra's own allocations fail. */
static void test_running_out_of_memory_is_said(void **state)
{
    struct net_description net;
    const char            *path = support_write("net.cfg", whole);

    (void)state;
    mem_fail_from(0);
    assert_int_equal(net_description_read(&net, path, NULL), BSR_OK);
    size_t asked = mem_fail_from(0);
    net_description_free(&net);
    for (size_t n = 1; n <= asked; n++) {
        mem_fail_from(n);
        if (net_description_read(&net, path, NULL) != BSR_ENOMEM)
            fail_msg("allocation %zu of %zu", n, asked);
    }
    mem_fail_from(0);
}

static void test_damaged_descriptions_do_no_harm(void **state)
{
    enum { CAPACITY = 4096, ROUNDS = 6000 };
    static const char *const words[] = {
        "1e999", "-1",   "99999999999", "0x", "(((((((", "[1,2,3]", "= {", "};",   "/*", "*/", "nan",
        "\"\"",  "true", "4294967295L", "..", "\xC3",    "( {",     "[]",  "fill", "op", NULL};
    uint64_t random = 9;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t data[CAPACITY];
        size_t  size = strlen(whole);
        memcpy(data, whole, size);
        mutate(data, &size, sizeof data, words, &random);
        assert_int_equal(LLVMFuzzerTestOneInput(data, size), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_frame_is_understood),
        cmocka_unit_test(test_layers_are_understood),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(test_running_out_of_memory_is_said),
        cmocka_unit_test(test_damaged_descriptions_do_no_harm),
    };
    return cmocka_run_group_tests(tests, support_enter, support_leave);
}

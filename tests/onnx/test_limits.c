/* Files that are built to do harm: they nest, count and name beyond all measure. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Protobuf's field numbers, as in onnx/onnx.proto. */
enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, NODE_ATTRIBUTE = 5, ATTRIBUTE_GRAPH = 6, GRAPH_INITIALIZER = 5 };
enum { GRAPH_INPUT = 11, NODE_INPUT = 1, VALUE_NAME = 1, TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_RAW = 9 };

static void put_varint(struct bytes *out, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        bytes_append(out, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_number(struct bytes *out, unsigned field, uint64_t value)
{
    put_varint(out, (uint64_t)field << 3);
    put_varint(out, value);
}

static void put_bytes(struct bytes *out, unsigned field, const void *data, size_t size)
{
    put_varint(out, (uint64_t)field << 3 | 2);
    put_varint(out, size);
    bytes_append(out, data, size);
}

/* Wraps what is in *inner into a field of a new message. */
static void wrap(struct bytes *inner, unsigned field)
{
    struct bytes outer = {0};
    put_bytes(&outer, field, inner->data, inner->size);
    bytes_free(inner);
    *inner = outer;
}

static void expect_refusal(struct bytes *file, const char *says)
{
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    assert_false(file->failed);
    assert_int_equal(onnx_model_read(&model, file->data, file->size, NULL, "hostile", &err), BSR_EMODEL);
    if (!strstr(err.message, says))
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
    bytes_free(file);
}

static void expect_acceptance(struct bytes *file)
{
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    if (onnx_model_read(&model, file->data, file->size, NULL, "harmless", &err) != BSR_OK)
        fail_msg("%s", err.message);
    onnx_model_free(model);
    bytes_free(file);
}

/* A model of graphs within graphs. */
static struct bytes nested(int graphs)
{
    struct bytes file = {0};

    put_bytes(&file, NODE_INPUT, "x", 1);
    wrap(&file, GRAPH_NODE);
    for (int i = 1; i < graphs; i++) {
        wrap(&file, ATTRIBUTE_GRAPH);
        wrap(&file, NODE_ATTRIBUTE);
        wrap(&file, GRAPH_NODE);
    }
    wrap(&file, MODEL_GRAPH);
    return file;
}

static void test_deep_nesting_is_refused(void **state)
{
    (void)state;
    struct bytes shallow = nested(20), deep = nested(22), very_deep = nested(3000);
    expect_acceptance(&shallow);
    expect_refusal(&deep, "nested too deeply");
    expect_refusal(&very_deep, "nested too deeply");
}

static void test_millions_of_fields_are_refused(void **state)
{
    struct bytes file = {0};

    (void)state;
    for (int i = 0; i < 3000000; i++)
        put_bytes(&file, GRAPH_NODE, "", 0);
    wrap(&file, MODEL_GRAPH);
    expect_refusal(&file, "2 million fields");
}

static void test_a_second_graph_is_refused(void **state)
{
    struct bytes file = sample_bytes("conv"), twice = {0};

    (void)state;
    bytes_append(&twice, file.data, file.size);
    bytes_append(&twice, file.data, file.size);
    bytes_free(&file);
    expect_refusal(&twice, "occurs twice");
}

static void test_long_names_are_refused(void **state)
{
    static char  name[5000];
    struct bytes file = {0};

    (void)state;
    memset(name, 'n', sizeof name);
    put_bytes(&file, NODE_INPUT, name, sizeof name);
    wrap(&file, GRAPH_NODE);
    wrap(&file, MODEL_GRAPH);
    expect_refusal(&file, "longer than 4096 bytes");
}

static void test_zero_bytes_in_names_are_refused(void **state)
{
    struct bytes file = {0};

    (void)state;
    put_bytes(&file, NODE_INPUT, "a\0b", 3);
    wrap(&file, GRAPH_NODE);
    wrap(&file, MODEL_GRAPH);
    expect_refusal(&file, "zero byte");
}

static void test_texts_that_are_not_utf8_are_refused(void **state)
{
    static const char *const texts[] = {"\xFF", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                        "\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bytes file = {0};
        put_bytes(&file, NODE_INPUT, texts[i], strlen(texts[i]));
        wrap(&file, GRAPH_NODE);
        wrap(&file, MODEL_GRAPH);
        expect_refusal(&file, "not UTF-8");
    }
}

static void test_thousands_of_inputs_are_refused(void **state)
{
    struct bytes graph = {0}, value = {0};

    (void)state;
    put_bytes(&value, VALUE_NAME, "x", 1);
    for (int i = 0; i < 2000; i++)
        put_bytes(&graph, GRAPH_INPUT, value.data, value.size);
    put_bytes(&graph, GRAPH_NODE, "\x0a\x01x", 3);
    wrap(&graph, MODEL_GRAPH);
    expect_refusal(&graph, "2000 inputs");
    bytes_free(&value);
}

/* A model with one initializer of these dimensions and `size` bytes of raw float data. */
static struct bytes with_tensor(const uint64_t *dims, size_t count, size_t size)
{
    static const uint8_t zeros[64];
    struct bytes         tensor = {0}, graph = {0};

    for (size_t i = 0; i < count; i++)
        put_number(&tensor, TENSOR_DIMS, dims[i]);
    put_number(&tensor, TENSOR_TYPE, 1);
    put_bytes(&tensor, TENSOR_RAW, zeros, size);
    put_bytes(&graph, GRAPH_NODE, "\x0a\x01x", 3);
    put_bytes(&graph, GRAPH_INITIALIZER, tensor.data, tensor.size);
    wrap(&graph, MODEL_GRAPH);
    bytes_free(&tensor);
    return graph;
}

/* OpenCV 4.6 copies as many values as the shape says, whatever the data holds. */
static void test_tensors_hold_what_their_shapes_ask_for(void **state)
{
    static const struct {
        uint64_t    dims[3];
        size_t      count, size;
        const char *says; /* NULL: fine */
    } cases[] = {
        {{2, 3}, 2, 24, NULL},
        {{0, 3}, 2, 0, NULL},
        {{0}, 0, 4, NULL},
        {{2, 3}, 2, 20, "holds 20 bytes where its shape asks for 24"},
        {{2, 3}, 2, 28, "holds 28 bytes where its shape asks for 24"},
        {{UINT64_MAX, 3}, 2, 24, "impossible shape"},
        {{1U << 31, 1U << 31, 4}, 3, 24, "impossible shape"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes file = with_tensor(cases[i].dims, cases[i].count, cases[i].size);
        if (cases[i].says)
            expect_refusal(&file, cases[i].says);
        else
            expect_acceptance(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_millions_of_fields_are_refused),
        cmocka_unit_test(test_a_second_graph_is_refused),
        cmocka_unit_test(test_long_names_are_refused),
        cmocka_unit_test(test_zero_bytes_in_names_are_refused),
        cmocka_unit_test(test_texts_that_are_not_utf8_are_refused),
        cmocka_unit_test(test_thousands_of_inputs_are_refused),
        cmocka_unit_test(test_tensors_hold_what_their_shapes_ask_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Reading, asking and writing models. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_values_are_described_as_declared(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("conv");
    struct onnx_value  x = onnx_input(model, 0), y = onnx_output(model, 0);

    assert_int_equal(onnx_input_count(model), 1);
    assert_int_equal(onnx_output_count(model), 1);
    assert_string_equal(x.name, "x");
    assert_string_equal(y.name, "y");
    assert_int_equal(x.element_type, 1);
    assert_int_equal(x.dims, 4);
    assert_int_equal(x.shape[2], 3);
    assert_int_equal(x.shape[3], 4);
    assert_int_equal(onnx_opset(model, ""), 11);
    assert_int_equal(onnx_opset(model, "hawk"), 0);
    assert_int_equal(onnx_node_count(model, "Conv"), 1);
    assert_int_equal(onnx_node_count(model, "Relu"), 0);
    onnx_model_free(model);
}

static void test_symbolic_and_missing_shapes_are_unknown(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("shapeless");
    struct onnx_value  x = onnx_input(model, 0);

    assert_int_equal(x.dims, 4);
    assert_int_equal(x.shape[0], -1);
    assert_int_equal(x.shape[1], 1);
    assert_int_equal(x.shape[3], -1);
    assert_int_equal(onnx_output(model, 0).dims, -1);
    onnx_model_free(model);
}

static void test_initializers_are_no_inputs(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("weights_as_inputs");

    assert_int_equal(onnx_input_count(model), 1);
    assert_string_equal(onnx_input(model, 0).name, "x");
    onnx_model_free(model);
}

static void test_outputs_keep_the_order_of_the_model(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("outputs");

    assert_int_equal(onnx_output_count(model), 3);
    assert_string_equal(onnx_output(model, 0).name, "late");
    assert_string_equal(onnx_output(model, 1).name, "middle");
    assert_string_equal(onnx_output(model, 2).name, "early");
    onnx_model_free(model);
}

static void test_metadata_is_found_by_key(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("names");

    assert_string_equal(onnx_metadata(model, "stride"), "32");
    assert_non_null(strstr(onnx_metadata(model, "names"), "potter's wheel"));
    assert_null(onnx_metadata(model, "Stride"));
    onnx_model_free(model);
}

/* Fields 98 and 99, as make_models.py adds them: tag, length, "new"; tag, 7. */
static int count_unknown_fields(const struct bytes *bytes)
{
    static const char field[] = "\x9a\x06\x03new";
    int               count = 0;

    for (size_t i = 0; i + sizeof field <= bytes->size; i++)
        count += memcmp(bytes->data + i, field, sizeof field - 1) == 0;
    return count;
}

static void test_unknown_fields_survive(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("unknown_fields");
    struct bytes       before = sample_bytes("unknown_fields"), after = {0};
    struct bsr_error   err;

    assert_int_equal(count_unknown_fields(&before), 3);
    assert_int_equal(onnx_model_write(model, &after, &err), BSR_OK);
    assert_int_equal(count_unknown_fields(&after), 3);
    assert_int_equal(after.size, before.size);
    onnx_model_free(model);
    bytes_free(&before);
    bytes_free(&after);
}

/* Python's protobuf writes fields by number, as protobuf-c does: nothing is lost where the bytes are the
 * same. */
static void test_reading_and_writing_is_the_identity(void **state)
{
    static const char *const names[] = {"conv",  "weights_as_inputs", "dynamic",         "names",
                                        "chain", "resize_constant",   "resize_subgraph", "unsupported"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct onnx_model *model = sample_read(names[i]);
        struct bytes       before = sample_bytes(names[i]), after = {0};
        struct bsr_error   err;

        assert_int_equal(onnx_model_write(model, &after, &err), BSR_OK);
        assert_int_equal(after.size, before.size);
        assert_memory_equal(after.data, before.data, before.size);
        onnx_model_free(model);
        bytes_free(&before);
        bytes_free(&after);
    }
}

static void test_writing_appends(void **state)
{
    (void)state;
    struct onnx_model *model = sample_read("conv");
    struct bytes       out = {0}, plain = sample_bytes("conv");
    struct bsr_error   err;

    bytes_append_text(&out, "ab");
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    assert_int_equal(out.size, plain.size + 2);
    assert_memory_equal(out.data, "ab", 2);
    assert_memory_equal(out.data + 2, plain.data, plain.size);
    onnx_model_free(model);
    bytes_free(&out);
    bytes_free(&plain);
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void test_what_is_no_model_is_named(void **state)
{
    static const struct {
        const uint8_t *data;
        size_t         size;
        const char    *says;
    } cases[] = {
        {BYTES("\xFF\xD8\xFF\xE0\0\x10JFIF"), "a JPEG picture"},
        {BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), "a PNG picture"},
        {BYTES("RIFF\x10\0\0\0WEBPVP8 "), "a WebP picture"},
        {BYTES("PK\x03\x04\0\0archive/data.pkl"), "PyTorch checkpoint"},
        {BYTES("\x80\x02\x8A\nl\xFC\x9C\x46"), "old PyTorch checkpoint"},
        {BYTES("\x89HDF\r\n\x1A\n\0\0"), "Keras"},
        {BYTES("\x1C\0\0\0TFL3\0\0"), "TensorFlow Lite"},
        {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:0"), "git-lfs pointer"},
        {BYTES("\n  <!DOCTYPE html><html>"), "a web page"},
        {BYTES("<html><body>404"), "a web page"},
        {BYTES("<?xml version=\"1.0\"?><net>"), "OpenVINO"},
        {BYTES("just some notes\n"), "a text file"},
        {BYTES("\0\0\0\0\0\0\0\0"), "a file of zeros"},
        {BYTES(""), "an empty file"},
        {BYTES("\x08\x07\x12\x07pytorch"), "there is no graph in it"},
        {BYTES("\x0F\x07\x07"), "an unknown kind of field at byte 1 of 3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_error   err = {0};
        struct onnx_model *model = (struct onnx_model *)&err;

        assert_int_equal(onnx_model_read(&model, cases[i].data, cases[i].size, NULL, "m.onnx", &err),
                         BSR_EMODEL);
        assert_string_equal(err.subject, "m.onnx");
        if (!strstr(err.message, cases[i].says))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.message, cases[i].says);
        assert_ptr_equal(model, &err); /* untouched */
    }
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct bytes bytes = sample_bytes("resize_constant");

    for (size_t size = 0; size < bytes.size; size++) {
        if (size == bytes.size - 6) /* without its last field, the opset, the model is still whole */
            continue;
        struct bsr_error   err = {0};
        struct onnx_model *model = NULL;
        uint8_t           *cut = exact_copy(bytes.data, size);
        assert_int_equal(onnx_model_read(&model, cut, size, NULL, "cut", &err), BSR_EMODEL);
        assert_true(err.message[0] != '\0');
        mem_free(cut);
    }
    bytes_free(&bytes);
}

static void test_a_truncated_file_is_called_truncated(void **state)
{
    (void)state;
    struct bytes       bytes = sample_bytes("conv");
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    assert_int_equal(onnx_model_read(&model, bytes.data, 100, NULL, "cut.onnx", &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "truncated"));
    assert_non_null(strstr(err.message, "bytes should follow"));
    bytes_free(&bytes);
}

/* All that reading, lifting and writing allocate fails once, in turn. */
static void test_running_out_of_memory_is_reported(void **state)
{
    (void)state;
    struct bytes bytes = sample_bytes("resize_subgraph");

    for (size_t n = 1;; n++) {
        struct bsr_error   err = {0};
        struct onnx_model *model = NULL;
        struct onnx_resize resize = {0};
        struct bytes       out = {0};

        mem_fail_from(n);
        bsr_status status = onnx_model_read(&model, bytes.data, bytes.size, NULL, "m", &err);
        if (status == BSR_OK)
            status = onnx_lift_front_resize(model, &resize, &err);
        if (status == BSR_OK)
            status = onnx_model_write(model, &out, &err);
        mem_fail_from(0);
        onnx_model_free(model);
        bytes_free(&out);
        if (status == BSR_OK) {
            assert_true(n > 100);
            break;
        }
        assert_int_equal(status, BSR_ENOMEM);
        assert_int_equal(err.code, BSR_ENOMEM);
    }
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_described_as_declared),
        cmocka_unit_test(test_symbolic_and_missing_shapes_are_unknown),
        cmocka_unit_test(test_initializers_are_no_inputs),
        cmocka_unit_test(test_outputs_keep_the_order_of_the_model),
        cmocka_unit_test(test_metadata_is_found_by_key),
        cmocka_unit_test(test_unknown_fields_survive),
        cmocka_unit_test(test_reading_and_writing_is_the_identity),
        cmocka_unit_test(test_writing_appends),
        cmocka_unit_test(test_what_is_no_model_is_named),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_a_truncated_file_is_called_truncated),
        cmocka_unit_test(test_running_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

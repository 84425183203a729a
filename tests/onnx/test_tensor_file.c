/* Tensors in files of their own. */
#include "base/alloc.h"
#include "base/file.h"
#include "onnx/tensor_file.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Messages written out by hand after the schema (field number << 3 | wire type): dims = 1, data_type = 2,
 * float_data = 4, int32_data = 5, string_data = 6, int64_data = 7, name = 8, raw_data = 9. */
static const uint8_t raw_floats[] = {0x08, 2,    0x08, 1,   0x10, 1,    0x42, 1,
                                     'x',  0x4A, 8,    0,   0,    0x80, 0x3F, /* 1 */
                                     0,    0,    0x20, 0xC0 /* -2.5 */};
static const uint8_t packed_floats[] = {0x0A, 1, 2, 0x10, 1, 0x22, 8, 0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0};
static const uint8_t small_integers[] = {0x08, 3,    0x10, 3,    0x2A, 12, /* int8: -1 is ten bytes long */
                                         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                         0xFF, 0xFF, 0xFF, 0x01, 0x00, 0x7F};
static const uint8_t scalar_int64[] = {0x10, 7, 0x38, 0x2A};
static const uint8_t empty_bools[] = {0x08, 0, 0x10, 9, 0x42, 0};
static const uint8_t one_string[] = {0x08, 1, 0x10, 8, 0x32, 2, 'h', 'i'};
static const uint8_t too_short[] = {0x08, 3, 0x10, 1, 0x4A, 4, 0, 0, 0, 0};
static const uint8_t too_long[] = {0x08, 1, 0x10, 1, 0x4A, 8, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t impossible[] = {0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x10, 1};
static const uint8_t truncated[] = {0x08, 2, 0x10, 1, 0x4A, 8, 0, 0};
static const uint8_t nine_dims[] = {0x08, 1,    0x08, 1,    0x08, 1,    0x08, 1,    0x08, 1, 0x08, 1, 0x08,
                                    1,    0x08, 1,    0x08, 1,    0x10, 1,    0x4A, 4,    0, 0,    0, 0};

static struct bsr_tensor parse(const void *data, size_t size, char **name)
{
    struct bsr_tensor tensor = {0};
    struct bsr_error  err = {0};
    uint8_t          *copy = exact_copy(data, size);
    assert_int_equal(tensor_file_parse(&tensor, name, copy, size, "x.pb", &err), BSR_OK);
    mem_free(copy);
    return tensor;
}

static void test_floats_are_read_raw_and_packed(void **state)
{
    char             *name = NULL;
    struct bsr_tensor tensor = parse(raw_floats, sizeof raw_floats, &name);

    (void)state;
    assert_string_equal(name, "x");
    mem_free(name);
    assert_int_equal(tensor.type, BSR_F32);
    assert_string_equal(tensor_shape_text(&tensor).text, "2x1");
    assert_true(tensor_get(&tensor, 0) == 1 && tensor_get(&tensor, 1) == -2.5);
    tensor_free(&tensor);

    tensor = parse(packed_floats, sizeof packed_floats, &name);
    assert_string_equal(name, "");
    mem_free(name);
    assert_string_equal(tensor_shape_text(&tensor).text, "2");
    assert_true(tensor_get(&tensor, 0) == 1 && tensor_get(&tensor, 1) == -2.5);
    tensor_free(&tensor);
}

static void test_integers_scalars_and_nothing_are_read(void **state)
{
    struct bsr_tensor tensor = parse(small_integers, sizeof small_integers, NULL);

    (void)state;
    assert_int_equal(tensor.type, BSR_I8);
    assert_int_equal(tensor_get_int(&tensor, 0), -1);
    assert_int_equal(tensor_get_int(&tensor, 1), 0);
    assert_int_equal(tensor_get_int(&tensor, 2), 127);
    tensor_free(&tensor);

    tensor = parse(scalar_int64, sizeof scalar_int64, NULL);
    assert_int_equal(tensor.dims, 0);
    assert_int_equal(tensor_get_int(&tensor, 0), 42);
    tensor_free(&tensor);

    tensor = parse(empty_bools, sizeof empty_bools, NULL);
    assert_int_equal(tensor.type, BSR_BOOL);
    assert_int_equal(tensor_count(&tensor), 0);
    tensor_free(&tensor);
}

static void test_what_is_no_tensor_is_refused_by_name(void **state)
{
    static const struct {
        const void *data;
        size_t      size;
        const char *says;
    } cases[] = {
        {one_string, sizeof one_string, "string"},
        {too_short, sizeof too_short, "less data"},
        {too_long, sizeof too_long, "holds 8 bytes where its shape asks for 4"},
        {impossible, sizeof impossible, "impossible shape"},
        {truncated, sizeof truncated, "damaged"},
        {nine_dims, sizeof nine_dims, "9 dimensions"},
        {"", 0, "type 0"},
        {"\x89PNG\r\n", 6, "no file of a tensor"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_tensor tensor = {.dims = 5};
        struct bsr_error  err = {0};
        assert_int_equal(tensor_file_parse(&tensor, NULL, cases[i].data, cases[i].size, "x.pb", &err),
                         BSR_EFORMAT);
        assert_string_equal(err.subject, "x.pb");
        assert_int_equal(err.code, BSR_EFORMAT);
        if (!strstr(err.message, cases[i].says))
            fail_msg("case %zu says: %s", i, err.message);
        assert_int_equal(tensor.dims, 5);
    }
}

static void check_comes_back(int type, const char *type_name, const char *path)
{
    struct bytes      bytes = {0};
    struct bsr_tensor tensor = {.type = type, .dims = 3, .shape = {2, 1, 3}}, again = {0};
    char             *name = NULL;

    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    for (size_t i = 0; i < 6; i++)
        tensor_set_int(&tensor, i, (int64_t)i * 7 - 3);
    assert_int_equal(tensor_file_write(&tensor, type_name, &bytes, NULL), BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, true, false, NULL), BSR_OK);
    assert_int_equal(tensor_file_read(&again, &name, path, NULL), BSR_OK);
    assert_string_equal(name, type_name);
    assert_int_equal(again.type, type);
    assert_true(tensor_same_shape(&tensor, &again));
    assert_memory_equal(tensor.data, again.data, tensor_bytes(&tensor));
    mem_free(name);
    tensor_free(&tensor);
    tensor_free(&again);
    bytes_free(&bytes);
}

static void test_every_type_comes_back_from_a_file(void **state)
{
    char path[] = "/tmp/besra-tensor-XXXXXX";
    int  fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
#define COMES_BACK(type, value, bytes, name) check_comes_back(type, name, path);
    BSR_TYPE_LIST(COMES_BACK)
#undef COMES_BACK
    unlink(path);
    assert_int_equal(tensor_file_read(&(struct bsr_tensor){0}, NULL, path, NULL), BSR_EMISSING);
}

static bsr_status read_and_write(void)
{
    struct bsr_tensor tensor = {0};
    struct bytes      bytes = {0};
    char             *name = NULL;
    bsr_status        status = tensor_file_parse(&tensor, &name, raw_floats, sizeof raw_floats, "x.pb", NULL);

    if (status == BSR_OK)
        status = tensor_file_write(&tensor, name, &bytes, NULL);
    mem_free(name);
    tensor_free(&tensor);
    bytes_free(&bytes);
    return status;
}

static void test_running_out_of_memory_is_said(void **state)
{
    (void)state;
    mem_fail_from(0);
    assert_int_equal(read_and_write(), BSR_OK);
    size_t asked = mem_fail_from(0);
    for (size_t n = 1; n <= asked; n++) {
        mem_fail_from(n);
        assert_int_equal(read_and_write(), BSR_ENOMEM);
    }
    mem_fail_from(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_mutated_files_do_no_harm(void **state)
{
    static const struct {
        const void *data;
        size_t      size;
    } seeds[] = {{raw_floats, sizeof raw_floats},         {packed_floats, sizeof packed_floats},
                 {small_integers, sizeof small_integers}, {scalar_int64, sizeof scalar_int64},
                 {one_string, sizeof one_string},         {nine_dims, sizeof nine_dims}};
    uint64_t random = 11;

    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        for (int n = 0; n < 5000; n++) {
            uint8_t *copy = exact_copy(seeds[i].data, seeds[i].size);
            size_t   left = seeds[i].size;
            for (uint64_t count = 1 + next_random(&random) % 3; count; count--)
                left = mutate(copy, left, &random);
            uint8_t *exact = exact_copy(copy, left);
            LLVMFuzzerTestOneInput(exact, left);
            mem_free(exact);
            mem_free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats_are_read_raw_and_packed),
        cmocka_unit_test(test_integers_scalars_and_nothing_are_read),
        cmocka_unit_test(test_what_is_no_tensor_is_refused_by_name),
        cmocka_unit_test(test_every_type_comes_back_from_a_file),
        cmocka_unit_test(test_running_out_of_memory_is_said),
        cmocka_unit_test(test_mutated_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

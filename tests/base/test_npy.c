/* .npy files: read as NumPy wrote them, written as NumPy reads them, and damaged ones. */
#include "base/alloc.h"
#include "base/npy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* A file of the version `major`.0: its dictionary, padded as NumPy does, and its elements. */
static struct bytes make_file(int major, const char *dictionary, const void *elements, size_t size)
{
    struct bytes file = {0};
    size_t       prefix = major == 1 ? 10 : 12;
    size_t       length = 128 - prefix;

    bytes_append(&file, "\x93NUMPY", 6);
    bytes_append_format(&file, "%c%c%c%c", major, 0, (int)length, 0);
    if (major > 1)
        bytes_append(&file, "\0\0", 2);
    bytes_append_format(&file, "%-*s\n", (int)length - 1, dictionary);
    bytes_append(&file, elements, size);
    assert_int_equal(file.size, 128 + size);
    return file;
}

/* ---- reading --------------------------------------------------------------------------------------------
 */

/* The dictionaries and bytes are np.save()'s of what `how` says; the values are in C order. */
static void test_reads_what_numpy_writes(void **state)
{
    static const struct {
        const char *dictionary, *elements;
        size_t      size;
        int         type, dims;
        int64_t     shape[3];
        double      values[6];
    } rows[] = {
        /* np.array([[1, 2, 3], [4, 5, 6]], '<i2'), then '>i2', then np.asfortranarray of it */
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }",
         "\1\0\2\0\3\0\4\0\5\0\6\0",
         12,
         BSR_I16,
         2,
         {2, 3},
         {1, 2, 3, 4, 5, 6}},
        {"{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3), }",
         "\0\1\0\2\0\3\0\4\0\5\0\6",
         12,
         BSR_I16,
         2,
         {2, 3},
         {1, 2, 3, 4, 5, 6}},
        {"{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }",
         "\1\0\4\0\2\0\5\0\3\0\6\0",
         12,
         BSR_I16,
         2,
         {2, 3},
         {1, 2, 3, 4, 5, 6}},
        {"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }",
         "\0\1\0\4\0\2\0\5\0\3\0\6",
         12,
         BSR_I16,
         2,
         {2, 3},
         {1, 2, 3, 4, 5, 6}},
        /* np.arange(6, dtype='u1').reshape(1, 2, 3, order='F') */
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 3), }",
         "\0\1\2\3\4\5",
         6,
         BSR_U8,
         3,
         {1, 2, 3},
         {0, 2, 4, 1, 3, 5}},
        /* np.array([1.5, -2], '>f4'), '<f8' of 1.5, '<f2' of [1, -2] */
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
         "\x3f\xc0\0\0\xc0\0\0\0",
         8,
         BSR_F32,
         1,
         {2},
         {1.5, -2}},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
         "\0\0\0\0\0\0\xf8\x3f",
         8,
         BSR_F64,
         0,
         {0},
         {1.5}},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }",
         "\0\x3c\0\xc0",
         4,
         BSR_F16,
         1,
         {2},
         {1, -2}},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }",
         "\0\1\7",
         3,
         BSR_BOOL,
         1,
         {3},
         {0, 1, 1}},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 2), }",
         "\xff\x05",
         2,
         BSR_I8,
         3,
         {1, 1, 2},
         {-1, 5}},
        {"{'descr': '<u2', 'fortran_order': False, 'shape': (1,), }", "\0\1", 2, BSR_U16, 1, {1}, {256}},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }",
         "\xfe\xff\xff\xff",
         4,
         BSR_I32,
         1,
         {1},
         {-2}},
        {"{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }",
         "\xfe\xff\xff\xff",
         4,
         BSR_U32,
         1,
         {1},
         {4294967294.0}},
        {"{'descr': '>i8', 'fortran_order': False, 'shape': (1,), }",
         "\0\0\0\0\0\0\1\0",
         8,
         BSR_I64,
         1,
         {1},
         {256}},
        {"{'descr': '<u8', 'fortran_order': False, 'shape': (1,), }",
         "\1\0\0\0\0\0\0\0",
         8,
         BSR_U64,
         1,
         {1},
         {1}},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5), }", "", 0, BSR_F32, 2, {0, 5}, {0}},
        /* other orders, quotes and spaces, Python 2's long numbers, more elements than there should be */
        {"{ \"shape\" : (2L,) ,'fortran_order':False,\n 'descr': '=i2'}",
         "\1\0\2\0\3\0",
         6,
         BSR_I16,
         1,
         {2},
         {1, 2}},
    };
    struct bsr_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int major = 1; major <= 3; major++) {
            struct bytes      file = make_file(major, rows[i].dictionary, rows[i].elements, rows[i].size);
            struct bsr_tensor tensor = {0};
            assert_int_equal(npy_read(&tensor, file.data, file.size, "x.npy", &err), BSR_OK);
            assert_int_equal(tensor.type, rows[i].type);
            assert_int_equal(tensor.dims, rows[i].dims);
            assert_memory_equal(tensor.shape, rows[i].shape, (size_t)tensor.dims * sizeof *tensor.shape);
            for (size_t n = 0; n < tensor_count(&tensor); n++)
                assert_true(tensor_get(&tensor, n) == rows[i].values[n]);
            tensor_free(&tensor);
            bytes_free(&file);
        }
}

static void test_refuses_what_it_cannot_hold(void **state)
{
    static const char *const rows[] = {
        "",
        "{}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()",
        "{'descr': '<f4' 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
        "{'descr': '<c8', 'fortran_order': False, 'shape': ()}",
        "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<U3', 'fortran_order': False, 'shape': ()}",
        "{'descr': '', 'fortran_order': False, 'shape': ()}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4xxxxxxxxxxxxxxxx', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4, 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes      file = make_file(1, rows[i], "0123456789abcdef", 16);
        struct bsr_tensor tensor = {.type = -7};
        struct bsr_error  err = {0};
        assert_int_equal(npy_read(&tensor, file.data, file.size, "x.npy", &err), BSR_EFORMAT);
        assert_string_equal(err.subject, "x.npy");
        assert_true(err.message[0] && tensor.type == -7);
        bytes_free(&file);
    }
}

/* Each length that a file can be cut to, and versions that are none. */
static void test_cut_files_are_refused(void **state)
{
    (void)state;
    for (int major = 1; major <= 3; major++) {
        struct bytes file =
            make_file(major, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "01234567", 8);
        struct bsr_tensor tensor = {0};
        for (size_t size = 0; size < file.size; size++) {
            uint8_t *part = mem_alloc(size + 1); /* the sanitizers watch its end */
            assert_non_null(part);
            memcpy(part, file.data, size);
            assert_int_equal(npy_read(&tensor, part, size, "x.npy", NULL), BSR_EFORMAT);
            mem_free(part);
        }
        file.data[6] = (uint8_t)(major == 1 ? 0 : 4);
        assert_int_equal(npy_read(&tensor, file.data, file.size, "x.npy", NULL), BSR_EFORMAT);
        bytes_free(&file);
    }
}

/* ---- writing --------------------------------------------------------------------------------------------
 */

/* The first bytes of what np.save() wrote of such arrays. */
static void test_writes_what_numpy_writes(void **state)
{
    static const struct {
        struct bsr_tensor tensor;
        const char       *dictionary;
    } rows[] = {
        {{.type = BSR_F32}, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }"},
        {{.type = BSR_U8, .dims = 1, .shape = {3}},
         "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"},
        {{.type = BSR_BOOL, .dims = 2, .shape = {1, 2}},
         "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }"},
        {{.type = BSR_F16, .dims = 3, .shape = {2, 0, 3}},
         "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 0, 3), }"},
        {{.type = BSR_I64, .dims = 1, .shape = {2}},
         "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"},
    };
    static uint8_t elements[] = "0123456789abcdef";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bsr_tensor tensor = rows[i].tensor;
        struct bytes      file = {0};
        tensor.data = elements;
        struct bytes wanted = make_file(1, rows[i].dictionary, elements, tensor_bytes(&tensor));
        assert_int_equal(npy_write(&tensor, &file, NULL), BSR_OK);
        assert_int_equal(file.size, wanted.size);
        assert_memory_equal(file.data, wanted.data, wanted.size);
        bytes_free(&file);
        bytes_free(&wanted);
    }
}

/* The header is then longer than usual. */
static void test_the_longest_shapes_come_back(void **state)
{
    struct bsr_tensor tensor = {.type = BSR_F32, .dims = BSR_MAX_DIMS}, again = {0};
    struct bytes      file = {0};
    float             none = 0;

    (void)state;
    for (int i = 1; i < BSR_MAX_DIMS; i++)
        tensor.shape[i] = INT64_MAX - i;
    tensor.data = &none;
    assert_int_equal(npy_write(&tensor, &file, NULL), BSR_OK);
    assert_int_equal(file.size % 64, 0);
    assert_int_equal(npy_read(&again, file.data, file.size, "x.npy", NULL), BSR_OK);
    assert_true(tensor_same_shape(&tensor, &again));
    tensor_free(&again);
    bytes_free(&file);
}

static void test_bf16_is_written_as_f32(void **state)
{
    uint16_t          halves[] = {0x3F80, 0xC000};
    struct bsr_tensor tensor = {.data = halves, .type = BSR_BF16, .dims = 1, .shape = {2}}, again = {0};
    struct bytes      file = {0};

    (void)state;
    assert_int_equal(npy_write(&tensor, &file, NULL), BSR_OK);
    assert_int_equal(npy_read(&again, file.data, file.size, "x.npy", NULL), BSR_OK);
    assert_int_equal(again.type, BSR_F32);
    assert_true(tensor_get(&again, 0) == 1 && tensor_get(&again, 1) == -2);
    tensor_free(&again);
    bytes_free(&file);
}

static void test_no_memory_is_an_error(void **state)
{
    uint16_t          halves[200] = {0};
    struct bsr_tensor tensor = {.data = halves, .type = BSR_BF16, .dims = 1, .shape = {200}};
    bsr_status        status = BSR_ENOMEM;

    (void)state;
    for (size_t n = 1; status == BSR_ENOMEM; n++) {
        struct bytes      file = {0};
        struct bsr_tensor again = {0};
        mem_fail_from(n);
        status = npy_write(&tensor, &file, NULL);
        if (status == BSR_OK)
            status = npy_read(&again, file.data, file.size, "x.npy", NULL);
        mem_fail_from(0);
        tensor_free(&again);
        bytes_free(&file);
    }
    assert_int_equal(status, BSR_OK);
}

/* ---- damage ---------------------------------------------------------------------------------------------
 */

int fuzz_npy(const uint8_t *data, size_t size);

/* splitmix64 (Steele et al. 2014). */
static uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Overwrites in the header with what it is made of, flips bits, cuts the end off. */
static void test_damaged_files_are_refused_or_read(void **state)
{
    static const char *const dictionaries[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2, 2), }",
        "{'descr': '|b1', 'fortran_order': False, 'shape': (), }",
    };
    static const char signs[] = "'\"{}(),:<>|=0123456789fiubTFL \n";
    uint64_t          seed = 8;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct bytes file =
            make_file(1 + round % 3, dictionaries[round / 3 % 3], "0123456789abcdefghijklmn", 24);
        for (uint64_t changes = 1 + random_bits(&seed) % 4; changes; changes--) {
            size_t at = random_bits(&seed) % 72;
            if (random_bits(&seed) % 3)
                file.data[at] = (uint8_t)signs[random_bits(&seed) % (sizeof signs - 1)];
            else
                file.data[at] ^= (uint8_t)(1U << random_bits(&seed) % 8);
        }
        size_t   size = random_bits(&seed) % 8 ? file.size : random_bits(&seed) % file.size;
        uint8_t *part = mem_alloc(size + !size);
        assert_non_null(part);
        memcpy(part, file.data, size);
        assert_int_equal(fuzz_npy(part, size), 0);
        mem_free(part);
        bytes_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_numpy_writes),
        cmocka_unit_test(test_refuses_what_it_cannot_hold),
        cmocka_unit_test(test_cut_files_are_refused),
        cmocka_unit_test(test_writes_what_numpy_writes),
        cmocka_unit_test(test_the_longest_shapes_come_back),
        cmocka_unit_test(test_bf16_is_written_as_f32),
        cmocka_unit_test(test_no_memory_is_an_error),
        cmocka_unit_test(test_damaged_files_are_refused_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

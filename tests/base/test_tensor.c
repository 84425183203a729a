/* Tensors: sizes that overflow, 16-bit floats, elements as numbers, conversion. */
#include "base/alloc.h"
#include "base/tensor.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void test_counts_and_sizes_never_overflow(void **state)
{
    static const struct {
        struct bsr_tensor tensor;
        size_t            count;
    } rows[] = {
        {{.type = BSR_F32}, 1},
        {{.type = BSR_F32, .dims = 3, .shape = {2, 3, 4}}, 24},
        {{.type = BSR_F32, .dims = 2, .shape = {5, 0}}, 0},
        {{.type = BSR_F32, .dims = 3, .shape = {INT64_MAX, INT64_MAX, 0}}, 0},
        {{.type = BSR_F32, .dims = 3, .shape = {0, INT64_MAX, INT64_MAX}}, 0},
        {{.type = BSR_F32, .dims = 2, .shape = {INT64_MAX, 3}}, SIZE_MAX},
        {{.type = BSR_F32, .dims = 2, .shape = {1LL << 32, 1LL << 32}}, SIZE_MAX},
        {{.type = BSR_F32, .dims = 2, .shape = {-1, 3}}, SIZE_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t bytes = rows[i].count == SIZE_MAX ? SIZE_MAX : rows[i].count * 4;
        assert_int_equal(tensor_count(&rows[i].tensor), rows[i].count);
        assert_int_equal(tensor_bytes(&rows[i].tensor), bytes);
    }
    assert_int_equal(tensor_bytes(&(struct bsr_tensor){.type = BSR_F64, .dims = 1, .shape = {INT64_MAX}}),
                     SIZE_MAX);
    assert_int_equal(tensor_bytes(&(struct bsr_tensor){.type = 8, .dims = 1, .shape = {2}}), SIZE_MAX);
}

static void test_types_have_the_names_and_sizes_of_the_list(void **state)
{
    (void)state;
#define CHECK_TYPE(type, value, bytes, name)                                                                 \
    assert_int_equal(type, value);                                                                           \
    assert_int_equal(tensor_type_size(type), bytes);                                                         \
    assert_string_equal(tensor_type_name(type), name);
    BSR_TYPE_LIST(CHECK_TYPE)
#undef CHECK_TYPE
    static const int none[] = {-1, 0, 8, 14, 17, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(tensor_type_size(none[i]), 0);
        assert_string_equal(tensor_type_name(none[i]), "?");
    }
}

static void test_impossible_sizes_and_no_memory_leave_the_tensor_alone(void **state)
{
    struct bsr_error  err = {0};
    struct bsr_tensor huge = {.type = BSR_F32, .dims = 2, .shape = {1LL << 32, 1LL << 10}};
    struct bsr_tensor small = {.type = BSR_U8, .dims = 1, .shape = {3}}, copy = {.type = BSR_F64};

    (void)state;
    assert_int_equal(tensor_alloc(&huge, &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "4294967296x1024"));
    assert_null(huge.data);
    mem_fail_from(1);
    assert_int_equal(tensor_alloc(&small, &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_null(small.data);
    assert_int_equal(tensor_alloc(&small, &err), BSR_OK);
    assert_int_equal((uintptr_t)small.data % MEM_ALIGNMENT, 0);
    memcpy(small.data, "abc", 3);
    mem_fail_from(1);
    assert_int_equal(tensor_copy(&copy, &small, &err), BSR_ENOMEM);
    assert_int_equal(tensor_convert(&copy, &small, BSR_F32, &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_int_equal(copy.type, BSR_F64);
    assert_int_equal(tensor_copy(&copy, &small, &err), BSR_OK);
    assert_memory_equal(copy.data, "abc", 3);
    assert_true(tensor_same_shape(&copy, &small));
    tensor_free(&copy);
    tensor_free(&small);
    assert_null(small.data);
}

static void test_shapes_as_text(void **state)
{
    struct bsr_tensor long_one = {.dims = BSR_MAX_DIMS};

    (void)state;
    assert_string_equal(tensor_shape_text(&(struct bsr_tensor){.dims = 0}).text, "scalar");
    assert_string_equal(tensor_shape_text(&(struct bsr_tensor){.dims = 3, .shape = {1, 0, 640}}).text,
                        "1x0x640");
    for (int i = 0; i < BSR_MAX_DIMS; i++)
        long_one.shape[i] = INT64_MIN;
    assert_int_equal(strlen(tensor_shape_text(&long_one).text), sizeof(struct tensor_text) - 1);
}

/* ---- 16-bit floats --------------------------------------------------------------------------------------
 */

static void test_all_halves_come_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 65536; bits++) {
        float f16 = f16_to_f32((uint16_t)bits), bf16 = bf16_to_f32((uint16_t)bits);
        if (isnan(f16))
            assert_true(isnan(f16_to_f32(f32_to_f16(f16))));
        else
            assert_int_equal(f32_to_f16(f16), bits);
        if (isnan(bf16))
            assert_true(isnan(bf16_to_f32(f32_to_bf16(bf16))));
        else
            assert_int_equal(f32_to_bf16(bf16), bits);
    }
}

/* NumPy's astype(float16), PyTorch's bfloat16(). */
static void test_halves_are_rounded_to_nearest_even(void **state)
{
    static const struct {
        float    value;
        uint16_t bits;
    } f16[] = {{65519.996F, 0x7BFF},   {65520, 0x7C00},        {-1e30F, 0xFC00},
               {0x1p-24F, 0x0001},     {0x1p-25F, 0x0000},     {0x1.0008p-25F, 0x0001},
               {0x1.8p-24F, 0x0002},   {0x1.4p-23F, 0x0002},   {0x1.ff8p-15F, 0x03FF},
               {0x1.ffcp-15F, 0x0400}, {1 + 0x1p-11F, 0x3C00}, {1 + 0x3p-11F, 0x3C02},
               {-0.0F, 0x8000}},
      bf16[] = {{1 + 0x1p-8F, 0x3F80}, {1 + 0x3p-8F, 0x3F82}, {1 + 0x1.001p-8F, 0x3F81},
                {3.4e38F, 0x7F80},     {3.39e38F, 0x7F7F},    {-0.0F, 0x8000}};

    (void)state;
    for (size_t i = 0; i < sizeof f16 / sizeof *f16; i++)
        assert_int_equal(f32_to_f16(f16[i].value), f16[i].bits);
    for (size_t i = 0; i < sizeof bf16 / sizeof *bf16; i++)
        assert_int_equal(f32_to_bf16(bf16[i].value), bf16[i].bits);
}

/* A hair beside the middle of two halves: rounded to f32 first, it would be the middle. NumPy's results. */
static void test_doubles_are_rounded_once(void **state)
{
    static const struct {
        double   value;
        uint16_t bits;
    } rows[] = {{1 + 0x1p-11 + 0x1p-40, 0x3C01},
                {-1 - 0x1p-11 - 0x1p-40, 0xBC01},
                {1 + 0x1p-11 - 0x1p-40, 0x3C00},
                {1 + 0x3p-11 - 0x1p-40, 0x3C01},
                {1 + 0x1p-11, 0x3C00},
                {1e300, 0x7C00},
                {0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double            value = rows[i].value;
        uint16_t          set = 1, converted = 1;
        struct bsr_tensor from = {.data = &value, .type = BSR_F64};
        struct bsr_tensor to = {.data = &converted, .type = BSR_F16};
        tensor_set(&(struct bsr_tensor){.data = &set, .type = BSR_F16}, 0, value);
        tensor_convert_into(&to, &from);
        assert_int_equal(set, rows[i].bits);
        assert_int_equal(converted, rows[i].bits);
    }
}

/* ---- elements as numbers --------------------------------------------------------------------------------
 */

static void test_integers_saturate_when_they_are_set(void **state)
{
    static const struct {
        int     type;
        double  value;
        int64_t is; /* by hand */
    } rows[] = {
        {BSR_U8, 300, 255},
        {BSR_U8, -1, 0},
        {BSR_U8, 2.5, 2},
        {BSR_U8, 3.5, 4},
        {BSR_I8, -1e9, -128},
        {BSR_I16, 1e9, 32767},
        {BSR_U16, NAN, 0},
        {BSR_I32, 1e10, INT32_MAX},
        {BSR_U32, 5e9, UINT32_MAX},
        {BSR_I64, 1e30, INT64_MAX},
        {BSR_I64, -INFINITY, INT64_MIN},
        {BSR_U64, 1e30, INT64_MAX},
        {BSR_U64, -1, 0},
        {BSR_BOOL, 0.25, 1},
        {BSR_F32, 1.75, 1},
        {BSR_F16, -2.5, -2},
        {BSR_BF16, 3.5, 3},
        {BSR_F64, 1e300, INT64_MAX},
        {BSR_F64, NAN, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t          room = 0;
        struct bsr_tensor one = {.data = &room, .type = rows[i].type};
        tensor_set(&one, 0, rows[i].value);
        assert_int_equal(tensor_get_int(&one, 0), rows[i].is);
    }
    uint64_t          room = 0;
    struct bsr_tensor one = {.data = &room, .type = BSR_U64};
    tensor_set(&one, 0, 1e30);
    assert_true(room == UINT64_MAX && tensor_get(&one, 0) == 0x1p64);
    tensor_set_int(&one, 0, -5);
    assert_true(room == 0);
    one.type = BSR_I8;
    tensor_set_int(&one, 0, -5);
    assert_true(tensor_get(&one, 0) == -5);
}

/* ---- conversion -----------------------------------------------------------------------------------------
 */

/* One value each: bits of what goes in, bits of what comes out. NumPy's astype(), but for floats out of an
 * integer's range, where C leaves it open: those saturate at 64 bits and are then cut to size. */
static void test_conversion_is_casts(void **state)
{
    static const struct {
        int      from;
        uint64_t bits;
        int      to;
        uint64_t result;
    } rows[] = {
        {BSR_I64, 300, BSR_U8, 44},
        {BSR_I64, (uint64_t)-129, BSR_I8, 127},
        {BSR_I64, UINT64_C(1) << 31, BSR_I32, 0x80000000},
        {BSR_U8, 200, BSR_I8, 200},
        {BSR_I8, 0xFF, BSR_U64, UINT64_MAX},
        {BSR_U64, UINT64_MAX, BSR_F32, 0x5F800000},
        {BSR_U64, UINT64_MAX, BSR_I16, 0xFFFF},
        {BSR_I64, (1 << 24) + 1, BSR_F32, 0x4B800000},
        {BSR_I64, (UINT64_C(1) << 62) + (UINT64_C(1) << 38) + 1, BSR_F32, 0x5E800001}, /* rounded once */
        {BSR_I32, 0xFFFFFFFF, BSR_F16, 0xBC00},
        {BSR_F32, 0xC02CCCCD, BSR_I32, 0xFFFFFFFE}, /* -2.7 */
        {BSR_F32, 0xC02CCCCD, BSR_U8, 0xFE},
        {BSR_F32, 0x7FC00000, BSR_I64, 0},         /* NaN */
        {BSR_F32, 0x7F800000, BSR_I64, INT64_MAX}, /* infinity */
        {BSR_F32, 0x7F800000, BSR_U64, UINT64_MAX},
        {BSR_F32, 0x5F000000, BSR_U64, UINT64_C(1) << 63}, /* 2^63 */
        {BSR_F32, 0xFF800000, BSR_I64, UINT64_C(1) << 63},
        {BSR_F16, 0x3800, BSR_BOOL, 1},     /* 0.5 */
        {BSR_F32, 0x80000000, BSR_BOOL, 0}, /* -0.0 */
        {BSR_BOOL, 2, BSR_I32, 1},          /* no byte that bools should have */
        {BSR_I16, 0x0100, BSR_BOOL, 1},
        {BSR_BF16, 0x3F80, BSR_F64, UINT64_C(0x3FF0000000000000)},
        {BSR_F16, 0x0001, BSR_F32, 0x33800000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t          bits = rows[i].bits, room = 0; /* little-endian machines */
        struct bsr_tensor from = {.data = &bits, .type = rows[i].from},
                          to = {.data = &room, .type = rows[i].to};
        tensor_convert_into(&to, &from);
        assert_int_equal(room, rows[i].result);
    }
}

/* Longer than the blocks in which it is done, from each type to each: small whole numbers stay what they are.
 */
static void test_small_numbers_survive_all_conversions(void **state)
{
    enum { COUNT = 700 };
    static const int types[] = {
#define TYPE(type, value, bytes, name) type,
        BSR_TYPE_LIST(TYPE)
#undef TYPE
    };
    enum { TYPES = sizeof types / sizeof *types };
    struct bsr_error err = {0};

    (void)state;
    for (int n = 0; n < TYPES * TYPES; n++) {
        struct bsr_tensor from = {.type = types[n % TYPES], .dims = 1, .shape = {COUNT}}, to;
        assert_int_equal(tensor_alloc(&from, &err), BSR_OK);
        for (size_t i = 0; i < COUNT; i++)
            tensor_set_int(&from, i, (int64_t)(i % 100));
        assert_int_equal(tensor_convert(&to, &from, types[n / TYPES], &err), BSR_OK);
        bool is_truth = from.type == BSR_BOOL || to.type == BSR_BOOL;
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(tensor_get_int(&to, i), is_truth ? i % 100 != 0 : i % 100);
        tensor_free(&from);
        tensor_free(&to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_and_sizes_never_overflow),
        cmocka_unit_test(test_types_have_the_names_and_sizes_of_the_list),
        cmocka_unit_test(test_impossible_sizes_and_no_memory_leave_the_tensor_alone),
        cmocka_unit_test(test_shapes_as_text),
        cmocka_unit_test(test_all_halves_come_back),
        cmocka_unit_test(test_halves_are_rounded_to_nearest_even),
        cmocka_unit_test(test_doubles_are_rounded_once),
        cmocka_unit_test(test_integers_saturate_when_they_are_set),
        cmocka_unit_test(test_conversion_is_casts),
        cmocka_unit_test(test_small_numbers_survive_all_conversions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

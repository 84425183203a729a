/* Thousands of seeded mutations of valid inputs, through the fuzz target fuzz_onnx.c. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_mutated_models_do_no_harm(void **state)
{
    static const char *const names[] = {
        "conv",         "names",           "unknown_fields",     "outputs",
        "resize_input", "resize_constant", "resize_initializer", "resize_subgraph"};
    uint64_t random = UINT64_C(0x6265737261);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes bytes = sample_bytes(names[i]);
        for (int n = 0; n < 2500; n++)
            run_mutations(bytes.data, bytes.size, 4, &random);
        bytes_free(&bytes);
    }
}

/* What a mutation seldom finds: each byte changed in a way that keeps most of the structure. */
static void test_every_byte_of_a_model_changed(void **state)
{
    struct bytes bytes = sample_bytes("resize_subgraph");

    (void)state;
    for (size_t at = 0; at < bytes.size; at++) {
        uint8_t was = bytes.data[at];
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[at] = (uint8_t)(was ^ 1U << bit);
            LLVMFuzzerTestOneInput(bytes.data, bytes.size);
        }
        bytes.data[at] = was;
    }
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutated_models_do_no_harm),
        cmocka_unit_test(test_every_byte_of_a_model_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

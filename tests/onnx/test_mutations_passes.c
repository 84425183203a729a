/* Seeded mutations of small models, through the fuzz target fuzz_passes.c. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_mutated_models_do_no_harm(void **state)
{
    static const char *const names[] = {"pass_f16",   "pass_bf16",           "pass_dequantize",
                                        "pass_qdq",   "pass_forms",          "pass_nhwc",
                                        "pass_batch", "pass_detect_dynamic", "pass_detect_plain"};
    uint64_t                 random = UINT64_C(0x706173736573);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes bytes = sample_bytes(names[i]);
        LLVMFuzzerTestOneInput(bytes.data, bytes.size);
        for (int n = 0; n < 400; n++)
            run_mutations(bytes.data, bytes.size, 3, &random);
        bytes_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutated_models_do_no_harm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

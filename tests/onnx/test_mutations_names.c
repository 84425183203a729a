/* Thousands of seeded mutations of valid inputs, through the fuzz target fuzz_names.c. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_mutated_names_do_no_harm(void **state)
{
    static const char *const texts[] = {
        "{0: 'person', 1: \"potter's wheel\", 2: 'it\\'s', 7: 'caf\\xe9', 8: '\\u738b', 9: '\\U0001f0a1'}",
        "{\"0\": \"person\", \"1\": \"\\ud83c\\udca1\", \"2\": \"\xE7\x8E\x8B\xF0\x9F\x82\xA1\"}",
        "['person', 'car',\n 'a\\tb', \"c\\\\d\", ]",
    };
    uint64_t random = UINT64_C(0x6E616D6573);

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int n = 0; n < 5000; n++)
            run_mutations(texts[i], strlen(texts[i]), 4, &random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutated_names_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

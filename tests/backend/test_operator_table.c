/* docs/operators.md: a row an operator, in the order of names; what passes counts, what doesn't has its
 * reason. */
#include "base/alloc.h"
#include "tests/backend/operator_table.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct verdict passed = {.outcome = PASSED};

/* A case of which besra's operators say `own` and OpenCV says `opencv`; NULL: it passes. */
static bool add(struct operator_table *table, const char *name, int64_t opset, bool f32, const char *own,
                const char *opencv)
{
    struct case_about about = {.opset = opset, .only_f32 = f32};
    struct verdict    verdicts[CASE_ENGINES] = {passed, passed};

    memcpy(about.name, name, strlen(name) + 1);
    if (own)
        verdicts[CASE_BESRA] = verdict_make(NOT_SUPPORTED, "%s", own);
    if (opencv)
        verdicts[CASE_OPENCV] = verdict_make(NOT_SUPPORTED, "%s", opencv);
    return operator_table_add(table, &about, verdicts);
}

static bool fill(struct operator_table *table)
{
    return add(table, "Mul", 14, true, NULL, NULL) && add(table, "Mul", 7, true, NULL, NULL) &&
           add(table, "Abs", 13, true, NULL, NULL) &&
           add(table, "Abs", 13, false, "node y (Abs): it is\nthis | that", "it is another") &&
           add(table, "Hash", 9, false, "unknown", "unknown") &&
           add(table, "Add", 14, true, NULL, "too large");
}

static void test_rows_say_what_came_of_the_cases(void **state)
{
    struct operator_table table = {.engines = {true, true}};
    struct bytes          page = {0};

    (void)state;
    assert_true(fill(&table));
    operator_table_write(&table, &page);
    const char *text = bytes_text(&page), *rows = strstr(text, "| Abs ");
    assert_non_null(rows);
    assert_string_equal(rows, "| Abs | 13 | 2 | 1 pass | 1 pass | it is this \\| that (1) |\n"
                              "| Add | 14 | 1 | passes | not supported | through OpenCV: too large (1) |\n"
                              "| Hash | 9 | 1 | not supported | not supported | unknown (1) |\n"
                              "| Mul | 7, 14 | 2 | passes | passes | |\n");
    assert_non_null(strstr(text, "besra's operators: 4 of 6 cases pass. Of 4 operators 2 pass all of their "
                                 "cases, and 3 all that are in f32.\n"));
    assert_non_null(strstr(text, "through OpenCV: 3 of 6 cases pass. Of 4 operators 1 pass all of their "
                                 "cases, and 2 all that are in f32.\n"));
    operator_table_free(&table);
    bytes_free(&page);
}

static void test_an_engine_that_was_not_asked_has_no_column(void **state)
{
    struct operator_table table = {.engines = {[CASE_OPENCV] = true}};
    struct bytes          page = {0};

    (void)state;
    assert_true(fill(&table));
    operator_table_write(&table, &page);
    assert_non_null(strstr(bytes_text(&page), "\n| operator | opset | cases | through OpenCV | the others |\n"
                                              "| --- | --- | --- | --- | --- |\n"));
    assert_non_null(strstr(bytes_text(&page), "| Add | 14 | 1 | not supported | too large (1) |\n"));
    operator_table_free(&table);
    bytes_free(&page);
}

static void test_without_memory_nothing_is_half_added(void **state)
{
    struct operator_table table = {.engines = {true, true}};

    (void)state;
    mem_fail_from(1);
    bool added = fill(&table);
    mem_fail_from(0);
    assert_false(added);
    assert_int_equal(table.count, 0);
    operator_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_say_what_came_of_the_cases),
        cmocka_unit_test(test_an_engine_that_was_not_asked_has_no_column),
        cmocka_unit_test(test_without_memory_nothing_is_half_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

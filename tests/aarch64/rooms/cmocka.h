/* tests/aarch64: the words of cmocka that the tests of the rooms use, for where there is no cmocka for the
 * processor: the program ends at the first failure. */
#pragma once

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
    int (*setup)(void **state);
    int (*teardown)(void **state);
};

/* The test at hand, to which skip() returns. */
static jmp_buf cmocka_test;

#define cmocka_unit_test(f)                 cmocka_unit_test_setup_teardown(f, NULL, NULL)
#define cmocka_unit_test_setup(f, before)   cmocka_unit_test_setup_teardown(f, before, NULL)
#define cmocka_unit_test_teardown(f, after) cmocka_unit_test_setup_teardown(f, NULL, after)
#define cmocka_unit_test_setup_teardown(f, before, after)                                                    \
    {                                                                                                        \
        .name = #f, .test = f, .setup = before, .teardown = after                                            \
    }
#define cmocka_run_group_tests(tests, group_setup, group_teardown)                                           \
    cmocka_run(tests, sizeof(tests) / sizeof(*(tests)), group_setup, group_teardown)

#define print_message(...) printf(__VA_ARGS__)
#define print_error(...)   fprintf(stderr, __VA_ARGS__)

#define skip() longjmp(cmocka_test, 1)
#define fail() fail_msg("failed")
#define fail_msg(...)                                                                                        \
    do {                                                                                                     \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                      \
        fprintf(stderr, __VA_ARGS__);                                                                        \
        fputc('\n', stderr);                                                                                 \
        exit(1);                                                                                             \
    } while (0)

#define cmocka_check(holds, text)                                                                            \
    do {                                                                                                     \
        if (!(holds))                                                                                        \
            fail_msg("%s", text);                                                                            \
    } while (0)
#define assert_true(x)     cmocka_check(x, #x)
#define assert_false(x)    cmocka_check(!(x), "not " #x)
#define assert_non_null(x) cmocka_check((x) != NULL, #x " is NULL")
#define assert_null(x)     cmocka_check((x) == NULL, #x " is not NULL")

#define assert_int_equal(a, b)                                                                               \
    cmocka_check_ints((intmax_t)(a), (intmax_t)(b), #a " == " #b, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) cmocka_check((intmax_t)(a) != (intmax_t)(b), #a " != " #b)
#define assert_ptr_not_equal(a, b) cmocka_check((const void *)(a) != (const void *)(b), #a " != " #b)
#define assert_ptr_equal(a, b)     cmocka_check((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_in_range(x, low, high)                                                                        \
    cmocka_check((uintmax_t)(x) >= (uintmax_t)(low) && (uintmax_t)(x) <= (uintmax_t)(high),                  \
                 #x " is out of range")
#define assert_float_equal(a, b, epsilon)                                                                    \
    cmocka_check(fabsf((float)(a) - (float)(b)) <= (float)(epsilon), #a " is not near " #b)
#define assert_string_equal(a, b)     cmocka_check(strcmp(a, b) == 0, #a " == " #b)
#define assert_string_not_equal(a, b) cmocka_check(strcmp(a, b) != 0, #a " != " #b)
#define assert_memory_equal(a, b, n)  cmocka_check(memcmp(a, b, n) == 0, #a " == " #b)

#define assert_memory_not_equal(a, b, n) cmocka_check(memcmp(a, b, n) != 0, #a " != " #b)

static inline void cmocka_check_ints(intmax_t a, intmax_t b, const char *text, const char *file, int line)
{
    if (a == b)
        return;
    fprintf(stderr, "%s:%d: %s: %" PRIdMAX " is not %" PRIdMAX "\n", file, line, text, a, b);
    exit(1);
}

/* Apart from the loop over the tests, whose variables longjmp() may not touch. */
static __attribute__((noinline)) void cmocka_run_one(const struct CMUnitTest *test, void **state)
{
    if (setjmp(cmocka_test) == 0)
        test->test(state);
    else
        printf("SKIPPED: %s\n", test->name);
}

static inline int cmocka_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **),
                             int (*teardown)(void **))
{
    void *group = NULL;

    if (setup && setup(&group) != 0)
        return 1;
    for (size_t i = 0; i < count; i++) {
        void *state = group;
        if (tests[i].setup && tests[i].setup(&state) != 0)
            return 1;
        cmocka_run_one(&tests[i], &state);
        if (tests[i].teardown && tests[i].teardown(&state) != 0)
            return 1;
    }
    printf("%zu tests passed\n", count);
    return teardown && teardown(&group) != 0;
}

/* Which vector instructions are used, and how BESRA_CPU lowers that; and the clock. */
#include "base/clock.h"
#include "base/cpu.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

/* The level in force in a process that starts with BESRA_CPU=wish; it is read once a process. */
static int level_for(const char *wish)
{
    pid_t child = fork();
    int   status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        int set = wish ? setenv("BESRA_CPU", wish, 1) : unsetenv("BESRA_CPU");
        _exit(set == 0 ? (int)cpu_level() : 99);
    }
    assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int lower(enum cpu_level wish)
{
    return wish < cpu_level_of_machine() ? (int)wish : (int)cpu_level_of_machine();
}

static void test_the_environment_lowers_the_level(void **state)
{
    (void)state;
    assert_int_equal(level_for(NULL), cpu_level_of_machine());
    assert_int_equal(level_for("scalar"), CPU_SCALAR);
    assert_int_equal(level_for("avx2"), lower(CPU_AVX2));
    assert_int_equal(level_for("avx512"), lower(CPU_AVX512));
}

static void test_words_that_are_no_level_are_ignored(void **state)
{
    static const char *const wishes[] = {"", "AVX2", "avx", "avx1024", "scalar ", "Neon"};

    (void)state;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        assert_int_equal(level_for(wishes[i]), cpu_level_of_machine());
}

static void test_the_level_is_read_once(void **state)
{
    enum cpu_level level = cpu_level();

    (void)state;
    assert_int_equal(setenv("BESRA_CPU", level == CPU_SCALAR ? "avx2" : "scalar", 1), 0);
    assert_int_equal(cpu_level(), level);
}

static void test_levels_have_names(void **state)
{
    (void)state;
#if defined(__aarch64__)
    assert_int_equal(cpu_level_of_machine(), CPU_SCALAR);
    assert_string_equal(cpu_level_name(CPU_SCALAR), "neon");
#else
    assert_string_equal(cpu_level_name(CPU_SCALAR), "scalar");
#endif
    assert_string_equal(cpu_level_name(CPU_AVX2), "avx2");
    assert_string_equal(cpu_level_name(CPU_AVX512), "avx512");
}

static void test_the_clock_goes_forward(void **state)
{
    double last = clock_ms();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        double now = clock_ms();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_environment_lowers_the_level),
        cmocka_unit_test(test_words_that_are_no_level_are_ignored),
        cmocka_unit_test(test_the_level_is_read_once),
        cmocka_unit_test(test_levels_have_names),
        cmocka_unit_test(test_the_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

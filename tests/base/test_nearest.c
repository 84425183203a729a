/* The name that was probably meant. */
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

/* Counted by hand. "ca" to "abc" is 3 in the restricted form (2 where a swapped pair may be edited again). */
static void test_distance_counts_edits_and_swaps(void **state)
{
    static const struct {
        const char *a, *b;
        size_t      distance;
    } rows[] = {
        {"", "", 0},        {"", "abc", 3},       {"conf", "conf", 0},      {"cnof", "conf", 1},
        {"cnf", "conf", 1}, {"confx", "conf", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
        {"ab", "ba", 1},    {"abcd", "badc", 2},  {"Conf", "conf", 0},      {"max_det", "max-det", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(nearest_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

static void test_words_too_long_are_near_to_nothing(void **state)
{
    char word[NEAREST_MAX_LENGTH + 2];
    (void)state;
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_int_equal(nearest_distance(word, word), NEAREST_MAX_LENGTH + 1);
    struct nearest nearest = nearest_start(word);
    nearest_offer(&nearest, "conf");
    assert_null(nearest.best);
    assert_int_equal(nearest_distance(word + 1, word + 1), 0);
}

static const char *best_of(const char *word, const char *const *candidates, size_t count)
{
    struct nearest nearest = nearest_start(word);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, candidates[i]);
    return nearest.best;
}

static void test_only_what_is_near_enough_is_offered(void **state)
{
    static const char *const names[] = {"conf", "config", "color", "letterbox", "iou", "to"};
    (void)state;
    assert_string_equal(best_of("cnof", names, 6), "conf");
    assert_string_equal(best_of("colour", names, 6), "color");
    assert_string_equal(best_of("lettrebxo", names, 6), "letterbox");
    assert_string_equal(best_of("lett", names, 6), "letterbox");
    assert_string_equal(best_of("iuo", names, 6), "iou");
    assert_null(best_of("xyzzy", names, 6));
    assert_null(best_of("abc", names, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_counts_edits_and_swaps),
        cmocka_unit_test(test_words_too_long_are_near_to_nothing),
        cmocka_unit_test(test_only_what_is_near_enough_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

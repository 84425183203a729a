/* How failures are told: codes, names, and sentences that fit. */
#include "base/status.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void test_every_code_has_a_name_of_its_own(void **state)
{
    static const bsr_status codes[] = {
#define CODE(code, value, name, text) code,
        BSR_STATUS_LIST(CODE)
#undef CODE
    };
    enum { CODES = sizeof codes / sizeof *codes };

    (void)state;
    assert_int_equal(codes[0], 0);
    for (size_t i = 0; i < CODES; i++) {
        assert_true(i == 0 || codes[i] < 0);
        assert_string_not_equal(bsr_status_name(codes[i]), "unknown");
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(bsr_status_name(codes[i]), bsr_status_name(codes[j]));
    }
    assert_string_equal(bsr_status_name(BSR_EDECODE), "decode");
    assert_string_equal(bsr_status_name(1), "unknown");
    assert_string_equal(bsr_status_name(-9999), "unknown");
}

static void test_failing_fills_who_and_why_and_clears_the_hint(void **state)
{
    struct bsr_error err = {.hint = "old"};

    (void)state;
    assert_int_equal(bsr_fail(&err, BSR_EDECODE, "a.jpg", "truncated at byte %d of %d", 10, 80), BSR_EDECODE);
    assert_int_equal(err.code, BSR_EDECODE);
    assert_string_equal(err.subject, "a.jpg");
    assert_string_equal(err.message, "truncated at byte 10 of 80");
    assert_string_equal(err.hint, "");
    bsr_hint(&err, "fetch %s again", "it");
    assert_string_equal(err.hint, "fetch it again");
    bsr_error_set_subject(&err, "b.jpg");
    assert_string_equal(err.subject, "b.jpg");
    assert_string_equal(err.message, "truncated at byte 10 of 80");
    bsr_fail(&err, BSR_EIO, NULL, "gone");
    assert_string_equal(err.subject, "");
}

static void test_failing_without_an_error_still_gives_the_code(void **state)
{
    (void)state;
    assert_int_equal(bsr_fail(NULL, BSR_EIO, "a", "b"), BSR_EIO);
    assert_int_equal(bsr_fail_memory(NULL, "a", 5), BSR_ENOMEM);
    bsr_hint(NULL, "c");
    bsr_error_set_subject(NULL, "d");
}

static void test_memory_failure_says_how_much(void **state)
{
    struct bsr_error err;

    (void)state;
    assert_int_equal(bsr_fail_memory(&err, "x", 4096), BSR_ENOMEM);
    assert_non_null(strstr(err.message, "4096 bytes"));
}

static void test_long_subjects_keep_their_end(void **state)
{
    struct bsr_error err;
    char             path[1000];

    (void)state;
    memset(path, 'd', sizeof path);
    memcpy(path + sizeof path - 6, "a.jpg", 6);
    bsr_fail(&err, BSR_EIO, path, "x");
    assert_int_equal(strlen(err.subject), sizeof err.subject - 1);
    assert_memory_equal(err.subject, "...d", 4);
    assert_string_equal(err.subject + strlen(err.subject) - 6, "da.jpg");

    path[sizeof err.subject - 1] = '\0'; /* the longest that fits */
    bsr_error_set_subject(&err, path);
    assert_string_equal(err.subject, path);
}

/* Whether `text` holds whole UTF-8 characters of two bytes and ASCII only. */
static int is_whole(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text & 0xE0) == 0xC0) {
            text++;
            if (((unsigned char)*text & 0xC0) != 0x80)
                return 0;
        } else if ((unsigned char)*text >= 0x80) {
            return 0;
        }
    return 1;
}

static void test_no_utf8_character_is_cut(void **state)
{
    char text[1201];

    (void)state;
    for (size_t i = 0; i < 600; i++)
        memcpy(text + 2 * i, "\xC3\xA9", 2);
    text[1200] = '\0';
    for (int shift = 0; shift < 2; shift++) {
        struct bsr_error err;
        bsr_fail(&err, BSR_EIO, text, "%s%s", shift ? "a" : "", text);
        bsr_hint(&err, "%s%s", shift ? "a" : "", text);
        assert_true(is_whole(err.subject) && strlen(err.subject) >= sizeof err.subject - 2);
        assert_true(is_whole(err.message) && strlen(err.message) >= sizeof err.message - 2);
        assert_true(is_whole(err.hint) && strlen(err.hint) >= sizeof err.hint - 2);
        bsr_error_set_subject(&err, text + shift * 2);
        assert_true(is_whole(err.subject));
    }
    for (size_t cut = 0; cut < 4; cut++) { /* four bytes a character, cut at each of them */
        struct bsr_error err;
        char             long_text[600];
        memset(long_text, 'a', sizeof long_text);
        memcpy(long_text + sizeof err.message - 1 - cut, "\xF0\x9F\x90\xA6 and more", 14);
        bsr_fail(&err, BSR_EIO, NULL, "%s", long_text);
        assert_int_equal(strlen(err.message), sizeof err.message - 1 - cut);
    }
}

static void test_a_message_can_become_part_of_a_longer_one(void **state)
{
    struct bsr_error err;

    (void)state;
    bsr_fail(&err, BSR_EIO, "a.jpg", "disk full");
    bsr_fail(&err, BSR_ELIMIT, err.subject, "stopped: %s", err.message);
    assert_string_equal(err.subject, "a.jpg");
    assert_string_equal(err.message, "stopped: disk full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_has_a_name_of_its_own),
        cmocka_unit_test(test_failing_fills_who_and_why_and_clears_the_hint),
        cmocka_unit_test(test_failing_without_an_error_still_gives_the_code),
        cmocka_unit_test(test_memory_failure_says_how_much),
        cmocka_unit_test(test_long_subjects_keep_their_end),
        cmocka_unit_test(test_no_utf8_character_is_cut),
        cmocka_unit_test(test_a_message_can_become_part_of_a_longer_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

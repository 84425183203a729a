/* Words as a shell reads them back. */
#include "base/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_words_are_quoted_where_a_shell_would_split_or_change_them(void **state)
{
    static const struct {
        const char *word, *written;
    } cases[] = {{"a.jpg", " a.jpg"},
                 {"a b.jpg", " 'a b.jpg'"},
                 {"", " ''"},
                 {"it's", " 'it'\\''s'"},
                 {"$HOME", " '$HOME'"},
                 {"a;b", " 'a;b'"},
                 {"0.25", " 0.25"},
                 {"-m", " -m"},
                 {"caf\xC3\xA9", " 'caf\xC3\xA9'"},
                 {"*.png", " '*.png'"},
                 {"1,2:3", " 1,2:3"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes out = {0};
        shell_append_word(&out, cases[i].word);
        assert_string_equal(bytes_text(&out), cases[i].written);
        bytes_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_quoted_where_a_shell_would_split_or_change_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

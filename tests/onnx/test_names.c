/* Class names out of metadata. Expected texts are what Python's ast.literal_eval() (or json.loads) makes of
 * them. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_dictionaries_and_lists_are_read(void **state)
{
    static const struct {
        const char *text;
        int         count;
        const char *names[4];
    } cases[] = {
        {"{0: 'person', 1: 'car'}", 2, {"person", "car"}},
        {"['person', \"car\"]", 2, {"person", "car"}},
        {"{0: \"potter's wheel\", 1: 'the \"queen\"'}", 2, {"potter's wheel", "the \"queen\""}},
        {"{0: 'it\\'s', 1: \"a\\\"b\"}", 2, {"it's", "a\"b"}},
        {"{0: 'back\\\\slash', 1: 'two\\nlines', 2: 'a\\tb'}", 3, {"back\\slash", "two\nlines", "a\tb"}},
        {"{0: 'caf\\xe9', 1: '\\u738b', 2: '\\U0001f0a1'}",
         3,
         {"caf\xC3\xA9", "\xE7\x8E\x8B", "\xF0\x9F\x82\xA1"}},
        {"{0: 'caf\xC3\xA9', 1: '\xE7\x8E\x8B'}", 2, {"caf\xC3\xA9", "\xE7\x8E\x8B"}},
        {"{\"0\": \"person\", \"1\": \"\\ud83c\\udca1\"}", 2, {"person", "\xF0\x9F\x82\xA1"}},
        {"{0: 'kept \\q'}", 1, {"kept \\q"}},
        {"{0: ''}", 1, {""}},
        {" {\n 0 : 'a' ,\r\n 1:'b', }\n", 2, {"a", "b"}},
        {"['a',]", 1, {"a"}},
        {"{2: 'c', 0: 'a'}", 3, {"a", "class 1", "c"}},
        {"{0: 'first', 0: 'last'}", 1, {"last"}},
        {"{3: 'd'}", 4, {"class 0", "class 1", "class 2", "d"}},
        /* no characters: zero, half of a pair, beyond Unicode, broken and overlong UTF-8 */
        {"{0: 'a\\x00b', 1: '\\ud800', 2: '\\U00110000'}",
         3,
         {"a\xEF\xBF\xBD"
          "b",
          "\xEF\xBF\xBD", "\xEF\xBF\xBD"}},
        {"['\xE9', '\xC0\xAF', '\xE7\x8E']", 3, {"\xEF\xBF\xBD", "\xEF\xBF\xBD", "\xEF\xBF\xBD"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char           **names = NULL;
        int              count = 0;
        struct bsr_error err = {0};

        if (onnx_parse_names(&names, &count, cases[i].text, &err) != BSR_OK)
            fail_msg("%s: %s", cases[i].text, err.message);
        assert_int_equal(count, cases[i].count);
        for (int n = 0; n < count; n++)
            assert_string_equal(names[n], cases[i].names[n]);
        assert_null(names[count]);
        mem_free(names);
    }
}

static void test_other_texts_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "neither a dictionary nor a list"},
        {"person, car", "neither a dictionary nor a list"},
        {"{}", "there are none"},
        {"[]", "there are none"},
        {"{0: 'a'", "no comma"},
        {"{0: 'a", "does not end"},
        {"{0: 'a\\", "does not end"},
        {"{0 'a'}", "colon"},
        {"{0: a}", "without quotes"},
        {"{0: 7}", "without quotes"},
        {"{x: 'a'}", "no number"},
        {"{-1: 'a'}", "no number"},
        {"{'0: 'a'}", "no number"},
        {"{'person': 0}", "no number"},
        {"{65536: 'a'}", "beyond 65535"},
        {"{99999999999999999999: 'a'}", "beyond 65535"},
        {"{0: 'a'} + exit()", "more text"},
        {"{0: 'a'}}", "more text"},
        {"['a' 'b']", "no comma"},
        {"['a',,'b']", "without quotes"},
        {"['\\xg0']", "broken escape"},
        {"['\\u12']", "broken escape"},
        {"[['a']]", "without quotes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char           **names = (char **)&state;
        int              count = 17;
        struct bsr_error err = {0};

        assert_int_equal(onnx_parse_names(&names, &count, cases[i].text, &err), BSR_EMODEL);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, err.message, cases[i].says);
        assert_ptr_equal(names, &state);
        assert_int_equal(count, 17);
    }
}

static void test_the_highest_class_fits(void **state)
{
    char           **names = NULL;
    int              count = 0;
    struct bsr_error err;

    (void)state;
    assert_int_equal(onnx_parse_names(&names, &count, "{65535: 'last'}", &err), BSR_OK);
    assert_int_equal(count, 65536);
    assert_string_equal(names[65534], "class 65534");
    assert_string_equal(names[65535], "last");
    mem_free(names);
}

static void test_more_names_than_the_limit_are_refused(void **state)
{
    struct bytes     text = {0};
    char           **names = NULL;
    int              count = 0;
    struct bsr_error err;

    (void)state;
    bytes_append_text(&text, "[");
    for (int i = 0; i <= 65536; i++)
        bytes_append_text(&text, "'a',");
    bytes_append_text(&text, "]");
    assert_int_equal(onnx_parse_names(&names, &count, bytes_text(&text), &err), BSR_EMODEL);
    bytes_free(&text);
}

static void test_names_of_a_model_are_read(void **state)
{
    struct onnx_model *model = sample_read("names");
    char             **names = NULL;
    int                count = 0;
    struct bsr_error   err;

    (void)state;
    assert_int_equal(onnx_parse_names(&names, &count, onnx_metadata(model, "names"), &err), BSR_OK);
    assert_int_equal(count, 4);
    assert_string_equal(names[0], "person");
    assert_string_equal(names[1], "potter's wheel");
    assert_string_equal(names[2], "class 2");
    assert_string_equal(names[3], "caf\xC3\xA9");
    mem_free(names);
    onnx_model_free(model);
}

static void test_out_of_memory_is_reported(void **state)
{
    char           **names = NULL;
    int              count = 0;
    struct bsr_error err;

    (void)state;
    mem_fail_from(1);
    assert_int_equal(onnx_parse_names(&names, &count, "['a']", &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_null(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dictionaries_and_lists_are_read),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_the_highest_class_fits),
        cmocka_unit_test(test_more_names_than_the_limit_are_refused),
        cmocka_unit_test(test_names_of_a_model_are_read),
        cmocka_unit_test(test_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

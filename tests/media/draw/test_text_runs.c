#include "media/text_runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Broken sequences and how many U+FFFD they become: Unicode 15.0, section 3.9, table 3-8 and the paragraphs
 * before it; the rest by the same rule, by hand. */
static const struct {
    const char *bytes;
    const char *codes; /* R: U+FFFD, others themselves */
} broken[] = {
    {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
     "A",
     "RRRRRRRRA"}, /* overlong */
    {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
     "A",
     "RRRRRRRRA"}, /* surrogates */
    {"\xF4\x91\x92\x93\xFF"
     "A\x80\xBF"
     "B",
     "RRRRRARRB"}, /* over U+10FFFF */
    {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
     "A",
     "RRRRA"}, /* cut short */
    {"\xC3", "R"},
    {"\xF0\x9F\x98", "R"},
    {"a\xFF\xFE"
     "b",
     "aRRb"},
    {"\x80", "R"},
};

static void test_text_broken_utf8_becomes_one_replacement_a_maximal_subpart(void **state)
{
    static struct text_line line;
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        text_analyse(&line, broken[i].bytes);
        assert_int_equal(line.count, strlen(broken[i].codes));
        for (int k = 0; k < line.count; k++) {
            char code = broken[i].codes[k];
            assert_int_equal(line.codes[k], code == 'R' ? 0xFFFD : (uint32_t)code);
        }
    }
}

/* Each of Unicode's 1,112,064 scalar values, encoded by the formula, comes back. */
static void test_text_decodes_all_of_unicode(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000)
            continue;
        uint8_t bytes[4];
        size_t  size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (size_t i = size; i-- > 1;)
            bytes[i] = (uint8_t)(0x80 | (code >> (6 * (size - 1 - i)) & 0x3F));
        static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
        bytes[0] = (uint8_t)(leads[size] | code >> (6 * (size - 1)));

        uint32_t decoded;
        size_t   taken = text_decode(&decoded, bytes, size);
        if (taken != size || decoded != code)
            fail_msg("U+%04X came back as U+%04X", code, decoded);
    }
}

static void test_text_controls_become_spaces(void **state)
{
    static struct text_line line;
    (void)state;
    text_analyse(&line, "a\nb\tc\x7F\xC2\x85\xE2\x80\xA8"
                        "d");
    assert_int_equal(line.count, 9);
    static const char expected[] = "a b c   d";
    for (int i = 0; i < line.count; i++)
        assert_int_equal(line.codes[i], expected[i]);
}

static void test_text_is_cut_at_its_limit(void **state)
{
    static struct text_line line;
    static char             text[TEXT_MAX * 3 + 1];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text_analyse(&line, text);
    assert_int_equal(line.count, TEXT_MAX);
}

/* Levels by UAX #9 (revision 46), worked out by hand; small letters run right, capitals stand for Hebrew
 * (A: alef), Q for an Arabic letter, m for a mark on the letter before. */
static const struct {
    const char *text;
    int         base;
    const char *levels;
} directions[] = {
    {"cat 0.87", 0, "00000000"},
    {"0.87", 0, "0000"},
    {"", 0, ""},
    {"...", 0, "..."},
    {"AB 0.87", 1, "1112222"},             /* N stays a number behind R: level 2 */
    {"AB 12%", 1, "111222"},               /* W5: the unit joins the number */
    {"AB 1,", 1, "11121"},                 /* a comma with nothing behind it does not (W6, N2) */
    {"12 AB", 1, "22111"},                 /* the first strong letter is A: 12 stands at the right end */
    {"cat AB 12 dog", 0, "0000111220000"}, /* N1: beside a neutral, a number counts as R */
    {"AB (cd)", 1, "1111221"},
    {"ab (CD) ef", 0, "0000110000"},
    {"A-B", 1, "111"},
    {"QmQ", 1, "111"},
    {"am", 0, "00"},
    {"mA", 1, "11"},
    {"AB!  ", 1, "11111"},
    {"a AB", 0, "0011"},
    {"a AB ", 0, "00110"},
};

static void spell(char *out, const char *text)
{
    for (; *text; text++) {
        const char *letter = *text == 'Q'                   ? "\xD9\x82"
                             : *text == 'm'                 ? "\xD9\x8B" /* fathatan */
                             : *text >= 'A' && *text <= 'Z' ? "\xD7\x90"
                                                            : NULL;
        if (letter) {
            *out++ = letter[0];
            *out++ = letter[1];
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

static void test_text_levels_follow_the_bidirectional_algorithm(void **state)
{
    static struct text_line line;
    (void)state;
    for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
        char text[128];
        spell(text, directions[i].text);
        text_analyse(&line, text);
        assert_int_equal(line.base_level, directions[i].base);
        assert_int_equal(line.count, strlen(directions[i].levels));
        for (int k = 0; k < line.count; k++) {
            int level = directions[i].levels[k] == '.' ? 0 : directions[i].levels[k] - '0';
            if (line.levels[k] != level)
                fail_msg("\"%s\", character %d: level %d, expected %d", directions[i].text, k, line.levels[k],
                         level);
        }
    }
}

static void test_text_common_characters_take_the_script_before_them(void **state)
{
    static struct text_line line;
    (void)state;
    text_analyse(&line, "1 \xD0\xAF 2 \xCE\xB1!");
    static const hb_script_t expected[] = {
        HB_SCRIPT_CYRILLIC, HB_SCRIPT_CYRILLIC, HB_SCRIPT_CYRILLIC, HB_SCRIPT_CYRILLIC,
        HB_SCRIPT_CYRILLIC, HB_SCRIPT_CYRILLIC, HB_SCRIPT_GREEK,    HB_SCRIPT_GREEK,
    };
    assert_int_equal(line.count, 8);
    for (int i = 0; i < line.count; i++)
        assert_int_equal(line.scripts[i], expected[i]);
    text_analyse(&line, "12");
    assert_int_equal(line.scripts[0], HB_SCRIPT_COMMON);
}

/* UAX #9, rule L2: by hand. Runs are named by their `first`. */
static void test_text_runs_are_turned_round_by_level(void **state)
{
    static const struct {
        const char *levels, *order;
    } cases[] = {
        {"0", "0"},         {"01", "01"},   {"010", "012"},         {"12", "10"},     {"121", "210"},
        {"01210", "03214"}, {"212", "210"}, {"0121012", "0321465"}, {"1221", "3120"}, {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_run runs[8] = {{0}};
        int             count = (int)strlen(cases[i].levels);
        for (int k = 0; k < count; k++)
            runs[k] = (struct text_run){.first = k, .count = 1, .level = cases[i].levels[k] - '0'};
        text_order_runs(runs, count);
        for (int k = 0; k < count; k++)
            assert_int_equal(runs[k].first, cases[i].order[k] - '0');
    }
}

/* Mutations of text in many scripts: whatever comes in, what comes out is Unicode without controls. */
static void test_text_takes_any_bytes(void **state)
{
    static struct text_line line;
    static const char       seed[] =
        "ab \xD7\x90\xD7\x91 12% \xE5\xBF\x83 \xF0\x9F\x98\x80 e\xCC\x81 \xE2\x80\x8F.";
    unsigned random = 7;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[sizeof seed];
        memcpy(text, seed, sizeof seed);
        for (int i = 0; i < 1 + round % 5; i++) {
            random = random * 1664525U + 1013904223U;
            text[(random >> 8) % (sizeof seed - 1)] = (char)(random >> 20);
        }
        text_analyse(&line, text);
        assert_true((size_t)line.count <= strlen(text));
        for (int i = 0; i < line.count; i++) {
            uint32_t code = line.codes[i];
            assert_true(code >= 0x20 && code < 0x110000 && (code < 0xD800 || code > 0xDFFF));
            assert_true(line.levels[i] <= 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_broken_utf8_becomes_one_replacement_a_maximal_subpart),
        cmocka_unit_test(test_text_decodes_all_of_unicode),
        cmocka_unit_test(test_text_controls_become_spaces),
        cmocka_unit_test(test_text_is_cut_at_its_limit),
        cmocka_unit_test(test_text_levels_follow_the_bidirectional_algorithm),
        cmocka_unit_test(test_text_common_characters_take_the_script_before_them),
        cmocka_unit_test(test_text_runs_are_turned_round_by_level),
        cmocka_unit_test(test_text_takes_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

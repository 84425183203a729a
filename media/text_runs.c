#include "media/text_runs.h"

#include <stdbool.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD };

/* What a character does to the direction: the few classes of UAX #9 that matter in a line without
 * embeddings, overrides and isolates (labels have none). */
enum direction {
    TO_RIGHT,  /* L */
    TO_LEFT,   /* R, AL */
    NUMBER,    /* EN, AN: runs to the right, but stands in its place among left-running words */
    SEPARATOR, /* ES, CS: belongs to the numbers on both sides */
    UNIT,      /* ET: belongs to a number on one side */
    NEUTRAL,   /* spaces, punctuation */
    ATTACHED,  /* marks: as the character before */
};

size_t text_decode(uint32_t *code, const uint8_t *text, size_t size)
{
    uint8_t lead = text[0];
    if (lead < 0x80) {
        *code = lead;
        return 1;
    }
    *code = REPLACEMENT;
    if (lead < 0xC2 || lead > 0xF4)
        return 1;

    /* Unicode 15, table 3-7: the second byte's range keeps out overlong forms, surrogates and what is over
     * U+10FFFF. */
    uint8_t  low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t  high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    size_t   more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    uint32_t value = lead & (0x3FU >> more);
    for (size_t i = 1; i <= more; i++) {
        if (i >= size || text[i] < low || text[i] > high)
            return i;
        value = value << 6 | (text[i] & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    *code = value;
    return more + 1;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

static bool is_number(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 0x660 && code <= 0x669) || /* Arabic-Indic */
           (code >= 0x6F0 && code <= 0x6F9) ||                                 /* Persian */
           (code >= 0xFF10 && code <= 0xFF19);                                 /* full width */
}

static enum direction direction_of(uint32_t code)
{
    if (is_number(code))
        return NUMBER;
    if (code && code < 0x80 && strchr("+-.,:/", (int)code))
        return SEPARATOR;
    if (code == '%' || code == '#' || code == '$' || code == 0xB0 || code == 0x20AC) /* degree, euro */
        return UNIT;
    if (code == 0x200E) /* left-to-right mark */
        return TO_RIGHT;
    if (code == 0x200F || code == 0x61C) /* right-to-left mark, Arabic letter mark */
        return TO_LEFT;

    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    switch (hb_unicode_general_category(unicode, code)) {
    case HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_FORMAT:
        return ATTACHED;
    case HB_UNICODE_GENERAL_CATEGORY_LOWERCASE_LETTER:
    case HB_UNICODE_GENERAL_CATEGORY_UPPERCASE_LETTER:
    case HB_UNICODE_GENERAL_CATEGORY_TITLECASE_LETTER:
    case HB_UNICODE_GENERAL_CATEGORY_MODIFIER_LETTER:
    case HB_UNICODE_GENERAL_CATEGORY_OTHER_LETTER:
    case HB_UNICODE_GENERAL_CATEGORY_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_DECIMAL_NUMBER:
    case HB_UNICODE_GENERAL_CATEGORY_LETTER_NUMBER:
        return hb_script_get_horizontal_direction(hb_unicode_script(unicode, code)) == HB_DIRECTION_RTL
                   ? TO_LEFT
                   : TO_RIGHT;
    default:
        return NEUTRAL;
    }
}

/* Separators and units become part of a number or neutral (rules W4, W5, W6). */
static enum direction beside_numbers(const enum direction *is, int count, int i)
{
    bool before = i > 0 && is[i - 1] == NUMBER;
    bool after = i + 1 < count && is[i + 1] == NUMBER;
    return (is[i] == UNIT && (before || after)) || (before && after) ? NUMBER : NEUTRAL;
}

/* Marks as what they stand on, separators as what is beside them, numbers as letters where the last letter
 * runs to the right (UAX #9, rules W1, W4 to W7). */
static void resolve_weak(enum direction *is, int count, enum direction base)
{
    for (int i = 0; i < count; i++)
        if (is[i] == ATTACHED)
            is[i] = i ? is[i - 1] : base;
    for (int i = 0; i < count; i++)
        if (is[i] == SEPARATOR || is[i] == UNIT)
            is[i] = beside_numbers(is, count, i);

    enum direction letter = base;
    for (int i = 0; i < count; i++) {
        if (is[i] == NUMBER && letter == TO_RIGHT)
            is[i] = TO_RIGHT;
        else if (is[i] == TO_RIGHT || is[i] == TO_LEFT)
            letter = is[i];
    }
}

/* Neutrals between two of one direction join them (numbers count as left-running), others take the line's;
 * so do those at the ends (rules N1, N2, L1). */
static void resolve_neutral(enum direction *is, int count, enum direction base)
{
    for (int i = 0; i < count;) {
        int end = i;
        while (end < count && is[end] == NEUTRAL)
            end++;
        if (end == i) {
            i++;
            continue;
        }
        enum direction before = i == 0 ? base : is[i - 1] == TO_RIGHT ? TO_RIGHT : TO_LEFT;
        enum direction after = end == count ? base : is[end] == TO_RIGHT ? TO_RIGHT : TO_LEFT;
        for (; i < end; i++)
            is[i] = before == after ? before : base;
    }
}

static void find_levels(struct text_line *line)
{
    enum direction is[TEXT_MAX];
    enum direction base = TO_RIGHT;
    bool           found = false;

    for (int i = 0; i < line->count; i++) {
        is[i] = direction_of(line->codes[i]);
        if (!found && (is[i] == TO_RIGHT || is[i] == TO_LEFT)) {
            base = is[i];
            found = true;
        }
    }
    resolve_weak(is, line->count, base);
    resolve_neutral(is, line->count, base);

    line->base_level = base == TO_LEFT;
    for (int i = 0; i < line->count; i++)
        line->levels[i] = is[i] == TO_LEFT ? 1 : is[i] == NUMBER || line->base_level ? 2 : 0;
}

/* Characters that belong to all scripts go with what is before them, at the beginning with what follows. */
static void find_scripts(struct text_line *line)
{
    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    hb_script_t         current = HB_SCRIPT_COMMON;

    for (int i = 0; i < line->count; i++) {
        hb_script_t script = hb_unicode_script(unicode, line->codes[i]);
        if (script != HB_SCRIPT_COMMON && script != HB_SCRIPT_INHERITED && script != HB_SCRIPT_UNKNOWN) {
            if (current == HB_SCRIPT_COMMON)
                for (int k = 0; k < i; k++)
                    line->scripts[k] = script;
            current = script;
        }
        line->scripts[i] = current;
    }
}

void text_analyse(struct text_line *line, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t         left = strlen(text);

    line->count = 0;
    while (left && line->count < TEXT_MAX) {
        uint32_t code;
        size_t   taken = text_decode(&code, at, left);
        line->codes[line->count++] = is_control(code) ? ' ' : code;
        at += taken;
        left -= taken;
    }
    find_levels(line);
    find_scripts(line);
}

void text_order_runs(struct text_run *runs, int count)
{
    /* From the highest level (2) down to the lowest odd one: turn round what is at that level or above. */
    for (int level = 2; level >= 1; level--) {
        for (int i = 0; i < count;) {
            int end = i;
            while (end < count && runs[end].level >= level)
                end++;
            for (int a = i, b = end - 1; a < b; a++, b--) {
                struct text_run swapped = runs[a];
                runs[a] = runs[b];
                runs[b] = swapped;
            }
            i = end > i ? end : i + 1;
        }
    }
}

/* media/text_runs.h: one line of UTF-8 as characters with script and direction, ready to be shaped. */
#pragma once

#include <hb.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_MAX = 1024 }; /* characters of a line; no label that a picture can show is longer */

/* Characters in the order in which they are spoken. */
struct text_line {
    int         count;
    int         base_level;      /* 0: the line runs to the right, 1: to the left */
    uint32_t    codes[TEXT_MAX]; /* Unicode; never a control character */
    hb_script_t scripts[TEXT_MAX];
    uint8_t     levels[TEXT_MAX]; /* odd: runs to the left (UAX #9, "embedding levels") */
};

/* Characters first .. first + count - 1: of one level and script, and of one `font` where that is set. */
struct text_run {
    int         first, count;
    int         level;
    hb_script_t script;
    int         font;
};

/* Decodes one character of text[0 .. size - 1] (at least one byte) and returns how many bytes it took.
 * What is not UTF-8 becomes U+FFFD, one for each longest broken beginning of a character (Unicode 15,
 * section 3.9, "maximal subparts"). */
size_t text_decode(uint32_t *code, const uint8_t *text, size_t size);

/* Takes a line apart. Control characters (line feeds, tabs) become spaces; what is behind the first TEXT_MAX
 * characters is left out. */
void text_analyse(struct text_line *line, const char *text);

/* Puts runs, given in the order in which they are spoken, into the order in which they stand from left to
 * right (UAX #9, rule L2). */
void text_order_runs(struct text_run *runs, int count);

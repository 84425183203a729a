/* app/tables.h: aligned tables, and what else of a model a person reads, on standard output. */
#pragma once

#include "base/bytes.h"
#include "config/options.h"

#include <jansson.h>

/* GOOD, WARN, HOT and BAD go from green over yellow and orange to red. */
enum table_style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_HOT,
    STYLE_BAD,
    STYLE_COUNT,
};

enum { TABLE_MAX_COLUMNS = 12 };

/* A table under construction: cells from left to right, row by row. Start with table_start(), end with
 * table_print(). */
struct table {
    struct bytes text;  /* of all cells, each ended by 0 */
    struct bytes cells; /* struct table_cell */
    char         align[TABLE_MAX_COLUMNS + 1];
    bool         headed; /* the first row is the head */
};

/* `align` has a letter a column: l left, r right; the last may be w: wrapped to the terminal's width. `head`
 * has the columns' titles with | between them; NULL: none. */
void table_start(struct table *table, const char *align, const char *head);

/* The next cell. Control characters are shown as '?'. */
void table_add(struct table *table, enum table_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints the table, indented by `indent` blanks, and releases it. */
void table_print(struct table *table, int indent);

/* Releases a table that is not to be printed. */
void table_drop(struct table *table);

/* A title above a table. */
void table_title(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line in a style; control characters are shown as '?'. */
void table_line(enum table_style style, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "1,234,567"; "3.16 M", "1.9 G"; "12.4 MB" (powers of 1000, as disks count). */
struct number_text {
    char text[40];
};
struct number_text number_whole(uint64_t number);
struct number_text number_short(uint64_t number);
struct number_text number_bytes(uint64_t bytes);

/* A bar of `width` columns (12 at most) for `whole`, in eighths of a column; never none for more than 0. */
struct number_text number_bar(double part, double whole, int width);

/* A JSON number; null for NaN and infinities, which JSON does not have. */
json_t *json_number(double number);

/* Ends what was printed: an exit code, EXIT_DONE when all of it arrived. Says so when not. */
int output_finish(void);

/* Writes the object (taken over; NULL when memory ran out) where --json says. An exit code. */
int output_json(const struct options *options, json_t *object);

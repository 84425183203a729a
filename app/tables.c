#include "app/tables.h"

#include "app/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 2, LEAST_WRAPPED = 24 };

struct table_cell {
    size_t           at; /* in the text */
    enum table_style style;
};

static const char *const codes[STYLE_COUNT] = {
    [STYLE_PLAIN] = "",  [STYLE_BOLD] = "1",       [STYLE_DIM] = "2",    [STYLE_GOOD] = "32",
    [STYLE_WARN] = "33", [STYLE_HOT] = "38;5;208", [STYLE_BAD] = "1;31",
};

/* Columns that a text takes; letters of two columns and combining ones are counted as one each. */
static int width_of(const char *text, size_t length)
{
    int width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)text[i] & 0xC0) != 0x80;
    return width;
}

/* What models and files say must not move the cursor. */
static void clean(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = '?';
}

static void begin_style(enum table_style style)
{
    if (*codes[style] && terminal_colours_output())
        printf("\033[%sm", codes[style]);
}

static void end_style(enum table_style style)
{
    if (*codes[style] && terminal_colours_output())
        fputs("\033[0m", stdout);
}

static void put_blanks(int count)
{
    printf("%*s", count > 0 ? count : 0, "");
}

/* ---- building ------------------------------------------------------------------------------------------ */

static void add_text(struct table *table, enum table_style style, const char *text)
{
    struct table_cell cell = {table->text.size, style};

    bytes_append(&table->text, text, strlen(text) + 1);
    if (!table->text.failed)
        clean((char *)table->text.data + cell.at);
    bytes_append(&table->cells, &cell, sizeof cell);
}

void table_start(struct table *table, const char *align, const char *head)
{
    *table = (struct table){.headed = head != NULL};
    snprintf(table->align, sizeof table->align, "%s", align);
    for (const char *at = head; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        char title[64];
        snprintf(title, sizeof title, "%.*s", (int)strcspn(at, "|"), at);
        add_text(table, STYLE_DIM, title);
    }
}

void table_add(struct table *table, enum table_style style, const char *format, ...)
{
    char    text[1280];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    add_text(table, style, text);
}

/* ---- printing -------------------------------------------------------------------------------------------
 */

static struct table_cell cell_at(const struct table *table, size_t index)
{
    struct table_cell cell;
    memcpy(&cell, table->cells.data + index * sizeof cell, sizeof cell);
    return cell;
}

static const char *text_at(const struct table *table, const struct table_cell *cell)
{
    return (const char *)table->text.data + cell->at;
}

/* Columns of the terminal that standard output is; 0: it is none, and nothing is wrapped. */
static int columns(void)
{
    struct winsize size;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Text broken at blanks to lines of `width`, further lines indented. */
static void put_wrapped(const char *text, int width, int indent)
{
    while (width_of(text, strlen(text)) > width) {
        size_t cut = 0;
        for (size_t i = 1; text[i] && width_of(text, i) <= width; i++)
            if (text[i] == ' ')
                cut = i;
        if (!cut)
            break;
        printf("%.*s\n", (int)cut, text);
        put_blanks(indent);
        text += cut + 1;
    }
    fputs(text, stdout);
}

static void put_cell(const struct table *table, const struct table_cell *cell, size_t column, int width,
                     int at, bool last)
{
    const char *text = text_at(table, cell);
    int         own = width_of(text, strlen(text)), room = columns() - at;

    if (table->align[column] == 'r')
        put_blanks(width - own);
    begin_style(cell->style);
    if (table->align[column] == 'w' && room >= LEAST_WRAPPED)
        put_wrapped(text, room, at);
    else
        fputs(text, stdout);
    end_style(cell->style);
    if (!last)
        put_blanks(GAP + (table->align[column] == 'r' ? 0 : width - own));
}

/* The cells of a row that starts at `first`, without the empty ones at its end. */
static size_t filled_cells(const struct table *table, size_t first, size_t across)
{
    size_t filled = across;
    for (; filled > 1; filled--) {
        struct table_cell cell = cell_at(table, first + filled - 1);
        if (*text_at(table, &cell))
            break;
    }
    return filled;
}

static void print_rows(const struct table *table, int indent)
{
    size_t count = table->cells.size / sizeof(struct table_cell), across = strlen(table->align);
    int    widths[TABLE_MAX_COLUMNS] = {0};

    for (size_t i = 0; i < count; i++) {
        struct table_cell cell = cell_at(table, i);
        int               width = width_of(text_at(table, &cell), strlen(text_at(table, &cell)));
        if (width > widths[i % across])
            widths[i % across] = width;
    }
    for (size_t i = 0; i + across <= count; i += across) {
        int    at = indent;
        size_t filled = filled_cells(table, i, across);
        put_blanks(indent);
        for (size_t column = 0; column < filled; column++) {
            struct table_cell cell = cell_at(table, i + column);
            put_cell(table, &cell, column, widths[column], at, column + 1 == filled);
            at += widths[column] + GAP;
        }
        putchar('\n');
    }
}

void table_print(struct table *table, int indent)
{
    if (table->text.failed || table->cells.failed)
        table_line(STYLE_BAD, "(a table is missing here: out of memory)");
    else if (table->cells.size)
        print_rows(table, indent);
    table_drop(table);
}

void table_drop(struct table *table)
{
    bytes_free(&table->text);
    bytes_free(&table->cells);
}

static void put_line(enum table_style style, const char *format, va_list list)
{
    char text[2048];

    vsnprintf(text, sizeof text, format, list);
    clean(text);
    begin_style(style);
    fputs(text, stdout);
    end_style(style);
    putchar('\n');
}

void table_title(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_line(STYLE_BOLD, format, list);
    va_end(list);
}

void table_line(enum table_style style, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_line(style, format, list);
    va_end(list);
}

#include "pipeline/plot.h"
#include "pipeline/svg.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TOP = 76,
    RIGHT = 24,
    LETTERS = 24,
    LARGEST_CELL = 64,
    SMALLEST_CELL = 12,
    USUAL_SIDE = 720,
    LEAST_WIDTH = 680
};

struct ranked {
    int      class_index;
    uint64_t truths;
};

struct matrix {
    const uint32_t *counts; /* [side][side] */
    int             side, shown;
    bool            background;
    struct ranked  *classes; /* [shown], in the order of their numbers */
    plot_name      *name;
    const void     *context;
    double          cell, left;
};

static uint32_t count_at(const struct matrix *matrix, int row, int column)
{
    return matrix->counts[(size_t)row * (size_t)matrix->side + (size_t)column];
}

static int by_truths(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    int                  order = (a->truths < b->truths) - (a->truths > b->truths);
    return order ? order : a->class_index - b->class_index;
}

static int by_number(const void *left, const void *right)
{
    return ((const struct ranked *)left)->class_index - ((const struct ranked *)right)->class_index;
}

/* The classes that occur, in truth or as what something was taken for; of too many those with the most
 * truths. */
static int choose_classes(struct matrix *matrix)
{
    int most = PLOT_MATRIX_MOST + matrix->background, count = 0;
    for (int k = 0; k < matrix->side; k++) {
        struct ranked one = {.class_index = k};
        uint64_t      taken = 0;
        for (int other = 0; other < matrix->side; other++) {
            one.truths += count_at(matrix, k, other);
            taken += count_at(matrix, other, k);
        }
        bool last = matrix->background && k == matrix->side - 1;
        one.truths = last ? UINT64_MAX : one.truths; /* always there */
        if (one.truths || taken)
            matrix->classes[count++] = one;
    }
    qsort(matrix->classes, (size_t)count, sizeof *matrix->classes, by_truths);
    matrix->shown = count < most ? count : most;
    qsort(matrix->classes, (size_t)matrix->shown, sizeof *matrix->classes, by_number);
    return count;
}

static const char *name_of(const struct matrix *matrix, int shown, char space[32])
{
    int k = matrix->classes[shown].class_index;
    return matrix->background && k == matrix->side - 1 ? "(nothing)"
                                                       : matrix->name(matrix->context, k, space);
}

/* The first letters of a name. */
static void shorten(char *text, size_t size, const char *name)
{
    const char *end = name;
    for (int letters = 0; *end && letters < LETTERS; letters++)
        for (end++; ((unsigned char)*end & 0xC0) == 0x80;)
            end++;
    snprintf(text, size, "%.*s%s", (int)(end - name), name, *end ? "…" : "");
}

static void draw_names(struct bytes *out, const struct matrix *matrix)
{
    double size = matrix->cell * 0.7 < 13 ? matrix->cell * 0.7 : 13;
    double bottom = TOP + matrix->cell * matrix->shown;

    for (int i = 0; i < matrix->shown; i++) {
        char   space[32], text[4 * LETTERS + 8];
        double middle = matrix->cell * (i + 0.5);
        shorten(text, sizeof text, name_of(matrix, i, space));
        svg_write(out, &(struct svg_text){matrix->left - 6, TOP + middle + size / 3, size, "end", 0, NULL},
                  text);
        svg_write(out,
                  &(struct svg_text){matrix->left + middle + size / 3, bottom + 6, size, "end", -90, NULL},
                  text);
    }
}

/* From white to a dark blue; what is right to a dark green. */
static void draw_cell(struct bytes *out, const struct matrix *matrix, int row, int column, uint32_t count,
                      uint64_t sum)
{
    double part = (double)count / (double)sum, fade = 1 - part;
    bool   right = row == column;
    int    red = (int)(8 + 247 * fade), green = (int)((right ? 96 : 60) + (right ? 159 : 195) * fade);
    int    blue = (int)((right ? 60 : 130) + (right ? 195 : 125) * fade);
    double x = matrix->left + matrix->cell * column, y = TOP + matrix->cell * row;
    char   space[2][32];

    bytes_append_format(
        out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%02x%02x%02x\"><title>", x,
        y, matrix->cell, matrix->cell, (unsigned)red, (unsigned)green, (unsigned)blue);
    svg_escape(out, name_of(matrix, row, space[0]));
    bytes_append_text(out, " as ");
    svg_escape(out, name_of(matrix, column, space[1]));
    bytes_append_format(out, ": %u of %llu</title></rect>\n", (unsigned)count, (unsigned long long)sum);
    if (matrix->cell >= 20) {
        char number[16];
        snprintf(number, sizeof number, "%u", (unsigned)count);
        svg_write(out,
                  &(struct svg_text){x + matrix->cell / 2, y + matrix->cell / 2 + 4,
                                     matrix->cell < 30 ? 9 : 12, "middle", 0,
                                     part > 0.5 ? "#ffffff" : "#202020"},
                  number);
    }
}

static void draw_rows(struct bytes *out, const struct matrix *matrix)
{
    double side = matrix->cell * matrix->shown;
    for (int i = 0; i < matrix->shown; i++) {
        uint64_t sum = 0;
        int      row = matrix->classes[i].class_index;
        for (int k = 0; k < matrix->side; k++)
            sum += count_at(matrix, row, k);
        for (int k = 0; k < matrix->shown; k++) {
            uint32_t count = count_at(matrix, row, matrix->classes[k].class_index);
            if (count)
                draw_cell(out, matrix, i, k, count, sum);
        }
    }
    for (int i = 0; i <= matrix->shown; i++)
        bytes_append_format(
            out, "<path d=\"M%.1f %.1fh%.1fM%.1f %.1fv%.1f\" stroke=\"#d8d8d8\" stroke-width=\"0.5\"/>\n",
            matrix->left, TOP + matrix->cell * i, side, matrix->left + matrix->cell * i, (double)TOP, side);
}

static int letter_count(const char *text)
{
    int letters = 0;
    for (; *text; text++)
        letters += ((unsigned char)*text & 0xC0) != 0x80;
    return letters;
}

/* Room for the longest name, in pixels, at the left and below. */
static double names_room(const struct matrix *matrix)
{
    const double letter = 7.5, gap = 16;
    int          longest = 0;
    for (int i = 0; i < matrix->shown; i++) {
        char space[32], text[4 * LETTERS + 8];
        shorten(text, sizeof text, name_of(matrix, i, space));
        longest = letter_count(text) > longest ? letter_count(text) : longest;
    }
    return letter * longest + gap;
}

static void draw_titles(struct bytes *out, const struct matrix *matrix, int classes)
{
    char text[160];
    snprintf(text, sizeof text,
             "a row a true class, a column what it was taken for; shades are parts of the row%s",
             classes > matrix->shown ? "; only classes with the most truths" : "");
    svg_write(out, &(struct svg_text){24, 30, 17, "start", 0, NULL}, "What is taken for what");
    svg_write(out, &(struct svg_text){24, 52, 13, "start", 0, "#606060"}, text);
}

static void draw(struct bytes *out, struct matrix *matrix, int classes)
{
    const double names = names_room(matrix);
    double       cell = matrix->shown ? (double)USUAL_SIDE / matrix->shown : LARGEST_CELL;

    matrix->cell = cell > LARGEST_CELL ? LARGEST_CELL : cell < SMALLEST_CELL ? SMALLEST_CELL : cell;
    matrix->left = names + 24;
    double side = matrix->cell * matrix->shown, width = matrix->left + side + RIGHT;
    svg_open(out, (int)(width < LEAST_WIDTH ? LEAST_WIDTH : width), (int)(TOP + side + names + 40),
             "Confusion matrix");
    draw_titles(out, matrix, classes);
    draw_rows(out, matrix);
    draw_names(out, matrix);
    svg_write(out, &(struct svg_text){18, TOP + side / 2, 14, "middle", -90, NULL}, "truth");
    svg_write(out,
              &(struct svg_text){matrix->left + side / 2, TOP + side + names + 24, 14, "middle", 0, NULL},
              "found as");
    svg_close(out);
}

bsr_status plot_confusion(struct bytes *out, const uint32_t *counts, int side, bool background,
                          plot_name *name, const void *context, struct bsr_error *err)
{
    struct matrix matrix = {
        .counts = counts, .side = side, .background = background, .name = name, .context = context};

    matrix.classes = mem_alloc_zeroed((size_t)side, sizeof *matrix.classes);
    if (!matrix.classes)
        return bsr_fail_memory(err, NULL, (size_t)side * sizeof *matrix.classes);
    int classes = choose_classes(&matrix);
    draw(out, &matrix, classes);
    mem_free(matrix.classes);
    return out->failed ? bsr_fail_memory(err, NULL, out->size) : BSR_OK;
}

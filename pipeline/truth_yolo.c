/* YOLO's labels: a line a thing, "class cx cy width height" or "class x1 y1 x2 y2 x3 y3 ..." (an outline),
 * all but the class as parts of the picture's sides (docs.ultralytics.com, "Detection datasets",
 * "Segmentation"). */
#include "pipeline/truth_build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NUMBERS = 4096 }; /* of a line: outlines have hundreds */

static const double slack = 0.01; /* what programs write beyond 0..1 by rounding */

/* The numbers of a line that ends at *line == 0; -1 when something else is in it, or too many. */
static int read_numbers(double *numbers, const char *line)
{
    int count = 0;
    for (;;) {
        line += strspn(line, " \t\r");
        if (!*line)
            return count;
        char *end;
        if (count == MOST_NUMBERS || strspn(line, "+-.0123456789eE") == 0)
            return -1;
        numbers[count] = strtod(line, &end);
        if (end == line || (*end && !strchr(" \t\r", *end)) || !isfinite(numbers[count]))
            return -1;
        count++;
        line = end;
    }
}

/* "cx cy width height" */
static struct truth_box of_centre(const double *n)
{
    return (struct truth_box){
        .x1 = n[0] - n[2] / 2, .y1 = n[1] - n[3] / 2, .x2 = n[0] + n[2] / 2, .y2 = n[1] + n[3] / 2};
}

/* The box of an outline of `points`, with its area (the shoelace formula). */
static struct truth_box of_outline(const double *n, int points)
{
    struct truth_box box = {.x1 = n[0], .y1 = n[1], .x2 = n[0], .y2 = n[1]};
    double           twice = 0;

    for (int i = 0; i < points; i++) {
        const double *a = n + 2 * (size_t)i, *b = n + 2 * (size_t)((i + 1) % points);
        box.x1 = fmin(box.x1, a[0]);
        box.y1 = fmin(box.y1, a[1]);
        box.x2 = fmax(box.x2, a[0]);
        box.y2 = fmax(box.y2, a[1]);
        twice += a[0] * b[1] - b[0] * a[1];
    }
    box.area = fabs(twice) / 2;
    return box;
}

static const char *check_line(const double *numbers, int count)
{
    bool box = count == 5 || count == 6, outline = count >= 7 && count % 2 == 1;
    if (count < 0 || (!box && !outline))
        return "is neither \"class cx cy width height\" nor \"class x1 y1 x2 y2 x3 y3 ...\"";
    if (!(numbers[0] >= 0 && numbers[0] < TRUTH_MAX_CLASSES) || numbers[0] != floor(numbers[0]))
        return "does not begin with a class, 0, 1, ...";
    for (int i = 1; i < (box ? 5 : count); i++)
        if (!(numbers[i] >= -slack && numbers[i] <= 1 + slack))
            return "has numbers beyond 0 to 1: parts of the picture's sides are needed, not pixels";
    return NULL;
}

static bsr_status parse_line(struct truth_build *build, size_t source, const char *line, int number,
                             const char *path, struct bsr_error *err)
{
    double numbers[MOST_NUMBERS];
    memset(numbers, 0, 7 * sizeof *numbers); /* what of_centre() and of_outline() read at least */
    int count = read_numbers(numbers, line);

    if (count == 0)
        return BSR_OK;
    const char *fault = check_line(numbers, count);
    if (fault)
        return bsr_fail(err, BSR_EFORMAT, path, "line %d %s", number, fault);
    struct truth_box box = count <= 6 ? of_centre(numbers + 1) : of_outline(numbers + 1, (count - 1) / 2);
    box.class_index = (int)numbers[0];
    return truth_build_add_box(build, source, &box, err);
}

bsr_status truth_parse_yolo(struct truth_build *build, size_t source, const struct bytes *text,
                            const char *path, struct bsr_error *err)
{
    struct bytes copy = {0};
    bsr_status   status = BSR_OK;
    int          number = 0;

    if (text->size && memchr(text->data, 0, text->size))
        return bsr_fail(err, BSR_EFORMAT, path, "is no text");
    build->pictures[source].known = build->pictures[source].in_parts = true;
    if (!bytes_append_text(&copy, bytes_text(text)))
        return bsr_fail_memory(err, path, text->size);
    char *rest = (char *)copy.data;
    for (char *line; status == BSR_OK && (line = strsep(&rest, "\n"));)
        status = parse_line(build, source, line, ++number, path, err);
    bytes_free(&copy);
    return status;
}

#include "app/live_shapes.h"

#include "base/alloc.h"
#include "config/text_values.h"

#include <string.h>

enum {
    LONGEST_NUMBER = 32,
    MOST_POINTS = 256, /* of a shape */
};

void live_shape_list_free(struct live_shape_list *list)
{
    for (int i = 0; i < list->count; i++)
        mem_free((void *)list->items[i].points);
    mem_free(list->items);
    *list = (struct live_shape_list){0};
}

/* A number up to a comma or the end; moves *text behind it. */
static bool take_number(double *out, const char **text)
{
    char   number[LONGEST_NUMBER];
    size_t length = strcspn(*text, ",");

    if (length >= sizeof number)
        return false;
    memcpy(number, *text, length);
    number[length] = '\0';
    *text += length;
    return text_to_real(out, number);
}

/* "x,y,x,y": *count points, the caller's. False where it is anything else. */
static bool take_points(struct count_point *points, int *count, const char *text)
{
    for (int i = 0; i < MOST_POINTS; i++) {
        if (!take_number(&points[i].x, &text) || *text++ != ',' || !take_number(&points[i].y, &text))
            return false;
        *count = i + 1;
        if (!*text)
            return true;
        text++; /* a comma */
    }
    return false;
}

static bsr_status read_shape(struct count_shape *out, const char *option, const char *text, bool line,
                             struct bsr_error *err)
{
    struct count_point points[MOST_POINTS];
    int                count = 0;

    if (!take_points(points, &count, text) || (line ? count != 2 : count < 3)) {
        bsr_fail(err, BSR_EUSAGE, option, "'%s' is not %s", text,
                 line ? "two points, as 0,300,700,300" : "three points or more, as 0,0,700,0,700,400");
        bsr_hint(err, "x and y are pixels of the frame, from its upper left corner");
        return BSR_EUSAGE;
    }
    struct count_point *copy = mem_alloc_zeroed((size_t)count, sizeof *copy);
    if (!copy)
        return bsr_fail_memory(err, option, (size_t)count * sizeof *copy);
    memcpy(copy, points, (size_t)count * sizeof *copy);
    *out = (struct count_shape){.points = copy, .count = count};
    return BSR_OK;
}

/* `origin`: where they were given, "--zone" or "besra.cfg:12". */
static bsr_status read_all(struct live_shape_list *list, const char *origin, const struct option_list *texts,
                           bool line, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < texts->count; i++) {
        status = read_shape(&list->items[list->count], origin, texts->items[i], line, err);
        list->count += status == BSR_OK;
    }
    return status;
}

bsr_status live_shape_list_read(struct live_shape_list *out, const struct options *options,
                                struct bsr_error *err)
{
    struct live_shape_list made = {0};
    size_t                 most = options->count_lines.count + options->zones.count;

    made.items = mem_alloc_zeroed(most, sizeof *made.items);
    if (!made.items)
        return bsr_fail_memory(err, "--zone", most * sizeof *made.items);
    bsr_status status =
        read_all(&made, options->origins[OPTION_COUNT_LINE], &options->count_lines, true, err);
    if (status == BSR_OK)
        status = read_all(&made, options->origins[OPTION_ZONE], &options->zones, false, err);
    if (status != BSR_OK) {
        live_shape_list_free(&made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

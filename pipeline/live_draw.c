#include "pipeline/live_draw.h"

#include "base/alloc.h"
#include "pipeline/annotate.h"

#include <math.h>

static const struct draw_colour shape_colour = {.b = 40, .g = 200, .r = 255}; /* amber */
static const struct draw_colour dark = {.b = 20, .g = 20, .r = 20};

void live_pen_close(struct live_pen *pen)
{
    typesetter_close(pen->typesetter);
    mem_free(pen->items);
    mem_free(pen->starts);
    bytes_free(&pen->texts);
    *pen = (struct live_pen){0};
}

/* Opens the typesetter once. Frames without words are better than none. */
static void find_words(struct live_pen *pen)
{
    struct text_extent extent;
    if (pen->typesetter || pen->wordless)
        return;
    pen->wordless = typesetter_open(&pen->typesetter, NULL) != BSR_OK ||
                    typesetter_measure(pen->typesetter, " ", 12, &extent, NULL) != BSR_OK;
}

static struct typesetter *words(const struct live_pen *pen)
{
    return pen->wordless ? NULL : pen->typesetter;
}

/* ---- boxes -------------------------------------------------------------------------------------------- */

static bsr_status make_room(struct live_pen *pen, size_t count, struct bsr_error *err)
{
    if (count <= pen->capacity)
        return BSR_OK;
    struct annotation *items = mem_alloc_zeroed(2 * count, sizeof *items);
    size_t            *starts = mem_alloc_zeroed(2 * count, sizeof *starts);
    if (!items || !starts) {
        mem_free(items);
        mem_free(starts);
        return bsr_fail_memory(err, NULL, 2 * count * sizeof *items);
    }
    mem_free(pen->items);
    mem_free(pen->starts);
    pen->items = items;
    pen->starts = starts;
    pen->capacity = 2 * count;
    return BSR_OK;
}

/* "car #7 0.81" */
static void write_label(struct live_pen *pen, const struct live_box *box, const char *name)
{
    if (box->track)
        bytes_append_format(&pen->texts, "%s #%d %.2f", name, box->track, box->found.score);
    else
        bytes_append_format(&pen->texts, "%s %.2f", name, box->found.score);
}

static bsr_status draw_boxes(struct live_pen *pen, const struct bsr_image *image,
                             const struct live_drawing *drawing, struct bsr_error *err)
{
    const struct live_result *result = drawing->result;
    bsr_status                status = make_room(pen, result->box_count, err);
    if (status != BSR_OK)
        return status;

    bytes_clear(&pen->texts);
    for (size_t i = 0; i < result->box_count; i++) {
        const struct live_box  *box = &result->boxes[i];
        const struct detection *found = &box->found;
        pen->starts[i] = pen->texts.size;
        write_label(pen, box, drawing->class_names[box->shown_class]);
        bytes_append(&pen->texts, "", 1);
        pen->items[i] = (struct annotation){.x1 = found->x1,
                                            .y1 = found->y1,
                                            .x2 = found->x2,
                                            .y2 = found->y2,
                                            .class_index = box->shown_class};
    }
    if (pen->texts.failed) {
        bytes_free(&pen->texts);
        return bsr_fail_memory(err, NULL, 0);
    }
    for (size_t i = 0; i < result->box_count; i++)
        pen->items[i].text = (const char *)pen->texts.data + pen->starts[i];
    return annotate_detections(image, pen->items, result->box_count, words(pen), NULL, err);
}

/* ---- lines and zones ------------------------------------------------------------------------------------
 */

/* A point on the picture or a little beyond: a line may reach far out. */
static int place(double value, int side)
{
    return (int)fmin(fmax(value, -1.0), (double)side);
}

/* The part of a line that is on the picture (Liang and Barsky 1984); false: none. */
static bool clip(const struct bsr_image *image, struct count_point *a, struct count_point *b)
{
    double dx = b->x - a->x, dy = b->y - a->y, from = 0, to = 1;
    double p[] = {-dx, dx, -dy, dy};
    double q[] = {a->x, image->width - 1 - a->x, a->y, image->height - 1 - a->y};

    for (int i = 0; i < 4; i++) {
        if (p[i] == 0 && q[i] < 0)
            return false;
        if (p[i] < 0)
            from = fmax(from, q[i] / p[i]);
        else if (p[i] > 0)
            to = fmin(to, q[i] / p[i]);
    }
    if (!(from <= to))
        return false;
    struct count_point start = *a;
    *a = (struct count_point){start.x + from * dx, start.y + from * dy};
    *b = (struct count_point){start.x + to * dx, start.y + to * dy};
    return true;
}

static void stroke(const struct bsr_image *image, struct count_point a, struct count_point b, int width,
                   struct draw_colour colour)
{
    if (!clip(image, &a, &b))
        return;
    int steps = (int)fmax(fabs(b.x - a.x), fabs(b.y - a.y)) + 1;
    for (int i = 0; i <= steps; i++) {
        int x = place(a.x + (b.x - a.x) * i / steps, image->width);
        int y = place(a.y + (b.y - a.y) * i / steps, image->height);
        draw_rectangle(image, x - width / 2, y - width / 2, width, width, colour, 1);
    }
}

/* `line` is the usual width, which `width` may be a hairline more than. */
static void stroke_all(const struct bsr_image *image, const struct count_shape *shape, int line, int width,
                       struct draw_colour colour)
{
    int segments = shape->count == 2 ? 1 : shape->count;
    for (int i = 0; i < segments; i++)
        stroke(image, shape->points[i], shape->points[(i + 1) % shape->count], width, colour);
    if (shape->count != 2)
        return;
    /* A tick from its middle to the right of who walks along it: the way that `there` counts. */
    struct count_point a = shape->points[0], b = shape->points[1];
    struct count_point middle = {(a.x + b.x) / 2, (a.y + b.y) / 2};
    double             length = hypot(b.x - a.x, b.y - a.y), reach = 6.0 * line;
    struct count_point tip = {middle.x - (b.y - a.y) / length * reach,
                              middle.y + (b.x - a.x) / length * reach};
    stroke(image, middle, tip, width, colour);
}

static bsr_status draw_shape(struct live_pen *pen, const struct bsr_image *image,
                             const struct live_result *result, int index, struct bsr_error *err)
{
    const struct count_shape *shape = &result->shapes->items[index];
    int                       width = annotate_line_width(image->width, image->height);
    long long                 there = 0, back = 0, inside = 0;
    size_t                    count = 0;
    const struct count_row   *rows = live_result_rows(result, index, &count);

    stroke_all(image, shape, width, width + 2, dark);
    stroke_all(image, shape, width, width, shape_colour);
    for (size_t i = 0; i < count; i++) {
        there += rows[i].there;
        back += rows[i].back;
        inside += rows[i].inside;
    }
    bytes_clear(&pen->texts);
    if (shape->count == 2)
        bytes_append_format(&pen->texts, "%d: there %lld, back %lld", index + 1, there, back);
    else
        bytes_append_format(&pen->texts, "%d: %lld inside, %lld in, %lld out", index + 1, inside, there,
                            back);
    if (!words(pen) || pen->texts.failed)
        return BSR_OK;
    double x = fmin(fmax(shape->points[0].x, 0), image->width),
           y = fmin(fmax(shape->points[0].y, 0), image->height);
    return draw_label(words(pen), image, x, y, bytes_text(&pen->texts),
                      annotate_text_size(image->width, image->height), shape_colour, err);
}

/* ---- the overlay ------------------------------------------------------------------------------------------
 */

static bsr_status draw_overlay(struct live_pen *pen, const struct bsr_image *image,
                               const struct live_stats *stats, struct bsr_error *err)
{
    int size = annotate_text_size(image->width, image->height);
    if (!words(pen))
        return BSR_OK;
    bytes_clear(&pen->texts);
    bytes_append_format(&pen->texts, "%.1f fps, net %.1f fps, %.0f ms behind, %lld of %lld dropped",
                        stats->fps, stats->net_fps, stats->latency_ms, stats->dropped, stats->frames);
    return draw_label_at(words(pen), image, size / 2, size / 2, bytes_text(&pen->texts), size, image->width,
                         dark, err);
}

bsr_status live_pen_draw(struct live_pen *pen, const struct bsr_image *image,
                         const struct live_drawing *drawing, struct bsr_error *err)
{
    const struct live_result *result = drawing->result;
    bsr_status                status = BSR_OK;

    find_words(pen);
    for (int i = 0; status == BSR_OK && result && result->shapes && i < result->shapes->count; i++)
        status = draw_shape(pen, image, result, i, err);
    if (status == BSR_OK && result)
        status = draw_boxes(pen, image, drawing, err);
    if (status == BSR_OK && drawing->overlay)
        status = draw_overlay(pen, image, drawing->overlay, err);
    return status;
}

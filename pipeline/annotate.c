#include "pipeline/annotate.h"

#include "base/alloc.h"
#include "media/convert.h"

#include <math.h>
#include <stdbool.h>

/* Past this many labels they cover the picture anyway, and looking for room takes squared time. */
enum { MAX_LABELS_TO_AVOID = 1000 };

/* Where a label goes. */
struct spot {
    int x, y, width, height; /* width 0: no label */
};

/* What belongs to one call. */
struct annotator {
    const struct bsr_image  *image;
    const struct annotation *items;
    size_t                   count;
    struct typesetter       *typesetter;
    int                      line_width, text_size;
};

static int by_size(int width, int height, double share, int least, int most)
{
    double pixels = round(((double)width + height) / 2 * share);
    return pixels < least ? least : pixels > most ? most : (int)pixels;
}

int annotate_line_width(int width, int height)
{
    return by_size(width, height, 0.003, 2, IMAGE_MAX_SIDE);
}

int annotate_text_size(int width, int height)
{
    return by_size(width, height, 0.02, 12, 400);
}

/* ---- where labels go ---- */

/* False also for NaN. */
static bool is_visible(const struct bsr_image *image, const struct annotation *item)
{
    return item->x1 < item->x2 && item->y1 < item->y2 && item->x1 < image->width &&
           item->y1 < image->height && item->x2 > 0 && item->y2 > 0;
}

static bool has_label(const struct annotator *a, size_t i)
{
    const char *text = a->items[i].text;
    return text && *text && is_visible(a->image, &a->items[i]);
}

static int64_t common_length(int a, int a_length, int b, int b_length)
{
    int64_t begin = a > b ? a : b;
    int64_t a_end = (int64_t)a + a_length, b_end = (int64_t)b + b_length;
    int64_t end = a_end < b_end ? a_end : b_end;
    return end > begin ? end - begin : 0;
}

/* How many pixels of the first `count` spots one at `spot` would share. */
static int64_t hidden_by(const struct spot *spot, const struct spot *spots, size_t count)
{
    int64_t hidden = 0;
    for (size_t i = 0; i < count && i < MAX_LABELS_TO_AVOID; i++)
        hidden += common_length(spot->x, spot->width, spots[i].x, spots[i].width) *
                  common_length(spot->y, spot->height, spots[i].y, spots[i].height);
    return hidden;
}

/* `value` moved so that `length` pixels from there are inside 0 .. size where they fit. */
static int move_inside(int value, int length, int size)
{
    int last = size > length ? size - length : 0;
    return value < 0 ? 0 : value > last ? last : value;
}

/* A coordinate of a visible box to the nearest pixel of the picture. */
static int to_pixel(double value, int size)
{
    return value <= 0 ? 0 : value >= size ? size : (int)lround(value);
}

/* The best place of label `i`, those of the better ones being spots[0 .. i - 1]. */
static struct spot find_spot(const struct annotator *a, const struct spot *spots, size_t i,
                             const struct label_plate *plate)
{
    const struct annotation *item = &a->items[i];
    int                      width = a->image->width, height = a->image->height;
    int                      outset = draw_box_outset(a->line_width);
    int left = to_pixel(item->x1, width) - outset, right = to_pixel(item->x2, width) + outset - plate->width;
    int top = to_pixel(item->y1, height) - outset, bottom = to_pixel(item->y2, height) + outset;

    /* In the order of liking. */
    const struct {
        int x, y;
    } places[] = {
        {left, top - plate->height},     /* above */
        {left, top > 0 ? top : 0},       /* inside, upper left */
        {right, top - plate->height},    /* above, at the right end */
        {right, top > 0 ? top : 0},      /* inside, upper right */
        {left, bottom},                  /* below */
        {left, bottom - plate->height},  /* inside, lower left */
        {right, bottom},                 /* below, at the right end */
        {right, bottom - plate->height}, /* inside, lower right */
    };
    struct spot best = {0};
    int64_t     least = INT64_MAX;
    for (size_t k = 0; k < sizeof places / sizeof *places && least > 0; k++) {
        int         y = move_inside(places[k].y, plate->height, height);
        struct spot spot = {move_inside(places[k].x, plate->width, width), y, plate->width, plate->height};
        if (y != places[k].y && plate->height <= height)
            continue; /* no room there */
        int64_t hidden = hidden_by(&spot, spots, i);
        if (hidden < least) {
            least = hidden;
            best = spot;
        }
    }
    return best;
}

/* Fills spots[count]. */
static bsr_status plan_labels(const struct annotator *a, struct spot *spots, struct bsr_error *err)
{
    for (size_t i = 0; i < a->count; i++) {
        struct label_plate plate;
        if (!has_label(a, i))
            continue;
        bsr_status status =
            label_measure(a->typesetter, a->items[i].text, a->text_size, a->image->width, &plate, err);
        if (status != BSR_OK)
            return status;
        spots[i] = find_spot(a, spots, i, &plate);
    }
    return BSR_OK;
}

/* ---- detections ---- */

static void draw_frames(const struct annotator *a)
{
    for (size_t i = a->count; i-- > 0;) {
        const struct annotation *item = &a->items[i];
        draw_box(a->image, item->x1, item->y1, item->x2, item->y2, draw_class_colour(item->class_index),
                 a->line_width);
    }
}

static bsr_status draw_labels(const struct annotator *a, const struct spot *spots, struct bsr_error *err)
{
    for (size_t i = a->count; i-- > 0;) {
        const struct annotation *item = &a->items[i];
        if (!spots[i].width)
            continue;
        bsr_status status =
            draw_label_at(a->typesetter, a->image, spots[i].x, spots[i].y, item->text, a->text_size,
                          a->image->width, draw_class_colour(item->class_index), err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

bsr_status annotate_detections(const struct bsr_image *image, const struct annotation *items, size_t count,
                               struct typesetter *typesetter, const struct annotate_options *options,
                               struct bsr_error *err)
{
    struct annotator a = {.image = image, .items = items, .count = count, .typesetter = typesetter};
    if (options) {
        a.line_width = options->line_width;
        a.text_size = options->text_size;
    }
    if (a.line_width <= 0)
        a.line_width = annotate_line_width(image->width, image->height);
    if (a.text_size <= 0)
        a.text_size = annotate_text_size(image->width, image->height);

    if (image->channels != 3 || image->depth != 8)
        return bsr_fail(err, BSR_ERANGE, "annotation", "can be drawn on 8-bit BGR pictures only");
    if (!typesetter || !count) {
        draw_frames(&a);
        return BSR_OK;
    }
    struct spot *spots = mem_alloc_zeroed(count, sizeof *spots);
    if (!spots)
        return bsr_fail_memory(err, "annotation", count * sizeof *spots);
    bsr_status status = plan_labels(&a, spots, err);
    if (status == BSR_OK) {
        draw_frames(&a);
        status = draw_labels(&a, spots, err);
    }
    mem_free(spots);
    return status;
}

/* ---- comparison ---- */

/* Columns first .. end - 1 of `src` at 8 bits in BGR, to column `at` of *out. */
static bsr_status copy_columns(struct bsr_image *out, int at, const struct bsr_image *src, int first, int end,
                               struct bsr_error *err)
{
    struct bsr_image part = *src;
    part.data = (uint8_t *)src->data + (size_t)first * image_pixel_size(src);
    part.width = end - first;

    bool     grey = src->channels < 3;
    size_t   pixels = (size_t)part.width;
    uint8_t *row = mem_alloc(pixels * 3);
    if (!row)
        return bsr_fail_memory(err, "comparison", pixels * 3);
    for (int y = 0; y < src->height; y++) {
        uint8_t *dst = image_row(out, y) + (size_t)at * 3;
        convert_row_opaque_8(row, &part, y);
        for (size_t i = 0; i < pixels * 3; i++)
            dst[i] = row[grey ? i / 3 : i];
    }
    mem_free(row);
    return BSR_OK;
}

/* White between dark edges, so that it shows on any picture. */
static void draw_divider(const struct bsr_image *image, int x, int width)
{
    struct draw_colour black = {0}, white = {255, 255, 255};
    int                edge = width > 2 ? 1 : 0;
    draw_rectangle(image, x, 0, width, image->height, black, 1);
    draw_rectangle(image, x + edge, 0, width - 2 * edge, image->height, white, 1);
}

/* In the upper left corner of the columns from `x` on. */
static bsr_status draw_caption(const struct bsr_image *image, int x, int width, const char *text, int size,
                               struct typesetter *typesetter, struct bsr_error *err)
{
    const struct draw_colour dark = {.b = 32, .g = 32, .r = 32};
    int                      margin = size / 2;

    if (!typesetter || !text || !*text)
        return BSR_OK;
    if (2 * margin >= width || 2 * margin >= image->height)
        margin = 0;
    struct bsr_image half = *image;
    half.data = (uint8_t *)image->data + (size_t)x * image_pixel_size(image);
    half.width = width;
    return draw_label_at(typesetter, &half, margin, margin, text, size, width - 2 * margin, dark, err);
}

bsr_status annotate_compare(struct bsr_image *out, const struct bsr_image *before, const char *before_caption,
                            const struct bsr_image *after, const char *after_caption,
                            struct typesetter *typesetter, struct bsr_error *err)
{
    int width = before->width, height = before->height;
    if (width != after->width || height != after->height)
        return bsr_fail(err, BSR_ERANGE, "comparison", "%d x %d pixels beside %d x %d: the sizes differ",
                        width, height, after->width, after->height);

    int  line = annotate_line_width(width, height) + 1, text_size = annotate_text_size(width, height);
    bool whole = width <= (IMAGE_MAX_SIDE - line) / 2;
    int  shown = whole ? width : width / 2;         /* columns of `before` */
    int  second = whole ? width + line : width / 2; /* where those of `after` begin */

    struct bsr_image made = {0};
    bsr_status       status = image_alloc(&made, whole ? 2 * width + line : width, height, 3, 8, err);
    if (status == BSR_OK)
        status = copy_columns(&made, 0, before, 0, shown, err);
    if (status == BSR_OK)
        status = copy_columns(&made, second, after, whole ? 0 : shown, width, err);
    if (status == BSR_OK) {
        draw_divider(&made, whole ? width : second - line / 2, line);
        status = draw_caption(&made, 0, shown, before_caption, text_size, typesetter, err);
    }
    if (status == BSR_OK)
        status = draw_caption(&made, second, made.width - second, after_caption, text_size, typesetter, err);
    if (status != BSR_OK) {
        image_free(&made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

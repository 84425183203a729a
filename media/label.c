#include "media/draw.h"

#include "base/alloc.h"
#include "media/blend.h"

#include <string.h>

static const char ellipsis[] = "\xE2\x80\xA6"; /* U+2026 */

/* The line round a plate, in the colour of its text: dark plates show on dark pictures, light ones on light
 * ones, and two of like colours that touch can be told apart. */
static const double edge_cover = 0.6;

/* Room beside the text and above and below it, pixels, and the dark edge. */
static int side_room(int size)
{
    return 1 + (size * 3 + 5) / 10;
}

static int upright_room(int size)
{
    return 1 + (size + 5) / 10;
}

/* What of a text is shown: all of it, or its beginning and an ellipsis. */
struct shown {
    const char        *text;
    char              *cut; /* owned; NULL where nothing is cut */
    struct text_extent extent;
};

/* Makes shown->cut the first `bytes` of `text` (whole characters) and an ellipsis, and measures it. */
static bsr_status cut_at(struct typesetter *typesetter, const char *text, size_t bytes, int size,
                         struct shown *shown, struct bsr_error *err)
{
    while (bytes && ((uint8_t)text[bytes] & 0xC0) == 0x80) /* not into the middle of a character */
        bytes--;
    while (bytes && text[bytes - 1] == ' ')
        bytes--;
    memcpy(shown->cut, text, bytes);
    memcpy(shown->cut + bytes, ellipsis, sizeof ellipsis);
    return typesetter_measure(typesetter, shown->cut, size, &shown->extent, err);
}

/* The longest beginning of `text` that fits into `room` pixels; at least the ellipsis.
 * Release shown->cut, also after a failure. */
static bsr_status cut_text(struct typesetter *typesetter, const char *text, int size, int room,
                           struct shown *shown, struct bsr_error *err)
{
    size_t fits = 0, too_long = strlen(text);
    size_t bytes = too_long + sizeof ellipsis;

    shown->cut = mem_alloc(bytes);
    if (!shown->cut)
        return bsr_fail_memory(err, "label", bytes);
    while (too_long - fits > 1) {
        size_t     middle = fits + (too_long - fits) / 2;
        bsr_status status = cut_at(typesetter, text, middle, size, shown, err);
        if (status != BSR_OK)
            return status;
        if (shown->extent.width <= room)
            fits = middle;
        else
            too_long = middle;
    }
    shown->text = shown->cut;
    return cut_at(typesetter, text, fits, size, shown, err);
}

/* Release shown->cut, also after a failure. */
static bsr_status fit_text(struct typesetter *typesetter, const char *text, int size, int max_width,
                           struct shown *shown, struct bsr_error *err)
{
    int room = max_width - 2 * side_room(size);

    *shown = (struct shown){.text = text};
    bsr_status status = typesetter_measure(typesetter, text, size, &shown->extent, err);
    if (status != BSR_OK || shown->extent.width <= room)
        return status;
    return cut_text(typesetter, text, size, room, shown, err);
}

static struct label_plate plate_of(const struct shown *shown, int size)
{
    return (struct label_plate){
        .width = shown->extent.width + 2 * side_room(size),
        .height = shown->extent.ascent + shown->extent.descent + 2 * upright_room(size),
        .baseline = shown->extent.ascent + upright_room(size),
    };
}

/* The part of the picture that a plate at (x, y) covers; false where there is none. Text drawn on this view
 * can't leave the plate, however high its marks are piled up. *x and *y become those of the plate on it. */
static bool view_of(const struct bsr_image *image, int *x, int *y, const struct label_plate *plate,
                    struct bsr_image *view)
{
    int64_t x1 = *x > 0 ? *x : 0, y1 = *y > 0 ? *y : 0;
    int64_t x2 = (int64_t)*x + plate->width, y2 = (int64_t)*y + plate->height;
    x2 = x2 < image->width ? x2 : image->width;
    y2 = y2 < image->height ? y2 : image->height;
    if (x1 >= x2 || y1 >= y2)
        return false;

    *view = *image;
    view->data = image_row(image, (int)y1) + (size_t)x1 * image_pixel_size(image);
    view->width = (int)(x2 - x1);
    view->height = (int)(y2 - y1);
    *x = (int)(*x - x1);
    *y = (int)(*y - y1);
    return true;
}

static bsr_status draw_plate(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                             const struct shown *shown, int size, struct draw_colour colour,
                             struct bsr_error *err)
{
    struct label_plate plate = plate_of(shown, size);
    struct bsr_image   view;

    if (!view_of(image, &x, &y, &plate, &view))
        return BSR_OK;
    struct draw_colour ink = draw_text_colour(colour);
    draw_rectangle(&view, x, y, plate.width, plate.height, colour, 1);
    draw_rectangle(&view, x, y, plate.width, 1, ink, edge_cover);
    draw_rectangle(&view, x, y + plate.height - 1, plate.width, 1, ink, edge_cover);
    draw_rectangle(&view, x, y + 1, 1, plate.height - 2, ink, edge_cover);
    draw_rectangle(&view, x + plate.width - 1, y + 1, 1, plate.height - 2, ink, edge_cover);
    return typesetter_draw(typesetter, &view, x + side_room(size), y + plate.baseline, shown->text, size, ink,
                           err);
}

bsr_status label_measure(struct typesetter *typesetter, const char *text, int size, int max_width,
                         struct label_plate *out, struct bsr_error *err)
{
    struct shown shown;
    bsr_status   status = fit_text(typesetter, text, size, max_width, &shown, err);
    if (status == BSR_OK)
        *out = plate_of(&shown, size);
    mem_free(shown.cut);
    return status;
}

bsr_status draw_label_at(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                         const char *text, int size, int max_width, struct draw_colour colour,
                         struct bsr_error *err)
{
    if (!can_draw_on(image))
        return bsr_fail(err, BSR_ERANGE, "label", "can be drawn on 8-bit BGR pictures only");
    struct shown shown;
    bsr_status   status = fit_text(typesetter, text, size, max_width, &shown, err);
    if (status == BSR_OK)
        status = draw_plate(typesetter, image, x, y, &shown, size, colour, err);
    mem_free(shown.cut);
    return status;
}

/* `value` to the nearest pixel that lets `length` pixels begin there and end inside 0..size. */
static int keep_inside(double value, int length, int size)
{
    int last = size > length ? size - length : 0;
    return value <= 0 ? 0 : value >= last ? last : (int)lround(value);
}

bsr_status draw_label(struct typesetter *typesetter, const struct bsr_image *image, double x, double y,
                      const char *text, int size, struct draw_colour colour, struct bsr_error *err)
{
    if (isnan(x) || isnan(y))
        return BSR_OK;
    if (!can_draw_on(image))
        return bsr_fail(err, BSR_ERANGE, "label", "can be drawn on 8-bit BGR pictures only");

    struct shown shown;
    bsr_status   status = fit_text(typesetter, text, size, image->width, &shown, err);
    if (status == BSR_OK) {
        struct label_plate plate = plate_of(&shown, size);
        double             top = y >= plate.height ? y - plate.height : y;
        status = draw_plate(typesetter, image, keep_inside(x, plate.width, image->width),
                            keep_inside(top, plate.height, image->height), &shown, size, colour, err);
    }
    mem_free(shown.cut);
    return status;
}

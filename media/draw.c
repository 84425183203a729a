#include "media/draw.h"

#include "media/blend.h"

/* A rectangle of whole pixels, x2 and y2 exclusive. */
struct rect {
    int x1, y1, x2, y2;
};

/* How much the hairlines cover: enough to be seen, too little to look like a second frame. */
static const float hairline_cover = 0.6F;

static const struct draw_colour black = {.b = 0, .g = 0, .r = 0};
static const struct draw_colour white = {.b = 255, .g = 255, .r = 255};

static int clamp(int64_t value, int low, int high)
{
    return (int)(value < low ? low : value > high ? high : value);
}

/* A coordinate to the nearest pixel edge of 0..size. Never NaN here. */
static int to_edge(double value, int size)
{
    return value <= 0 ? 0 : value >= size ? size : (int)lround(value);
}

/* `rect` is inside the picture. */
static void fill(const struct bsr_image *image, struct rect rect, struct draw_colour colour, float cover)
{
    for (int y = rect.y1; y < rect.y2; y++) {
        uint8_t *pixel = image_row(image, y) + (size_t)rect.x1 * 3;
        for (int x = rect.x1; x < rect.x2; x++, pixel += 3)
            blend_pixel(pixel, colour, cover);
    }
}

/* Paints the outermost `width` pixels of `rect` and shrinks it by them. Too small a rect is all filled. */
static void peel(const struct bsr_image *image, struct rect *rect, int width, struct draw_colour colour,
                 float cover)
{
    if (rect->x1 >= rect->x2 || rect->y1 >= rect->y2)
        return;
    int         across = width < rect->x2 - rect->x1 ? width : rect->x2 - rect->x1;
    int         down = width < rect->y2 - rect->y1 ? width : rect->y2 - rect->y1;
    struct rect inner = {rect->x1 + across, rect->y1 + down, rect->x2 - across, rect->y2 - down};

    if (inner.x1 >= inner.x2 || inner.y1 >= inner.y2) {
        fill(image, *rect, colour, cover);
        *rect = (struct rect){0};
        return;
    }
    fill(image, (struct rect){rect->x1, rect->y1, rect->x2, inner.y1}, colour, cover);
    fill(image, (struct rect){rect->x1, inner.y2, rect->x2, rect->y2}, colour, cover);
    fill(image, (struct rect){rect->x1, inner.y1, inner.x1, inner.y2}, colour, cover);
    fill(image, (struct rect){inner.x2, inner.y1, rect->x2, inner.y2}, colour, cover);
    *rect = inner;
}

int draw_box_outset(int line_width)
{
    return (line_width < 1 ? 1 : line_width) / 2 + 1;
}

void draw_box(const struct bsr_image *image, double x1, double y1, double x2, double y2,
              struct draw_colour colour, int line_width)
{
    /* Written so that NaN fails, too. */
    bool touches = x1 < x2 && y1 < y2 && x1 < image->width && y1 < image->height && x2 > 0 && y2 > 0;
    if (!touches || !can_draw_on(image))
        return;
    line_width = clamp(line_width, 1, IMAGE_MAX_SIDE);

    /* The middle of the line is the edge of the box, unless that would leave the picture. */
    int         outset = draw_box_outset(line_width);
    struct rect rect = {clamp(to_edge(x1, image->width) - outset, 0, image->width),
                        clamp(to_edge(y1, image->height) - outset, 0, image->height),
                        clamp(to_edge(x2, image->width) + outset, 0, image->width),
                        clamp(to_edge(y2, image->height) + outset, 0, image->height)};

    peel(image, &rect, 1, black, hairline_cover);
    peel(image, &rect, line_width, colour, 1);
    peel(image, &rect, 1, white, hairline_cover);
}

void draw_rectangle(const struct bsr_image *image, int x, int y, int width, int height,
                    struct draw_colour colour, double cover)
{
    if (width <= 0 || height <= 0 || !(cover > 0) || !can_draw_on(image))
        return;
    struct rect rect = {clamp(x, 0, image->width), clamp(y, 0, image->height),
                        clamp((int64_t)x + width, 0, image->width),
                        clamp((int64_t)y + height, 0, image->height)};
    fill(image, rect, colour, cover < 1 ? (float)cover : 1.0F);
}

#include "app/window/module/coverage.h"
#include "app/window/module/sdl_display.h"

#include <math.h>
#include <string.h>

/* Shapes that are neither level nor upright are drawn in cells of the window this large. */
enum { CELL = 64, MOST_RADIUS = 512, MOST_SIDE = 1 << 20 };

/* FNV-1a of what a mask depends on (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t key, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        key = (key ^ bytes[i]) * 0x100000001B3U;
    return key;
}

static uint64_t first_hash(uint32_t kind)
{
    return hash(0xCBF29CE484222325U, &kind, sizeof kind);
}

static void fill(struct display *display, SDL_Rect rect, struct colour colour)
{
    if (rect.w <= 0 || rect.h <= 0)
        return;
    /* What hides all behind it isn't mixed with that: the software renderer would do so pixel by pixel. */
    SDL_SetRenderDrawBlendMode(display->renderer, colour.a == 255 ? SDL_BLENDMODE_NONE : SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(display->renderer, colour.r, colour.g, colour.b, colour.a);
    SDL_RenderFillRect(display->renderer, &rect);
}

static void tint(SDL_Texture *texture, struct colour colour)
{
    SDL_SetTextureColorMod(texture, colour.r, colour.g, colour.b);
    SDL_SetTextureAlphaMod(texture, colour.a);
}

static int whole(float value)
{
    return (int)lroundf(fminf(fmaxf(value, -MOST_SIDE), MOST_SIDE));
}

/* ---- rectangles ---- */

struct rectangle_shape {
    float width, height, radius, line;
};

static void draw_rectangle_mask(const struct coverage *out, const void *shape)
{
    const struct rectangle_shape *rectangle = shape;
    coverage_rectangle(out, rectangle->width, rectangle->height, rectangle->radius, rectangle->line);
}

/* Where a side is cut: the corners keep their size, the middle is stretched. */
struct parts {
    int from[4], to[4]; /* three parts, on the mask and on the window */
    int mask;           /* the mask's side */
};

static struct parts cut_side(int start, int length, int corner)
{
    if (length <= 2 * corner)
        return (struct parts){.from = {0, length, length, length},
                              .to = {start, start + length, start + length, start + length},
                              .mask = length};
    return (struct parts){.from = {0, corner, corner + 1, 2 * corner + 1},
                          .to = {start, start + corner, start + length - corner, start + length},
                          .mask = 2 * corner + 1};
}

static SDL_Rect part(const struct parts *across, const struct parts *down, int column, int row)
{
    return (SDL_Rect){across->to[column], down->to[row], across->to[column + 1] - across->to[column],
                      down->to[row + 1] - down->to[row]};
}

static void draw_corners(struct display *display, SDL_Texture *mask, const struct parts *across,
                         const struct parts *down)
{
    for (int row = 0; row < 3; row += 2)
        for (int column = 0; column < 3; column += 2) {
            SDL_Rect to = part(across, down, column, row);
            SDL_Rect from = {across->from[column], down->from[row], to.w, to.h};
            if (to.w > 0 && to.h > 0)
                SDL_RenderCopy(display->renderer, mask, &from, &to);
        }
}

/* What is between the corners is covered all over: filled, which costs less than stretching. */
static void fill_middle(struct display *display, const struct parts *across, const struct parts *down,
                        struct colour colour)
{
    SDL_Rect middle = part(across, down, 1, 0);
    middle.h = down->to[3] - down->to[0];
    fill(display, middle, colour);
    fill(display, part(across, down, 0, 1), colour);
    fill(display, part(across, down, 2, 1), colour);
}

static void fill_edges(struct display *display, const struct parts *across, const struct parts *down,
                       struct colour colour, int line)
{
    int width = across->to[2] - across->to[1], height = down->to[2] - down->to[1];
    fill(display, (SDL_Rect){across->to[1], down->to[0], width, line}, colour);
    fill(display, (SDL_Rect){across->to[1], down->to[3] - line, width, line}, colour);
    fill(display, (SDL_Rect){across->to[0], down->to[1], line, height}, colour);
    fill(display, (SDL_Rect){across->to[3] - line, down->to[1], line, height}, colour);
}

static void draw_four_edges(struct display *display, SDL_Rect rect, struct colour colour, int line)
{
    fill(display, (SDL_Rect){rect.x, rect.y, rect.w, line}, colour);
    fill(display, (SDL_Rect){rect.x, rect.y + rect.h - line, rect.w, line}, colour);
    fill(display, (SDL_Rect){rect.x, rect.y + line, line, rect.h - 2 * line}, colour);
    fill(display, (SDL_Rect){rect.x + rect.w - line, rect.y + line, line, rect.h - 2 * line}, colour);
}

void sdl_draw_rectangle(struct display *display, struct rect rect, struct colour colour, float radius,
                        float line)
{
    int      x = whole(rect.x), y = whole(rect.y);
    SDL_Rect place = {x, y, whole(rect.x + rect.width) - x, whole(rect.y + rect.height) - y};
    int      edge = line > 0 ? (int)fmaxf(1, roundf(fminf(line, MOST_RADIUS))) : 0;
    int      shorter = place.w < place.h ? place.w : place.h;
    if (shorter <= 0)
        return;
    if (2 * edge >= shorter)
        edge = 0; /* nothing is left open */
    radius = fminf(fminf(radius, (float)shorter / 2), MOST_RADIUS);
    if (!(radius >= 0.5F)) {
        if (edge)
            draw_four_edges(display, place, colour, edge);
        else
            fill(display, place, colour);
        return;
    }
    int          corner = (int)ceilf(radius) > edge ? (int)ceilf(radius) : edge;
    struct parts across = cut_side(place.x, place.w, corner), down = cut_side(place.y, place.h, corner);
    struct rectangle_shape shape = {(float)across.mask, (float)down.mask, radius, (float)edge};
    SDL_Texture *mask = sdl_mask(display, hash(first_hash(PAINT_RECT), &shape, sizeof shape), across.mask,
                                 down.mask, draw_rectangle_mask, &shape);
    if (!mask)
        return;
    tint(mask, colour);
    draw_corners(display, mask, &across, &down);
    if (edge)
        fill_edges(display, &across, &down, colour, edge);
    else
        fill_middle(display, &across, &down, colour);
}

/* ---- shapes aslant, in cells ---- */

struct line_shape {
    float x, y, dx, dy, width; /* from the cell's corner */
};

static void draw_line_mask(const struct coverage *out, const void *shape)
{
    const struct line_shape *line = shape;
    struct coverage          part = *out;
    part.x = -line->x;
    part.y = -line->y;
    coverage_line(&part, line->dx, line->dy, line->width);
}

/* To a sixteenth of a pixel, so that what moves little is not drawn anew. */
static float sixteenth(float value)
{
    return roundf(value * 16) / 16;
}

/* The clip, or the window where there is none. */
static SDL_Rect visible(const struct display *display)
{
    SDL_Rect clip = {0};
    if (SDL_RenderIsClipEnabled(display->renderer))
        SDL_RenderGetClipRect(display->renderer, &clip);
    else
        SDL_GetRendererOutputSize(display->renderer, &clip.w, &clip.h);
    return clip;
}

/* The cells that hold what of (x1, y1) .. (x2, y2) can be seen: in cells, the last exclusive. */
static SDL_Rect cells_of(const struct display *display, float x1, float y1, float x2, float y2)
{
    SDL_Rect seen = visible(display);
    int      left = whole(floorf(x1)) - 1, top = whole(floorf(y1)) - 1;
    SDL_Rect box = {left, top, whole(ceilf(x2)) + 1 - left, whole(ceilf(y2)) + 1 - top};
    if (!SDL_IntersectRect(&box, &seen, &box))
        return (SDL_Rect){0};
    return (SDL_Rect){box.x / CELL, box.y / CELL, (box.x + box.w - 1) / CELL + 1 - box.x / CELL,
                      (box.y + box.h - 1) / CELL + 1 - box.y / CELL};
}

static void draw_cell(struct display *display, SDL_Texture *mask, int x, int y, struct colour colour)
{
    SDL_Rect to = {x, y, CELL, CELL};
    if (!mask)
        return;
    tint(mask, colour);
    SDL_RenderCopy(display->renderer, mask, NULL, &to);
}

/* How far (x, y) is from the line from (0, 0) to (dx, dy). */
static float distance_to_line(float x, float y, float dx, float dy)
{
    float along = fminf(fmaxf((x * dx + y * dy) / (dx * dx + dy * dy), 0), 1);
    return hypotf(x - along * dx, y - along * dy);
}

static void draw_line_aslant(struct display *display, const struct rect *way, struct colour colour,
                             float width)
{
    float    x1 = fminf(way->x, way->x + way->width), y1 = fminf(way->y, way->y + way->height);
    SDL_Rect cells = cells_of(display, x1 - width / 2, y1 - width / 2, x1 + fabsf(way->width) + width / 2,
                              y1 + fabsf(way->height) + width / 2);
    for (int row = cells.y; row < cells.y + cells.h; row++)
        for (int column = cells.x; column < cells.x + cells.w; column++) {
            int               x = column * CELL, y = row * CELL;
            struct line_shape shape = {way->x - (float)x, way->y - (float)y, way->width, way->height, width};
            if (distance_to_line(CELL / 2.0F - shape.x, CELL / 2.0F - shape.y, shape.dx, shape.dy) >
                width / 2 + CELL * 0.71F + 1)
                continue;
            uint64_t key = hash(first_hash(PAINT_LINE), &shape, sizeof shape);
            draw_cell(display, sdl_mask(display, key, CELL, CELL, draw_line_mask, &shape), x, y, colour);
        }
}

void sdl_draw_line(struct display *display, const struct paint *paint)
{
    struct rect way = {sixteenth(paint->rect.x), sixteenth(paint->rect.y), sixteenth(paint->rect.width),
                       sixteenth(paint->rect.height)};
    float       width = fminf(paint->line, MOST_RADIUS), half = fmaxf(1, roundf(width)) / 2;
    float       left = fminf(way.x, way.x + way.width), top = fminf(way.y, way.y + way.height);
    if (way.width == 0 && way.height == 0)
        return;
    if (way.height == 0)
        sdl_draw_rectangle(display, (struct rect){left, way.y - half, fabsf(way.width), 2 * half},
                           paint->colour, 0, 0);
    else if (way.width == 0)
        sdl_draw_rectangle(display, (struct rect){way.x - half, top, 2 * half, fabsf(way.height)},
                           paint->colour, 0, 0);
    else
        draw_line_aslant(display, &way, paint->colour, width);
}

enum { MOST_POINTS = 64 };

struct polygon_shape {
    int   count;
    float points[MOST_POINTS][2]; /* from the cell's corner */
};

static void draw_polygon_mask(const struct coverage *out, const void *shape)
{
    const struct polygon_shape *polygon = shape;
    coverage_polygon(out, polygon->points[0], polygon->count);
}

void sdl_draw_polygon(struct display *display, const struct paint_point *points, int count,
                      struct colour colour)
{
    float x1 = points[0].x, x2 = x1, y1 = points[0].y, y2 = y1;
    count = count < MOST_POINTS ? count : MOST_POINTS;
    for (int i = 1; i < count; i++) {
        x1 = fminf(x1, points[i].x);
        x2 = fmaxf(x2, points[i].x);
        y1 = fminf(y1, points[i].y);
        y2 = fmaxf(y2, points[i].y);
    }
    SDL_Rect cells = cells_of(display, x1, y1, x2, y2);
    for (int row = cells.y; row < cells.y + cells.h; row++)
        for (int column = cells.x; column < cells.x + cells.w; column++) {
            int                  x = column * CELL, y = row * CELL;
            struct polygon_shape shape = {.count = count};
            for (int i = 0; i < count; i++) {
                shape.points[i][0] = sixteenth(points[i].x) - (float)x;
                shape.points[i][1] = sixteenth(points[i].y) - (float)y;
            }
            uint64_t key = hash(first_hash(PAINT_FAN), shape.points, (size_t)count * sizeof shape.points[0]);
            draw_cell(display, sdl_mask(display, key, CELL, CELL, draw_polygon_mask, &shape), x, y, colour);
        }
}

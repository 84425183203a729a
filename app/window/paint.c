#include "app/window/paint.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

/* Makes room for `more` items behind `count`; the block grows by half, so that growing ends soon. */
static bool reserve(void **block, size_t *capacity, size_t count, size_t more, size_t size)
{
    size_t needed = count + more;
    if (needed <= *capacity)
        return true;
    size_t wanted = needed + needed / 2 + 32;
    void  *grown = mem_resize(*block, wanted, size);
    if (!grown)
        return false;
    *block = grown;
    *capacity = wanted;
    return true;
}

void paint_clear(struct paint_list *list)
{
    list->count = 0;
    list->point_count = 0;
    list->failed = false;
}

void paint_free(struct paint_list *list)
{
    mem_free(list->items);
    mem_free(list->points);
    *list = (struct paint_list){0};
}

bool paint_copy(struct paint_list *to, const struct paint_list *from)
{
    void *items = to->items, *points = to->points;
    bool  room = reserve(&items, &to->capacity, 0, from->count, sizeof *to->items);
    to->items = items;
    room = room && reserve(&points, &to->point_capacity, 0, from->point_count, sizeof *to->points);
    to->points = points;
    if (!room)
        return false;
    if (from->count)
        memcpy(to->items, from->items, from->count * sizeof *to->items);
    if (from->point_count)
        memcpy(to->points, from->points, from->point_count * sizeof *to->points);
    to->count = from->count;
    to->point_count = from->point_count;
    to->failed = from->failed;
    return true;
}

static bool is_finite(struct rect rect)
{
    return isfinite(rect.x) && isfinite(rect.y) && isfinite(rect.width) && isfinite(rect.height);
}

static bool is_empty(struct rect rect)
{
    return !is_finite(rect) || rect.width <= 0 || rect.height <= 0;
}

static void add(struct paint_list *list, const struct paint *paint)
{
    void *items = list->items;
    if (list->failed)
        return;
    list->failed = !reserve(&items, &list->capacity, list->count, 1, sizeof *list->items);
    list->items = items;
    if (!list->failed)
        list->items[list->count++] = *paint;
}

void paint_rect(struct paint_list *list, struct rect rect, struct colour colour, float radius)
{
    if (is_empty(rect) || !colour.a || isnan(radius))
        return;
    add(list, &(struct paint){.kind = PAINT_RECT, .rect = rect, .colour = colour, .radius = radius});
}

void paint_frame(struct paint_list *list, struct rect rect, struct colour colour, float radius, float line)
{
    if (is_empty(rect) || !colour.a || isnan(radius) || !(line > 0))
        return;
    add(list,
        &(struct paint){.kind = PAINT_FRAME, .rect = rect, .colour = colour, .radius = radius, .line = line});
}

void paint_line(struct paint_list *list, float x1, float y1, float x2, float y2, struct colour colour,
                float line)
{
    struct rect way = {x1, y1, x2 - x1, y2 - y1};
    if (!is_finite(way) || !colour.a || !(line > 0))
        return;
    add(list, &(struct paint){.kind = PAINT_LINE, .rect = way, .colour = colour, .line = line});
}

void paint_fan(struct paint_list *list, const struct paint_point *points, int count, struct colour colour)
{
    void  *all = list->points;
    size_t more = count > 0 ? (size_t)count : 0;
    if (count < 3 || !colour.a || list->failed)
        return;
    for (size_t i = 0; i < more; i++)
        if (!isfinite(points[i].x) || !isfinite(points[i].y))
            return;
    list->failed = !reserve(&all, &list->point_capacity, list->point_count, more, sizeof *list->points);
    list->points = all;
    if (list->failed)
        return;
    memcpy(list->points + list->point_count, points, more * sizeof *points);
    add(list, &(struct paint){
                  .kind = PAINT_FAN, .colour = colour, .first = (int)list->point_count, .points = count});
    list->point_count += more;
}

void paint_image(struct paint_list *list, texture_id texture, struct rect from, struct rect to,
                 struct colour tint, bool smooth)
{
    if (!texture || is_empty(from) || is_empty(to) || !tint.a)
        return;
    add(list, &(struct paint){.kind = PAINT_IMAGE,
                              .rect = to,
                              .colour = tint,
                              .texture = texture,
                              .from = from,
                              .smooth = smooth});
}

void paint_clip(struct paint_list *list, struct rect rect)
{
    if (is_finite(rect))
        add(list, &(struct paint){.kind = PAINT_CLIP, .rect = rect});
}

#include "app/window/module/sdl_display.h"

#include "base/image.h"

#include <math.h>
#include <string.h>

/* ---- pictures ---- */

/* One axis of a picture: the whole pixels of the texture from `first`, `count` of them, that cover what can
 * be seen, and where those are on the window. */
struct span {
    int   first, count;
    float start, length;
};

/* The texture's `from` .. `from + size` are at `to` .. `to + length`; `low` .. `high` can be seen. Smoothing
 * looks a pixel further, so that a cut does not show. */
static bool find_span(struct span *out, float from, float size, float to, float length, float low, float high,
                      int side, bool smooth)
{
    float gain = length / size, beyond = smooth ? 1 : 0;
    float begin = fmaxf(to, low), end = fminf(to + length, high);
    if (!(begin < end) || !(gain > 0))
        return false;
    float first = floorf(from + (begin - to) / gain - beyond),
          last = ceilf(from + (end - to) / gain + beyond);
    first = fminf(fmaxf(first, 0), (float)side);
    last = fminf(fmaxf(last, 0), (float)side);
    if (first >= last)
        return false;
    *out = (struct span){.first = (int)first,
                         .count = (int)(last - first),
                         .start = to + (first - from) * gain,
                         .length = (last - first) * gain};
    return true;
}

static SDL_Rect whole_rect(struct rect rect)
{
    const float most = 1 << 20;
    float x1 = fminf(fmaxf(roundf(rect.x), -most), most), y1 = fminf(fmaxf(roundf(rect.y), -most), most);
    float x2 = fminf(fmaxf(roundf(rect.x + rect.width), -most), most);
    float y2 = fminf(fmaxf(roundf(rect.y + rect.height), -most), most);
    return (SDL_Rect){(int)x1, (int)y1, (int)(x2 - x1), (int)(y2 - y1)};
}

static void set_clip(struct display *display, SDL_Rect clip)
{
    /* An empty rectangle would mean "no clip" to some renderers: one that nothing is in hides all. */
    if (clip.w <= 0 || clip.h <= 0)
        clip = (SDL_Rect){-2, -2, 1, 1};
    SDL_RenderSetClipRect(display->renderer, &clip);
}

/* Pixels, 128 MB of them: what is in sight of any window, with a pixel of a picture enlarged some thousand
 * times on each side. */
static const int64_t most_enlarged = 32 << 20;

/* What hides all behind it is copied: mixing takes the software renderer four times as long. */
static void set_look(SDL_Texture *texture, const struct texture_slot *slot, const struct paint *paint)
{
    SDL_SetTextureBlendMode(texture, slot->channels == 3 && paint->colour.a == 255 ? SDL_BLENDMODE_NONE
                                                                                   : SDL_BLENDMODE_BLEND);
    SDL_SetTextureScaleMode(texture, paint->smooth ? SDL_ScaleModeLinear : SDL_ScaleModeNearest);
    SDL_SetTextureColorMod(texture, paint->colour.r, paint->colour.g, paint->colour.b);
    SDL_SetTextureAlphaMod(texture, paint->colour.a);
}

/* The software renderer cuts numbers down: it gets whole ones. */
static void copy_in_software(struct display *display, struct texture_slot *slot, const struct paint *paint,
                             const SDL_Rect *from, const SDL_FRect *to, const SDL_Rect *clip)
{
    SDL_Rect snapped = whole_rect((struct rect){to->x, to->y, to->w, to->h});
    snapped.w += !snapped.w;
    snapped.h += !snapped.h;
    if ((int64_t)snapped.w * snapped.h > most_enlarged) /* SDL would make all of it to show a part */
        return;
    SDL_Rect       seen;
    const SDL_Rect part = {0, 0, snapped.w, snapped.h};
    const bool     cut = !SDL_IntersectRect(&snapped, clip, &seen) || !SDL_RectEquals(&snapped, &seen);
    SDL_Texture   *scaled = sdl_scaled(display, slot, from, snapped.w, snapped.h, paint->smooth, cut);
    SDL_Texture   *texture = scaled ? scaled : slot->texture;
    set_look(texture, slot, paint);
    SDL_RenderCopy(display->renderer, texture, scaled ? &part : from, &snapped);
}

static void draw_image(struct display *display, const struct paint *paint, SDL_Rect clip)
{
    struct span          across, down;
    struct texture_slot *slot = sdl_texture_find(display, paint->texture);
    SDL_Rect             place = whole_rect(paint->rect), seen;
    if (!slot || !SDL_IntersectRect(&place, &clip, &seen))
        return;
    if (!find_span(&across, paint->from.x, paint->from.width, paint->rect.x, paint->rect.width, (float)seen.x,
                   (float)(seen.x + seen.w), slot->width, paint->smooth) ||
        !find_span(&down, paint->from.y, paint->from.height, paint->rect.y, paint->rect.height, (float)seen.y,
                   (float)(seen.y + seen.h), slot->height, paint->smooth))
        return;
    const SDL_Rect  from = {across.first, down.first, across.count, down.count};
    const SDL_FRect to = {across.start, down.start, across.length, down.length};
    set_clip(display, seen);
    if (display->software) {
        copy_in_software(display, slot, paint, &from, &to, &seen);
    } else {
        set_look(slot->texture, slot, paint);
        SDL_RenderCopyF(display->renderer, slot->texture, &from, &to);
    }
    set_clip(display, clip);
}

/* ---- frames ---- */

static void paint_item(struct display *display, const struct paint_list *list, const struct paint *paint,
                       SDL_Rect *clip, SDL_Rect window)
{
    switch (paint->kind) {
    case PAINT_RECT:
        sdl_draw_rectangle(display, paint->rect, paint->colour, paint->radius, 0);
        break;
    case PAINT_FRAME:
        sdl_draw_rectangle(display, paint->rect, paint->colour, paint->radius, paint->line);
        break;
    case PAINT_LINE:
        sdl_draw_line(display, paint);
        break;
    case PAINT_FAN:
        sdl_draw_polygon(display, list->points + paint->first, paint->points, paint->colour);
        break;
    case PAINT_IMAGE:
        draw_image(display, paint, *clip);
        break;
    case PAINT_CLIP: {
        SDL_Rect wanted = whole_rect(paint->rect);
        if (!SDL_IntersectRect(&wanted, &window, clip))
            *clip = (SDL_Rect){0};
        set_clip(display, *clip);
        break;
    }
    }
}

static void paint_all(struct display *display, const struct paint_list *list, struct colour background)
{
    SDL_Rect clip = {0};
    SDL_GetRendererOutputSize(display->renderer, &clip.w, &clip.h);
    SDL_Rect window = clip;

    display->frame++;
    SDL_RenderSetClipRect(display->renderer, NULL);
    SDL_SetRenderDrawColor(display->renderer, background.r, background.g, background.b, 255);
    SDL_RenderClear(display->renderer);
    for (size_t i = 0; i < list->count; i++)
        paint_item(display, list, &list->items[i], &clip, window);
    SDL_RenderSetClipRect(display->renderer, NULL);
    sdl_scaled_forget_unseen(display);
}

/* A copy for later; where memory ends, there is none. */
static void remember(struct display *display, const struct paint_list *list, struct colour background)
{
    display->last_background = background;
    if (!paint_copy(&display->last, list))
        paint_clear(&display->last);
}

void sdl_show(struct display *display, const struct paint_list *list, struct colour background)
{
    paint_all(display, list, background);
    SDL_RenderPresent(display->renderer);
    remember(display, list, background);
}

void sdl_show_again(struct display *display)
{
    paint_all(display, &display->last, display->last_background);
    SDL_RenderPresent(display->renderer);
}

bsr_status sdl_shot(struct display *display, struct bsr_image *out, struct bsr_error *err)
{
    struct bsr_image made;
    int              width = 0, height = 0;
    SDL_GetRendererOutputSize(display->renderer, &width, &height);
    bsr_status status = image_alloc(&made, width, height, 3, 8, err);
    if (status != BSR_OK)
        return status;
    paint_all(display, &display->last, display->last_background);
    if (SDL_RenderReadPixels(display->renderer, NULL, SDL_PIXELFORMAT_BGR24, made.data, (int)made.stride) !=
        0) {
        image_free(&made);
        return bsr_fail(err, BSR_EIO, "window", "the frame can't be read back: %s", SDL_GetError());
    }
    *out = made;
    return BSR_OK;
}

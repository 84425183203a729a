/* Scaled copies of pictures for the software renderer. It would scale a picture that stands still anew in
 * each frame, several milliseconds beside a net that wants all processors; and what it cuts at a clip it
 * scales by whole pixels of the picture, so that a pixel enlarged eight times is up to eight off. */
#include "app/window/module/sdl_display.h"

enum {
    LEAST_SIDE = 64,
    MOST_PIXELS = 16 << 20, /* of a copy; a screen of 4K has half as many */
    STEP = 64 /* its sides grow by this, so that a picture that is zoomed needn't a new one each time */
};

void sdl_scaled_drop(struct scaled *scaled)
{
    if (scaled->texture)
        SDL_DestroyTexture(scaled->texture);
    *scaled = (struct scaled){0};
}

static bool make_room(struct display *display, const struct texture_slot *slot, struct scaled *scaled)
{
    Uint32 format = 0;
    if (scaled->texture && scaled->width <= scaled->room_across && scaled->height <= scaled->room_down)
        return true;
    if (scaled->texture)
        SDL_DestroyTexture(scaled->texture);
    scaled->room_across = (scaled->width + STEP - 1) / STEP * STEP;
    scaled->room_down = (scaled->height + STEP - 1) / STEP * STEP;
    SDL_QueryTexture(slot->texture, &format, NULL, NULL, NULL);
    scaled->texture = SDL_CreateTexture(display->renderer, format, SDL_TEXTUREACCESS_STREAMING,
                                        scaled->room_across, scaled->room_down);
    return scaled->texture;
}

/* Both textures' pixels lie in memory, where the software renderer has them; locking tells where. */
static bool fill(const struct scaled *scaled, SDL_Texture *picture)
{
    const SDL_Rect part = {0, 0, scaled->width, scaled->height};
    SDL_Surface   *pixels = NULL, *copy = NULL;
    bool           done = false;
    if (SDL_LockTextureToSurface(picture, NULL, &pixels) == 0) {
        if (SDL_LockTextureToSurface(scaled->texture, &part, &copy) == 0) {
            done = (scaled->smooth ? SDL_SoftStretchLinear(pixels, &scaled->from, copy, NULL)
                                   : SDL_SoftStretch(pixels, &scaled->from, copy, NULL)) == 0;
            SDL_UnlockTexture(scaled->texture);
        }
        SDL_UnlockTexture(picture);
    }
    return done;
}

static bool is_same(const struct scaled *scaled, const SDL_Rect *from, int width, int height, bool smooth)
{
    return SDL_RectEquals(&scaled->from, from) && scaled->width == width && scaled->height == height &&
           scaled->smooth == smooth;
}

SDL_Texture *sdl_scaled(struct display *display, struct texture_slot *slot, const SDL_Rect *from, int width,
                        int height, bool smooth, bool cut)
{
    struct scaled *scaled = &slot->scaled;
    if (slot->channels == 1 || (int64_t)width * height > MOST_PIXELS ||
        (width == from->w && height == from->h) || (!cut && (width < LEAST_SIDE || height < LEAST_SIDE)))
        return NULL;
    const bool again = is_same(scaled, from, width, height, smooth);
    scaled->used = display->frame;
    if (again && scaled->filled)
        return scaled->texture;
    scaled->from = *from;
    scaled->width = width;
    scaled->height = height;
    scaled->smooth = smooth;
    scaled->filled = false;
    if (!again && !cut) /* a picture that moves is not seen twice alike, and can be scaled in its place */
        return NULL;
    scaled->filled = make_room(display, slot, scaled) && fill(scaled, slot->texture);
    return scaled->filled ? scaled->texture : NULL;
}

void sdl_scaled_forget_unseen(struct display *display)
{
    for (uint32_t i = 0; i < display->texture_count; i++)
        if (display->textures[i].scaled.texture && display->textures[i].scaled.used != display->frame)
            sdl_scaled_drop(&display->textures[i].scaled);
}

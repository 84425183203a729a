#include "app/window/module/coverage.h"
#include "app/window/module/sdl_display.h"

#include "base/alloc.h"

/* Its slot, or one to be given up: the free or longest unused of a few neighbours. */
static struct mask *find_mask(struct display *display, uint64_t key)
{
    enum { WAYS = 8 };
    struct mask *set = display->masks + (key >> 32) % (MASK_SLOTS / WAYS) * WAYS;
    struct mask *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    return oldest;
}

static SDL_Texture *make(struct display *display, int width, int height,
                         void (*draw)(const struct coverage *out, const void *shape), const void *shape)
{
    uint8_t     *bytes = mem_alloc_zeroed((size_t)width, (size_t)height);
    SDL_Texture *texture = NULL;
    uint32_t    *pixels = mem_alloc_zeroed((size_t)width * (size_t)height, sizeof *pixels);
    if (bytes && pixels)
        texture = SDL_CreateTexture(display->renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STATIC,
                                    width, height);
    if (texture) {
        struct coverage out = {.data = bytes, .stride = (size_t)width, .width = width, .height = height};
        draw(&out, shape);
        for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
            pixels[i] = (uint32_t)bytes[i] << 24 | 0xFFFFFF;
        SDL_UpdateTexture(texture, NULL, pixels, width * (int)sizeof *pixels);
        SDL_SetTextureBlendMode(texture, SDL_BLENDMODE_BLEND);
        SDL_SetTextureScaleMode(texture, SDL_ScaleModeNearest);
    }
    mem_free(pixels);
    mem_free(bytes);
    return texture;
}

SDL_Texture *sdl_mask(struct display *display, uint64_t key, int width, int height,
                      void (*draw)(const struct coverage *out, const void *shape), const void *shape)
{
    key += !key;
    struct mask *mask = find_mask(display, key);
    if (mask->key != key) {
        SDL_Texture *texture = make(display, width, height, draw, shape);
        if (!texture)
            return NULL;
        if (mask->texture)
            SDL_DestroyTexture(mask->texture); /* draws what is queued of it before */
        *mask = (struct mask){.key = key, .texture = texture};
    }
    mask->used = display->frame;
    return mask->texture;
}

void sdl_masks_end(struct display *display)
{
    for (int i = 0; i < MASK_SLOTS; i++) {
        if (display->masks[i].texture)
            SDL_DestroyTexture(display->masks[i].texture);
        display->masks[i] = (struct mask){0};
    }
}

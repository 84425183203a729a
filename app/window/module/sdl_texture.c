#include "app/window/module/sdl_display.h"

#include "base/alloc.h"
#include "base/image.h"

enum { SLOT_BITS = 20, SLOT_MASK = (1 << SLOT_BITS) - 1, SOFTWARE_MOST = 16384 };

struct texture_slot *sdl_texture_find(const struct display *display, texture_id id)
{
    uint32_t slot = (id & SLOT_MASK) - 1;
    if (!id || slot >= display->texture_count)
        return NULL;
    struct texture_slot *found = &display->textures[slot];
    return found->texture && found->generation == id >> SLOT_BITS ? found : NULL;
}

int sdl_texture_most(const struct display *display)
{
    SDL_RendererInfo info;
    if (SDL_GetRendererInfo(display->renderer, &info) != 0 || info.max_texture_width <= 0)
        return SOFTWARE_MOST;
    int most =
        info.max_texture_width < info.max_texture_height ? info.max_texture_width : info.max_texture_height;
    return most < SOFTWARE_MOST ? most : SOFTWARE_MOST;
}

/* ---- pixels ---- */

static void fill_row(uint32_t *to, const uint8_t *from, int width, int channels)
{
    switch (channels) {
    case 1:
        for (int x = 0; x < width; x++)
            to[x] = (uint32_t)from[x] << 24 | 0xFFFFFF;
        break;
    case 3:
        for (int x = 0; x < width; x++, from += 3)
            to[x] = 0xFF000000U | (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | from[0];
        break;
    default:
        for (int x = 0; x < width; x++, from += 4)
            to[x] = (uint32_t)from[3] << 24 | (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | from[0];
        break;
    }
}

static bool fill(SDL_Texture *texture, const struct bsr_image *image)
{
    void *pixels;
    int   pitch;
    if (SDL_LockTexture(texture, NULL, &pixels, &pitch) != 0)
        return false;
    for (int y = 0; y < image->height; y++)
        fill_row((uint32_t *)((uint8_t *)pixels + (size_t)y * (size_t)pitch), image_row(image, y),
                 image->width, image->channels);
    SDL_UnlockTexture(texture);
    return true;
}

static bool is_shown(const struct bsr_image *image)
{
    return image->depth == 8 && (image->channels == 1 || image->channels == 3 || image->channels == 4);
}

/* ---- making and releasing ---- */

static uint32_t take_slot(struct display *display)
{
    if (display->first_free) {
        uint32_t slot = display->first_free - 1;
        display->first_free = display->textures[slot].next_free;
        return slot + 1;
    }
    if (display->texture_count == display->texture_capacity) {
        uint32_t wanted = display->texture_capacity ? display->texture_capacity * 2 : 64;
        if (wanted >= SLOT_MASK)
            return 0;
        struct texture_slot *grown = mem_resize(display->textures, wanted, sizeof *grown);
        if (!grown)
            return 0;
        display->textures = grown;
        display->texture_capacity = wanted;
    }
    display->textures[display->texture_count] = (struct texture_slot){0};
    return ++display->texture_count;
}

static void give_slot(struct display *display, uint32_t slot)
{
    struct texture_slot *freed = &display->textures[slot];
    *freed = (struct texture_slot){.generation = (freed->generation + 1) & (UINT32_MAX >> SLOT_BITS),
                                   .next_free = display->first_free};
    display->first_free = slot + 1;
}

texture_id sdl_texture_make(struct display *display, const struct bsr_image *image)
{
    int most = sdl_texture_most(display);
    if (!is_shown(image) || image->width > most || image->height > most)
        return 0;
    SDL_Texture *texture = SDL_CreateTexture(
        display->renderer, image->channels == 3 ? SDL_PIXELFORMAT_RGB888 : SDL_PIXELFORMAT_ARGB8888,
        SDL_TEXTUREACCESS_STREAMING, image->width, image->height);
    uint32_t slot = texture && fill(texture, image) ? take_slot(display) : 0;
    if (!slot) {
        if (texture)
            SDL_DestroyTexture(texture);
        return 0;
    }
    struct texture_slot *made = &display->textures[slot - 1];
    made->texture = texture;
    made->width = image->width;
    made->height = image->height;
    made->channels = image->channels;
    return made->generation << SLOT_BITS | slot;
}

bool sdl_texture_update(struct display *display, texture_id id, const struct bsr_image *image)
{
    struct texture_slot *slot = sdl_texture_find(display, id);
    if (!slot || !is_shown(image) || slot->width != image->width || slot->height != image->height ||
        slot->channels != image->channels)
        return false;
    slot->scaled.filled = false;
    slot->scaled.width = 0; /* seen for the first time */
    return fill(slot->texture, image);
}

void sdl_texture_free(struct display *display, texture_id id)
{
    struct texture_slot *slot = sdl_texture_find(display, id);
    if (!slot)
        return;
    sdl_scaled_drop(&slot->scaled);
    SDL_DestroyTexture(slot->texture);
    give_slot(display, (id & SLOT_MASK) - 1);
}

void sdl_textures_end(struct display *display)
{
    for (uint32_t i = 0; i < display->texture_count; i++)
        if (display->textures[i].texture) {
            sdl_scaled_drop(&display->textures[i].scaled);
            SDL_DestroyTexture(display->textures[i].texture);
        }
    mem_free(display->textures);
    display->textures = NULL;
    display->texture_count = display->texture_capacity = display->first_free = 0;
}

/* app/window/texture_cache.h: pictures as textures. One that is shown smaller than it is comes from halved
 * copies, so that nothing flickers; a large one comes in tiles, of which those in sight are made. */
#pragma once

#include "app/window/display.h"

struct texture_cache;

enum {
    TEXTURE_BUDGET_MB = 384, /* of 4 bytes a pixel; a full 4K screen takes 132 at most */
    TEXTURE_TILE =
        1024, /* pixels of a tile's side; it has one more on each side, so that joints don't show */
};

/* `module` and `display` outlive it. Release with texture_cache_close(). BSR_ENOMEM. */
bsr_status texture_cache_open(struct texture_cache **out, const struct display_module *module,
                              struct display *display, size_t budget, struct bsr_error *err);
void       texture_cache_close(struct texture_cache *cache);

/* Paints `from` (pixels) of `image` at `to`; what the list's last clip hides is left out. `id` tells the
 * picture from all others as long as it is the same; `image` is only looked at in this call. Any number of
 * channels, 8 or 16 bits. Nothing is painted when memory ends. */
void texture_cache_paint(struct texture_cache *cache, struct paint_list *list, const struct bsr_image *image,
                         uint64_t id, struct rect from, struct rect to, bool smooth);

/* The picture `id` has other pixels of the same size now (a video's next frame): its textures are filled
 * anew. */
void texture_cache_change(struct texture_cache *cache, uint64_t id);

/* The picture won't be painted again. What isn't forgotten goes when the budget ends, the longest unused
 * first. */
void texture_cache_forget(struct texture_cache *cache, uint64_t id);

/* Bytes of textures and copies that are held. */
size_t texture_cache_bytes(const struct texture_cache *cache);

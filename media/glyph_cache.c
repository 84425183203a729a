#include "media/glyph_cache.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

/* A power of two; a third more than the glyphs, so that probing stays short. */
enum { SLOTS = 4096 };

struct slot {
    uint64_t            key; /* 0: empty */
    struct glyph_bitmap bitmap;
    uint8_t            *pixels; /* owned */
};

struct glyph_cache {
    size_t      count, bytes;
    struct slot slots[SLOTS];
};

/* All that a glyph's picture depends on, in one number that is never 0 (sizes begin at 1). */
static uint64_t make_key(int font, uint32_t glyph, int size, int phase)
{
    return (uint64_t)glyph << 32 | (uint64_t)font << 16 | (uint64_t)size << 2 | (uint64_t)phase;
}

/* The slot that holds `key`, or the empty one where it would go. */
static struct slot *find_slot(struct glyph_cache *cache, uint64_t key)
{
    /* Fibonacci hashing: Knuth, The Art of Computer Programming 3, section 6.4. */
    size_t i = (size_t)(key * 0x9E3779B97F4A7C15U >> 32) % SLOTS;
    while (cache->slots[i].key && cache->slots[i].key != key)
        i = (i + 1) % SLOTS;
    return &cache->slots[i];
}

static void forget_all(struct glyph_cache *cache)
{
    for (size_t i = 0; i < SLOTS; i++)
        mem_free(cache->slots[i].pixels);
    memset(cache, 0, sizeof *cache);
}

struct glyph_cache *glyph_cache_create(void)
{
    return mem_alloc_zeroed(1, sizeof(struct glyph_cache));
}

void glyph_cache_destroy(struct glyph_cache *cache)
{
    if (!cache)
        return;
    forget_all(cache);
    mem_free(cache);
}

/* Copies the rows of `from`, without gaps, into `slot`. */
static bool keep(struct glyph_cache *cache, struct slot *slot, uint64_t key, const struct glyph_bitmap *from)
{
    size_t   row = (size_t)from->width;
    size_t   bytes = row * (size_t)from->height;
    uint8_t *pixels = NULL;

    if (bytes) {
        pixels = mem_alloc(bytes);
        if (!pixels)
            return false;
        for (int y = 0; y < from->height; y++)
            memcpy(pixels + (size_t)y * row, from->pixels + (ptrdiff_t)y * from->stride, row);
    }
    *slot = (struct slot){.key = key, .bitmap = *from, .pixels = pixels};
    slot->bitmap.pixels = pixels;
    slot->bitmap.stride = from->width;
    cache->count++;
    cache->bytes += bytes;
    return true;
}

bsr_status glyph_cache_get(struct glyph_cache *cache, struct font_set *fonts, int font, uint32_t glyph,
                           int size, int phase, struct glyph_bitmap *out)
{
    uint64_t     key = make_key(font, glyph, size, phase);
    struct slot *slot = find_slot(cache, key);

    if (!slot->key) {
        struct glyph_bitmap rendered;
        bsr_status          status = font_set_render(fonts, font, glyph, size, phase, &rendered);
        if (status != BSR_OK)
            return status;
        size_t bytes = (size_t)rendered.width * (size_t)rendered.height;
        if (cache->count >= GLYPH_CACHE_COUNT || cache->bytes + bytes > GLYPH_CACHE_BYTES) {
            forget_all(cache);
            slot = find_slot(cache, key);
        }
        if (!keep(cache, slot, key, &rendered))
            return BSR_ENOMEM;
    }
    *out = slot->bitmap;
    return BSR_OK;
}

size_t glyph_cache_bytes(const struct glyph_cache *cache)
{
    return cache->bytes;
}

size_t glyph_cache_count(const struct glyph_cache *cache)
{
    return cache->count;
}

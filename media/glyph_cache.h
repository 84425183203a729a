/* media/glyph_cache.h: rendered glyphs, kept for the next label. Bounded: full means empty it and go on. */
#pragma once

#include "media/font_set.h"

struct glyph_cache;

/* Release with glyph_cache_destroy(). NULL: out of memory. */
struct glyph_cache *glyph_cache_create(void);
void                glyph_cache_destroy(struct glyph_cache *cache);

/* As font_set_render(), but remembered. *out is valid until the next call. */
bsr_status glyph_cache_get(struct glyph_cache *cache, struct font_set *fonts, int font, uint32_t glyph,
                           int size, int phase, struct glyph_bitmap *out);

/* Bytes of pixels and number of glyphs that are held: at most GLYPH_CACHE_BYTES (or one glyph) and
 * GLYPH_CACHE_COUNT. */
enum { GLYPH_CACHE_BYTES = 4 << 20, GLYPH_CACHE_COUNT = 3072 };
size_t glyph_cache_bytes(const struct glyph_cache *cache);
size_t glyph_cache_count(const struct glyph_cache *cache);

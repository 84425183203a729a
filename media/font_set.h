/* media/font_set.h: the fonts of a typesetter: one that all text begins with, and those that have the
 * characters which it lacks. */
#pragma once

#include "base/status.h"

#include <hb.h>
#include <stdint.h>

enum { FONT_SET_MAX = 24, FONT_MAX_SIZE = 1000 /* pixels of the em */ };

struct font_set;

/* Loads the first font: the first of `paths` (NULL at the end) that is one; `paths` NULL: the places where
 * DejaVu Sans usually is. Where there is none, fontconfig is asked, which costs tens of milliseconds: else
 * that waits for a character that the first font lacks. Release with font_set_destroy().
 * BSR_EMISSING when no font is installed, BSR_ENOMEM. */
bsr_status font_set_create(struct font_set **out, const char *const *paths, struct bsr_error *err);
void       font_set_destroy(struct font_set *set);

/* The font that has all of `codes` (a character and its marks), or else the first character. `preferred` is
 * taken where it will do, then the first font, then fontconfig's choice. The first font (0) where none has
 * them: its .notdef box will show. -1: out of memory. */
int font_set_find(struct font_set *set, const uint32_t *codes, int count, int preferred);

/* Font number `index` at `size` pixels, 1..FONT_MAX_SIZE: shapes in 1/64 pixel. */
hb_font_t *font_set_shaper(struct font_set *set, int index, int size);

/* A glyph's picture: coverage 0..255, `left` and `top` from the pen to its upper left corner (y up). */
struct glyph_bitmap {
    const uint8_t *pixels;
    int            stride, width, height;
    int            left, top;
};

/* Renders a glyph `phase` quarters of a pixel (0..3) to the right of the pen. *out is valid until the next
 * call. BSR_EFORMAT (the font is damaged), BSR_ENOMEM: without a message, the caller knows more. */
bsr_status font_set_render(struct font_set *set, int index, uint32_t glyph, int size, int phase,
                           struct glyph_bitmap *out);

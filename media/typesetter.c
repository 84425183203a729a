#include "media/draw.h"

#include "base/alloc.h"
#include "media/blend.h"
#include "media/font_set.h"
#include "media/glyph_cache.h"
#include "media/text_runs.h"

#include <string.h>

/* Marks may be piled up without end ("Zalgo"): a line is never taken for higher than this many em above and
 * below the baseline. */
static const double tallest_line = 1.5;

struct placed_glyph {
    int      font;
    uint32_t glyph;
    int64_t  x, y; /* from the start of the baseline, 1/64 pixel, y up */
};

/* A line that was taken apart, shaped and measured. */
struct layout {
    char                 text[256]; /* what it is the layout of, */
    int                  size;      /* at this size; 0: of nothing, or of a text too long to be compared */
    struct placed_glyph *glyphs;
    size_t               count, capacity;
    struct text_extent   extent;
};

struct typesetter {
    struct font_set    *fonts; /* these three are NULL until the first text */
    struct glyph_cache *cache;
    hb_buffer_t        *buffer;
    struct text_line    line;
    struct text_run     runs[TEXT_MAX];
    struct layout       layout; /* the last one: labels are measured, then drawn */
};

bsr_status typesetter_open(struct typesetter **out, struct bsr_error *err)
{
    struct typesetter *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, "fonts", sizeof *made);
    *out = made;
    return BSR_OK;
}

void typesetter_close(struct typesetter *typesetter)
{
    if (!typesetter)
        return;
    font_set_destroy(typesetter->fonts);
    glyph_cache_destroy(typesetter->cache);
    hb_buffer_destroy(typesetter->buffer);
    mem_free(typesetter->layout.glyphs);
    mem_free(typesetter);
}

static bsr_status load(struct typesetter *typesetter, struct bsr_error *err)
{
    if (!typesetter->cache) {
        typesetter->cache = glyph_cache_create();
        if (!typesetter->cache)
            return bsr_fail(err, BSR_ENOMEM, "fonts", "out of memory");
    }
    if (!typesetter->buffer)
        typesetter->buffer = hb_buffer_create();
    return typesetter->fonts ? BSR_OK : font_set_create(&typesetter->fonts, NULL, err);
}

/* ---- layout: text to placed glyphs ---- */

/* Characters that take the font of the one before them: marks, joiners, variation selectors. */
static bool is_attached(uint32_t code)
{
    switch (hb_unicode_general_category(hb_unicode_funcs_get_default(), code)) {
    case HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_FORMAT:
        return true;
    default:
        return false;
    }
}

/* The font of the character at `first` and the marks behind it, *count of them in all. Words of one script
 * stay in one font as far as it goes, and so do spaces; digits and punctuation go back to the first font. */
static int choose_font(struct typesetter *typesetter, int first, int previous, bool same_script, int *count)
{
    const struct text_line *line = &typesetter->line;
    hb_unicode_funcs_t     *unicode = hb_unicode_funcs_get_default();
    uint32_t                needed[16]; /* more marks than that take what they get */
    int                     needs = 1, end = first + 1;

    needed[0] = line->codes[first];
    for (; end < line->count && is_attached(line->codes[end]); end++)
        if (needs < 16 &&
            hb_unicode_general_category(unicode, line->codes[end]) != HB_UNICODE_GENERAL_CATEGORY_FORMAT &&
            !(line->codes[end] >= 0xFE00 && line->codes[end] <= 0xFE0F)) /* variation selectors */
            needed[needs++] = line->codes[end];
    *count = end - first;

    bool stays =
        needed[0] == ' ' || (same_script && hb_unicode_script(unicode, needed[0]) != HB_SCRIPT_COMMON);
    return font_set_find(typesetter->fonts, needed, needs, stays ? previous : 0);
}

/* Splits the line where font, script or direction change. Returns how many runs there are; -1: out of memory.
 */
static int make_runs(struct typesetter *typesetter)
{
    const struct text_line *line = &typesetter->line;
    struct text_run        *last = NULL;
    int                     count = 0;

    for (int first = 0, more; first < line->count; first += more) {
        bool            same_script = last && last->script == line->scripts[first];
        struct text_run run = {.first = first, .level = line->levels[first], .script = line->scripts[first]};
        run.font = choose_font(typesetter, first, last ? last->font : 0, same_script, &more);
        if (run.font < 0)
            return -1;
        run.count = more;
        if (same_script && last->font == run.font && last->level == run.level) {
            last->count += more;
        } else {
            last = &typesetter->runs[count++];
            *last = run;
        }
    }
    text_order_runs(typesetter->runs, count);
    return count;
}

static bsr_status reserve_glyphs(struct layout *layout, size_t more, struct bsr_error *err)
{
    size_t needed = layout->count + more;
    if (needed <= layout->capacity)
        return BSR_OK;
    struct placed_glyph *grown = mem_resize(layout->glyphs, needed + needed / 2, sizeof *grown);
    if (!grown)
        return bsr_fail_memory(err, "fonts", needed * sizeof *grown);
    layout->glyphs = grown;
    layout->capacity = needed + needed / 2;
    return BSR_OK;
}

/* Appends the glyphs of a run, beginning at *pen, and moves the pen behind them. */
static bsr_status shape_run(struct typesetter *typesetter, const struct text_run *run, int size, int64_t *pen,
                            struct bsr_error *err)
{
    struct layout *layout = &typesetter->layout;
    hb_buffer_t   *buffer = typesetter->buffer;
    hb_font_t     *shaper = font_set_shaper(typesetter->fonts, run->font, size);

    hb_buffer_clear_contents(buffer);
    /* The whole line goes in as context: Arabic letters join across a change of font. */
    hb_buffer_add_codepoints(buffer, typesetter->line.codes, typesetter->line.count, (unsigned)run->first,
                             run->count);
    hb_buffer_set_direction(buffer, run->level & 1 ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_buffer_set_script(buffer, run->script == HB_SCRIPT_COMMON ? HB_SCRIPT_LATIN : run->script);
    hb_buffer_set_language(buffer, hb_language_get_default());
    hb_shape(shaper, buffer, NULL, 0);
    if (!hb_buffer_allocation_successful(buffer)) {
        hb_buffer_reset(buffer);
        return bsr_fail(err, BSR_ENOMEM, "fonts", "out of memory");
    }

    unsigned                   count;
    const hb_glyph_info_t     *info = hb_buffer_get_glyph_infos(buffer, &count);
    const hb_glyph_position_t *place = hb_buffer_get_glyph_positions(buffer, &count);
    bsr_status                 status = reserve_glyphs(layout, count, err);
    if (status != BSR_OK)
        return status;
    for (unsigned i = 0; i < count; i++) {
        layout->glyphs[layout->count++] = (struct placed_glyph){.font = run->font,
                                                                .glyph = info[i].codepoint,
                                                                .x = *pen + place[i].x_offset,
                                                                .y = place[i].y_offset};
        *pen += place[i].x_advance;
    }
    return BSR_OK;
}

/* How high the line is: as the first font wants all its lines, and higher where a glyph is. 1/64 pixels. */
static void measure_height(struct typesetter *typesetter, int size, struct text_extent *out)
{
    hb_font_extents_t    usual = {0};
    const struct layout *layout = &typesetter->layout;

    hb_font_get_h_extents(font_set_shaper(typesetter->fonts, 0, size), &usual);
    int64_t top = usual.ascender, bottom = usual.descender;
    for (size_t i = 0; i < layout->count; i++) {
        const struct placed_glyph *glyph = &layout->glyphs[i];
        hb_glyph_extents_t         ink;
        hb_font_t                 *shaper = font_set_shaper(typesetter->fonts, glyph->font, size);
        if (!hb_font_get_glyph_extents(shaper, glyph->glyph, &ink))
            continue;
        int64_t high = glyph->y + ink.y_bearing, low = high + ink.height;
        top = high > top ? high : top;
        bottom = low < bottom ? low : bottom;
    }
    int64_t limit = (int64_t)(size * 64 * tallest_line);
    top = top > limit ? limit : top;
    bottom = bottom < -limit ? -limit : bottom;
    out->ascent = (int)((top + 63) / 64);
    out->descent = (int)((63 - bottom) / 64);
}

/* Fills typesetter->layout. */
static bsr_status lay_out(struct typesetter *typesetter, const char *text, int size, struct bsr_error *err)
{
    struct layout *layout = &typesetter->layout;

    if (size < 1 || size > FONT_MAX_SIZE)
        return bsr_fail(err, BSR_ERANGE, "text", "a size of %d pixels (1 to %d are possible)", size,
                        FONT_MAX_SIZE);
    if (layout->size == size && strcmp(layout->text, text) == 0)
        return BSR_OK;
    bsr_status status = load(typesetter, err);
    if (status != BSR_OK)
        return status;

    int64_t pen = 0;
    layout->size = 0;
    layout->count = 0;
    text_analyse(&typesetter->line, text);
    int count = make_runs(typesetter);
    if (count < 0)
        return bsr_fail(err, BSR_ENOMEM, "fonts", "out of memory");
    for (int i = 0; i < count; i++) {
        status = shape_run(typesetter, &typesetter->runs[i], size, &pen, err);
        if (status != BSR_OK)
            return status;
    }
    measure_height(typesetter, size, &layout->extent);
    layout->extent.width = (int)((pen + 63) / 64);

    size_t length = strlen(text);
    if (length < sizeof layout->text) {
        memcpy(layout->text, text, length + 1);
        layout->size = size;
    }
    return BSR_OK;
}

bsr_status typesetter_measure(struct typesetter *typesetter, const char *text, int size,
                              struct text_extent *out, struct bsr_error *err)
{
    bsr_status status = lay_out(typesetter, text, size, err);
    if (status == BSR_OK)
        *out = typesetter->layout.extent;
    return status;
}

/* ---- drawing ---- */

/* How much of a pixel the ink covers, from how much of it is inside the outline. Thin dark strokes fade when
 * they are mixed in light, as light ones bloom: dark ink is laid on thicker. */
static float ink_cover(uint8_t inside, bool dark)
{
    float cover = (float)inside / 255;
    return dark ? cover * (2 - cover) : cover;
}

/* What ink is laid on: a picture in a colour, or its cover alone. */
struct ground {
    const struct bsr_image *image;
    struct draw_colour      colour;
    bool                    dark;
    void (*lay)(const struct ground *ground, uint8_t *pixel, const uint8_t *inside, int64_t count);
};

static void lay_colour(const struct ground *ground, uint8_t *pixel, const uint8_t *inside, int64_t count)
{
    for (int64_t i = 0; i < count; i++, pixel += 3)
        if (inside[i])
            blend_pixel(pixel, ground->colour, ink_cover(inside[i], ground->dark));
}

/* What light ink that is mixed in code values is laid on, of 255: the lighter of dark windows and buttons. */
static const float dark_ground = 76;

/* How much of a colour to take, where code values are mixed, b + (a - b) * cover, so that it looks as
 * blend_pixel() does it: dark ink on white, where sqrt(1 - ink_cover) is 1 - inside, or white on a dark
 * ground. */
static uint8_t display_cover(uint8_t inside, bool dark)
{
    const float ground = dark_ground * dark_ground, white = 255.0F * 255.0F;
    if (dark)
        return inside;
    float mixed = sqrtf(ground + (white - ground) * (float)inside / 255);
    return (uint8_t)((mixed - dark_ground) * 255 / (255 - dark_ground) + 0.5F);
}

static void lay_cover(const struct ground *ground, uint8_t *pixel, const uint8_t *inside, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint8_t value = display_cover(inside[i], ground->dark);
        pixel[i] = value > pixel[i] ? value : pixel[i];
    }
}

/* Covers the part of a glyph whose upper left corner is (left, top) that is inside the picture. */
static void draw_glyph(const struct ground *ground, const struct glyph_bitmap *glyph, int64_t left,
                       int64_t top)
{
    const struct bsr_image *image = ground->image;
    size_t                  step = image_pixel_size(image);
    int64_t                 first_x = left < 0 ? -left : 0, first_y = top < 0 ? -top : 0;
    int64_t                 end_x = image->width - left, end_y = image->height - top;
    end_x = end_x < glyph->width ? end_x : glyph->width;
    end_y = end_y < glyph->height ? end_y : glyph->height;

    for (int64_t y = first_y; y < end_y && first_x < end_x; y++)
        ground->lay(ground, image_row(image, (int)(top + y)) + (size_t)(left + first_x) * step,
                    glyph->pixels + y * glyph->stride + first_x, end_x - first_x);
}

static bsr_status draw_line(struct typesetter *typesetter, const struct ground *ground, int x, int y,
                            const char *text, int size, struct bsr_error *err)
{
    bsr_status status = lay_out(typesetter, text, size, err);
    if (status != BSR_OK)
        return status;

    for (size_t i = 0; i < typesetter->layout.count; i++) {
        const struct placed_glyph *glyph = &typesetter->layout.glyphs[i];
        int64_t                    pen = (int64_t)x * 64 + glyph->x + 8; /* to the nearest quarter */
        int64_t                    column = pen >> 6;
        int64_t                    row = y - ((glyph->y + 32) >> 6);
        struct glyph_bitmap        bitmap;

        status = glyph_cache_get(typesetter->cache, typesetter->fonts, glyph->font, glyph->glyph, size,
                                 (int)(pen >> 4 & 3), &bitmap);
        if (status == BSR_ENOMEM)
            return bsr_fail(err, BSR_ENOMEM, "fonts", "out of memory");
        if (status == BSR_OK) /* a damaged glyph leaves a gap, not a batch without pictures */
            draw_glyph(ground, &bitmap, column + bitmap.left, row - bitmap.top);
    }
    return BSR_OK;
}

bsr_status typesetter_draw(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                           const char *text, int size, struct draw_colour colour, struct bsr_error *err)
{
    if (!can_draw_on(image))
        return bsr_fail(err, BSR_ERANGE, "text", "can be drawn on 8-bit BGR pictures only");
    const struct ground ground = {.image = image,
                                  .colour = colour,
                                  .dark = draw_text_colour(colour).g == 255, /* white is readable on it */
                                  .lay = lay_colour};
    return draw_line(typesetter, &ground, x, y, text, size, err);
}

bsr_status typesetter_cover(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                            const char *text, int size, bool dark, struct bsr_error *err)
{
    if (!image->data || image->channels != 1 || image->depth != 8)
        return bsr_fail(err, BSR_ERANGE, "text", "covers pictures of one 8-bit channel only");
    const struct ground ground = {.image = image, .dark = dark, .lay = lay_cover};
    return draw_line(typesetter, &ground, x, y, text, size, err);
}

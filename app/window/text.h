/* app/window/text.h: text in a paint list. Each distinct (text, size) is shaped once by media's typesetter,
 * in any script, and kept as a texture of coverage, the least recently used given up where the budget ends.
 */
#pragma once

#include "app/window/display.h"
#include "media/draw.h"

struct window_text;

enum {
    TEXT_BUDGET = 16 << 20, /* bytes of textures: some 3,000 labels; more than any frame shows */
    TEXT_MOST_SIZE = 200    /* pixels of the em */
};

/* `module` and `display` outlive it; without a display (NULL) it measures, and adds nothing. Release with
 * text_close(). BSR_EMISSING when no font is installed, BSR_ENOMEM. */
bsr_status text_open(struct window_text **out, const struct display_module *module, struct display *display,
                     size_t budget, struct bsr_error *err);
void       text_close(struct window_text *text);

/* The size of a line of UTF-8 at `size` pixels of the em, rounded and kept in 1..TEXT_MOST_SIZE; {0} when
 * memory ends. */
struct text_extent text_measure(struct window_text *text, const char *line, float size);

/* Adds it with its baseline starting at (x, baseline), put onto whole pixels. Nothing is added when memory
 * ends. */
void text_add(struct window_text *text, struct paint_list *list, float x, float baseline, const char *line,
              float size, struct colour colour);

/* Bytes of textures that are held, at most the budget. */
size_t text_bytes(const struct window_text *text);

/* app/window/text.h: text in a paint list. Each distinct (text, size) is shaped once by media's typesetter,
 * in any script, and kept as a texture of coverage, the least recently used given up where the budget ends.
 */
#pragma once

#include "app/window/display.h"
#include "media/draw.h"

struct window_text;

enum { TEXT_BUDGET = 16 << 20 }; /* bytes of textures: some 4,000 labels */

/* `module` and `display` outlive it. Release with text_close(). BSR_EMISSING when no font is installed,
 * BSR_ENOMEM. */
bsr_status text_open(struct window_text **out, const struct display_module *module, struct display *display,
                     size_t budget, struct bsr_error *err);
void       text_close(struct window_text *text);

/* The size of a line of UTF-8 at `size` pixels of the em (rounded, 1..200); {0} when memory ends. */
struct text_extent text_measure(struct window_text *text, const char *line, float size);

/* Adds it with its baseline starting at (x, baseline), put onto whole pixels. Returns its width. */
float text_add(struct window_text *text, struct paint_list *list, float x, float baseline, const char *line,
               float size, struct colour colour);

/* The longest beginning of `line` that fits into `room` pixels, with an ellipsis where it was cut; into
 * `out`, which it returns. `TEXT_FIT_MIDDLE` cuts the middle out instead: names of files differ at their
 * ends. */
enum text_cut { TEXT_FIT_END, TEXT_FIT_MIDDLE };
const char *text_fit(struct window_text *text, const char *line, float size, float room, enum text_cut cut,
                     char *out, size_t out_size);

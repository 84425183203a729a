/* pipeline/svg.h: pieces of SVG, appended as text. */
#pragma once

#include "base/bytes.h"

/* Begins a drawing of width x height, white, in a plain font; ends it. */
void svg_open(struct bytes *out, int width, int height, const char *title);
void svg_close(struct bytes *out);

/* Text at a point; `anchor` is start, middle or end; `turn` degrees about that point. What no text may have
 * (control characters, bytes that are no UTF-8) becomes '?'. */
struct svg_text {
    double      x, y, size;
    const char *anchor;
    int         turn;
    const char *colour; /* NULL: black */
};
void svg_write(struct bytes *out, const struct svg_text *how, const char *text);

/* The text itself, escaped. */
void svg_escape(struct bytes *out, const char *text);

/* media/draw.h: boxes and labels on 8-bit BGR pictures, readable on any background and in any script. */
#pragma once

#include "base/image.h"

struct draw_colour {
    uint8_t b, g, r;
};

/* The colour of class `index`: neighbouring classes differ also for colour-blind eyes (the eight of
 * Okabe and Ito 2008, then lighter and darker ones of the same hues). */
struct draw_colour draw_class_colour(int index);

/* Black or white, whichever is easier to read on `background` (WCAG contrast). */
struct draw_colour draw_text_colour(struct draw_colour background);

/* The frame of a box, `line_width` pixels, inside a dark hairline and a light one, so that it shows on any
 * background. Coordinates in pixels, x2 and y2 exclusive; clipped to the picture. */
void draw_box(const struct bsr_image *image, double x1, double y1, double x2, double y2,
              struct draw_colour colour, int line_width);

/* Text shaping and drawing: FreeType, HarfBuzz, and fontconfig for a font that has the characters.
 * One typesetter per thread. */
struct typesetter;

/* BSR_EMISSING when no font is installed at all (the hint names fonts-dejavu-core). Nothing is loaded before
 * the first text. Release with typesetter_close(). */
bsr_status typesetter_open(struct typesetter **out, struct bsr_error *err);
void       typesetter_close(struct typesetter *typesetter);

struct text_extent {
    int width;   /* advance, pixels */
    int ascent;  /* above the baseline, pixels */
    int descent; /* below it, positive */
};

/* The size of one line of UTF-8 `text` at `size` pixels (of the em). Invalid UTF-8 shows as U+FFFD;
 * right-to-left scripts run as they should. */
bsr_status typesetter_measure(struct typesetter *typesetter, const char *text, int size,
                              struct text_extent *out, struct bsr_error *err);

/* Draws it with its baseline starting at (x, y). Clipped to the picture. */
bsr_status typesetter_draw(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                           const char *text, int size, struct draw_colour colour, struct bsr_error *err);

/* A label plate for a box whose top left corner is (x, y): a filled plate in `colour` with text in the
 * readable one of black and white, above the box, or inside it where there is no room above; always whole
 * inside the picture where it fits. `text` is cut with an ellipsis where it is wider than the picture. */
bsr_status draw_label(struct typesetter *typesetter, const struct bsr_image *image, double x, double y,
                      const char *text, int size, struct draw_colour colour, struct bsr_error *err);

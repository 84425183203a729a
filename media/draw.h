/* media/draw.h: boxes and labels on 8-bit BGR pictures, readable on any background and in any script. */
#pragma once

#include "base/image.h"

#include <stdbool.h>

struct draw_colour {
    uint8_t b, g, r;
};

/* The colour of class `index`: neighbouring classes differ also for colour-blind eyes (the eight of
 * Okabe and Ito 2008, then lighter and darker ones of the same hues). */
struct draw_colour draw_class_colour(int index);

/* Black or white, whichever is easier to read on `background` (WCAG contrast). */
struct draw_colour draw_text_colour(struct draw_colour background);

/* The frame of a box: a line of `line_width` pixels (at least 1) along its edges, with a dark hairline on the
 * outside and a light one on the inside, so that it shows on any background. Coordinates in pixels, x2 and y2
 * exclusive. A box that goes beyond the picture is clipped to it, and its frame is then drawn inside. Nothing
 * is drawn for a box that is empty, outside, or has a NaN, nor on a picture that is not 8-bit BGR. */
void draw_box(const struct bsr_image *image, double x1, double y1, double x2, double y2,
              struct draw_colour colour, int line_width);

/* How many pixels a frame reaches beyond its box. */
int draw_box_outset(int line_width);

/* Fills a rectangle; `cover` 0..1 of it hides what is below. Clipped to the picture. */
void draw_rectangle(const struct bsr_image *image, int x, int y, int width, int height,
                    struct draw_colour colour, double cover);

/* Text shaping and drawing: FreeType, HarfBuzz, and fontconfig for a font that has the characters.
 * One typesetter per thread. */
struct typesetter;

/* Opens no font and no configuration: that waits for the first text, which is BSR_EMISSING when no font is
 * installed at all (the hint names fonts-dejavu-core): measure a " " to know it early.
 * Release with typesetter_close(). BSR_ENOMEM. */
bsr_status typesetter_open(struct typesetter **out, struct bsr_error *err);
void       typesetter_close(struct typesetter *typesetter);

struct text_extent {
    int width;   /* advance, pixels */
    int ascent;  /* above the baseline, pixels */
    int descent; /* below it, positive */
};

/* The size of one line of UTF-8 `text` at `size` pixels (of the em, 1..1000). Invalid UTF-8 shows as U+FFFD,
 * control characters as spaces, characters that no installed font has as the first font's empty box;
 * right-to-left scripts run as they should. What is behind the first 1024 characters is left out.
 * BSR_ERANGE (size), BSR_EMISSING (no font), BSR_ENOMEM. */
bsr_status typesetter_measure(struct typesetter *typesetter, const char *text, int size,
                              struct text_extent *out, struct bsr_error *err);

/* Draws it with its baseline starting at (x, y). Clipped to the picture. Errors of typesetter_measure(), and
 * BSR_ERANGE for a picture that is not 8-bit BGR. */
bsr_status typesetter_draw(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                           const char *text, int size, struct draw_colour colour, struct bsr_error *err);

/* The same for a colour that is chosen later, by who mixes code values (a display): how much of it to take,
 * 0..255, into a picture of one 8-bit channel; `dark` or light ink, so that both look as typesetter_draw()
 * draws them. Where ink is already, the larger value stays. */
bsr_status typesetter_cover(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                            const char *text, int size, bool dark, struct bsr_error *err);

/* The outer size of a label plate in pixels, hairline and all. */
struct label_plate {
    int width, height;
    int baseline; /* from its top */
};

/* How large the plate of `text` is. At most max_width: longer text is cut, see draw_label(). */
bsr_status label_measure(struct typesetter *typesetter, const char *text, int size, int max_width,
                         struct label_plate *out, struct bsr_error *err);

/* Draws such a plate with its top left corner at (x, y). Clipped to the picture. */
bsr_status draw_label_at(struct typesetter *typesetter, const struct bsr_image *image, int x, int y,
                         const char *text, int size, int max_width, struct draw_colour colour,
                         struct bsr_error *err);

/* A label plate for a box whose top left corner is (x, y): a filled plate in `colour` with text in the
 * readable one of black and white, above the box, or inside it where there is no room above; always whole
 * inside the picture where it fits. `text` is cut with an ellipsis where it is wider than the picture.
 * Nothing is drawn where x or y is NaN. Errors of typesetter_draw(). */
bsr_status draw_label(struct typesetter *typesetter, const struct bsr_image *image, double x, double y,
                      const char *text, int size, struct draw_colour colour, struct bsr_error *err);

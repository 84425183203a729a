/* pipeline/annotate.h: detections drawn on a picture, and two pictures laid beside each other. */
#pragma once

#include "media/draw.h"

#include <stddef.h>

/* A box in pixels of the picture (x2, y2 exclusive) and what is written at it. */
struct annotation {
    double      x1, y1, x2, y2;
    int         class_index; /* chooses the colour */
    const char *text;        /* UTF-8; NULL or empty: no label */
};

/* Pixels; 0 chooses by the picture's size: annotate_line_width(), annotate_text_size(). */
struct annotate_options {
    int line_width;
    int text_size; /* of the em, at most 1000 */
};

/* YOLOv5's annotator: 0.3 % of the mean of the sides, at least 2 (a picture of 640 x 480 has 2, one of
 * 4000 x 3000 has 11). */
int annotate_line_width(int width, int height);

/* 2 % of the mean of the sides, 12 to 400. (YOLOv5 takes 3.5 %, which hides small objects under their
 * labels.) */
int annotate_text_size(int width, int height);

/* Draws `items`, best first, on an 8-bit BGR picture: all frames, then all labels, better ones over worse
 * ones. A label goes above its box, or else inside, beside its upper right corner or below, where it hides
 * no better label; where each place hides something, the place that hides least. Boxes that are empty,
 * outside the picture or NaN are left out. `typesetter` NULL: no labels; `options` NULL: all 0. Errors of
 * draw_label(), BSR_ERANGE (not 8-bit BGR), BSR_ENOMEM; the picture is then untouched unless memory ended
 * while glyphs were drawn. */
bsr_status annotate_detections(const struct bsr_image *image, const struct annotation *items, size_t count,
                               struct typesetter *typesetter, const struct annotate_options *options,
                               struct bsr_error *err);

/* Makes an 8-bit BGR picture of two of one size (any channels and depth; alpha is laid over white), each with
 * a caption (UTF-8; NULL: none): side by side with a thin line between them, or where that would be wider
 * than a picture can be, the left half of `before` and the right half of `after`. `typesetter` NULL: no
 * captions. Release *out with image_free(). BSR_ERANGE (two sizes), BSR_ENOMEM, errors of draw_label(). */
bsr_status annotate_compare(struct bsr_image *out, const struct bsr_image *before, const char *before_caption,
                            const struct bsr_image *after, const char *after_caption,
                            struct typesetter *typesetter, struct bsr_error *err);

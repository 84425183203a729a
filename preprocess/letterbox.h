/* preprocess/letterbox.h: lay a picture into a net's input without distorting it. */
#pragma once

#include "base/image.h"
#include "base/pool.h"

/* Where a picture lands: scaled to fit_width x fit_height pixels, which start at (left, top) of the input. */
struct letterbox_plan {
    int    width, height;         /* the picture */
    int    in_width, in_height;   /* the net's input */
    int    fit_width, fit_height; /* the picture, scaled */
    int    left, top;             /* padding before it; the rest follows from the sizes */
    double gain;                  /* before the rounding of the fit */

    /* What of the picture letterbox_pack() is given: all of it, unless the caller says that it was reduced.
     * The pixels land where those of the whole picture would, and letterbox_unmap() leads back to the whole.
     */
    struct image_reduction from;
};

enum letterbox_mode {
    LETTERBOX_SQUARE, /* the input keeps its size */
    LETTERBOX_RECT,   /* padded only to the next multiple of the largest stride */
};

/* Plans the layout of a width x height picture in an input of size_width x size_height. Rounds as YOLOv5's
 * own letterbox does (utils/augmentations.py, v7), so that boxes agree with models trained there: gain =
 * min(size_width / width, size_height / height) fit = round(side * gain), half to even as Python does, at
 * least 1 rect: what remains is taken modulo `stride` before = round(remains / 2 - 0.1), after =
 * round(remains / 2 + 0.1) BSR_ERANGE when a side is out of 1..65535 or the stride doesn't divide the size;
 * *plan is then untouched. */
bsr_status letterbox_make_plan(struct letterbox_plan *plan, int width, int height, int size_width,
                               int size_height, int stride, enum letterbox_mode mode, struct bsr_error *err);

struct pack_params {
    float   scale[3]; /* per plane of the destination: value * scale + shift */
    float   shift[3];
    uint8_t pad;    /* 0..255, before scale and shift */
    int     to_rgb; /* 1: planes are R, G, B; 0: B, G, R */
};

/* Scales (bilinear, the 11-bit fixed-point arithmetic of OpenCV 4's resize for 8-bit pictures, bit for bit,
 * so that nets see what they saw in training), pads, swaps channels, normalises and writes planes:
 * dst[3][in_height][in_width]. One pass over the picture.
 * `src` is 8-bit BGR of the plan's size, or reduced as it says (else BSR_ERANGE), `dst` the caller's, best
 * 64-byte aligned. `pool` may be NULL; the values depend neither on it nor on the processor. BSR_ENOMEM for
 * the tables and two rows of scratch a thread. */
bsr_status letterbox_pack(float *dst, const struct bsr_image *src, const struct letterbox_plan *plan,
                          const struct pack_params *pack, struct pool *pool, struct bsr_error *err);

/* How many times smaller (1, 2, 4 or 8) the picture may be decoded for this plan: so that each side has at
 * least `spare` (1 or more) times the pixels that it is to be scaled to. */
int letterbox_reduction(const struct letterbox_plan *plan, double spare);

/* A point of the picture on the net's input, as YOLOv5's scale_coords has it: the picture's centre is the
 * input's, on the input = x * gain + (in_width - width * gain) / 2 which is up to half a pixel off `left`,
 * where the rounded pixels start. Models are scored that way. */
void letterbox_map(const struct letterbox_plan *plan, double picture_x, double picture_y, double *x,
                   double *y);

/* The way back, clipped to 0..width, 0..height; what is no number becomes 0. */
void letterbox_unmap(const struct letterbox_plan *plan, double x, double y, double *picture_x,
                     double *picture_y);

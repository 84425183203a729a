/* engine/kernels/lines.h: the innermost loops of what nets do between convolutions (simple.h): along a row of
 * pixels. Maps' channels are taken with their padding unless said otherwise. */
#pragma once

#include "base/cpu.h"
#include "engine/kernels/op.h"

/* ---- pixel by pixel ----------------------------------------------------------------------------- */

enum line_kind {
    LINE_ADD, /* the first six in the order of enum binary_kind */
    LINE_SUB,
    LINE_MUL,
    LINE_DIV,
    LINE_MAX,
    LINE_MIN,
    LINE_SAME,  /* in[0] */
    LINE_SCALE, /* in[0] * in[1] + in[2] */
    LINE_LEAKY, /* in[0] < 0 ? in[1] * in[0] : in[0] */
};

enum { LINE_INPUTS = 3 };

/* out = activation(kind(in ...)); what lies between the last channel and the grain's end becomes zero. */
struct line {
    enum line_kind    kind;
    const float      *in[LINE_INPUTS];
    ptrdiff_t         in_pixel[LINE_INPUTS]; /* 0: the same for all pixels */
    bool              single[LINE_INPUTS];   /* one channel, that counts for all */
    float            *out;
    ptrdiff_t         out_pixel;
    int               pixels, channels;
    struct activation activation;
};

/* ---- windows ------------------------------------------------------------------------------------ */

enum window_kind { WINDOW_MAX, WINDOW_MEAN, WINDOW_KINDS };

/* Each output is the largest of what its window sees, or its sum over `divisor`. Sums are made row by row. */
struct window_line {
    const float *in; /* the first window's first pixel */
    ptrdiff_t    in_pixel;
    int          window[2]; /* y, x */
    ptrdiff_t    window_step[2];
    float       *out;
    ptrdiff_t    out_pixel;
    int          pixels, channels; /* a multiple of MAP_GRAIN */
    float        divisor;
};

/* ---- moving ------------------------------------------------------------------------------------- */

/* Copies each pixel's channels, exactly, to `times` pixels of the output, and `zeros` zeros behind them. */
struct spread_line {
    const float *in;
    ptrdiff_t    in_pixel;
    float       *out;
    ptrdiff_t    out_pixel;
    int          pixels, times, channels, zeros;
};

/* Two values and how much the second one counts. */
struct tap {
    ptrdiff_t at[2]; /* floats from the pixel */
    float     part;
};

/* Each output is what its tap sees. */
struct mix_line {
    const float      *in;
    ptrdiff_t         in_pixel;
    const struct tap *taps;
    int               tap_step; /* 0: all outputs have the same */
    float            *out;
    ptrdiff_t         out_pixel;
    int               pixels, channels; /* a multiple of MAP_GRAIN */
};

/* to[column][row] = from[row][column]; zeros follow up to to[column][fill - 1]. What follows a row of `from`
 * up to column `readable` - 1 may be read. */
struct turn {
    const float *from;
    ptrdiff_t    from_row;
    int          rows, columns, readable;
    float       *to;
    ptrdiff_t    to_row;
    int          fill; /* rows, or a multiple of MAP_GRAIN */
    bool         far;  /* `to` is larger than the caches, and is best written past them */
};

struct line_kernels {
    void (*line)(const struct line *line);
    void (*softmax)(const struct line *line); /* of in[0]; kind and activation do not matter */
    void (*window[WINDOW_KINDS])(const struct window_line *line);
    void (*spread)(const struct spread_line *line);
    void (*mix)(const struct mix_line *line);
    void (*turn)(const struct turn *turn);
    /* even[i] = from[2 i], odd[i] = from[2 i + 1] */
    void (*part)(const float *from, int count, float *even, float *odd);
    void (*weave)(const float *even, const float *odd, int count, float *to); /* the other way */
};

/* The set of a level that the machine has (base/cpu.h). */
const struct line_kernels *line_kernels_at(enum cpu_level level);

extern const struct line_kernels line_kernels_scalar, line_kernels_avx2, line_kernels_avx512;

/* Windows laid out as the columns of a matrix, and back. */
#include "operators/window.h"

#include <string.h>

size_t window_columns(size_t depth, size_t size, size_t columns)
{
    enum { BYTES = 1 << 18, MOST_BYTES = 1 << 26, LEAST = 64 };
    size_t count = BYTES / size / depth / 16 * 16;

    if (count < LEAST)
        count = MOST_BYTES / size / depth < LEAST ? MOST_BYTES / size / depth : LEAST;
    count = count ? count : 1;
    return count < columns ? count : columns;
}

/* The part x..x+count-1 of a row of windows whose tap `k` lies inside the row of the input. */
struct run {
    int64_t first, last; /* windows */
    int64_t at;          /* the element of the row that `first` reads */
};

static struct run run_inside(const struct window *w, int64_t k, int64_t x, int64_t count)
{
    int64_t    start = k * w->dilation[2] - w->before[2], stride = w->stride[2];
    int64_t    rest = w->in[2] - start;
    struct run run = {.first = start < 0 ? (-start - 1) / stride + 1 : 0,
                      .last = rest > 0 ? (rest - 1) / stride + 1 : 0};

    run.first = run.first < x ? x : run.first > x + count ? x + count : run.first;
    run.last = run.last > x + count ? x + count : run.last < run.first ? run.first : run.last;
    run.at = run.first * stride + start;
    return run;
}

/* Goes through the rows of windows first..first+count-1 for one tap: `visit` gets the place in the matrix,
 * that of the input's row (-1: outside) and the windows x..x+length-1. */
struct walk {
    const struct window *window;
    const int64_t       *k;
    size_t               at, left;
    int64_t              row, x, length;
};

static struct walk walk_start(const struct window *w, const int64_t *k, size_t first, size_t count)
{
    return (struct walk){.window = w,
                         .k = k,
                         .left = count,
                         .row = (int64_t)(first / (size_t)w->out[2]),
                         .x = (int64_t)(first % (size_t)w->out[2])};
}

/* The next row: false behind the last. *line is the first element of the input's row, or -1. */
static bool walk_next(struct walk *walk, int64_t *line)
{
    const struct window *w = walk->window;

    if (walk->length) {
        walk->at += (size_t)walk->length;
        walk->left -= (size_t)walk->length;
        walk->x = 0;
        walk->row++;
    }
    if (!walk->left)
        return false;
    walk->length = w->out[2] - walk->x < (int64_t)walk->left ? w->out[2] - walk->x : (int64_t)walk->left;
    int64_t y0 = walk->row / w->out[1] * w->stride[0] + walk->k[0] * w->dilation[0] - w->before[0];
    int64_t y1 = walk->row % w->out[1] * w->stride[1] + walk->k[1] * w->dilation[1] - w->before[1];
    bool    inside = y0 >= 0 && y0 < w->in[0] && y1 >= 0 && y1 < w->in[1];
    *line = inside ? (y0 * w->in[1] + y1) * w->in[2] : -1;
    return true;
}

static void copy_strided(uint8_t *dst, const uint8_t *src, size_t count, size_t stride, size_t size)
{
    if (stride == 1)
        memcpy(dst, src, count * size);
    else if (size == 4)
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)(void *)dst)[i] = ((const uint32_t *)(const void *)src)[i * stride];
    else
        for (size_t i = 0; i < count; i++)
            ((uint64_t *)(void *)dst)[i] = ((const uint64_t *)(const void *)src)[i * stride];
}

static void unfold_row(uint8_t *dst, const struct window *w, const uint8_t *x, const int64_t *k, size_t size,
                       size_t first, size_t count)
{
    struct walk walk = walk_start(w, k, first, count);
    int64_t     line;

    while (walk_next(&walk, &line)) {
        uint8_t *to = dst + walk.at * size;
        if (line < 0) {
            memset(to, 0, (size_t)walk.length * size);
            continue;
        }
        struct run run = run_inside(w, k[2], walk.x, walk.length);
        size_t     before = (size_t)(run.first - walk.x), inside = (size_t)(run.last - run.first);
        memset(to, 0, before * size);
        if (inside)
            copy_strided(to + before * size, x + (size_t)(line + run.at) * size, inside, (size_t)w->stride[2],
                         size);
        memset(to + (before + inside) * size, 0, ((size_t)walk.length - before - inside) * size);
    }
}

void window_unfold(void *dst, const struct window *window, const void *x, size_t channels, size_t size,
                   size_t first, size_t count)
{
    uint8_t *row = dst;
    int64_t  k[WINDOW_AXES];

    for (size_t c = 0; c < channels; c++) {
        const uint8_t *plane = (const uint8_t *)x + c * window_in_count(window) * size;
        for (k[0] = 0; k[0] < window->kernel[0]; k[0]++)
            for (k[1] = 0; k[1] < window->kernel[1]; k[1]++)
                for (k[2] = 0; k[2] < window->kernel[2]; k[2]++, row += count * size)
                    unfold_row(row, window, plane, k, size, first, count);
    }
}

/* NOLINTBEGIN(bugprone-macro-parentheses): types stand without them */
#define FOLD(name, real)                                                                                     \
    static void name(real *x, const struct window *w, const real *src, const int64_t *k, size_t first,       \
                     size_t count)                                                                           \
    {                                                                                                        \
        struct walk walk = walk_start(w, k, first, count);                                                   \
        int64_t     line;                                                                                    \
        while (walk_next(&walk, &line)) {                                                                    \
            if (line < 0)                                                                                    \
                continue;                                                                                    \
            struct run  run = run_inside(w, k[2], walk.x, walk.length);                                      \
            const real *from = src + walk.at + (run.first - walk.x);                                         \
            for (int64_t i = 0; i < run.last - run.first; i++)                                               \
                x[line + run.at + i * w->stride[2]] += from[i];                                              \
        }                                                                                                    \
    }
FOLD(fold_f32, float)
FOLD(fold_f64, double)
/* NOLINTEND(bugprone-macro-parentheses) */

void window_fold(void *x, const struct window *window, const void *src, size_t channels, int type,
                 size_t first, size_t count)
{
    size_t  plane = window_in_count(window), row = 0;
    int64_t k[WINDOW_AXES];

    for (size_t c = 0; c < channels; c++)
        for (k[0] = 0; k[0] < window->kernel[0]; k[0]++)
            for (k[1] = 0; k[1] < window->kernel[1]; k[1]++)
                for (k[2] = 0; k[2] < window->kernel[2]; k[2]++, row++) {
                    if (type == BSR_F32)
                        fold_f32((float *)x + c * plane, window, (const float *)src + row * count, k, first,
                                 count);
                    else
                        fold_f64((double *)x + c * plane, window, (const double *)src + row * count, k, first,
                                 count);
                }
}

#include "preprocess/imresize.h"

#include "base/alloc.h"
#include "base/image.h"

#include <math.h>

enum { MOST_TIMES = 64 };

/* What an output pixel of one axis is made of: taps[out][count] indices and their weights. */
struct axis {
    int     out, count;
    int    *taps;
    double *weights;
};

int imresize_side(int side, double scale)
{
    const double rounding = 1e-9; /* 255 * (1.0 / 3) is a hair over 85 */
    return (int)ceil(side * scale - rounding);
}

static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0;
}

/* ... 2 1 0 | 0 1 2 ... size-1 | size-1 ... */
static int mirror(int at, int size)
{
    int turn = at % (2 * size);
    if (turn < 0)
        turn += 2 * size;
    return turn < size ? turn : 2 * size - 1 - turn;
}

static void fill_axis(struct axis *axis, int side, double scale)
{
    double stretch = fmin(scale, 1);
    for (int o = 0; o < axis->out; o++) {
        double  centre = (o + 0.5) / scale - 0.5, sum = 0;
        int     first = (int)floor(centre - 2 / stretch);
        int    *taps = axis->taps + (size_t)o * (size_t)axis->count;
        double *weights = axis->weights + (size_t)o * (size_t)axis->count;
        for (int i = 0; i < axis->count; i++) {
            taps[i] = mirror(first + i, side);
            weights[i] = cubic((centre - (first + i)) * stretch);
            sum += weights[i];
        }
        for (int i = 0; i < axis->count; i++)
            weights[i] /= sum;
    }
}

static bsr_status axis_make(struct axis *axis, int side, double scale, struct bsr_error *err)
{
    axis->out = imresize_side(side, scale);
    axis->count = (int)ceil(4 / fmin(scale, 1)) + 2;
    axis->taps = mem_alloc_zeroed((size_t)axis->out * (size_t)axis->count, sizeof *axis->taps);
    axis->weights = mem_alloc_zeroed((size_t)axis->out * (size_t)axis->count, sizeof *axis->weights);
    if (!axis->taps || !axis->weights)
        return bsr_fail_memory(err, "imresize", (size_t)axis->out * (size_t)axis->count * sizeof(double));
    fill_axis(axis, side, scale);
    return BSR_OK;
}

static void axis_free(struct axis *axis)
{
    mem_free(axis->taps);
    mem_free(axis->weights);
}

/* lines[out][across] from rows[side][across]. */
static void resize_rows(const struct axis *axis, double *lines, const float *rows, size_t across)
{
    for (int o = 0; o < axis->out; o++, lines += across) {
        for (size_t x = 0; x < across; x++)
            lines[x] = 0;
        for (int i = 0; i < axis->count; i++) {
            size_t       at = (size_t)o * (size_t)axis->count + (size_t)i;
            double       weight = axis->weights[at];
            const float *row = rows + (size_t)axis->taps[at] * across;
            for (size_t x = 0; weight != 0 && x < across; x++)
                lines[x] += weight * (double)row[x];
        }
    }
}

/* dst[out] from one line. */
static void resize_line(const struct axis *axis, float *dst, const double *line)
{
    for (int o = 0; o < axis->out; o++) {
        double sum = 0;
        size_t at = (size_t)o * (size_t)axis->count;
        for (int i = 0; i < axis->count; i++, at++)
            sum += axis->weights[at] * line[axis->taps[at]];
        dst[o] = (float)sum;
    }
}

bsr_status imresize(float *dst, const float *src, int width, int height, double scale, struct bsr_error *err)
{
    struct axis rows = {0}, columns = {0};
    double     *lines = NULL;

    if (!(scale >= 1.0 / MOST_TIMES && scale <= MOST_TIMES) || width < 1 || height < 1 ||
        width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return bsr_fail(err, BSR_ERANGE, "imresize", "%d x %d pixels can't be resized %g times", width,
                        height, scale);
    bsr_status status = axis_make(&rows, height, scale, err);
    if (status == BSR_OK)
        status = axis_make(&columns, width, scale, err);
    if (status == BSR_OK) {
        lines = mem_alloc_aligned((size_t)rows.out * (size_t)width, sizeof *lines);
        if (!lines)
            status = bsr_fail_memory(err, "imresize", (size_t)rows.out * (size_t)width * sizeof *lines);
    }
    if (status == BSR_OK) {
        resize_rows(&rows, lines, src, (size_t)width);
        for (int y = 0; y < rows.out; y++)
            resize_line(&columns, dst + (size_t)y * (size_t)columns.out, lines + (size_t)y * (size_t)width);
    }
    mem_free(lines);
    axis_free(&rows);
    axis_free(&columns);
    return status;
}

#include "postprocess/picture_quality.h"

#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double peak = 255;

/* A picture or its luma. */
struct surface {
    const struct bsr_image *image; /* NULL: luma it is */
    const uint8_t          *levels;
    int                     width, height;
};

static struct surface of_image(const struct bsr_image *image)
{
    return (struct surface){.image = image, .width = image->width, .height = image->height};
}

static struct surface of_plane(const struct luma_plane *plane)
{
    return (struct surface){.levels = plane->levels, .width = plane->width, .height = plane->height};
}

static bsr_status check_format(const struct bsr_image *image, struct bsr_error *err)
{
    bool known = image->channels >= 1 && image->channels <= 4 && (image->depth == 8 || image->depth == 16);
    return known ? BSR_OK
                 : bsr_fail(err, BSR_ERANGE, "picture", "%d channels of %d bits can't be compared",
                            image->channels, image->depth);
}

static bsr_status check_pair(const struct surface *a, const struct surface *b, int border, int least,
                             struct bsr_error *err)
{
    bsr_status status = a->image ? check_format(a->image, err) : BSR_OK;
    if (status == BSR_OK && b->image)
        status = check_format(b->image, err);
    if (status != BSR_OK)
        return status;
    if (a->width != b->width || a->height != b->height)
        return bsr_fail(err, BSR_ERANGE, "picture", "%d x %d pixels can't be compared with %d x %d", a->width,
                        a->height, b->width, b->height);
    if (border < 0 || border > IMAGE_MAX_SIDE || a->width - 2 * border < least ||
        a->height - 2 * border < least)
        return bsr_fail(err, BSR_ERANGE, "picture",
                        "a border of %d leaves less than %d x %d of %d x %d pixels", border, least, least,
                        a->width, a->height);
    return BSR_OK;
}

/* One channel of one pixel, 0..255. */
static double sample(const struct bsr_image *image, const uint8_t *row, size_t index)
{
    uint16_t value = 0;
    if (image->depth == 8)
        return row[index];
    memcpy(&value, row + index * sizeof(value), sizeof(value)); /* rows may lie anywhere */
    return value / 257.0;
}

/* The luma of pixels first .. first + count - 1 of row y. */
static void read_image(double *luma, const struct bsr_image *image, int y, int first, int count)
{
    const uint8_t *row = image_row(image, y);
    const size_t   channels = (size_t)image->channels;

    for (int i = 0; i < count; i++) {
        size_t at = (size_t)(first + i) * channels;
        double blue = sample(image, row, at);
        double green = channels >= 3 ? sample(image, row, at + 1) : blue;
        double red = channels >= 3 ? sample(image, row, at + 2) : blue;
        luma[i] = 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255;
    }
}

static void read_luma(double *luma, const struct surface *surface, int y, int first, int count)
{
    if (surface->image) {
        read_image(luma, surface->image, y, first, count);
        return;
    }
    const uint8_t *row = surface->levels + (size_t)y * (size_t)surface->width + first;
    for (int i = 0; i < count; i++)
        luma[i] = row[i];
}

static bsr_status psnr_of(double *psnr, const struct surface *a, const struct surface *b, int border,
                          struct bsr_error *err)
{
    bsr_status status = check_pair(a, b, border, 1, err);
    if (status)
        return status;

    const int width = a->width - 2 * border, height = a->height - 2 * border;
    double   *rows = mem_alloc_aligned((size_t)width, 2 * sizeof(*rows));
    double    sum = 0;
    if (!rows)
        return bsr_fail_memory(err, "psnr", (size_t)width * 2 * sizeof(*rows));
    for (int y = border; y < border + height; y++) {
        read_luma(rows, a, y, border, width);
        read_luma(rows + width, b, y, border, width);
        for (int x = 0; x < width; x++)
            sum += (rows[x] - rows[width + x]) * (rows[x] - rows[width + x]);
    }
    mem_free(rows);
    *psnr = 10 * log10(peak * peak / (sum / ((double)width * height)));
    return BSR_OK;
}

/* What a window sums up of the two pictures: means, squares, product. */
enum { OF_A, OF_B, OF_AA, OF_BB, OF_AB, MOMENTS };

struct ssim_state {
    double  weights[SSIM_WINDOW];
    int     width, windows; /* pixels, and windows, a row */
    double *luma;           /* [2][width] */
    double *rings;          /* [SSIM_WINDOW][MOMENTS][windows]: rows that are summed along x */
};

static void make_weights(double weights[SSIM_WINDOW])
{
    const double sigma = 1.5;
    const int    centre = SSIM_WINDOW / 2;
    double       sum = 0;
    for (int i = 0; i < SSIM_WINDOW; i++) {
        double from_centre = i - centre;
        weights[i] = exp(-from_centre * from_centre / (2 * sigma * sigma));
        sum += weights[i];
    }
    for (int i = 0; i < SSIM_WINDOW; i++)
        weights[i] /= sum;
}

/* Sums one row along x into its place of the ring, moments[MOMENTS][windows]. */
static void sum_along_x(const struct ssim_state *state, double *moments)
{
    const double *a = state->luma, *b = state->luma + state->width;
    for (int x = 0; x < state->windows; x++) {
        double sum[MOMENTS] = {0};
        for (int i = 0; i < SSIM_WINDOW; i++) {
            double weight = state->weights[i], at_a = a[x + i], at_b = b[x + i];
            sum[OF_A] += weight * at_a;
            sum[OF_B] += weight * at_b;
            sum[OF_AA] += weight * at_a * at_a;
            sum[OF_BB] += weight * at_b * at_b;
            sum[OF_AB] += weight * at_a * at_b;
        }
        for (int k = 0; k < MOMENTS; k++)
            moments[k * state->windows + x] = sum[k];
    }
}

/* Equation 13 of the paper. */
static double similarity(const double sum[MOMENTS])
{
    const double c1 = (0.01 * peak) * (0.01 * peak), c2 = (0.03 * peak) * (0.03 * peak);
    double       a = sum[OF_A], b = sum[OF_B];
    double       variances = sum[OF_AA] - a * a + (sum[OF_BB] - b * b), covariance = sum[OF_AB] - a * b;
    return (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (variances + c2));
}

/* The similarities of the windows whose last row is `last`, summed. */
static double sum_windows(const struct ssim_state *state, int last)
{
    const size_t ring_size = (size_t)MOMENTS * (size_t)state->windows;
    double       total = 0;
    for (int x = 0; x < state->windows; x++) {
        double sum[MOMENTS] = {0};
        for (int i = 0; i < SSIM_WINDOW; i++) {
            const double *row = state->rings + (size_t)((last + 1 + i) % SSIM_WINDOW) * ring_size + (size_t)x;
            for (int k = 0; k < MOMENTS; k++)
                sum[k] += state->weights[i] * row[(size_t)k * (size_t)state->windows];
        }
        total += similarity(sum);
    }
    return total;
}

static bsr_status ssim_of(double *ssim, const struct surface *a, const struct surface *b, int border,
                          struct bsr_error *err)
{
    bsr_status status = check_pair(a, b, border, SSIM_WINDOW, err);
    if (status)
        return status;

    const int         width = a->width - 2 * border, height = a->height - 2 * border;
    struct ssim_state state = {.width = width, .windows = width - SSIM_WINDOW + 1};
    const size_t      luma_size = 2 * (size_t)width, ring_size = (size_t)MOMENTS * (size_t)state.windows;
    const size_t      numbers = luma_size + SSIM_WINDOW * ring_size;
    double            total = 0;

    state.luma = mem_alloc_aligned(numbers, sizeof(double));
    if (!state.luma)
        return bsr_fail_memory(err, "ssim", numbers * sizeof(double));
    state.rings = state.luma + luma_size;
    make_weights(state.weights);
    for (int y = 0; y < height; y++) {
        read_luma(state.luma, a, y + border, border, width);
        read_luma(state.luma + width, b, y + border, border, width);
        sum_along_x(&state, state.rings + (size_t)(y % SSIM_WINDOW) * ring_size);
        if (y >= SSIM_WINDOW - 1)
            total += sum_windows(&state, y);
    }
    mem_free(state.luma);
    *ssim = total / ((double)state.windows * (height - SSIM_WINDOW + 1));
    return BSR_OK;
}

bsr_status picture_psnr(double *psnr, const struct bsr_image *a, const struct bsr_image *b, int border,
                        struct bsr_error *err)
{
    const struct surface one = of_image(a), other = of_image(b);
    return psnr_of(psnr, &one, &other, border, err);
}

bsr_status picture_ssim(double *ssim, const struct bsr_image *a, const struct bsr_image *b, int border,
                        struct bsr_error *err)
{
    const struct surface one = of_image(a), other = of_image(b);
    return ssim_of(ssim, &one, &other, border, err);
}

bsr_status luma_psnr(double *psnr, const struct luma_plane *a, const struct luma_plane *b, int border,
                     struct bsr_error *err)
{
    const struct surface one = of_plane(a), other = of_plane(b);
    return psnr_of(psnr, &one, &other, border, err);
}

bsr_status luma_ssim(double *ssim, const struct luma_plane *a, const struct luma_plane *b, int border,
                     struct bsr_error *err)
{
    const struct surface one = of_plane(a), other = of_plane(b);
    return ssim_of(ssim, &one, &other, border, err);
}

bsr_status luma_levels(uint8_t *levels, const struct bsr_image *image, struct bsr_error *err)
{
    bsr_status status = check_format(image, err);
    if (status != BSR_OK)
        return status;
    double *row = mem_alloc_aligned((size_t)image->width, sizeof(*row));
    if (!row)
        return bsr_fail_memory(err, "luma", (size_t)image->width * sizeof(*row));
    for (int y = 0; y < image->height; y++, levels += image->width) {
        read_image(row, image, y, 0, image->width);
        for (int x = 0; x < image->width; x++)
            levels[x] = (uint8_t)floor(row[x] + 0.5); /* 16..235 */
    }
    mem_free(row);
    return BSR_OK;
}

/* The specification of planes.h's arithmetic. */
#include "preprocess/planes_kernels.h"

static float split_value(const struct planes_row *row, int x, int c)
{
    size_t at = (size_t)x * (size_t)row->channels + (size_t)c;

    if (row->depth == 8)
        return (float)((const uint8_t *)row->pixels)[at];
    return (float)((const uint16_t *)row->pixels)[at] / 257.0F;
}

void planes_split_rest(const struct planes_row *row, int first)
{
    bool has_alpha = planes_row_has_alpha(row);
    int  colours = has_alpha ? row->channels - 1 : row->channels;

    for (int x = first; x < row->width; x++) {
        float share = 1;
        if (has_alpha) {
            float alpha = split_value(row, x, colours);
            row->plane[colours][x] = alpha;
            share = alpha / 255.0F;
        }
        for (int c = 0; c < colours; c++)
            row->plane[c][x] = split_value(row, x, c) * share;
    }
}

static float clip(float value)
{
    float above = value > 0 ? value : 0; /* also what is no number */
    return above < 255 ? above : 255;
}

/* 0..255 to 0..255 or 0..65535, half up. Adding 0.5 first would round 0.49999997 up. */
static int round_level(float value, int depth)
{
    float scaled = depth == 8 ? value : value * 257.0F;
    int   below = (int)scaled;

    return scaled - (float)below >= 0.5F ? below + 1 : below;
}

static void join_value(const struct planes_row *row, int x, int c, int level)
{
    size_t at = (size_t)x * (size_t)row->channels + (size_t)c;

    if (row->depth == 8)
        ((uint8_t *)row->pixels)[at] = (uint8_t)level;
    else
        ((uint16_t *)row->pixels)[at] = (uint16_t)level;
}

void planes_join_rest(const struct planes_row *row, int first)
{
    bool has_alpha = planes_row_has_alpha(row);
    int  colours = has_alpha ? row->channels - 1 : row->channels;

    for (int x = first; x < row->width; x++) {
        float share = 1;
        bool  visible = true;
        if (has_alpha) {
            float alpha = clip(row->plane[colours][x]);
            int   level = round_level(alpha, row->depth);
            join_value(row, x, colours, level);
            share = alpha / 255.0F;
            visible = level > 0;
        }
        for (int c = 0; c < colours; c++)
            join_value(row, x, c, visible ? round_level(clip(row->plane[c][x] / share), row->depth) : 0);
    }
}

void planes_to_ycc_rest(float *const ycc[3], const float *const bgr[3], size_t first, size_t count)
{
    for (size_t i = first; i < count; i++) {
        float b = bgr[0][i];
        float g = bgr[1][i];
        float r = bgr[2][i];
        float y = PLANES_LUMA_R * r + PLANES_LUMA_G * g + PLANES_LUMA_B * b;
        ycc[0][i] = y;
        ycc[1][i] = (b - y) / PLANES_SPAN_B;
        ycc[2][i] = (r - y) / PLANES_SPAN_R;
    }
}

void planes_to_bgr_rest(float *const bgr[3], const float *const ycc[3], size_t first, size_t count)
{
    for (size_t i = first; i < count; i++) {
        float y = ycc[0][i];
        float b = y + PLANES_SPAN_B * ycc[1][i];
        float r = y + PLANES_SPAN_R * ycc[2][i];
        bgr[0][i] = b;
        bgr[1][i] = (y - PLANES_LUMA_R * r - PLANES_LUMA_B * b) / PLANES_LUMA_G;
        bgr[2][i] = r;
    }
}

static void split_row_scalar(const struct planes_row *row)
{
    planes_split_rest(row, 0);
}

static void join_row_scalar(const struct planes_row *row)
{
    planes_join_rest(row, 0);
}

static void to_ycc_scalar(float *const ycc[3], const float *const bgr[3], size_t count)
{
    planes_to_ycc_rest(ycc, bgr, 0, count);
}

static void to_bgr_scalar(float *const bgr[3], const float *const ycc[3], size_t count)
{
    planes_to_bgr_rest(bgr, ycc, 0, count);
}

void planes_kernels_init(struct planes_kernels *kernels, enum cpu_level level)
{
    *kernels = (struct planes_kernels){
        .split_row = split_row_scalar,
        .join_row = join_row_scalar,
        .to_ycc = to_ycc_scalar,
        .to_bgr = to_bgr_scalar,
    };
#if defined(__x86_64__)
    if (level >= CPU_AVX512)
        planes_kernels_init_avx512(kernels);
    else if (level >= CPU_AVX2)
        planes_kernels_init_avx2(kernels);
#else
    (void)level;
#endif
}

/* The specification of letterbox_pack()'s arithmetic: what OpenCV 4 does for INTER_LINEAR on 8-bit pictures.
 */
#include "preprocess/letterbox_kernels.h"

void letterbox_filter_rest(int16_t *dst, size_t stride, const uint8_t *src, const struct letterbox_taps *taps,
                           int first)
{
    for (int x = first; x < taps->count; x++) {
        const uint8_t *left = src + taps->offset[x];
        const uint8_t *right = left + 3;
        const int16_t *weight = taps->weight[x];
        for (size_t c = 0; c < 3; c++)
            dst[c * stride + (size_t)x] = (int16_t)((left[c] * weight[0] + right[c] * weight[1]) >> 4);
    }
}

void letterbox_blend_rest(const struct letterbox_row *row, int first)
{
    for (size_t c = 0; c < 3; c++) {
        const int16_t *upper = row->upper + c * row->stride;
        const int16_t *lower = row->lower + c * row->stride;
        float         *plane = row->plane[c];
        for (int x = first; x < row->count; x++) {
            int level =
                ((upper[x] * row->upper_weight >> 16) + (lower[x] * row->lower_weight >> 16) + 2) >> 2;
            plane[x] = (float)level * row->scale[c] + row->shift[c];
        }
    }
}

static void filter_row_scalar(int16_t *dst, size_t stride, const uint8_t *src,
                              const struct letterbox_taps *taps, int wide)
{
    (void)wide;
    letterbox_filter_rest(dst, stride, src, taps, 0);
}

static void blend_row_scalar(const struct letterbox_row *row)
{
    letterbox_blend_rest(row, 0);
}

void letterbox_kernels_init(struct letterbox_kernels *kernels, enum cpu_level level)
{
    *kernels = (struct letterbox_kernels){.filter_row = filter_row_scalar, .blend_row = blend_row_scalar};
#if defined(__x86_64__)
    if (level >= CPU_AVX512)
        letterbox_kernels_init_avx512(kernels);
    else if (level >= CPU_AVX2)
        letterbox_kernels_init_avx2(kernels);
#else
    (void)level;
#endif
}

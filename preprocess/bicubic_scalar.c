/* The specification of bicubic_enlarge()'s sums. */
#include "preprocess/bicubic_kernels.h"

void bicubic_filter_part(float *dst, const float *src, const struct bicubic_taps *taps, int first, int last)
{
    for (int x = first; x < last; x++) {
        const float *near = src + taps->first[x];
        dst[x] = near[0] * taps->weight[0][x] + near[1] * taps->weight[1][x] + near[2] * taps->weight[2][x] +
                 near[3] * taps->weight[3][x];
    }
}

void bicubic_blend_part(float *dst, const float *const row[BICUBIC_TAPS], const float weight[BICUBIC_TAPS],
                        int first, int last)
{
    for (int x = first; x < last; x++)
        dst[x] =
            row[0][x] * weight[0] + row[1][x] * weight[1] + row[2][x] * weight[2] + row[3][x] * weight[3];
}

static void filter_row_scalar(float *dst, const float *src, const struct bicubic_taps *taps)
{
    bicubic_filter_part(dst, src, taps, 0, taps->count);
}

static void blend_row_scalar(float *dst, const float *const row[BICUBIC_TAPS],
                             const float weight[BICUBIC_TAPS], int count)
{
    bicubic_blend_part(dst, row, weight, 0, count);
}

void bicubic_kernels_init(struct bicubic_kernels *kernels, enum cpu_level level)
{
    *kernels = (struct bicubic_kernels){.filter_row = filter_row_scalar, .blend_row = blend_row_scalar};
#if defined(__x86_64__)
    if (level >= CPU_AVX512)
        bicubic_kernels_init_avx512(kernels);
    else if (level >= CPU_AVX2)
        bicubic_kernels_init_avx2(kernels);
#else
    (void)level;
#endif
}

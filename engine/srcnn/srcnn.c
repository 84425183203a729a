#include "engine/srcnn/srcnn.h"

#include "base/alloc.h"
#include "engine/srcnn/packed.h"

#include <stdbool.h>
#include <string.h>

enum { FIRST = 9, LAST = 5, SUB = 3, SUBS = FIRST / SUB, SQUARE = SRCNN_POINTS * SRCNN_POINTS };

/* G of F(n, taps) at the points of kernels_body.h (Lavin and Gray 2015, by Toom and Cook): row p holds the
 * powers of point p over the product of its distances to the others. */
static void fill_transform(double *g, int taps)
{
    static const double points[SRCNN_POINTS - 1] = {0, 1, -1, 2, -2, 0.5, -0.5};

    for (int p = 0; p < SRCNN_POINTS - 1; p++) {
        double distances = 1, power = 1;
        for (int q = 0; q < SRCNN_POINTS - 1; q++)
            distances *= q == p ? 1 : points[p] - points[q];
        for (int k = 0; k < taps; k++, power *= points[p])
            g[p * taps + k] = power / distances;
    }
    for (int k = 0; k < taps; k++)
        g[(SRCNN_POINTS - 1) * taps + k] = k == taps - 1;
}

/* One 3x3 at all points. */
static void transform_square(double out[SQUARE], const double *g, const float *kernel)
{
    double down[SRCNN_POINTS][SUB];

    for (int i = 0; i < SRCNN_POINTS; i++)
        for (int x = 0; x < SUB; x++) {
            down[i][x] = 0;
            for (int y = 0; y < SUB; y++)
                down[i][x] += g[i * SUB + y] * (double)kernel[y * FIRST + x];
        }
    for (int i = 0; i < SRCNN_POINTS; i++)
        for (int j = 0; j < SRCNN_POINTS; j++) {
            double sum = 0;
            for (int x = 0; x < SUB; x++)
                sum += g[j * SUB + x] * down[i][x];
            out[i * SRCNN_POINTS + j] = sum;
        }
}

static void pack_first(struct srcnn_packed *packed, const struct srcnn_weights *weights)
{
    double g[SRCNN_POINTS * SUB], at[SQUARE];
    int    sums = SUBS * SUBS * packed->channels;

    fill_transform(g, SUB);
    for (int map = 0; map < packed->maps; map++)
        for (int k = 0; k < sums; k++) {
            int channel = k / (SUBS * SUBS), down = k / SUBS % SUBS, across = k % SUBS;
            transform_square(at, g,
                             weights->first + (ptrdiff_t)(map * packed->channels + channel) * FIRST * FIRST +
                                 down * SUB * FIRST + across * SUB);
            for (int p = 0; p < SQUARE; p++)
                packed->first[((ptrdiff_t)(p * packed->groups + map / packed->group) * sums + k) *
                                  packed->group +
                              map % packed->group] = (float)at[p];
        }
}

static void pack_second(struct srcnn_packed *packed, const struct srcnn_weights *weights)
{
    for (int o = 0; o < weights->middle; o++)
        for (int k = 0; k < packed->maps; k++)
            packed->second[((ptrdiff_t)(o / SRCNN_QUAD) * packed->maps + k) * SRCNN_QUAD + o % SRCNN_QUAD] =
                weights->second[(ptrdiff_t)o * packed->maps + k];
}

static void pack_third(struct srcnn_packed *packed, const struct srcnn_weights *weights)
{
    double g[SRCNN_POINTS * LAST];

    fill_transform(g, LAST);
    for (int p = 0; p < SRCNN_POINTS; p++)
        for (int c = 0; c < weights->middle; c++)
            for (int x = 0; x < LAST; x++)
                for (int o = 0; o < packed->channels; o++) {
                    double sum = 0;
                    for (int y = 0; y < LAST; y++)
                        sum +=
                            g[p * LAST + y] *
                            (double)
                                weights->third[(((ptrdiff_t)o * weights->middle + c) * LAST + y) * LAST + x];
                    packed->third[(((ptrdiff_t)p * packed->middle + c) * LAST + x) * packed->channels + o] =
                        (float)sum;
                }
}

static bool alloc_packed(struct srcnn_packed *packed)
{
    size_t first = (size_t)SQUARE * (size_t)packed->groups * (size_t)packed->group * SUBS * SUBS *
                   (size_t)packed->channels;
    size_t second = (size_t)packed->middle * (size_t)packed->maps;
    size_t third = (size_t)SRCNN_POINTS * LAST * (size_t)packed->middle * (size_t)packed->channels;

    packed->first = mem_alloc_zeroed(first, sizeof(float));
    packed->first_bias = mem_alloc_zeroed((size_t)packed->groups * (size_t)packed->group, sizeof(float));
    packed->second = mem_alloc_zeroed(second, sizeof(float));
    packed->second_bias = mem_alloc_zeroed((size_t)packed->middle, sizeof(float));
    packed->third = mem_alloc_zeroed(third, sizeof(float));
    packed->third_bias = mem_alloc_zeroed(3, sizeof(float));
    return packed->first && packed->first_bias && packed->second && packed->second_bias && packed->third &&
           packed->third_bias;
}

static void copy_bias(float *to, const float *from, int count)
{
    if (from)
        memcpy(to, from, (size_t)count * sizeof *to);
}

static const struct srcnn_kernels *kernels_at(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level >= CPU_AVX512)
        return &srcnn_kernels_avx512;
    if (level >= CPU_AVX2)
        return &srcnn_kernels_avx2;
#endif
    (void)level;
    return &srcnn_kernels_scalar;
}

bsr_status srcnn_make_at(struct srcnn **out, enum cpu_level level, const struct srcnn_weights *weights,
                         struct bsr_error *err)
{
    if ((weights->channels != 1 && weights->channels != 3) || weights->maps < 1 || weights->middle < 1 ||
        weights->maps > SRCNN_MAX_MAPS || weights->middle > SRCNN_MAX_MAPS)
        return bsr_fail(err, BSR_ERANGE, NULL, "an SRCNN of %d channels, %d and %d maps", weights->channels,
                        weights->maps, weights->middle);

    struct srcnn *srcnn = mem_alloc_zeroed(1, sizeof *srcnn);
    if (!srcnn)
        return bsr_fail_memory(err, NULL, sizeof *srcnn);
    srcnn->kernels = kernels_at(level);
    srcnn->middle = weights->middle;

    struct srcnn_packed *packed = &srcnn->packed;
    packed->channels = weights->channels;
    packed->maps = weights->maps;
    packed->middle = (weights->middle + SRCNN_QUAD - 1) / SRCNN_QUAD * SRCNN_QUAD;
    packed->group = srcnn->kernels->group;
    packed->groups = (weights->maps + packed->group - 1) / packed->group;
    if (!alloc_packed(packed)) {
        srcnn_free(srcnn);
        return bsr_fail_memory(err, NULL, (size_t)weights->maps * SQUARE * 27 * sizeof(float));
    }
    pack_first(packed, weights);
    pack_second(packed, weights);
    pack_third(packed, weights);
    copy_bias(packed->first_bias, weights->first_bias, weights->maps);
    copy_bias(packed->second_bias, weights->second_bias, weights->middle);
    copy_bias(packed->third_bias, weights->third_bias, weights->channels);
    *out = srcnn;
    return BSR_OK;
}

bsr_status srcnn_make(struct srcnn **out, const struct srcnn_weights *weights, struct bsr_error *err)
{
    return srcnn_make_at(out, cpu_level(), weights, err);
}

void srcnn_free(struct srcnn *srcnn)
{
    if (!srcnn)
        return;
    mem_free(srcnn->packed.first);
    mem_free(srcnn->packed.first_bias);
    mem_free(srcnn->packed.second);
    mem_free(srcnn->packed.second_bias);
    mem_free(srcnn->packed.third);
    mem_free(srcnn->packed.third_bias);
    mem_free(srcnn);
}

int srcnn_channels(const struct srcnn *srcnn)
{
    return srcnn->packed.channels;
}

double srcnn_macs(const struct srcnn *srcnn, int width, int height)
{
    const struct srcnn_packed *packed = &srcnn->packed;
    double pixel = (double)packed->maps * (FIRST * FIRST * packed->channels + srcnn->middle) +
                   (double)LAST * LAST * srcnn->middle * packed->channels;
    return pixel * width * height;
}

#include "operators/fft.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

/* A length that is a power of two is transformed as it is (Cooley and Tukey 1965). Another one is a
 * convolution with a chirp, w[n] = exp(-+ pi i n^2 / length), by transforms of a power of two (Bluestein
 * 1970): X[k] = w[k] * sum over n of (x[n] w[n]) conj(w[k - n]). */
struct fft {
    size_t                 length, size; /* size: the power of two */
    bool                   inverse;
    struct complex_number *roots;  /* [size / 2]: exp(-2 pi i n / size) */
    struct complex_number *chirp;  /* [length], or NULL where length is size */
    struct complex_number *filter; /* [size]: the transform of conj(w) */
    struct complex_number *line;   /* [size] */
};

static struct complex_number times(struct complex_number a, struct complex_number b)
{
    return (struct complex_number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static struct complex_number conjugate(struct complex_number a)
{
    return (struct complex_number){a.re, -a.im};
}

/* exp(-2 pi i n / length). */
static struct complex_number root_of_one(size_t n, size_t length)
{
    double angle = -2 * 3.14159265358979323846 * (double)n / (double)length;
    return (struct complex_number){cos(angle), sin(angle)};
}

/* Puts each number where its index with the bits reversed says. */
static void reverse_bits(struct complex_number *line, size_t size)
{
    for (size_t i = 1, j = 0; i < size; i++) {
        size_t bit = size >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j |= bit;
        if (i < j) {
            struct complex_number swap = line[i];
            line[i] = line[j];
            line[j] = swap;
        }
    }
}

static void transform(const struct fft *fft, struct complex_number *line)
{
    reverse_bits(line, fft->size);
    for (size_t half = 1; half < fft->size; half *= 2)
        for (size_t start = 0; start < fft->size; start += 2 * half)
            for (size_t i = 0; i < half; i++) {
                struct complex_number *a = &line[start + i], *b = &line[start + i + half];
                struct complex_number  turned = times(*b, fft->roots[i * (fft->size / (2 * half))]);
                *b = (struct complex_number){a->re - turned.re, a->im - turned.im};
                *a = (struct complex_number){a->re + turned.re, a->im + turned.im};
            }
}

static void make_chirp(struct fft *fft)
{
    memset(fft->filter, 0, fft->size * sizeof *fft->filter);
    for (size_t n = 0; n < fft->length; n++) {
        fft->chirp[n] = root_of_one((size_t)((uint64_t)n * n % (2 * fft->length)), 2 * fft->length);
        fft->filter[n] = conjugate(fft->chirp[n]);
        if (n)
            fft->filter[fft->size - n] = fft->filter[n];
    }
    transform(fft, fft->filter);
}

bsr_status fft_open(struct fft **out, size_t length, bool inverse, struct bsr_error *err)
{
    size_t size = 1;
    bool   power;

    if (!length || length > FFT_MAX_LENGTH)
        return bsr_fail(err, BSR_EMODEL, NULL, "a Fourier transform of %zu numbers is impossible", length);
    power = (length & (length - 1)) == 0;
    while (size < (power ? length : 2 * length - 1))
        size *= 2;
    struct fft *fft = mem_alloc_zeroed(1, sizeof *fft);
    if (!fft)
        return bsr_fail_memory(err, NULL, sizeof *fft);
    *fft = (struct fft){.length = length, .size = size, .inverse = inverse};
    fft->roots = mem_alloc_aligned(size / 2 + 1, sizeof *fft->roots);
    if (!power) {
        fft->chirp = mem_alloc_aligned(length, sizeof *fft->chirp);
        fft->filter = mem_alloc_aligned(size, sizeof *fft->filter);
        fft->line = mem_alloc_aligned(size, sizeof *fft->line);
    }
    if (!fft->roots || (!power && (!fft->chirp || !fft->filter || !fft->line))) {
        fft_close(fft);
        return bsr_fail_memory(err, NULL, size * sizeof *fft->line);
    }
    for (size_t n = 0; n < size / 2; n++)
        fft->roots[n] = root_of_one(n, size);
    if (!power)
        make_chirp(fft);
    *out = fft;
    return BSR_OK;
}

void fft_close(struct fft *fft)
{
    if (!fft)
        return;
    mem_free(fft->roots);
    mem_free(fft->chirp);
    mem_free(fft->filter);
    mem_free(fft->line);
    mem_free(fft);
}

/* By convolution with the chirp; the inverse transform in it is the conjugate of that of the conjugates. */
static void transform_any(struct fft *fft, struct complex_number *line)
{
    double scale = 1 / (double)fft->size;

    memset(fft->line, 0, fft->size * sizeof *fft->line);
    for (size_t n = 0; n < fft->length; n++)
        fft->line[n] = times(line[n], fft->chirp[n]);
    transform(fft, fft->line);
    for (size_t n = 0; n < fft->size; n++)
        fft->line[n] = conjugate(times(fft->line[n], fft->filter[n]));
    transform(fft, fft->line);
    for (size_t n = 0; n < fft->length; n++) {
        struct complex_number sum = conjugate(fft->line[n]);
        line[n] = times((struct complex_number){sum.re * scale, sum.im * scale}, fft->chirp[n]);
    }
}

void fft_run(struct fft *fft, struct complex_number *line)
{
    double scale = 1 / (double)fft->length;

    for (size_t n = 0; fft->inverse && n < fft->length; n++)
        line[n] = conjugate(line[n]);
    if (fft->chirp)
        transform_any(fft, line);
    else
        transform(fft, line);
    for (size_t n = 0; fft->inverse && n < fft->length; n++)
        line[n] = (struct complex_number){line[n].re * scale, -line[n].im * scale};
}

/* operators/fft.h: the discrete Fourier transform of any length, in n log n steps. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

struct complex_number {
    double re, im;
};

struct fft;
enum { FFT_MAX_LENGTH = 1 << 28 };

/* For lines of `length` (1 .. FFT_MAX_LENGTH) numbers; release with fft_close(). BSR_ENOMEM. */
bsr_status fft_open(struct fft **out, size_t length, bool inverse, struct bsr_error *err);
void       fft_close(struct fft *fft);

/* Transforms a line in place: X[k] = sum over n of x[n] exp(-+ 2 pi i k n / length), times 1 / length when
 * inverse. For one thread at a time. */
void fft_run(struct fft *fft, struct complex_number *line);

/* engine/fast/store.h: packed weights of the process. The same numbers are packed once, whoever asks: all
 * engines of a model share them, at all sizes, without knowing of each other. */
#pragma once

#include "engine/kernels/conv.h"

struct stored;

/* What conv_pack() makes of these, or holds what it made before. BSR_ENOMEM. Release with store_drop(). May
 * be called by several threads at once. */
bsr_status store_get(struct stored **out, enum conv_method method, const struct conv_shape *shape,
                     const float *weights, const float *bias, struct bsr_error *err);
void       store_drop(struct stored *stored);

const struct conv *store_conv(const struct stored *stored);

/* Bytes of all packed weights that there are. */
size_t store_bytes(void);

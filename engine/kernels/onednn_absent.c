/* For a besra that is built without oneDNN. */
#include "engine/kernels/onednn.h"

bool onednn_is_there(void)
{
    return false;
}

bool onednn_make(struct onednn_conv **out, const struct onednn_shape *shape)
{
    (void)out;
    (void)shape;
    return false;
}

void onednn_free(struct onednn_conv *conv)
{
    (void)conv;
}

size_t onednn_weight_bytes(const struct onednn_conv *conv)
{
    (void)conv;
    return 0;
}

bool onednn_weights_match(const struct onednn_conv *conv, const struct onednn_conv *other)
{
    return conv == other;
}

size_t onednn_scratch_bytes(const struct onednn_conv *conv)
{
    (void)conv;
    return 0;
}

bool onednn_pack(const struct onednn_conv *conv, const float *weights, void *to)
{
    (void)conv;
    (void)weights;
    (void)to;
    return false;
}

bool onednn_repack(const struct onednn_conv *from, const void *weights, const struct onednn_conv *to,
                   void *out)
{
    (void)from;
    (void)weights;
    (void)to;
    (void)out;
    return false;
}

bool onednn_run(const struct onednn_conv *conv, const float *in, const void *weights, const float *bias,
                char *scratch, float *out)
{
    (void)conv;
    (void)in;
    (void)weights;
    (void)bias;
    (void)scratch;
    (void)out;
    return false;
}

/* tests/pipeline/super_parts.h: what the nets of super_net.h are built of: a net in the making, and the
 * layers that they share. Names of values are the build's; what can't be built fails the test. */
#pragma once

#include "besra.h"
#include "tests/pipeline/super_net.h"

/* A net in the making. */
struct super_making {
    struct bsr_build *build;
    uint64_t          state;
    int               weights;
};

/* Begins a net whose random numbers are those of `seed`; its input; writes it with `value` as its output. */
struct super_making super_begin(uint64_t seed);
const char         *super_picture(struct super_making *making, const struct super_net *net);
void                super_end(struct super_making *making, const char *value, const char *path);

/* 0 .. limit - 1. */
int super_draw(struct super_making *making, int limit);

/* `data` is copied. */
const char *super_constant(struct super_making *making, int type, void *data, int dims, const int64_t *shape);

/* A node of one or two inputs (b may be NULL); one of an input and two attributes. */
const char *super_node(struct super_making *making, const char *op, const char *a, const char *b);
const char *super_with(struct super_making *making, const char *op, const char *x, struct bsr_attribute a,
                       struct bsr_attribute b);

/* What a convolution looks at. */
struct super_window {
    int64_t kernel[2], stride, dilation, groups;
    int64_t pads[4]; /* top, left, bottom, right */
};

/* Of stride 1, padded so that the size stays. */
struct super_window super_same(int64_t kernel);

/* With random weights and biases. */
const char *super_conv_by(struct super_making *making, const char *x, int64_t in, int64_t out,
                          const struct super_window *window);
const char *super_conv(struct super_making *making, const char *x, int64_t in, int64_t out, int64_t kernel);
const char *super_prelu(struct super_making *making, const char *x, int64_t channels);

/* Larger by `factor`. */
const char *super_shuffle(struct super_making *making, const char *x, int64_t factor, bool crd);
const char *super_resize(struct super_making *making, const char *x, int factor, const char *mode,
                         const char *place);
const char *super_nearest(struct super_making *making, const char *x, int factor);
const char *super_transposed(struct super_making *making, const char *x, int64_t in, int64_t out,
                             int64_t kernel, int64_t factor);

/* Pads as many pixels on all sides. */
const char *super_pad(struct super_making *making, const char *x, int64_t pixels, const char *mode);

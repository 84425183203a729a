/* tests/engine/fast/fast_case.h: small nets for tests of fast regions, and what the reference computes of
 * them. */
#pragma once

#include "base/bytes.h"
#include "engine/fast/program.h"
#include "onnx/regions.h"

/* A net in the making: the builder of besra.h with random weights. */
struct fast_case {
    struct bsr_build *build;
    uint64_t          random;
    int               weights;   /* for their names */
    bool              quantised; /* has QuantizeLinear: is prepared before it is compiled */
};

struct fast_case case_open(uint64_t seed);

/* Whole numbers 0 .. limit - 1. */
int case_draw(struct fast_case *net, int limit);

/* A map [1, channels, height, width] as an input. */
const char *case_input(struct fast_case *net, const char *name, int channels, int height, int width);

/* Weights of this shape, ended by 0; their sums over all but the first side are about 1. */
const char *case_weight(struct fast_case *net, const int *shape);

/* A constant of i64, of f32. */
const char *case_ints(struct fast_case *net, int count, const int64_t *values);
const char *case_floats(struct fast_case *net, int dims, const int64_t *shape, const float *values);

/* Conv with a bias; padding is (kernel - 1) / 2. */
const char *case_conv(struct fast_case *net, const char *x, int in, int out, int kernel, int stride,
                      int groups);

/* QuantizeLinear and DequantizeLinear, of u8, or of i8. */
const char *case_round(struct fast_case *net, const char *x, float scale, int zero, bool with_sign);

/* case_conv() with weights of i8 and a scale for each output, through DequantizeLinear. */
const char *case_byte_conv(struct fast_case *net, const char *x, int in, int out, int kernel, int stride,
                           int groups);

/* A node of one or two inputs (b may be NULL) without attributes. */
const char *case_node(struct fast_case *net, const char *op, const char *a, const char *b);

/* The channels of a value as built so far. */
struct bsr_tensor case_shape(const struct fast_case *net, const char *value);

/* ---- compiled ------------------------------------------------------------------------------------ */

/* The one region that the whole net became. */
struct fast_compiled {
    struct bytes         onnx;
    struct onnx_model   *model;
    struct onnx_split    split;
    struct fast_program *program;
    struct fast_runner  *runner;
};

/* Makes the last value an output and compiles; fails the test unless all nodes are one fast region. Closes
 * the builder. */
struct fast_compiled case_compile(struct fast_case *net, const char *output);
void                 compiled_free(struct fast_compiled *compiled);

/* Compiles and runs the region anew with an allocation less each time, on 2 threads, until that succeeds: it
 * must fail for want of memory, and nothing may be left. `planes` has room for the inputs and the outputs.
 * Releases it. */
void compiled_check_memory(struct fast_compiled *compiled, float *const *inputs, float *const *outputs);

/* Layers of a kind that are left. */
int compiled_count(const struct fast_compiled *compiled, enum layer_kind kind);

/* Runs on random numbers with 1 to 4 threads: all must be the same, bit for bit, and what the evaluator
 * computes within `tolerance` of the largest number. */
void compiled_check(struct fast_compiled *compiled, uint64_t seed, double tolerance);

/* The same of nets that round numbers to steps, where one that lies on the edge may fall on either side, and
 * what is computed of it is then apart by steps: at most one number of `apart` is more than `tolerance`, and
 * none by more than `most`, of the largest number. */
void compiled_check_rounded(struct fast_compiled *compiled, uint64_t seed, double tolerance, size_t apart,
                            double most);

/* Fails the test where maps that are used at the same time overlap, in memory or between memory's ends. */
void compiled_check_arena(const struct fast_compiled *compiled);

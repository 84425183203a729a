/* operators/elements.h: what operators on single elements have in common: the C types behind the tensors'
 * types, and how 16-bit floats are computed. */
#pragma once

#include "operators/call.h"

/* X(type, C type, suffix, ...): the types that kernels are written for; what follows X is handed on. */
#define ELEMENT_FLOATS(X, ...)                                                                               \
    X(BSR_F32, float, f32, __VA_ARGS__)                                                                      \
    X(BSR_F64, double, f64, __VA_ARGS__)
#define ELEMENT_SIGNED(X, ...)                                                                               \
    X(BSR_I8, int8_t, i8, __VA_ARGS__)                                                                       \
    X(BSR_I16, int16_t, i16, __VA_ARGS__)                                                                    \
    X(BSR_I32, int32_t, i32, __VA_ARGS__)                                                                    \
    X(BSR_I64, int64_t, i64, __VA_ARGS__)
#define ELEMENT_UNSIGNED(X, ...)                                                                             \
    X(BSR_U8, uint8_t, u8, __VA_ARGS__)                                                                      \
    X(BSR_U16, uint16_t, u16, __VA_ARGS__)                                                                   \
    X(BSR_U32, uint32_t, u32, __VA_ARGS__)                                                                   \
    X(BSR_U64, uint64_t, u64, __VA_ARGS__)
#define ELEMENT_INTEGERS(X, ...) ELEMENT_SIGNED(X, __VA_ARGS__) ELEMENT_UNSIGNED(X, __VA_ARGS__)
#define ELEMENT_NUMBERS(X, ...)  ELEMENT_FLOATS(X, __VA_ARGS__) ELEMENT_INTEGERS(X, __VA_ARGS__)

enum { ELEMENT_TYPES = BSR_BF16 + 1 }; /* length of a table with a slot for each type */

bool type_is_float(int type);   /* f32, f64, f16, bf16 */
bool type_is_half(int type);    /* f16, bf16 */
bool type_is_integer(int type); /* not bool */
bool type_is_signed(int type);  /* i8 .. i64 */

/* "it can't work on u8". */
bsr_status element_refuse(int type, struct bsr_error *err);

/* A shape(): one input (or more, which don't count for the shape), one output like the first input. The
 * second one takes floats only. */
bsr_status element_shape(const struct bsr_call *call, struct bsr_error *err);
bsr_status element_shape_float(const struct bsr_call *call, struct bsr_error *err);

/* Calls run() with f32 in the place of f16 and bf16, inputs and outputs, and rounds what it gives. */
typedef bsr_status element_run(const struct bsr_call *call, struct bsr_error *err);
bsr_status         element_run_in_f32(const struct bsr_call *call, element_run *run, struct bsr_error *err);

/* A function of one element over `count` of them; `knobs` is what the operator's attributes say. */
typedef void element_kernel_f32(float *out, const float *in, size_t count, const double *knobs);
typedef void element_kernel_f64(double *out, const double *in, size_t count, const double *knobs);

/* Runs it over the first input, whatever float that is. */
bsr_status element_run_kernels(const struct bsr_call *call, element_kernel_f32 *f32, element_kernel_f64 *f64,
                               const double *knobs, struct bsr_error *err);

/* `count` elements of a tensor of any type from element `at` on, as doubles; and the other way, rounded once
 * (floats) or converted as Cast does. */
void element_load(double *values, const struct bsr_tensor *tensor, size_t at, size_t count);
void element_store(struct bsr_tensor *tensor, size_t at, const double *values, size_t count);

/* The same as whole numbers of 64 bits, for integers and bool. */
void element_load_wholes(uint64_t *values, const struct bsr_tensor *tensor, size_t at, size_t count);
void element_store_wholes(struct bsr_tensor *tensor, size_t at, const uint64_t *values, size_t count);

/* The product of the sides from axis `from` up to but without axis `to`. */
size_t element_span(const struct bsr_tensor *tensor, int from, int to);

/* A tensor's elements as [outer][count][inner], `count` being those along one axis. */
struct element_lines {
    size_t outer, count, inner;
};
struct element_lines element_lines_of(const struct bsr_tensor *tensor, int axis);

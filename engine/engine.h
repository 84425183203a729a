/* engine/engine.h: a net that runs. One interface; OpenCV DNN stands behind it. */
#pragma once

#include "base/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/* Convolutions by Winograd compute so many pixels of an axis together (engine/kernels/kernels.h). */
enum { ENGINE_TILE = 4 };

enum { ENGINE_MAX_DIMS = 8, ENGINE_NAME_SIZE = 128 };

/* A tensor of floats, row-major, tight. */
struct tensor {
    const char  *name;
    const float *data;
    int          dims;
    int64_t      shape[ENGINE_MAX_DIMS];
};

/* In which form an output [1][groups * n][height][width] is wanted. All but ENGINE_PLANES are for callers
 * that read it by engine_head(), and are a wish: where an output is not made by the fast kernels, it is
 * planes. */
struct engine_wish {
    enum engine_form {
        ENGINE_PLANES, /* by engine_run() */
        ENGINE_MAP,    /* as it lies */
        ENGINE_ONE, /* of each group channel `channel`; the others where engine_head_rows() asks for them */
        ENGINE_NONE /* nothing but what engine_head_rows() asks for */
    } form;
    int groups, channel;
};

/* What numbers a net is computed with. */
enum engine_precision {
    ENGINE_F32,  /* as its nodes say: a quantised model's convolutions on bytes, where the processor can */
    ENGINE_BF16, /* products of convolutions' inputs and weights as bf16 (8 bits of mantissa), sums as f32 */
    ENGINE_INT8, /* as ENGINE_F32, but only of a quantised model where the processor can do that fast */
};

struct engine_options {
    const char *backend; /* NULL or "auto": besra's kernels for the hot regions of the graph, the rest as
                            "opencv": OpenCV on the processor, besra's operators for what it can't run;
                            "opencv:opencl", "opencv:cuda", "opencv:openvino"; "besra": besra's
                            operators alone, the reference */
    enum engine_precision precision; /* all but ENGINE_F32 with "auto" only */
    bool                  drop_qdq;  /* leave out QuantizeLinear/DequantizeLinear on activations */
    bool steady; /* "auto" only: what becomes of a pixel does not depend on how large the picture is, bit
                    for bit, as long as it lies at the same place modulo ENGINE_TILE of each map: for
                    who cuts pictures into tiles. Nothing is for OpenCV then */
    bool borrow; /* the bytes of the model stay where they are until the engine is closed: it makes no
                    copy of them */
    const struct engine_wish *wishes; /* for each output; NULL: all are planes. Copied */
};

/* Loads `size` bytes of an .onnx. The graph is prepared (onnx/prepare.h) for the declared shapes, or, where
 * they are symbolic, at the first run with a shape; graphs prepared for different shapes are kept (a few).
 * Release with engine_close(). BSR_EMODEL when the engine can't read it: the message names the node and the
 * operator, in one line, never the text of a C++ exception as it came. BSR_EMISSING for a backend that this
 * OpenCV was built without, or a precision that this processor, or this besra, is without. */
bsr_status engine_open(struct engine **out, const void *onnx, size_t size,
                       const struct engine_options *options, const char *name, struct bsr_error *err);
void       engine_close(struct engine *engine);

/* Runs the net on `inputs` (shapes may change from run to run). *outputs are all outputs of the net in the
 * order of the model; they and their data are the engine's, valid until the next run or close. BSR_EENGINE
 * when the net can't run at this shape (says which), BSR_ENOMEM. */
bsr_status engine_run(struct engine *engine, const struct tensor *inputs, int input_count,
                      const struct tensor **outputs, int *output_count, struct bsr_error *err);

/* ---- heads: outputs that are read here and there ----------------------------------------------------- */

/* An output of the last run as it lies in memory: pixels of channels. */
struct engine_head {
    const float *data;       /* channel 0 of pixel (0, 0); NULL: nothing is computed yet */
    ptrdiff_t    pixel, row; /* floats from a pixel, a row to the next one */
    int          height, width;
    bool         part; /* data has one channel of each group, or none; otherwise it has all */
};

/* False where the output is planes, which engine_run() gave. Where it is true, engine_run() gave it no data.
 * Valid until the next run. */
bool engine_head(const struct engine *engine, int output, struct engine_head *out);

/* The channels of one group of a head of which a part is computed, at pixels y * width + x: *rows gets those
 * of pixels[0], *step floats on those of pixels[1] ... They are what a run without wishes computes, bit for
 * bit. The engine's, until the next call or run. BSR_ENOMEM, BSR_ERANGE for an output, a group or a pixel
 * that there isn't. */
bsr_status engine_head_rows(struct engine *engine, int output, int group, const uint32_t *pixels,
                            size_t count, const float **rows, size_t *step, struct bsr_error *err);

/* What engine_run_any() takes and gives: any type of besra.h, f32 where the model says f16 or bf16 (inputs
 * may be of these, too). */
struct engine_value {
    const char       *name;
    struct bsr_tensor tensor;
};

/* As engine_run(), for inputs and outputs of any type. Data of the outputs is the engine's. */
bsr_status engine_run_any(struct engine *engine, const struct engine_value *inputs, int input_count,
                          const struct engine_value **outputs, int *output_count, struct bsr_error *err);

/* What was done to the graph for the shapes of the last run (or at opening), and which nodes besra's own
 * operators run: the engine's, valid until the next run. */
struct onnx_changes;
const struct onnx_changes *engine_changes(const struct engine *engine);

/* Bytes of working memory that the fast regions of the last run (or at opening) take; 0: nothing is fast. */
size_t engine_fast_bytes(const struct engine *engine);

/* A layer of a run, timed. */
struct engine_step {
    char   name[ENGINE_NAME_SIZE];  /* of the node, or the first of those that run as one */
    char   op[64];                  /* "conv 3x3 winograd", OpenCV's "Permute", "behind the net" */
    int    region;                  /* fast, in this region; -1: not */
    int    channels, height, width; /* of what it makes; 0: not known */
    double ms;                      /* the shortest of the runs */
    double macs;                    /* as the graph has it; 0: none, or not known */
};

/* Runs `runs` times as engine_run_any() and times the layers; those of fast regions are run once more, alone
 * and on zeros. *steps, in the order in which they run, is the caller's (mem_free()). Errors of
 * engine_run_any(). */
bsr_status engine_profile(struct engine *engine, const struct engine_value *inputs, int input_count, int runs,
                          struct engine_step **steps, int *count, struct bsr_error *err);

/* Products of floats that are added to sums (MACs), a second, that `threads` threads reach when there is
 * nothing else to do: the peak that a rate is compared with. Takes some tens of milliseconds. 0 when the
 * system gives no threads. */
double engine_peak(int threads);

/* Why the installed OpenCV can't run a node (for onnx_split_make(), `besra model check`); NULL: it can. */
struct onnx_node_view;
const char *engine_supports(void *context, const struct onnx_node_view *node);

/* How many threads a run uses: for the whole process, since OpenCV has one pool. 1 lets several engines run
 * side by side, each in the thread that calls it. */
void engine_set_threads(int threads);

/* "OpenCV 4.6.0". */
const char *engine_version(void);

/* engine/engine.h: a net that runs. One interface; OpenCV DNN stands behind it. */
#pragma once

#include "base/status.h"

struct engine;

enum { ENGINE_MAX_DIMS = 8, ENGINE_NAME_SIZE = 128 };

/* A tensor of floats, row-major, tight. */
struct tensor {
    const char  *name;
    const float *data;
    int          dims;
    int64_t      shape[ENGINE_MAX_DIMS];
};

struct engine_options {
    const char
        *backend; /* NULL or "opencv": the processor; "opencv:opencl", "opencv:cuda", "opencv:openvino" */
};

/* Loads `size` bytes of an .onnx. Release with engine_close(). BSR_EMODEL when the engine can't read it: the
 * message names the node and the operator, in one line, never the text of a C++ exception as it came.
 * BSR_EMISSING for a backend that this OpenCV was built without. */
bsr_status engine_open(struct engine **out, const void *onnx, size_t size,
                       const struct engine_options *options, const char *name, struct bsr_error *err);
void       engine_close(struct engine *engine);

/* Runs the net on `inputs` (shapes may change from run to run). *outputs are all outputs of the net in the
 * order of the model; they and their data are the engine's, valid until the next run or close. BSR_EENGINE
 * when the net can't run at this shape (says which), BSR_ENOMEM. */
bsr_status engine_run(struct engine *engine, const struct tensor *inputs, int input_count,
                      const struct tensor **outputs, int *output_count, struct bsr_error *err);

/* How many threads a run uses: for the whole process, since OpenCV has one pool. 1 lets several engines run
 * side by side, each in the thread that calls it. */
void engine_set_threads(int threads);

/* "OpenCV 4.6.0". */
const char *engine_version(void);

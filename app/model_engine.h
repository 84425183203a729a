/* app/model_engine.h: a model of `besra model` in the engine, for the commands that tell what becomes of it.
 */
#pragma once

#include "app/model_file.h"
#include "engine/engine.h"
#include "onnx/changes.h"

#include <jansson.h>

/* Opens the model, with all that is settled, as --engine and --qdq say. Release with engine_close(). Errors
 * of engine_open(). */
bsr_status model_engine_open(struct engine **out, const struct model_file *file,
                             const struct options *options, struct bsr_error *err);

/* Makes the 16-bit floats of the feeds f32, which the engine computes with. BSR_ENOMEM. */
bsr_status model_engine_widen(struct feeds *feeds, struct bsr_error *err);

/* Runs it once on random input. Errors of engine_run_any(). */
bsr_status model_engine_try(struct engine *engine, const struct model_file *file, int seed,
                            struct bsr_error *err);

/* What the commands that take pictures do outside of the graph: an enlargement at its front, a Detect tail, a
 * batch, a front Transpose. Appends to *out. BSR_ENOMEM. */
bsr_status model_engine_lift(struct onnx_changes *out, const struct model_file *file, struct bsr_error *err);

/* {"images": [1, 3, 640, 640]}: the shapes that the answers hold for. */
json_t *model_engine_shapes(const struct model_file *file);

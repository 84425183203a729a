/* pipeline/upscale_field.h: how far a net that enlarges looks, found once when its model is opened. */
#pragma once

#include "pipeline/model.h"

/* Fills model->field, from the graph that is to run. A graph that was exported for one size is made free of
 * it where it computes the same at any: *onnx is then another one, and the model's input is open. What can't
 * be cut into windows gets a note. The outputs of `model` are known. BSR_ENOMEM. */
bsr_status upscale_find_field(struct model *model, struct onnx_model **onnx, struct bsr_error *err);

/* app/model_output.h: where the commands that make a model write it. */
#pragma once

#include "config/options.h"
#include "onnx/model.h"

/* Writes the model to the second argument or --output, as a whole or not at all; an existing file only with
 * --overwrite. Says where, or what went wrong. An exit code. */
int model_output_write(const struct options *options, const struct onnx_model *model);

/* Whether an output is named, and only one: BSR_EUSAGE. */
bsr_status model_output_check(const struct options *options, struct bsr_error *err);

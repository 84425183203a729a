/* app/model_output.h: where the commands that make a model write it. */
#pragma once

#include "app/model_file.h"
#include "onnx/model.h"

/* Writes the model to the second argument or --output, as a whole or not at all; an existing file only with
 * --overwrite. Says where, or what went wrong. An exit code. */
int model_output_write(const struct options *options, const struct onnx_model *model);

/* Whether an output is named, and only one: BSR_EUSAGE. */
bsr_status model_output_check(const struct options *options, struct bsr_error *err);

/* Whether the model goes to standard output, where nothing else may then be printed. */
bool model_output_is_stream(const struct options *options);

/* An input is never written over, --overwrite or not: BSR_EUSAGE when `output` is the file `input`, under
 * whatever name. */
bsr_status model_output_spare(const char *output, const char *input, struct bsr_error *err);

/* The same for the model that was read (of a card, its .onnx) and the output that is named. */
bsr_status model_output_spare_model(const struct options *options, const struct model_file *file,
                                    struct bsr_error *err);

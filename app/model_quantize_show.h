/* app/model_quantize_show.h: what quantising a model has cost, layer by layer. */
#pragma once

#include "app/model_file.h"
#include "pipeline/quantize.h"

struct quantize_told {
    const struct options         *options;
    const char                   *model; /* the file read */
    const char                   *task;  /* see samples_task() */
    const struct quantize_report *report;
    size_t                        bytes[2]; /* of the model before and after */
};

/* A table or, with --json, an object. An exit code. */
int model_quantize_show(const struct quantize_told *told);

/* app/model_show.h: the parts of `besra model show`. */
#pragma once

#include "app/model_file.h"
#include "app/tables.h"
#include "onnx/inspect/inspect.h"

enum {
    INDENT = 2,
    BAR_WIDTH = 12,
    SHOWN_SHAPES = 8, /* as many as the inspection has of a layer */
};

struct show {
    struct model_file      file;
    struct onnx_inspection inspection;
    size_t fast_bytes; /* working memory of its fast regions; 0: there are none, or not known */
};

/* All of it as JSON, or NULL when memory ran out. */
json_t *show_object(const struct show *show, bool layers);

/* --tensor: of a constant, or, after a run on random input, of an inner tensor. An exit code. */
int show_tensor(const struct show *show, const struct options *options);

/* --dot and --svg. An exit code. */
int show_drawing(const struct show *show, const struct options *options);

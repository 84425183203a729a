/* app/model_check.h: what `besra model check` finds, before it is told. */
#pragma once

#include "app/model_file.h"
#include "app/tables.h"
#include "engine/engine.h"
#include "onnx/changes.h"
#include "onnx/inspect/inspect.h"

struct check {
    struct model_file     file;
    struct onnx_faults    faults;
    struct onnx_obstacles obstacles;
    struct engine        *engine;  /* NULL where it couldn't be opened */
    struct bsr_error      failure; /* of opening or running it; code BSR_OK: it ran */
    size_t                levels[3];
};

/* What becomes of an obstacle: the pass that takes it away and how, or besra's own operator. */
struct remedy {
    const char *pass; /* NULL: nothing does */
    const char *text;
    bool        of_graph; /* for all of the graph at once */
};
struct remedy check_remedy(const struct check *check, const struct onnx_obstacle *obstacle);

/* How to export a model so that it has no such node; NULL: no way is known. */
const char *check_advice(const struct onnx_obstacle *obstacle);

/* Whether besra can use the model. */
bool check_is_usable(const struct check *check);

/* All of it as JSON, or NULL when memory ran out. */
json_t *check_object(const struct check *check);

/* onnx/changes.h: what passes did to a graph, for `besra model explain` and -v. */
#pragma once

#include "base/status.h"

#include <stddef.h>

struct onnx_change {
    const char *pass; /* "fold-constants"; static */
    char       *node; /* name and operator before: "/model/Shape (Shape)" */
    char       *text; /* what became of it: "is a constant now", a sentence's end */
};

/* Start with {0}; release with onnx_changes_free(). */
struct onnx_changes {
    struct onnx_change *items;
    size_t              count, capacity;
};

/* `changes` may be NULL: nobody wants to know. BSR_ENOMEM. */
bsr_status onnx_changes_add(struct onnx_changes *changes, struct bsr_error *err, const char *pass,
                            const char *node, const char *format, ...) __attribute__((format(printf, 5, 6)));
void       onnx_changes_free(struct onnx_changes *changes);

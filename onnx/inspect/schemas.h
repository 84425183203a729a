/* onnx/inspect/schemas.h: which operators ONNX has, and what their nodes may look like. */
#pragma once

#include <stdbool.h>

/* An operator of ONNX's own domain; the counts are those of all its versions together. */
struct schema {
    const char *type;
    int         since; /* the opset that it came with */
    int         least_inputs, most_inputs, least_outputs, most_outputs;
    const char *attributes; /* as in schemas.def */
};

struct schema_attribute {
    char types[3];     /* letters of schemas.def */
    int  since, until; /* in opsets since .. until - 1; until 0: to this day */
};

/* NULL when ONNX has no such operator. */
const struct schema *schema_find(const char *type);

/* The n-th schema; NULL behind the last. */
const struct schema *schema_at(int n);

bool schema_find_attribute(struct schema_attribute *out, const struct schema *schema, const char *name);

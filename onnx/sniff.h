/* onnx/sniff.h: what a file that is no ONNX model looks like. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct looks_like {
    const char *what; /* "a JPEG picture" */
    const char *hint; /* what to do, or NULL */
};

/* NULL when it looks like nothing known. */
const struct looks_like *sniff(const uint8_t *data, size_t size);

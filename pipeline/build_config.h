/* pipeline/build_config.h: an .onnx out of a net's description (docs/building.md), for `besra model build`.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

/* What may be said instead of what the description says. {0} leaves all to it. */
struct build_config_options {
    size_t most_bytes; /* of all weights together; 0: 2 GiB */
    enum build_storage { BUILD_STORAGE_AS_WRITTEN, BUILD_STORAGE_F32, BUILD_STORAGE_F16 } storage;
    bool     has_seed;
    uint64_t seed; /* of random weights */
};

/* Reads the description `path` and the weights that it names, and appends the model to *out. `options` may be
 * NULL. BSR_EUSAGE with "path:line" for what the description says wrongly; BSR_EMODEL, with the line, too,
 * for layers that don't fit each other; errors of the files of weights, with a hint that tells the line. */
bsr_status build_config(struct bytes *out, const char *path, const struct build_config_options *options,
                        struct bsr_error *err);

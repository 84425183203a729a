/* pipeline/build_weights.h: the numbers of a described net's weights. For build_config.c only. */
#pragma once

#include "base/tensor.h"
#include "config/net_description.h"

/* Where random numbers come from, and how many bytes may still be made. */
struct weight_maker {
    uint64_t    random;
    size_t      room;
    const char *path; /* of the description */
};

/* What a layer asks of a weight: dims -1 and type 0 where it takes any. Sides of -1 fit any size; they must
 * be told by the source then. */
struct weight_wish {
    const char       *name;
    struct bsr_tensor tensor; /* type, dims, shape */
    int               line;   /* of the description */
};

/* Reads or makes the numbers. Without a source they are random (He's uniform distribution). Release with
 * tensor_free(). */
bsr_status weight_make(struct bsr_tensor *out, struct weight_maker *maker, const struct net_source *source,
                       const struct weight_wish *wish, struct bsr_error *err);

/* Fills *err with "path:line". */
bsr_status weight_fail_at(const char *path, int line, struct bsr_error *err, bsr_status status,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));

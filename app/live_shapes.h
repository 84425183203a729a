/* app/live_shapes.h: lines and zones to count at, of --count-line and --zone. */
#pragma once

#include "config/options.h"
#include "pipeline/live.h"

struct live_shape_list {
    struct count_shape *items; /* lines first */
    int                 count;
};

/* Release with live_shape_list_free(). BSR_EUSAGE names the option and what is wrong with its text. */
bsr_status live_shape_list_read(struct live_shape_list *out, const struct options *options,
                                struct bsr_error *err);
void       live_shape_list_free(struct live_shape_list *list);

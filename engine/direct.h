/* engine/direct.h: a net that is one fast region from end to end. OpenCV has nothing to run there, and would
 * copy the inputs twice and the outputs once: the region runs on them as they are. */
#pragma once

#include "engine/opencv_dnn.h"

struct direct_net;

/* *out stays NULL where the region reads or gives something else than what the ports name, or less.
 * `described`, whose model is still there, is what `region` was opened with; it must outlive the result, the
 * ports need not. BSR_ENOMEM. Release with direct_close(). */
bsr_status direct_open(struct direct_net **out, const struct net_region *region,
                       const struct onnx_region *described, const struct net_ports *ports,
                       struct bsr_error *err);
void       direct_close(struct direct_net *net);

/* Runs on inputs, in the order of the ports, of the region's shapes. Fills outputs; the data is the net's
 * until the next run, NULL for a head that stays in the region. Errors as of region_run(). */
bsr_status direct_run(const struct direct_net *net, const struct net_blob *inputs, struct net_blob *outputs,
                      struct bsr_error *err);

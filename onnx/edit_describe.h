/* onnx/edit_describe.h: value infos for values that become inputs or outputs. For the files of onnx/edit.h.
 */
#pragma once

#include "onnx/infer.h"
#include "onnx/make.h"
#include "onnx/types.h"

/* What is known of a model's values. Start with {0}. */
struct describer {
    const struct onnx_model *model;
    struct onnx_values      *values; /* NULL where the model contradicts itself */
    struct graph_types      *types;
};

/* BSR_ENOMEM. `model` must outlive it. Release with describer_close(), also after a failure. */
bsr_status describer_open(struct describer *describer, const struct onnx_model *model, struct bsr_error *err);
void       describer_close(struct describer *describer);

/* A value info for the value: as the graph declares it, else as inferred; of what nothing is known, the type
 * that follows from the operators (f32 where even that does not) and no shape. BSR_ENOMEM. */
bsr_status describer_make(Onnx__ValueInfoProto **out, const struct describer *describer, const char *name,
                          struct bsr_error *err);

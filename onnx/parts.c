#include "onnx/parts.h"

#include "base/alloc.h"
#include "onnx/edit.h"

#include <string.h>

bsr_status message_append_copy(void *array, size_t *count, const ProtobufCMessage *message,
                               struct bsr_error *err)
{
    ProtobufCMessage *copy = NULL;
    bsr_status        status = message_copy(&copy, message, err);
    if (status != BSR_OK)
        return status;
    status = message_append(array, count, copy, err);
    if (status != BSR_OK)
        message_free(copy);
    return status;
}

/* A new model of the same name, with a copy of `proto`. */
static bsr_status copy_as(struct onnx_model **out, const char *name, const Onnx__ModelProto *proto,
                          struct bsr_error *err)
{
    struct onnx_model *made = mem_alloc_zeroed(1, sizeof *made);
    ProtobufCMessage  *copy = NULL;
    bsr_status         status = BSR_OK;

    if (!made || !(made->name = mem_copy_text(name)))
        status = bsr_fail_memory(err, name, sizeof *made + strlen(name) + 1);
    if (status == BSR_OK)
        status = message_copy(&copy, &proto->base, err);
    if (status != BSR_OK) {
        onnx_model_free(made);
        return status;
    }
    made->proto = (Onnx__ModelProto *)copy;
    *out = made;
    return BSR_OK;
}

/* The graph is left out while the rest is copied. */
bsr_status model_make_frame(struct onnx_model **out, const struct onnx_model *model, struct bsr_error *err)
{
    Onnx__ModelProto frame = *model->proto;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;

    graph.name = model->proto->graph->name;
    graph.doc_string = model->proto->graph->doc_string;
    frame.graph = &graph;
    frame.n_training_info = 0;
    return copy_as(out, model->name, &frame, err);
}

bsr_status onnx_model_copy(struct onnx_model **out, const struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = copy_as(&copy, model->name, model->proto, err);

    if (status == BSR_OK)
        status = model_index_inputs(copy, err);
    if (status == BSR_OK)
        *out = copy;
    else
        onnx_model_free(copy);
    return status;
}

#include "onnx/parts.h"

#include "base/alloc.h"

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

/* A copy of a model that has a graph without anything in it: the graph is left out while the rest is copied.
 */
static bsr_status copy_frame(struct onnx_model *out, const struct onnx_model *model, struct bsr_error *err)
{
    Onnx__ModelProto  frame = *model->proto;
    Onnx__GraphProto  graph = ONNX__GRAPH_PROTO__INIT;
    ProtobufCMessage *copy = NULL;

    graph.name = model->proto->graph->name;
    graph.doc_string = model->proto->graph->doc_string;
    frame.graph = &graph;
    frame.n_training_info = 0;
    bsr_status status = message_copy(&copy, &frame.base, err);
    if (status == BSR_OK)
        memcpy(&out->proto, &copy, sizeof copy);
    return status;
}

bsr_status model_make_frame(struct onnx_model **out, const struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_model *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, model->name, sizeof *made);
    made->name = mem_copy_text(model->name);
    bsr_status status = made->name ? copy_frame(made, model, err)
                                   : bsr_fail_memory(err, model->name, strlen(model->name) + 1);
    if (status != BSR_OK) {
        onnx_model_free(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

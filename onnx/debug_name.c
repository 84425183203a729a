#include "onnx/nodes.h"

#include <stdio.h>
#include <string.h>

bool onnx_debug_name(const struct onnx_model *model, int index, char name[ONNX_DEBUG_NAME_SIZE],
                     const char **value)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto      *node = graph->node[i];
        const Onnx__AttributeProto *attribute = node_attribute(node, "name");
        if (!node_is_debug(node) || index-- > 0)
            continue;
        bool named = attribute && attribute->s.len && attribute->s.len < ONNX_DEBUG_NAME_SIZE;
        *value = node->output[0];
        snprintf(name, ONNX_DEBUG_NAME_SIZE, "%.*s", named ? (int)attribute->s.len : ONNX_DEBUG_NAME_SIZE - 1,
                 named ? (const char *)attribute->s.data : node->output[0]);
        return true;
    }
    return false;
}

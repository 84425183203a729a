/* Nets from TensorFlow take pictures [N][H][W][C] and begin by turning them; besra packs planes anyway. */
#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/messages.h"
#include "onnx/nodes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/tails.h"

#include <string.h>

enum { DIMS = 4 };

static const int64_t to_planes[DIMS] = {0, 3, 1, 2};

static bool is_picture(const Onnx__ValueInfoProto *info)
{
    const Onnx__TensorShapeProto *shape = rewrite_shape_of(info);
    if (!shape || shape->n_dim != DIMS)
        return false;

    const Onnx__TensorShapeProto__Dimension *last = shape->dim[DIMS - 1];
    return last->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
           (last->dim_value == 1 || last->dim_value == 3 || last->dim_value == 4);
}

static bool turns_to_planes(const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *perm = node_attribute(node, "perm");
    return node_is(node, "Transpose") && node->n_input == 1 && node->n_output == 1 && perm &&
           perm->n_ints == DIMS && memcmp(perm->ints, to_planes, sizeof to_planes) == 0;
}

/* The Transpose that alone reads the input, and whose result is no output of the graph; NULL: none. */
static Onnx__NodeProto *front_transpose(const struct graph_index *index, const Onnx__ValueInfoProto *input)
{
    const struct index_entry *entry = index_find(index, text_or_empty(input->name));

    if (!is_picture(input) || !entry || entry->use_count != 1 || entry->uses[0].inner ||
        entry->uses[0].node == index->graph->n_node)
        return NULL;
    Onnx__NodeProto *node = index->graph->node[entry->uses[0].node];
    if (!turns_to_planes(node))
        return NULL;
    const struct index_entry *result = index_find(index, node->output[0]);
    return result && !result->is_output && result->use_count ? node : NULL;
}

static void turn_shape(Onnx__TensorShapeProto *shape)
{
    Onnx__TensorShapeProto__Dimension *dims[DIMS];

    for (int i = 0; i < DIMS; i++)
        dims[i] = shape->dim[to_planes[i]];
    memcpy(shape->dim, dims, sizeof dims);
}

/* The readers of the Transpose read the input. All texts are made before the first is put in place. */
static bsr_status redirect(const struct index_entry *result, const char *name, struct bsr_error *err)
{
    char **texts = mem_alloc_zeroed(result->use_count, sizeof *texts);
    bool   good = texts != NULL;

    for (size_t i = 0; good && i < result->use_count; i++)
        good = (texts[i] = mem_copy_text(name)) != NULL;
    for (size_t i = 0; texts && i < result->use_count; i++) {
        if (good) {
            mem_free(*result->uses[i].slot);
            *result->uses[i].slot = texts[i];
        } else {
            mem_free(texts[i]);
        }
    }
    mem_free(texts);
    return good ? BSR_OK : bsr_fail_memory(err, NULL, result->use_count * sizeof *texts);
}

static bsr_status lift(struct onnx_model *model, const struct graph_index *index, Onnx__ValueInfoProto *input,
                       Onnx__NodeProto *node, struct onnx_changes *changes, struct bsr_error *err)
{
    bsr_status status =
        onnx_changes_add(changes, err, "lift-transpose", node_text(node).text,
                         "is gone: '%s' is given as planes [N][C][H][W]", shown_name(input->name).text);

    if (status == BSR_OK)
        status = redirect(index_find(index, node->output[0]), input->name, err);
    if (status != BSR_OK)
        return status;
    turn_shape(rewrite_shape_of(input));
    graph_remove_node(model->proto->graph, node);
    return BSR_OK;
}

bsr_status onnx_lift_front_transpose(struct onnx_model *model, bool *done, struct onnx_changes *changes,
                                     struct bsr_error *err)
{
    bool lifted = false;

    for (int i = 0; i < model->input_count; i++) {
        struct graph_index *index = NULL;
        bsr_status          status = index_make(&index, model->proto->graph, err);
        Onnx__NodeProto    *node = status == BSR_OK ? front_transpose(index, model->inputs[i]) : NULL;
        if (node)
            status = lift(model, index, model->inputs[i], node, changes, err);
        index_free(index);
        if (status != BSR_OK)
            return status;
        lifted |= node != NULL;
    }
    *done = lifted;
    return BSR_OK;
}

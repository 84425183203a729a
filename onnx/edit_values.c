/* Shapes of inputs, more outputs, and the metadata. */
#include "onnx/edit.h"

#include "base/alloc.h"
#include "onnx/edit_describe.h"
#include "onnx/edit_find.h"

#include <string.h>

/* ---- set_input_shape --------------------------------------------------------------------------------------
 */

/* The declarations of a graph that depend on an input's shape, changed and still to be taken back. */
struct declarations {
    struct onnx_model     *model;
    Onnx__ValueInfoProto  *input; /* the graph's, which holds the new type */
    Onnx__TypeProto       *old_type;
    Onnx__ValueInfoProto **outputs;     /* the graph's old ones, by number */
    Onnx__ValueInfoProto **value_infos; /* the graph's old ones */
    size_t                 value_info_count;
};

static void swap_types(Onnx__TypeProto **a, Onnx__TypeProto **b)
{
    Onnx__TypeProto *type = *a;
    *a = *b;
    *b = type;
}

static bool is_tensor(const Onnx__ValueInfoProto *info)
{
    return info->type && info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE &&
           info->type->tensor_type;
}

/* An input keeps the names of its symbolic sides. */
static bsr_status keep_symbols(Onnx__ValueInfoProto *info, const Onnx__ValueInfoProto *old,
                               struct bsr_error *err)
{
    const Onnx__TensorShapeProto *before = old->type->tensor_type->shape;
    Onnx__TensorShapeProto       *now = info->type->tensor_type->shape;
    bsr_status                    status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && before && i < now->n_dim && i < before->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = before->dim[i];
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
            now->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
            *text_or_empty(dim->dim_param))
            status = message_set_text(&now->dim[i]->dim_param, dim->dim_param, err);
    }
    return status;
}

/* New outputs of the same types without shapes: what they are is to be found out. */
static bsr_status forget_outputs(struct declarations *old, struct bsr_error *err)
{
    Onnx__GraphProto *graph = old->model->proto->graph;
    bsr_status        status = BSR_OK;

    old->outputs = mem_alloc_zeroed(graph->n_output + 1, sizeof(void *));
    if (!old->outputs)
        return bsr_fail_memory(err, NULL, graph->n_output * sizeof(void *));
    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++) {
        Onnx__ValueInfoProto *info = NULL;
        if (!is_tensor(graph->output[i]))
            continue;
        status = value_info_make(&info, graph->output[i]->name,
                                 graph->output[i]->type->tensor_type->elem_type, -1, NULL, err);
        if (status != BSR_OK)
            break;
        old->outputs[i] = graph->output[i];
        graph->output[i] = info;
    }
    return status;
}

static void forget_value_infos(struct declarations *old)
{
    Onnx__GraphProto *graph = old->model->proto->graph;

    old->value_infos = graph->value_info;
    old->value_info_count = graph->n_value_info;
    graph->value_info = NULL;
    graph->n_value_info = 0;
}

static bsr_status infer_outputs(struct declarations *old, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = old->model->proto->graph;
    struct onnx_values *values = NULL;
    bsr_status          status = onnx_infer(&values, old->model, NULL, 0, err);

    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++) {
        Onnx__ValueInfoProto    *info = NULL;
        const struct bsr_tensor *known = onnx_values_find(values, text_or_empty(graph->output[i]->name));
        int64_t                  symbolic[ONNX_MAX_DIMS] = {-1, -1, -1, -1, -1, -1, -1, -1};
        if (!old->outputs[i])
            continue;
        const Onnx__TensorShapeProto *before = old->outputs[i]->type->tensor_type->shape;
        if (known)
            status =
                value_info_make(&info, graph->output[i]->name, known->type, known->dims, known->shape, err);
        else if (before)
            status =
                value_info_make(&info, graph->output[i]->name, graph->output[i]->type->tensor_type->elem_type,
                                (int)before->n_dim, symbolic, err);
        if (info) {
            message_free(&graph->output[i]->base);
            graph->output[i] = info;
        }
    }
    onnx_values_free(values);
    return status;
}

static void free_infos(Onnx__ValueInfoProto **infos, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (infos[i])
            message_free(&infos[i]->base);
    mem_free(infos);
}

static void restore(struct declarations *old)
{
    Onnx__GraphProto *graph = old->model->proto->graph;

    swap_types(&old->input->type, &old->old_type);
    for (size_t i = 0; old->outputs && i < graph->n_output; i++)
        if (old->outputs[i]) {
            Onnx__ValueInfoProto *info = graph->output[i];
            graph->output[i] = old->outputs[i];
            old->outputs[i] = info;
        }
    graph->value_info = old->value_infos;
    graph->n_value_info = old->value_info_count;
    old->value_infos = NULL;
    old->value_info_count = 0;
}

/* `info` has the new type of the input. */
static bsr_status apply_shape(struct onnx_model *model, Onnx__ValueInfoProto *input,
                              Onnx__ValueInfoProto *info, struct bsr_error *err)
{
    struct declarations old = {.model = model, .input = input};

    swap_types(&input->type, &old.old_type);
    swap_types(&input->type, &info->type);
    forget_value_infos(&old);
    bsr_status status = forget_outputs(&old, err);
    if (status == BSR_OK)
        status = infer_outputs(&old, err);
    if (status != BSR_OK) {
        restore(&old);
        bsr_error_set_subject(err, model->name);
    }
    swap_types(&info->type, &old.old_type); /* whichever was not kept goes with it */
    free_infos(old.outputs, old.outputs ? model->proto->graph->n_output : 0);
    free_infos(old.value_infos, old.value_info_count);
    return status;
}

bsr_status onnx_set_input_shape(struct onnx_model *model, const char *input, const int64_t *shape, int dims,
                                struct bsr_error *err)
{
    Onnx__ValueInfoProto *own = NULL, *info = NULL;
    bsr_status            status = edit_find_input(&own, model, input, err);
    if (status != BSR_OK)
        return status;
    if (dims < 0 || dims > ONNX_MAX_DIMS)
        return bsr_fail(err, BSR_EMODEL, model->name, "a shape of %d sides, the limit is %d", dims,
                        ONNX_MAX_DIMS);
    for (int i = 0; i < dims; i++)
        if (shape[i] < -1)
            return bsr_fail(err, BSR_EMODEL, model->name, "a side of %lld: must be a size, or -1 for any",
                            (long long)shape[i]);
    if (!is_tensor(own))
        return bsr_fail(err, BSR_EMODEL, model->name, "input '%s' is no tensor", shown_name(input).text);
    status = value_info_make(&info, input, own->type->tensor_type->elem_type, dims, shape, err);
    if (status != BSR_OK)
        return status;
    status = keep_symbols(info, own, err);
    if (status == BSR_OK)
        status = apply_shape(model, own, info, err);
    message_free(&info->base);
    return status;
}

/* ---- add_outputs
 * -------------------------------------------------------------------------------------------- */

static bool is_output(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_output; i++)
        if (strcmp(text_or_empty(graph->output[i]->name), name) == 0)
            return true;
    return false;
}

static bsr_status add_output(struct onnx_model *model, const struct describer *describer, const char *name,
                             struct bsr_error *err)
{
    Onnx__GraphProto     *graph = model->proto->graph;
    Onnx__ValueInfoProto *info = NULL;

    if (is_output(graph, name))
        return BSR_OK;
    if (!graph_find_producer(graph, name)) {
        if (edit_is_source(graph, name))
            return bsr_fail(err, BSR_EMODEL, model->name, "'%s' is an input or a weight: no node makes it",
                            shown_name(name).text);
        return edit_fail_unknown(model, name, false, err);
    }
    if (graph->n_output >= ONNX_MAX_VALUES)
        return bsr_fail(err, BSR_EMODEL, model->name, "over %d outputs", ONNX_MAX_VALUES);
    bsr_status status = describer_make(&info, describer, name, err);
    if (status == BSR_OK) {
        status = message_append(&graph->output, &graph->n_output, info, err);
        if (status != BSR_OK)
            message_free(&info->base);
    }
    return status;
}

bsr_status onnx_add_outputs(struct onnx_model *model, const char *const *names, int count,
                            struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    size_t            before = graph->n_output;
    struct describer  describer = {.model = NULL};
    bsr_status        status = describer_open(&describer, model, err);

    for (int i = 0; status == BSR_OK && i < count; i++)
        status = add_output(model, &describer, names[i], err);
    while (status != BSR_OK && graph->n_output > before)
        message_remove(&graph->output, &graph->n_output, graph->n_output - 1);
    describer_close(&describer);
    return status;
}

/* ---- metadata
 * ------------------------------------------------------------------------------------------------ */

static bsr_status add_entry(Onnx__ModelProto *proto, const char *key, const char *value,
                            struct bsr_error *err)
{
    Onnx__StringStringEntryProto *entry = mem_alloc(sizeof *entry);
    if (!entry)
        return bsr_fail_memory(err, NULL, sizeof *entry);
    onnx__string_string_entry_proto__init(entry);
    bsr_status status = message_set_text(&entry->key, key, err);
    if (status == BSR_OK)
        status = message_set_text(&entry->value, value, err);
    if (status == BSR_OK)
        status = message_append(&proto->metadata_props, &proto->n_metadata_props, entry, err);
    if (status != BSR_OK)
        message_free(&entry->base);
    return status;
}

bsr_status onnx_set_metadata(struct onnx_model *model, const char *key, const char *value,
                             struct bsr_error *err)
{
    Onnx__ModelProto *proto = model->proto;
    bool              remove = !value || !*value;

    if (!*key)
        return bsr_fail(err, BSR_EMODEL, model->name, "the metadata's key is empty");
    for (size_t i = 0; i < proto->n_metadata_props; i++) {
        if (strcmp(text_or_empty(proto->metadata_props[i]->key), key) != 0)
            continue;
        if (!remove)
            return message_set_text(&proto->metadata_props[i]->value, value, err);
        message_remove(&proto->metadata_props, &proto->n_metadata_props, i);
        return BSR_OK;
    }
    if (remove)
        return bsr_fail(err, BSR_EMODEL, model->name, "the metadata has no entry '%s'", shown_name(key).text);
    return add_entry(proto, key, value, err);
}

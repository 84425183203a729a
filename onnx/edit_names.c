/* Other names for values and nodes. */
#include "onnx/edit.h"

#include "base/alloc.h"
#include "onnx/edit_find.h"
#include "onnx/messages.h"

#include <string.h>

/* The places where a name stands, collected before any of them is changed. */
struct places {
    const char *name;
    char     ***slots;
    size_t      count, capacity;
    bool        failed;
};

static void note(struct places *places, char **slot)
{
    if (places->failed || !*slot || strcmp(*slot, places->name) != 0)
        return;
    if (places->count == places->capacity) {
        size_t  capacity = places->capacity ? places->capacity * 2 : 16;
        char ***slots = mem_resize(places->slots, capacity, sizeof *slots);
        places->failed = !slots;
        if (!slots)
            return;
        places->slots = slots;
        places->capacity = capacity;
    }
    places->slots[places->count++] = slot;
}

static void note_infos(struct places *places, Onnx__ValueInfoProto **infos, size_t count)
{
    for (size_t i = 0; i < count; i++)
        note(places, &infos[i]->name);
}

/* Of a quantised model: "SCALE_TENSOR" and "ZERO_POINT_TENSOR" have names of tensors as their values. */
static void note_annotations(struct places *places, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_quantization_annotation; i++) {
        Onnx__TensorAnnotation *annotation = graph->quantization_annotation[i];
        note(places, &annotation->tensor_name);
        for (size_t p = 0; p < annotation->n_quant_parameter_tensor_names; p++)
            note(places, &annotation->quant_parameter_tensor_names[p]->value);
    }
}

static void note_definitions(struct places *places, Onnx__GraphProto *graph)
{
    note_infos(places, graph->input, graph->n_input);
    note_infos(places, graph->value_info, graph->n_value_info);
    for (size_t i = 0; i < graph->n_initializer; i++)
        note(places, &graph->initializer[i]->name);
    for (size_t i = 0; i < graph->n_sparse_initializer; i++)
        if (graph->sparse_initializer[i]->values)
            note(places, &graph->sparse_initializer[i]->values->name);
    for (size_t n = 0; n < graph->n_node; n++)
        for (size_t o = 0; o < graph->node[n]->n_output; o++)
            note(places, &graph->node[n]->output[o]);
    note_annotations(places, graph);
}

static bsr_status rename_value(struct onnx_model *model, const struct graph_index *index,
                               const struct index_entry *entry, const char *to, struct bsr_error *err)
{
    struct places places = {.name = entry->name};

    if (index_find(index, to) || edit_defined_inside(model->proto->graph, to))
        return bsr_fail(err, BSR_EMODEL, model->name, "there is a tensor '%s' already", shown_name(to).text);
    note_definitions(&places, model->proto->graph);
    for (size_t i = 0; i < entry->use_count; i++)
        note(&places, entry->uses[i].slot);
    bsr_status status = places.failed ? bsr_fail_memory(err, model->name, places.count * sizeof *places.slots)
                                      : edit_set_slots(places.slots, places.count, to, err);
    mem_free(places.slots);
    return status;
}

static bsr_status rename_node(struct onnx_model *model, const char *from, const char *to,
                              struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    Onnx__NodeProto        *node = NULL;

    for (size_t i = 0; i < graph->n_node; i++) {
        const char *name = text_or_empty(graph->node[i]->name);
        if (strcmp(name, to) == 0)
            return bsr_fail(err, BSR_EMODEL, model->name, "there is a node '%s' already",
                            shown_name(to).text);
        if (!node && strcmp(name, from) == 0)
            node = graph->node[i];
    }
    return node ? message_set_text(&node->name, to, err) : edit_fail_unknown(model, from, true, err);
}

bsr_status onnx_rename(struct onnx_model *model, const char *from, const char *to, struct bsr_error *err)
{
    struct graph_index *index = NULL;

    if (!*to || strlen(to) > ONNX_MAX_NAME)
        return bsr_fail(err, BSR_EMODEL, model->name, "a name must be of 1 to %d bytes", ONNX_MAX_NAME);
    if (!*from)
        return bsr_fail(err, BSR_EMODEL, model->name, "the name to be changed is empty");
    if (strcmp(from, to) == 0)
        return BSR_OK;
    bsr_status status = index_make(&index, model->proto->graph, err);
    if (status != BSR_OK)
        return status;
    const struct index_entry *entry = index_find(index, from);
    status = entry ? rename_value(model, index, entry, to, err) : rename_node(model, from, to, err);
    index_free(index);
    return status;
}

/* A model of the nodes between some tensors and others. */
#include "onnx/edit.h"

#include "base/alloc.h"
#include "onnx/edit_describe.h"
#include "onnx/edit_find.h"
#include "onnx/parts.h"

#include <string.h>

/* ---- what belongs to the part
 * ---------------------------------------------------------------------------------- */

/* A part being cut out. Values are numbered as the index's entries. */
struct part {
    const struct onnx_model  *model;
    const struct graph_index *index;
    bool                     *edge;   /* of a value: it is one of the part's inputs */
    bool                     *wanted; /* of a value: it is read within the part, or an output of it */
    bool                     *taken;  /* of a node */
    size_t                   *reads;  /* values that nodes read, each node's together */
    size_t                   *first;  /* of a node: where its begin; one more at the end */
};

static size_t number_of(const struct part *part, const struct index_entry *entry)
{
    return (size_t)(entry - part->index->entries);
}

static void free_part(struct part *part)
{
    mem_free(part->edge);
    mem_free(part->wanted);
    mem_free(part->taken);
    mem_free(part->reads);
    mem_free(part->first);
}

/* The index knows who reads a value; this is the other way round. Reads of subgraphs are their node's. */
static void list_reads(struct part *part, size_t nodes)
{
    const struct graph_index *index = part->index;

    for (size_t v = 0; v < index->count; v++)
        for (size_t u = 0; u < index->entries[v].use_count; u++)
            if (index->entries[v].uses[u].node < nodes)
                part->first[index->entries[v].uses[u].node + 1]++;
    for (size_t n = 0; n < nodes; n++)
        part->first[n + 1] += part->first[n];
    for (size_t v = 0; v < index->count; v++)
        for (size_t u = 0; u < index->entries[v].use_count; u++)
            if (index->entries[v].uses[u].node < nodes)
                part->reads[part->first[index->entries[v].uses[u].node]++] = v;
    for (size_t n = nodes; n > 0; n--)
        part->first[n] = part->first[n - 1];
    part->first[0] = 0;
}

static bsr_status open_part(struct part *part, struct bsr_error *err)
{
    size_t values = part->index->count + 1, nodes = part->model->proto->graph->n_node, uses = 1;

    for (size_t v = 0; v < part->index->count; v++)
        uses += part->index->entries[v].use_count;
    part->edge = mem_alloc_zeroed(values, sizeof *part->edge);
    part->wanted = mem_alloc_zeroed(values, sizeof *part->wanted);
    part->taken = mem_alloc_zeroed(nodes + 1, sizeof *part->taken);
    part->reads = mem_alloc_zeroed(uses, sizeof *part->reads);
    part->first = mem_alloc_zeroed(nodes + 2, sizeof *part->first);
    if (!part->edge || !part->wanted || !part->taken || !part->reads || !part->first)
        return bsr_fail_memory(err, part->model->name, (values + uses + nodes) * sizeof(size_t));
    list_reads(part, nodes);
    return BSR_OK;
}

static bsr_status mark(const struct part *part, bool *marks, const char *name, struct bsr_error *err)
{
    const struct index_entry *entry = index_find(part->index, name);

    if (!entry)
        return edit_fail_unknown(part->model, name, false, err);
    if (marks[number_of(part, entry)])
        return bsr_fail(err, BSR_EMODEL, part->model->name, "'%s' is named twice", shown_name(name).text);
    marks[number_of(part, entry)] = true;
    return BSR_OK;
}

static bsr_status check_ends(struct part *part, const char *const *outputs, int output_count,
                             struct bsr_error *err)
{
    for (int i = 0; i < output_count; i++) {
        const struct index_entry *entry = index_find(part->index, outputs[i]);
        if (part->edge[number_of(part, entry)])
            return bsr_fail(err, BSR_EMODEL, part->model->name, "'%s' is to be an input and an output",
                            shown_name(outputs[i]).text);
        if (entry->node == SIZE_MAX)
            return bsr_fail(err, BSR_EMODEL, part->model->name,
                            "'%s' is an input or a weight: no node makes it", shown_name(outputs[i]).text);
    }
    return BSR_OK;
}

/* A value that the part needs, but neither takes in nor makes. */
static bsr_status check_source(const struct part *part, size_t value, const Onnx__NodeProto *reader,
                               struct bsr_error *err)
{
    const struct index_entry *entry = &part->index->entries[value];

    if (entry->node != SIZE_MAX || entry->initializer != SIZE_MAX || part->edge[value])
        return BSR_OK;
    bsr_fail(err, BSR_EMODEL, part->model->name,
             "'%s' is needed, too: node '%s' reads it, and no node makes it", shown_name(entry->name).text,
             shown_name(*text_or_empty(reader->name) ? reader->name : reader->output[0]).text);
    bsr_hint(err, "name it among the inputs, or a tensor that comes after it");
    return BSR_EMODEL;
}

/* From the last node to the first: whose outputs are wanted is taken, and wants what it reads. */
static bsr_status take_nodes(struct part *part, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = part->model->proto->graph;
    size_t                 *order = NULL;
    bsr_status              status = index_sort(&order, part->index, err);
    if (status != BSR_OK)
        return status;
    for (size_t i = graph->n_node; status == BSR_OK && i-- > 0;) {
        size_t                 n = order[i];
        const Onnx__NodeProto *node = graph->node[n];
        for (size_t o = 0; o < node->n_output; o++) {
            const struct index_entry *entry = index_find(part->index, node->output[o]);
            if (entry && part->wanted[number_of(part, entry)] && !part->edge[number_of(part, entry)])
                part->taken[n] = true;
        }
        for (size_t r = part->first[n]; status == BSR_OK && part->taken[n] && r < part->first[n + 1]; r++) {
            part->wanted[part->reads[r]] = true;
            status = check_source(part, part->reads[r], node, err);
        }
    }
    mem_free(order);
    return status;
}

/* ---- the new graph
 * --------------------------------------------------------------------------------------------- */

static bool is_inside(const struct part *part, const char *name)
{
    const struct index_entry *entry = index_find(part->index, text_or_empty(name));
    if (!entry)
        return false;
    size_t value = number_of(part, entry);
    return !part->edge[value] && part->wanted[value];
}

static bool is_output(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_output; i++)
        if (strcmp(graph->output[i]->name, text_or_empty(name)) == 0)
            return true;
    return false;
}

static bsr_status copy_inside(Onnx__GraphProto *out, const struct part *part, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = part->model->proto->graph;
    bsr_status              status = BSR_OK;

    for (size_t n = 0; status == BSR_OK && n < graph->n_node; n++)
        if (part->taken[n])
            status = message_append_copy(&out->node, &out->n_node, &graph->node[n]->base, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        if (is_inside(part, graph->initializer[i]->name))
            status = message_append_copy(&out->initializer, &out->n_initializer, &graph->initializer[i]->base,
                                         err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_sparse_initializer; i++)
        if (graph->sparse_initializer[i]->values &&
            is_inside(part, graph->sparse_initializer[i]->values->name))
            status = message_append_copy(&out->sparse_initializer, &out->n_sparse_initializer,
                                         &graph->sparse_initializer[i]->base, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_value_info; i++)
        if (is_inside(part, graph->value_info[i]->name) && !is_output(out, graph->value_info[i]->name))
            status =
                message_append_copy(&out->value_info, &out->n_value_info, &graph->value_info[i]->base, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_quantization_annotation; i++)
        if (is_inside(part, graph->quantization_annotation[i]->tensor_name))
            status = message_append_copy(&out->quantization_annotation, &out->n_quantization_annotation,
                                         &graph->quantization_annotation[i]->base, err);
    return status;
}

static bsr_status append_info(Onnx__ValueInfoProto ***array, size_t *count, const struct describer *describer,
                              const char *name, struct bsr_error *err)
{
    Onnx__ValueInfoProto *info = NULL;
    bsr_status            status = describer_make(&info, describer, name, err);
    if (status != BSR_OK)
        return status;
    status = message_append(array, count, info, err);
    if (status != BSR_OK)
        message_free(&info->base);
    return status;
}

/* Old models name their weights among the inputs, too (IR version 3 and before): those inside go with them.
 */
static bsr_status copy_weight_inputs(Onnx__GraphProto *out, const struct part *part, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = part->model->proto->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++) {
        const struct index_entry *entry = index_find(part->index, text_or_empty(graph->input[i]->name));
        if (entry && entry->initializer != SIZE_MAX && is_inside(part, entry->name))
            status = message_append_copy(&out->input, &out->n_input, &graph->input[i]->base, err);
    }
    return status;
}

static bsr_status write_graph(Onnx__GraphProto *out, const struct part *part, const char *const *inputs,
                              int input_count, const char *const *outputs, int output_count,
                              struct bsr_error *err)
{
    struct describer describer = {.model = NULL};
    bsr_status       status = describer_open(&describer, part->model, err);

    for (int i = 0; status == BSR_OK && i < input_count; i++)
        status = append_info(&out->input, &out->n_input, &describer, inputs[i], err);
    for (int i = 0; status == BSR_OK && i < output_count; i++)
        status = append_info(&out->output, &out->n_output, &describer, outputs[i], err);
    if (status == BSR_OK)
        status = copy_inside(out, part, err);
    if (status == BSR_OK)
        status = copy_weight_inputs(out, part, err);
    describer_close(&describer);
    return status;
}

static bsr_status find_part(struct part *part, const char *const *inputs, int input_count,
                            const char *const *outputs, int output_count, struct bsr_error *err)
{
    bsr_status status = open_part(part, err);

    if (status == BSR_OK && output_count < 1)
        status = bsr_fail(err, BSR_EMODEL, part->model->name, "a part needs an output");
    for (int i = 0; status == BSR_OK && i < input_count; i++)
        status = mark(part, part->edge, inputs[i], err);
    for (int i = 0; status == BSR_OK && i < output_count; i++)
        status = mark(part, part->wanted, outputs[i], err);
    if (status == BSR_OK)
        status = check_ends(part, outputs, output_count, err);
    return status == BSR_OK ? take_nodes(part, err) : status;
}

bsr_status onnx_extract(struct onnx_model **out, const struct onnx_model *model, const char *const *inputs,
                        int input_count, const char *const *outputs, int output_count, struct bsr_error *err)
{
    struct graph_index *index = NULL;
    struct onnx_model  *result = NULL;
    bsr_status          status = index_make(&index, model->proto->graph, err);
    if (status != BSR_OK)
        return status;

    struct part part = {.model = model, .index = index};
    status = find_part(&part, inputs, input_count, outputs, output_count, err);
    if (status == BSR_OK)
        status = model_make_frame(&result, model, err);
    if (status == BSR_OK)
        status = write_graph(result->proto->graph, &part, inputs, input_count, outputs, output_count, err);
    if (status == BSR_OK)
        status = model_index_inputs(result, err);
    free_part(&part);
    index_free(index);
    if (status == BSR_OK)
        *out = result;
    else
        onnx_model_free(result);
    return status;
}

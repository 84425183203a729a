/* The models of a split: nodes, constants, and what goes in and out of each. */
#include "base/alloc.h"
#include "onnx/make.h"
#include "onnx/parts.h"
#include "onnx/splitting.h"

#include <stdio.h>
#include <string.h>

/* A part under construction. Marks are of values: entries of the index. */
struct part {
    const struct splitting *splitting;
    int                     place; /* GOES_TO_ENGINE is the front: engine and regions together */
    struct onnx_model      *model;
    bool                   *marked; /* [values], to take each once */
};

static const Onnx__GraphProto *graph_of(const struct splitting *splitting)
{
    return splitting->model->proto->graph;
}

/* Whether a node belongs to the part; those of regions belong to the front as well. */
static bool is_in(const struct part *part, size_t node)
{
    int place = part->splitting->place[node];
    return part->place == GOES_TO_ENGINE ? place != GOES_TO_TAIL : place == part->place;
}

static bool made_in(const struct part *part, const struct index_entry *entry)
{
    return entry->node != SIZE_MAX && is_in(part, entry->node);
}

/* Whether anybody outside of the part reads the value: another part, or who asked for the graph. */
static bool read_outside(const struct part *part, const struct index_entry *entry)
{
    for (size_t u = 0; u < entry->use_count; u++)
        if (entry->uses[u].node >= graph_of(part->splitting)->n_node || !is_in(part, entry->uses[u].node))
            return true;
    return false;
}

/* ---- ends --------------------------------------------------------------------------------- */

/* How a tensor shows at the ends of the part: in OpenCV's as words, where it isn't f32. */
static void describe(const struct part *part, const struct bsr_tensor *tensor, int *type, int *dims,
                     int64_t *shape)
{
    *type = tensor->type;
    *dims = tensor->dims;
    memcpy(shape, tensor->shape, sizeof tensor->shape);
    if (part->place != GOES_TO_ENGINE || !splitting_is_carried(tensor))
        return;
    size_t words = (tensor_bytes(tensor) + sizeof(float) - 1) / sizeof(float);
    *type = BSR_F32;
    *dims = 1;
    shape[0] = words ? (int64_t)words : 1;
}

static bsr_status add_end(const struct part *part, Onnx__ValueInfoProto ***array, size_t *count,
                          const struct index_entry *entry, struct bsr_error *err)
{
    const struct bsr_tensor *tensor = splitting_shape(part->splitting, entry);
    Onnx__ValueInfoProto    *info = NULL;
    int                      type = 0, dims = -1;
    int64_t                  shape[BSR_MAX_DIMS] = {0};

    if (tensor)
        describe(part, tensor, &type, &dims, shape);
    bsr_status status = value_info_make(&info, entry->name, type, dims, shape, err);
    if (status != BSR_OK)
        return status;
    status = message_append(array, count, info, err);
    if (status != BSR_OK)
        message_free(&info->base);
    return status;
}

/* ---- constants ---------------------------------------------------------------------------- */

static bsr_status take_constant(const struct part *part, const struct index_entry *entry,
                                struct bsr_error *err)
{
    Onnx__GraphProto *graph = part->model->proto->graph;
    return message_append_copy(&graph->initializer, &graph->n_initializer,
                               &graph_of(part->splitting)->initializer[entry->initializer]->base, err);
}

/* What a node of the part reads from outside: constants are taken along, all else becomes an input. `inputs`
 * NULL: only constants. */
static bsr_status take_reads(struct part *part, size_t node, bool inputs, struct bsr_error *err)
{
    const struct splitting *splitting = part->splitting;
    Onnx__GraphProto       *graph = part->model->proto->graph;
    bsr_status              status = BSR_OK;

    for (size_t r = splitting->first[node]; status == BSR_OK && r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        if (part->marked[splitting->reads[r]] || made_in(part, entry))
            continue;
        if (!splitting_is_constant(entry) && !inputs)
            continue;
        part->marked[splitting->reads[r]] = true;
        status = splitting_is_constant(entry) ? take_constant(part, entry, err)
                                              : add_end(part, &graph->input, &graph->n_input, entry, err);
    }
    return status;
}

static bsr_status copy_node(const struct part *part, size_t node, struct bsr_error *err)
{
    Onnx__GraphProto *graph = part->model->proto->graph;
    return message_append_copy(&graph->node, &graph->n_node, &graph_of(part->splitting)->node[node]->base,
                               err);
}

/* Values that the node makes and others read. */
static bsr_status add_outputs(const struct part *part, size_t node, struct bsr_error *err)
{
    const Onnx__NodeProto *proto = graph_of(part->splitting)->node[node];
    Onnx__GraphProto      *graph = part->model->proto->graph;
    bsr_status             status = BSR_OK;

    for (size_t o = 0; status == BSR_OK && o < proto->n_output; o++) {
        const struct index_entry *entry = index_find(part->splitting->index, proto->output[o]);
        if (entry && entry->node == node && entry->output == o && read_outside(part, entry))
            status = add_end(part, &graph->output, &graph->n_output, entry, err);
    }
    return status;
}

static bsr_status open_part(struct part *part, const struct splitting *splitting, int place,
                            struct bsr_error *err)
{
    *part = (struct part){.splitting = splitting, .place = place};
    part->marked = mem_alloc_zeroed(splitting->index->count + 1, sizeof *part->marked);
    if (!part->marked)
        return bsr_fail_memory(err, splitting->model->name, splitting->index->count);
    return model_make_frame(&part->model, splitting->model, err);
}

/* Hands the finished model over; on failure it is released. */
static bsr_status close_part(struct part *part, struct onnx_model **out, bsr_status status,
                             struct bsr_error *err)
{
    if (status == BSR_OK)
        status = model_index_inputs(part->model, err);
    mem_free(part->marked);
    if (status == BSR_OK)
        *out = part->model;
    else
        onnx_model_free(part->model);
    return status;
}

/* ---- a region ----------------------------------------------------------------------------- */

static bsr_status list_shapes(struct bsr_tensor **out, int *count, const struct splitting *splitting,
                              Onnx__ValueInfoProto *const *infos, size_t info_count, struct bsr_error *err)
{
    struct bsr_tensor *tensors = mem_alloc_zeroed(info_count + 1, sizeof *tensors);
    if (!tensors)
        return bsr_fail_memory(err, splitting->model->name, info_count * sizeof *tensors);
    for (size_t i = 0; i < info_count; i++) {
        tensors[i] = *splitting_shape(splitting, index_find(splitting->index, infos[i]->name));
        tensors[i].data = NULL;
    }
    *out = tensors;
    *count = (int)info_count;
    return BSR_OK;
}

static bsr_status make_region(struct onnx_region *out, const struct splitting *splitting, int number,
                              struct bsr_error *err)
{
    struct part part;
    bsr_status  status = open_part(&part, splitting, number, err);

    for (size_t i = 0; status == BSR_OK && i < graph_of(splitting)->n_node; i++) {
        size_t node = splitting->order[i];
        if (splitting->place[node] != number)
            continue;
        out->fast = splitting->classes[node] == CLASS_FAST;
        status = copy_node(&part, node, err);
        if (status == BSR_OK)
            status = take_reads(&part, node, true, err);
        if (status == BSR_OK)
            status = add_outputs(&part, node, err);
    }
    status = close_part(&part, &out->model, status, err);
    if (status != BSR_OK)
        return status;
    const Onnx__GraphProto *graph = out->model->proto->graph;
    status = list_shapes(&out->inputs, &out->input_count, splitting, graph->input, graph->n_input, err);
    if (status == BSR_OK)
        status =
            list_shapes(&out->outputs, &out->output_count, splitting, graph->output, graph->n_output, err);
    return status;
}

static bsr_status make_regions(struct onnx_split *out, const struct splitting *splitting,
                               struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    out->regions = mem_alloc_zeroed((size_t)splitting->regions + 1, sizeof *out->regions);
    if (!out->regions)
        return bsr_fail_memory(err, splitting->model->name,
                               (size_t)splitting->regions * sizeof *out->regions);
    out->region_count = splitting->regions;
    for (int i = 0; status == BSR_OK && i < splitting->regions; i++)
        status = make_region(&out->regions[i], splitting, i, err);
    return status;
}

/* ---- the front ---------------------------------------------------------------------------- */

/* The names of a region's inputs or outputs. */
static const char **names_of(Onnx__ValueInfoProto *const *infos, size_t count)
{
    const char **names = mem_alloc_zeroed(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++)
        names[i] = infos[i]->name;
    return names;
}

static bsr_status make_region_node(Onnx__NodeProto **out, const struct onnx_region *region, int number,
                                   struct bsr_error *err)
{
    const Onnx__GraphProto *graph = region->model->proto->graph;
    const char            **inputs = names_of(graph->input, graph->n_input);
    const char            **outputs = names_of(graph->output, graph->n_output);
    char                    name[160];
    bsr_status              status = inputs && outputs ? BSR_OK : bsr_fail_memory(err, NULL, graph->n_input);

    snprintf(name, sizeof name, "region %d: %s", number, shown_name(graph->node[0]->name).text);
    if (status == BSR_OK)
        status = node_make(out,
                           &(struct node_parts){.op = "besra.Region",
                                                .name = name,
                                                .inputs = inputs,
                                                .outputs = outputs,
                                                .input_count = (int)graph->n_input,
                                                .output_count = (int)graph->n_output},
                           err);
    mem_free(inputs);
    mem_free(outputs);
    return status;
}

static bsr_status add_region_node(const struct part *part, const struct onnx_region *region, int number,
                                  struct bsr_error *err)
{
    Onnx__GraphProto *graph = part->model->proto->graph;
    Onnx__NodeProto  *node = NULL;
    bsr_status        status = make_region_node(&node, region, number, err);
    if (status != BSR_OK)
        return status;
    status = node_add_int(node, "region", number, err);
    if (status == BSR_OK)
        status = message_append(&graph->node, &graph->n_node, node, err);
    if (status != BSR_OK)
        message_free(&node->base);
    return status;
}

/* Nodes of the front in an order that works: a region when the last of its nodes has come up. */
static bsr_status fill_front(struct part *part, const struct onnx_split *split, int *missing,
                             struct bsr_error *err)
{
    const struct splitting *splitting = part->splitting;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; i < graph_of(splitting)->n_node; i++)
        if (splitting->place[i] >= 0)
            missing[splitting->place[i]]++;
    for (size_t i = 0; status == BSR_OK && i < graph_of(splitting)->n_node; i++) {
        size_t node = splitting->order[i];
        int    place = splitting->place[node];
        if (place == GOES_TO_TAIL)
            continue;
        if (place == GOES_TO_ENGINE)
            status = copy_node(part, node, err);
        else if (--missing[place] == 0)
            status = add_region_node(part, &split->regions[place], place, err);
        if (status == BSR_OK)
            status = add_outputs(part, node, err);
    }
    return status;
}

/* Inputs in the order of the graph's, as far as the front reads them; constants that the engine's nodes read.
 */
static bsr_status feed_front(struct part *part, struct bsr_error *err)
{
    const struct splitting *splitting = part->splitting;
    Onnx__GraphProto       *graph = part->model->proto->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph_of(splitting)->n_node; i++)
        if (splitting->place[i] == GOES_TO_ENGINE)
            status = take_reads(part, i, false, err);
    for (int i = 0; status == BSR_OK && i < splitting->model->input_count; i++) {
        const struct index_entry *entry =
            index_find(splitting->index, text_or_empty(splitting->model->inputs[i]->name));
        bool read = false;
        for (size_t u = 0; entry && u < entry->use_count; u++)
            read = read ||
                   (entry->uses[u].node < graph_of(splitting)->n_node && is_in(part, entry->uses[u].node));
        if (read)
            status = add_end(part, &graph->input, &graph->n_input, entry, err);
    }
    return status;
}

static bsr_status make_front(struct onnx_split *out, const struct splitting *splitting, struct bsr_error *err)
{
    struct part part;
    int        *missing = mem_alloc_zeroed((size_t)splitting->regions + 1, sizeof *missing);
    if (!missing)
        return bsr_fail_memory(err, splitting->model->name, (size_t)splitting->regions * sizeof *missing);

    bsr_status status = open_part(&part, splitting, GOES_TO_ENGINE, err);
    if (status == BSR_OK)
        status = fill_front(&part, out, missing, err);
    if (status == BSR_OK)
        status = feed_front(&part, err);
    if (status == BSR_OK)
        status = model_import_domain(part.model, "besra", strlen("besra"), err);
    mem_free(missing);
    return close_part(&part, &out->front, status, err);
}

/* ---- the tail ----------------------------------------------------------------------------- */

/* Outputs are those of the whole graph; one that the front makes goes through. */
static bsr_status end_tail(struct part *part, struct bsr_error *err)
{
    const struct splitting *splitting = part->splitting;
    Onnx__GraphProto       *graph = part->model->proto->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph_of(splitting)->n_output; i++) {
        const Onnx__ValueInfoProto *info = graph_of(splitting)->output[i];
        const struct index_entry   *entry = index_find(splitting->index, text_or_empty(info->name));
        status = message_append_copy(&graph->output, &graph->n_output, &info->base, err);
        if (status != BSR_OK || !entry || made_in(part, entry) ||
            part->marked[entry - splitting->index->entries])
            continue;
        part->marked[entry - splitting->index->entries] = true;
        status = splitting_is_constant(entry) ? take_constant(part, entry, err)
                                              : add_end(part, &graph->input, &graph->n_input, entry, err);
    }
    return status;
}

static bsr_status make_tail(struct onnx_split *out, const struct splitting *splitting, struct bsr_error *err)
{
    struct part part;
    bsr_status  status = open_part(&part, splitting, GOES_TO_TAIL, err);

    for (size_t i = 0; status == BSR_OK && i < graph_of(splitting)->n_node; i++) {
        size_t node = splitting->order[i];
        if (splitting->place[node] != GOES_TO_TAIL)
            continue;
        status = copy_node(&part, node, err);
        if (status == BSR_OK)
            status = take_reads(&part, node, true, err);
    }
    if (status == BSR_OK)
        status = end_tail(&part, err);
    return close_part(&part, &out->tail, status, err);
}

bsr_status splitting_make_parts(struct onnx_split *out, const struct splitting *splitting,
                                struct bsr_error *err)
{
    bool       front = false;
    bsr_status status = make_regions(out, splitting, err);

    for (size_t i = 0; i < graph_of(splitting)->n_node; i++)
        front = front || splitting->place[i] != GOES_TO_TAIL;
    if (status == BSR_OK && front)
        status = make_front(out, splitting, err);
    if (status == BSR_OK && splitting->tail)
        status = make_tail(out, splitting, err);
    return status;
}

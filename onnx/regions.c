#include "onnx/regions.h"

#include "base/alloc.h"
#include "onnx/nodes.h"
#include "onnx/splitting.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VIEWED = 64 }; /* inputs and outputs of a node that the engine may be asked about */

bool splitting_is_constant(const struct index_entry *entry)
{
    return entry->initializer != SIZE_MAX && entry->node == SIZE_MAX;
}

const struct bsr_tensor *splitting_shape(const struct splitting *splitting, const struct index_entry *entry)
{
    const struct bsr_tensor *tensor = onnx_values_find(splitting->values, entry->name);
    return tensor && tensor->type ? tensor : NULL;
}

bool splitting_is_carried(const struct bsr_tensor *tensor)
{
    return tensor->type != BSR_F32 || tensor->dims == 0;
}

/* ---- who reads what ----------------------------------------------------------------------- */

/* The index knows who reads a value; this is the other way round. Reads of subgraphs are their node's. */
static void list_reads(struct splitting *splitting, size_t nodes)
{
    const struct graph_index *index = splitting->index;

    for (size_t v = 0; v < index->count; v++)
        for (size_t u = 0; u < index->entries[v].use_count; u++)
            if (index->entries[v].uses[u].node < nodes)
                splitting->first[index->entries[v].uses[u].node + 1]++;
    for (size_t n = 0; n < nodes; n++)
        splitting->first[n + 1] += splitting->first[n];
    for (size_t v = 0; v < index->count; v++)
        for (size_t u = 0; u < index->entries[v].use_count; u++)
            if (index->entries[v].uses[u].node < nodes)
                splitting->reads[splitting->first[index->entries[v].uses[u].node]++] = v;
    for (size_t n = nodes; n > 0; n--)
        splitting->first[n] = splitting->first[n - 1];
    splitting->first[0] = 0;
}

static bsr_status open_splitting(struct splitting *splitting, struct bsr_error *err)
{
    size_t nodes = splitting->model->proto->graph->n_node, uses = 1;

    for (size_t v = 0; v < splitting->index->count; v++)
        uses += splitting->index->entries[v].use_count;
    splitting->place = mem_alloc_zeroed(nodes + 1, sizeof *splitting->place);
    splitting->reads = mem_alloc_zeroed(uses, sizeof *splitting->reads);
    splitting->first = mem_alloc_zeroed(nodes + 2, sizeof *splitting->first);
    if (!splitting->place || !splitting->reads || !splitting->first)
        return bsr_fail_memory(err, splitting->model->name, (nodes + uses) * sizeof(size_t));
    list_reads(splitting, nodes);
    return index_sort(&splitting->order, splitting->index, err);
}

static void close_splitting(struct splitting *splitting)
{
    mem_free(splitting->order);
    mem_free(splitting->place);
    mem_free(splitting->reads);
    mem_free(splitting->first);
}

/* ---- tail --------------------------------------------------------------------------------- */

/* A tensor that OpenCV can't hold: of unknown shape, or without elements. */
static bool is_unfit(const struct splitting *splitting, const struct index_entry *entry)
{
    const struct bsr_tensor *tensor = splitting_shape(splitting, entry);
    return !tensor || tensor_count(tensor) == 0 || tensor_bytes(tensor) == SIZE_MAX;
}

static bool made_in_tail(const struct splitting *splitting, const struct index_entry *entry)
{
    return entry->node != SIZE_MAX && splitting->place[entry->node] == GOES_TO_TAIL;
}

/* What reads the tail, makes what OpenCV can't hold, or waits for nothing that comes in (a layer needs an
 * input). */
static bool goes_to_tail(const struct splitting *splitting, size_t node)
{
    const Onnx__NodeProto *proto = splitting->model->proto->graph->node[node];
    bool                   fed = false;

    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        if (splitting_is_constant(entry))
            continue;
        fed = true;
        if (made_in_tail(splitting, entry) || is_unfit(splitting, entry))
            return true;
    }
    for (size_t o = 0; o < proto->n_output; o++) {
        const struct index_entry *entry = index_find(splitting->index, proto->output[o]);
        if (entry && is_unfit(splitting, entry))
            return true;
    }
    return !fed || proto->n_output == 0;
}

/* ---- what the engine takes ---------------------------------------------------------------- */

/* Whether all that comes and goes at run time is f32 of one dimension or more. */
static bool has_plain_ends(const struct splitting *splitting, size_t node)
{
    const Onnx__NodeProto *proto = splitting->model->proto->graph->node[node];

    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        if (!splitting_is_constant(entry) && splitting_is_carried(splitting_shape(splitting, entry)))
            return false;
    }
    for (size_t o = 0; o < proto->n_output; o++) {
        const struct index_entry *entry = index_find(splitting->index, proto->output[o]);
        if (entry && splitting_is_carried(splitting_shape(splitting, entry)))
            return false;
    }
    return true;
}

static bool has_subgraph(const Onnx__NodeProto *proto)
{
    for (size_t i = 0; i < proto->n_attribute; i++)
        if (proto->attribute[i]->g || proto->attribute[i]->n_graphs)
            return true;
    return false;
}

/* Asks the engine. */
static bsr_status ask(bool *taken, const struct splitting *splitting, size_t node, onnx_supports *supports,
                      void *context, struct bsr_error *err)
{
    const Onnx__NodeProto   *proto = splitting->model->proto->graph->node[node];
    const struct bsr_tensor *inputs[MAX_VIEWED], *outputs[MAX_VIEWED];
    struct bsr_node         *read = NULL;

    *taken = false;
    if (proto->n_input > MAX_VIEWED || proto->n_output > MAX_VIEWED || has_subgraph(proto) ||
        !has_plain_ends(splitting, node))
        return BSR_OK;
    bsr_status status = node_read(&read, proto, node_opset(splitting->model, proto), err);
    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < proto->n_input; i++)
        inputs[i] = onnx_values_find(splitting->values, proto->input[i]);
    for (size_t i = 0; i < proto->n_output; i++)
        outputs[i] = onnx_values_find(splitting->values, proto->output[i]);
    struct onnx_node_view view = {.node = *read,
                                  .inputs = inputs,
                                  .input_count = (int)proto->n_input,
                                  .outputs = outputs,
                                  .output_count = (int)proto->n_output};
    *taken = !supports(context, &view);
    node_free(read);
    return BSR_OK;
}

/* ---- regions ------------------------------------------------------------------------------ */

/* How often the way from the inputs to a node has changed between engine and besra, at most. A way that
 * leaves a region and comes back to its nodes would have changed twice on it: nodes of one depth that hang
 * together are a region without a hole. */
static void find_depth(const struct splitting *splitting, size_t node, const bool *engine, int *depth)
{
    depth[node] = 0;
    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        if (entry->node == SIZE_MAX)
            continue;
        int through = depth[entry->node] + (engine[entry->node] != engine[node]);
        if (through > depth[node])
            depth[node] = through;
    }
}

/* The representative of a node's region among those joined so far; ways are shortened on the go. */
static size_t find_root(size_t *parent, size_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static void join_neighbours(const struct splitting *splitting, size_t node, const bool *engine,
                            const int *depth, size_t *parent)
{
    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        size_t                    maker = entry->node;
        if (maker != SIZE_MAX && !engine[maker] && depth[maker] == depth[node])
            parent[find_root(parent, node)] = find_root(parent, maker);
    }
}

/* Numbers the regions in the order in which they are met. */
static void number_regions(struct splitting *splitting, const bool *engine, size_t *parent, int *numbers)
{
    size_t nodes = splitting->model->proto->graph->n_node;

    for (size_t n = 0; n < nodes; n++)
        numbers[n] = -1;
    for (size_t i = 0; i < nodes; i++) {
        size_t n = splitting->order[i];
        if (splitting->place[n] == GOES_TO_TAIL || engine[n])
            continue;
        size_t root = find_root(parent, n);
        if (numbers[root] < 0)
            numbers[root] = splitting->regions++;
        splitting->place[n] = numbers[root];
    }
}

static bsr_status place_nodes(struct splitting *splitting, bool *engine, int *depth, size_t *parent,
                              onnx_supports *supports, void *context, struct bsr_error *err)
{
    size_t     nodes = splitting->model->proto->graph->n_node;
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < nodes; i++) {
        size_t n = splitting->order[i];
        parent[n] = n;
        if (goes_to_tail(splitting, n)) {
            splitting->place[n] = GOES_TO_TAIL;
            splitting->tail = true;
            depth[n] = INT_MAX;
            continue;
        }
        splitting->place[n] = GOES_TO_ENGINE;
        status = ask(&engine[n], splitting, n, supports, context, err);
        find_depth(splitting, n, engine, depth);
        if (!engine[n])
            join_neighbours(splitting, n, engine, depth, parent);
    }
    return status;
}

/* A node's turn: by depth, then as they stood. */
struct turn {
    int    depth;
    size_t at, node;
};

static int compare_turns(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return x->depth != y->depth ? (x->depth > y->depth) - (x->depth < y->depth)
                                : (x->at > y->at) - (x->at < y->at);
}

/* Orders the nodes by depth: those of a region then stand together as far as any way goes, so that the region
 * can take the place of the last of them. */
static bsr_status order_by_depth(struct splitting *splitting, const int *depth, struct bsr_error *err)
{
    size_t       nodes = splitting->model->proto->graph->n_node;
    struct turn *turns = mem_alloc_zeroed(nodes + 1, sizeof *turns);
    if (!turns)
        return bsr_fail_memory(err, splitting->model->name, nodes * sizeof *turns);
    for (size_t i = 0; i < nodes; i++)
        turns[i] = (struct turn){.depth = depth[splitting->order[i]], .at = i, .node = splitting->order[i]};
    qsort(turns, nodes, sizeof *turns, compare_turns);
    for (size_t i = 0; i < nodes; i++)
        splitting->order[i] = turns[i].node;
    mem_free(turns);
    return BSR_OK;
}

static bsr_status group(struct splitting *splitting, onnx_supports *supports, void *context,
                        struct bsr_error *err)
{
    size_t     nodes = splitting->model->proto->graph->n_node;
    bool      *engine = mem_alloc_zeroed(nodes + 1, sizeof *engine);
    int       *depth = mem_alloc_zeroed(nodes + 1, sizeof *depth);
    int       *numbers = mem_alloc_zeroed(nodes + 1, sizeof *numbers);
    size_t    *parent = mem_alloc_zeroed(nodes + 1, sizeof *parent);
    bsr_status status = engine && depth && numbers && parent
                            ? place_nodes(splitting, engine, depth, parent, supports, context, err)
                            : bsr_fail_memory(err, splitting->model->name, nodes * 3 * sizeof(size_t));

    if (status == BSR_OK)
        number_regions(splitting, engine, parent, numbers);
    if (status == BSR_OK)
        status = order_by_depth(splitting, depth, err);
    mem_free(engine);
    mem_free(depth);
    mem_free(numbers);
    mem_free(parent);
    return status;
}

/* An output that is an input or a constant itself is made by nobody: it is the tail's. */
static void look_at_outputs(struct splitting *splitting)
{
    const Onnx__GraphProto *graph = splitting->model->proto->graph;

    for (size_t i = 0; i < graph->n_output; i++) {
        const struct index_entry *entry = index_find(splitting->index, text_or_empty(graph->output[i]->name));
        if (!entry || entry->node == SIZE_MAX)
            splitting->tail = true;
    }
}

bsr_status onnx_split_make(struct onnx_split *out, const struct onnx_model *model, onnx_supports *supports,
                           void *context, struct bsr_error *err)
{
    struct splitting    splitting = {.model = model};
    struct onnx_split   split = {.front = NULL};
    struct graph_index *index = NULL;
    struct onnx_values *values = NULL;
    bsr_status          status = index_make(&index, model->proto->graph, err);

    splitting.index = index;
    if (status == BSR_OK)
        status = onnx_infer(&values, model, NULL, 0, err);
    splitting.values = values;
    if (status == BSR_OK)
        status = open_splitting(&splitting, err);
    if (status == BSR_OK)
        status = group(&splitting, supports, context, err);
    if (status == BSR_OK) {
        look_at_outputs(&splitting);
        status = splitting_make_parts(&split, &splitting, err);
    }
    close_splitting(&splitting);
    onnx_values_free(values);
    index_free(index);
    if (status != BSR_OK) {
        onnx_split_free(&split);
        return status;
    }
    *out = split;
    return BSR_OK;
}

void onnx_split_free(struct onnx_split *split)
{
    for (int i = 0; split->regions && i < split->region_count; i++) {
        onnx_model_free(split->regions[i].model);
        mem_free(split->regions[i].inputs);
        mem_free(split->regions[i].outputs);
    }
    mem_free(split->regions);
    onnx_model_free(split->front);
    onnx_model_free(split->tail);
    *split = (struct onnx_split){.front = NULL};
}

#include "onnx/regions.h"

#include "base/alloc.h"
#include "onnx/splitting.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

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
    splitting->classes = mem_alloc_zeroed(nodes + 1, sizeof *splitting->classes);
    splitting->reads = mem_alloc_zeroed(uses, sizeof *splitting->reads);
    splitting->first = mem_alloc_zeroed(nodes + 2, sizeof *splitting->first);
    if (!splitting->place || !splitting->classes || !splitting->reads || !splitting->first)
        return bsr_fail_memory(err, splitting->model->name, (nodes + uses) * sizeof(size_t));
    list_reads(splitting, nodes);
    return index_sort(&splitting->order, splitting->index, err);
}

static void close_splitting(struct splitting *splitting)
{
    mem_free(splitting->order);
    mem_free(splitting->place);
    mem_free(splitting->classes);
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

/* ---- regions ------------------------------------------------------------------------------ */

/* What grouping needs of each node. */
struct grouping {
    bool   *worth;   /* makes its fast region worth its while */
    bool   *counted; /* of a group's representative: somebody in it is worth it */
    int    *depth;
    int    *numbers;
    size_t *parent;
    size_t *fast_at; /* of a depth: 1 + a fast node, 0: there is none */
};

/* How often the way from the inputs to a node has changed between classes, at most. Along a way the depth
 * never falls, and grows where the class changes: a way that leaves a group of one class and one depth and
 * comes back to it has met neither another class nor another depth in between, so that all it passed hangs
 * together with the group and belongs to it: groups are convex. Between groups of one depth no edge goes, so
 * that they can be run in the order of their depths. Both hold for any number of classes. */
static void find_depth(const struct splitting *splitting, size_t node, int *depth)
{
    depth[node] = 0;
    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        if (entry->node == SIZE_MAX)
            continue;
        int through = depth[entry->node] + (splitting->classes[entry->node] != splitting->classes[node]);
        if (through > depth[node])
            depth[node] = through;
    }
}

/* The representative of a node's group among those joined so far; ways are shortened on the go. */
static size_t find_root(size_t *parent, size_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static void join_neighbours(const struct splitting *splitting, size_t node, const int *depth, size_t *parent)
{
    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        size_t                    maker = entry->node;
        if (maker != SIZE_MAX && splitting->classes[maker] == splitting->classes[node] &&
            depth[maker] == depth[node])
            parent[find_root(parent, node)] = find_root(parent, maker);
    }
}

/* No way goes between nodes of one class and one depth but inside a group. Fast ones need not hang together:
 * what reads the same input is better run as one. */
static void join_fast(const struct splitting *splitting, size_t node, struct grouping *grouping)
{
    size_t *first = &grouping->fast_at[grouping->depth[node]];

    if (splitting->classes[node] != CLASS_FAST)
        return;
    if (*first)
        grouping->parent[find_root(grouping->parent, node)] = find_root(grouping->parent, *first - 1);
    *first = node + 1;
}

/* The groups of the classes as they are. */
static void join_groups(const struct splitting *splitting, struct grouping *grouping)
{
    size_t nodes = splitting->model->proto->graph->n_node;

    memset(grouping->fast_at, 0, (nodes + 1) * sizeof *grouping->fast_at);
    for (size_t i = 0; i < nodes; i++) {
        size_t n = splitting->order[i];
        grouping->parent[n] = n;
        if (splitting->classes[n] == CLASS_TAIL) {
            grouping->depth[n] = INT_MAX;
            continue;
        }
        find_depth(splitting, n, grouping->depth);
        join_neighbours(splitting, n, grouping->depth, grouping->parent);
        join_fast(splitting, n, grouping);
    }
}

/* Takes fast groups apart that are not worth it; their nodes go to who else can run them. */
static bsr_status demote_islands(struct splitting *splitting, struct grouping *grouping, bool *changed,
                                 const struct onnx_takers *takers, struct bsr_error *err)
{
    size_t     nodes = splitting->model->proto->graph->n_node;
    bsr_status status = BSR_OK;

    memset(grouping->counted, 0, nodes * sizeof *grouping->counted);
    for (size_t n = 0; n < nodes; n++)
        if (splitting->classes[n] == CLASS_FAST && grouping->worth[n])
            grouping->counted[find_root(grouping->parent, n)] = true;
    *changed = false;
    for (size_t i = 0; status == BSR_OK && i < nodes; i++) {
        size_t n = splitting->order[i];
        enum node_class class = CLASS_FAST;
        if (splitting->classes[n] != CLASS_FAST || grouping->counted[find_root(grouping->parent, n)])
            continue;
        status = splitting_ask(&class, NULL, splitting, n, takers, true, err);
        splitting->classes[n] = (unsigned char)class;
        *changed = true;
    }
    return status;
}

static bsr_status find_classes(struct splitting *splitting, struct grouping *grouping,
                               const struct onnx_takers *takers, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < splitting->model->proto->graph->n_node; i++) {
        size_t n = splitting->order[i];
        enum node_class class = CLASS_TAIL;
        splitting->place[n] = GOES_TO_ENGINE;
        if (goes_to_tail(splitting, n)) {
            splitting->place[n] = GOES_TO_TAIL;
            splitting->tail = true;
        } else {
            status = splitting_ask(&class, &grouping->worth[n], splitting, n, takers, false, err);
        }
        splitting->classes[n] = (unsigned char)class;
    }
    return status;
}

/* Numbers the regions in the order in which they are met. */
static void number_regions(struct splitting *splitting, struct grouping *grouping)
{
    size_t nodes = splitting->model->proto->graph->n_node;

    for (size_t n = 0; n < nodes; n++)
        grouping->numbers[n] = -1;
    for (size_t i = 0; i < nodes; i++) {
        size_t n = splitting->order[i];
        if (splitting->classes[n] == CLASS_TAIL || splitting->classes[n] == CLASS_ENGINE)
            continue;
        size_t root = find_root(grouping->parent, n);
        if (grouping->numbers[root] < 0)
            grouping->numbers[root] = splitting->regions++;
        splitting->place[n] = grouping->numbers[root];
    }
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

/* Demoting makes fewer nodes fast each time, so it ends. */
static bsr_status place_nodes(struct splitting *splitting, struct grouping *grouping,
                              const struct onnx_takers *takers, struct bsr_error *err)
{
    bool       changed = true;
    bsr_status status = find_classes(splitting, grouping, takers, err);

    while (status == BSR_OK && changed) {
        join_groups(splitting, grouping);
        status = demote_islands(splitting, grouping, &changed, takers, err);
    }
    if (status != BSR_OK)
        return status;
    number_regions(splitting, grouping);
    return order_by_depth(splitting, grouping->depth, err);
}

static bsr_status group(struct splitting *splitting, const struct onnx_takers *takers, struct bsr_error *err)
{
    size_t          nodes = splitting->model->proto->graph->n_node;
    struct grouping grouping = {
        .worth = mem_alloc_zeroed(nodes + 1, sizeof *grouping.worth),
        .counted = mem_alloc_zeroed(nodes + 1, sizeof *grouping.counted),
        .depth = mem_alloc_zeroed(nodes + 1, sizeof *grouping.depth),
        .numbers = mem_alloc_zeroed(nodes + 1, sizeof *grouping.numbers),
        .parent = mem_alloc_zeroed(nodes + 1, sizeof *grouping.parent),
        .fast_at = mem_alloc_zeroed(nodes + 1, sizeof *grouping.fast_at),
    };
    bsr_status status = grouping.worth && grouping.counted && grouping.depth && grouping.numbers &&
                                grouping.parent && grouping.fast_at
                            ? place_nodes(splitting, &grouping, takers, err)
                            : bsr_fail_memory(err, splitting->model->name, nodes * 3 * sizeof(size_t));

    mem_free(grouping.worth);
    mem_free(grouping.counted);
    mem_free(grouping.depth);
    mem_free(grouping.numbers);
    mem_free(grouping.parent);
    mem_free(grouping.fast_at);
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

bsr_status onnx_split_make(struct onnx_split *out, const struct onnx_model *model,
                           const struct onnx_takers *takers, struct bsr_error *err)
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
        status = group(&splitting, takers, err);
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

/* The order in which the nodes of a graph can be run. Exporters write them in such an order, editors and
 * hand-made files do not always. */
#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/nodes.h"

/* How many of the values that a node waits for are still missing, and the nodes that wait for none: a heap
 * with the smallest position on top, which keeps an order that is one. */
struct sorting {
    const struct graph_index *index;
    size_t                   *missing;
    size_t                   *heap;
    size_t                    waiting;
};

static void heap_push(struct sorting *sorting, size_t node)
{
    size_t *heap = sorting->heap, at = sorting->waiting++;

    for (; at && heap[(at - 1) / 2] > node; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = node;
}

static size_t heap_pop(struct sorting *sorting)
{
    size_t *heap = sorting->heap, top = heap[0], last = heap[--sorting->waiting], at = 0;

    for (size_t child = 1; child < sorting->waiting; child = 2 * at + 1) {
        child += child + 1 < sorting->waiting && heap[child + 1] < heap[child];
        if (heap[child] >= last)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

/* A use that has to wait for a node: not one of the graph's outputs. */
static bool is_wait(const struct sorting *sorting, const struct index_use *use)
{
    return use->node < sorting->index->graph->n_node;
}

static void count_missing(struct sorting *sorting)
{
    const struct graph_index *index = sorting->index;

    for (size_t i = 0; i < index->count; i++)
        for (size_t u = 0; index->entries[i].node != SIZE_MAX && u < index->entries[i].use_count; u++)
            if (is_wait(sorting, &index->entries[i].uses[u]))
                sorting->missing[index->entries[i].uses[u].node]++;
    for (size_t n = 0; n < index->graph->n_node; n++)
        if (!sorting->missing[n])
            heap_push(sorting, n);
}

static void release_readers(struct sorting *sorting, size_t node)
{
    const Onnx__NodeProto *proto = sorting->index->graph->node[node];

    for (size_t o = 0; o < proto->n_output; o++) {
        const struct index_entry *entry = index_find(sorting->index, proto->output[o]);
        if (!entry || entry->node != node || entry->output != o)
            continue; /* without a name, or made twice */
        for (size_t u = 0; u < entry->use_count; u++)
            if (is_wait(sorting, &entry->uses[u]) && !--sorting->missing[entry->uses[u].node])
                heap_push(sorting, entry->uses[u].node);
    }
}

static bsr_status sort(size_t *order, struct sorting *sorting, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = sorting->index->graph;
    size_t                  done = 0;

    count_missing(sorting);
    while (sorting->waiting) {
        order[done] = heap_pop(sorting);
        release_readers(sorting, order[done++]);
    }
    for (size_t n = 0; done < graph->n_node && n < graph->n_node; n++)
        if (sorting->missing[n])
            return bsr_fail(err, BSR_EMODEL, NULL, "node %s waits for a value that depends on its own result",
                            node_text(graph->node[n]).text);
    return BSR_OK;
}

bsr_status index_sort(size_t **out, const struct graph_index *index, struct bsr_error *err)
{
    size_t         count = index->graph->n_node;
    struct sorting sorting = {.index = index};
    size_t        *order = mem_alloc_zeroed(count + 1, sizeof *order);
    bsr_status     status;

    sorting.missing = mem_alloc_zeroed(count + 1, sizeof *sorting.missing);
    sorting.heap = mem_alloc_zeroed(count + 1, sizeof *sorting.heap);
    if (order && sorting.missing && sorting.heap)
        status = sort(order, &sorting, err);
    else
        status = bsr_fail_memory(err, NULL, 3 * count * sizeof *order);
    mem_free(sorting.missing);
    mem_free(sorting.heap);
    if (status == BSR_OK)
        *out = order;
    else
        mem_free(order);
    return status;
}

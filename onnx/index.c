#include "onnx/index.h"

#include "base/alloc.h"
#include "onnx/name_map.h"

#include <string.h>

/* ---- a table of names ----------------------------------------------------------------------------- */

/* Where the name is, or would be. */
static size_t *find_slot(const struct graph_index *index, const char *name)
{
    size_t at = name_hash(index->table, index->table_size, name);

    while (index->table[at] && strcmp(index->entries[index->table[at] - 1].name, name) != 0)
        at = (at + 1) & (index->table_size - 1);
    return &index->table[at];
}

const struct index_entry *index_find(const struct graph_index *index, const char *name)
{
    size_t entry = *name ? *find_slot(index, name) : 0;
    return entry ? &index->entries[entry - 1] : NULL;
}

static struct index_entry *find_or_add(struct graph_index *index, const char *name)
{
    size_t *slot = find_slot(index, name);

    if (!*slot) {
        index->entries[index->count] =
            (struct index_entry){.name = name, .node = SIZE_MAX, .initializer = SIZE_MAX, .input = SIZE_MAX};
        *slot = ++index->count;
    }
    return &index->entries[*slot - 1];
}

/* ---- names of subgraphs ---------------------------------------------------------------------------- */

/* What a subgraph defines itself hides what the graphs around it do. */
struct scope {
    struct graph_index  names;
    const struct scope *outer; /* NULL: its outer graph is the index's own */
};

static size_t count_definitions(const Onnx__GraphProto *graph)
{
    size_t count = graph->n_input + graph->n_initializer;
    for (size_t n = 0; n < graph->n_node; n++)
        count += graph->node[n]->n_output;
    return count;
}

static bool allocate_table(struct graph_index *index, size_t names)
{
    index->table_size = 16;
    while (index->table_size < 2 * names)
        index->table_size *= 2;
    index->table = mem_alloc_zeroed(index->table_size, sizeof *index->table);
    index->entries = mem_alloc_zeroed(names + 1, sizeof *index->entries);
    return index->table && index->entries;
}

static void define(struct graph_index *index, const char *name)
{
    if (name && *name)
        find_or_add(index, name);
}

static bool open_scope(struct scope *scope, const Onnx__GraphProto *graph, const struct scope *outer)
{
    *scope = (struct scope){.outer = outer};
    if (!allocate_table(&scope->names, count_definitions(graph)))
        return false;
    for (size_t i = 0; i < graph->n_input; i++)
        define(&scope->names, graph->input[i]->name);
    for (size_t i = 0; i < graph->n_initializer; i++)
        define(&scope->names, graph->initializer[i]->name);
    for (size_t n = 0; n < graph->n_node; n++)
        for (size_t o = 0; o < graph->node[n]->n_output; o++)
            define(&scope->names, graph->node[n]->output[o]);
    return true;
}

static void close_scope(struct scope *scope)
{
    mem_free(scope->names.table);
    mem_free(scope->names.entries);
}

static bool is_inside(const struct scope *scope, const char *name)
{
    for (; scope; scope = scope->outer)
        if (index_find(&scope->names, name))
            return true;
    return false;
}

/* ---- a walk over all places that read -------------------------------------------------------------- */

typedef void reader_visit(void *context, char **slot, size_t node, bool inner);

struct walk {
    reader_visit *visit;
    void         *context;
    size_t        node; /* of the index's own graph */
};

static void visit_slot(const struct walk *walk, const struct scope *scope, char **slot)
{
    if (*slot && **slot && !is_inside(scope, *slot))
        walk->visit(walk->context, slot, walk->node, scope != NULL);
}

static bool walk_graph(struct walk *walk, const Onnx__GraphProto *graph, const struct scope *outer);

/* False when memory is out. */
static bool walk_node(struct walk *walk, const Onnx__NodeProto *node, const struct scope *scope)
{
    bool fine = true;

    for (size_t i = 0; i < node->n_input; i++)
        visit_slot(walk, scope, &node->input[i]);
    for (size_t a = 0; fine && a < node->n_attribute; a++) {
        const Onnx__AttributeProto *attribute = node->attribute[a];
        if (attribute->g)
            fine = walk_graph(walk, attribute->g, scope);
        for (size_t g = 0; fine && g < attribute->n_graphs; g++)
            fine = walk_graph(walk, attribute->graphs[g], scope);
    }
    return fine;
}

/* A subgraph: recursion ends where the nesting of messages does. */
static bool walk_graph(struct walk *walk, const Onnx__GraphProto *graph, const struct scope *outer)
{
    struct scope scope;
    bool         fine = open_scope(&scope, graph, outer);

    for (size_t n = 0; fine && n < graph->n_node; n++)
        fine = walk_node(walk, graph->node[n], &scope);
    for (size_t i = 0; fine && i < graph->n_output; i++)
        visit_slot(walk, &scope, &graph->output[i]->name);
    close_scope(&scope);
    return fine;
}

static bool walk_readers(const Onnx__GraphProto *graph, reader_visit *visit, void *context)
{
    struct walk walk = {.visit = visit, .context = context};
    bool        fine = true;

    for (; fine && walk.node < graph->n_node; walk.node++)
        fine = walk_node(&walk, graph->node[walk.node], NULL);
    for (size_t i = 0; fine && i < graph->n_output; i++)
        visit_slot(&walk, NULL, &graph->output[i]->name);
    return fine;
}

/* ---- making ----------------------------------------------------------------------------------------- */

static void count_reader(void *context, char **slot, size_t node, bool inner)
{
    (void)slot, (void)node, (void)inner;
    ++*(size_t *)context;
}

static void count_use(void *context, char **slot, size_t node, bool inner)
{
    struct graph_index *index = context;
    struct index_entry *entry = find_or_add(index, *slot);
    (void)inner;
    entry->use_count++;
    entry->is_output |= node == index->graph->n_node;
}

static void note_use(void *context, char **slot, size_t node, bool inner)
{
    struct graph_index *index = context;
    struct index_entry *entry = find_or_add(index, *slot);
    struct index_use   *uses = index->uses + (entry->uses - index->uses);
    uses[entry->use_count++] = (struct index_use){.slot = slot, .node = node, .inner = inner};
}

static void define_values(struct graph_index *index)
{
    const Onnx__GraphProto *graph = index->graph;

    for (size_t i = 0; i < graph->n_input; i++) {
        if (!*text_or_empty(graph->input[i]->name))
            continue;
        struct index_entry *entry = find_or_add(index, graph->input[i]->name);
        entry->twice |= entry->input != SIZE_MAX;
        entry->input = i;
    }
    for (size_t i = 0; i < graph->n_initializer; i++) {
        if (!*text_or_empty(graph->initializer[i]->name))
            continue;
        struct index_entry *entry = find_or_add(index, graph->initializer[i]->name);
        entry->twice |= entry->initializer != SIZE_MAX;
        entry->initializer = i;
    }
    for (size_t n = 0; n < graph->n_node; n++)
        for (size_t o = 0; o < graph->node[n]->n_output; o++) {
            if (!*graph->node[n]->output[o])
                continue;
            struct index_entry *entry = find_or_add(index, graph->node[n]->output[o]);
            entry->twice |=
                entry->node != SIZE_MAX || entry->initializer != SIZE_MAX || entry->input != SIZE_MAX;
            if (entry->node == SIZE_MAX) {
                entry->node = n;
                entry->output = o;
            }
        }
}

/* Uses are counted, given their places, and then noted. */
static bool index_uses(struct graph_index *index, size_t total)
{
    index->uses = mem_alloc_zeroed(total + 1, sizeof *index->uses);
    if (!index->uses || !walk_readers(index->graph, count_use, index))
        return false;

    size_t start = 0;
    for (size_t i = 0; i < index->count; i++) {
        index->entries[i].uses = index->uses + start;
        start += index->entries[i].use_count;
        index->entries[i].use_count = 0;
    }
    return walk_readers(index->graph, note_use, index);
}

bsr_status index_make(struct graph_index **out, const Onnx__GraphProto *graph, struct bsr_error *err)
{
    struct graph_index *index = mem_alloc_zeroed(1, sizeof *index);
    size_t              readers = 0;
    bool                fine = index && walk_readers(graph, count_reader, &readers);

    if (fine) {
        index->graph = graph;
        fine = allocate_table(index, count_definitions(graph) + readers);
    }
    if (fine) {
        define_values(index);
        fine = index_uses(index, readers);
    }
    if (!fine) {
        index_free(index);
        return bsr_fail_memory(err, NULL, (readers + graph->n_node) * sizeof(struct index_entry));
    }
    *out = index;
    return BSR_OK;
}

void index_free(struct graph_index *index)
{
    if (!index)
        return;
    mem_free(index->table);
    mem_free(index->entries);
    mem_free(index->uses);
    mem_free(index);
}

Onnx__NodeProto *index_producer(const struct graph_index *index, const char *name)
{
    const struct index_entry *entry = index_find(index, name);
    return entry && entry->node != SIZE_MAX ? index->graph->node[entry->node] : NULL;
}

Onnx__TensorProto *index_initializer(const struct graph_index *index, const char *name)
{
    const struct index_entry *entry = index_find(index, name);
    return entry && entry->initializer != SIZE_MAX ? index->graph->initializer[entry->initializer] : NULL;
}

size_t index_use_count(const struct graph_index *index, const char *name)
{
    const struct index_entry *entry = index_find(index, name);
    return entry ? entry->use_count : 0;
}

/* Names: who makes a value, and who reads it. */
#include "base/alloc.h"
#include "base/nearest.h"
#include "onnx/index.h"
#include "onnx/inspect/faults.h"
#include "onnx/inspect/names.h"

#include <stdio.h>
#include <string.h>

enum made_by { INPUT, INITIALIZER, NODE };

/* The values of a graph. A graph within a node (If, Loop, Scan) reads those around it too. */
struct scope {
    const Onnx__GraphProto *graph;
    const struct scope     *outer;
    size_t                  position; /* of the node at hand */
    struct name_table       made, read;
    bool                    unordered; /* a node reads what is made behind it */
};

/* ---- collecting -----------------------------------------------------------------------------------------
 */

static bsr_status add_made(struct scope *scope, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = scope->graph;
    struct name_table      *made = &scope->made;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++)
        status = name_table_add(made, text_or_empty(graph->input[i]->name), INPUT, i, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        status = name_table_add(made, text_or_empty(graph->initializer[i]->name), INITIALIZER, i, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_sparse_initializer; i++) {
        const Onnx__TensorProto *values = graph->sparse_initializer[i]->values;
        if (values)
            status =
                name_table_add(made, text_or_empty(values->name), INITIALIZER, graph->n_initializer + i, err);
    }
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        for (size_t o = 0; status == BSR_OK && o < graph->node[i]->n_output; o++)
            if (*graph->node[i]->output[o])
                status = name_table_add(made, graph->node[i]->output[o], NODE, i, err);
    return status;
}

/* With what the graphs within its nodes read. */
static bsr_status add_read(struct name_table *read, const Onnx__GraphProto *graph, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        for (size_t n = 0; status == BSR_OK && n < node->n_input; n++)
            status = name_table_add(read, node->input[n], 0, i, err);
        for (size_t a = 0; status == BSR_OK && a < node->n_attribute; a++) {
            if (node->attribute[a]->g)
                status = add_read(read, node->attribute[a]->g, err);
            for (size_t g = 0; status == BSR_OK && g < node->attribute[a]->n_graphs; g++)
                status = add_read(read, node->attribute[a]->graphs[g], err);
        }
    }
    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++)
        status = name_table_add(read, text_or_empty(graph->output[i]->name), 0, graph->n_node, err);
    return status;
}

static void scope_close(struct scope *scope)
{
    name_table_free(&scope->made);
    name_table_free(&scope->read);
}

static bsr_status scope_open(struct scope *scope, const Onnx__GraphProto *graph, const struct scope *outer,
                             struct bsr_error *err)
{
    *scope = (struct scope){.graph = graph, .outer = outer};
    bsr_status status = add_made(scope, err);
    if (status == BSR_OK)
        status = add_read(&scope->read, graph, err);
    name_table_sort(&scope->made);
    name_table_sort(&scope->read);
    if (status != BSR_OK)
        scope_close(scope);
    return status;
}

/* ---- made twice
 * --------------------------------------------------------------------------------------------- */

static struct where_text maker_text(const struct scope *scope, const struct name_entry *entry)
{
    static const char *const words[] = {"an input of the graph", "an initializer"};
    struct where_text        text;

    if (entry->kind == NODE)
        return where_node(scope->graph->node[entry->at]);
    snprintf(text.text, sizeof text.text, "%s", words[entry->kind]);
    return text;
}

/* An initializer may give an input its default. */
static bool is_default(const struct name_entry *first, const struct name_entry *second)
{
    return first->kind == INPUT && second->kind == INITIALIZER;
}

static bsr_status find_made_twice(struct fault_search *search, const struct scope *scope)
{
    const struct name_table *made = &scope->made;
    bsr_status               status = BSR_OK;

    for (size_t first = 0; first < made->count; first = name_table_next(made, first)) {
        size_t end = name_table_next(made, first);
        for (size_t i = first + 1; status == BSR_OK && i < end; i++) {
            const struct name_entry *one = &made->entries[i - 1], *other = &made->entries[i];
            if (!*one->name || is_default(one, other))
                continue;
            status = onnx_faults_add(
                search->faults, ONNX_FAULT_ERROR, where_named("value", one->name).text,
                "every value needs a name of its own: rename one (besra model edit --rename)", search->err,
                "is made twice: by %s and by %s", maker_text(scope, one).text, maker_text(scope, other).text);
        }
    }
    return status;
}

static bsr_status find_nodes_of_one_name(struct fault_search *search, const Onnx__GraphProto *graph)
{
    struct name_table names = {0};
    bsr_status        status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        if (*text_or_empty(graph->node[i]->name))
            status = name_table_add(&names, graph->node[i]->name, 0, i, search->err);
    name_table_sort(&names);
    for (size_t i = 0; status == BSR_OK && i < names.count; i = name_table_next(&names, i)) {
        size_t count = name_table_next(&names, i) - i;
        if (count > 1)
            status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING,
                                     where_named("node", names.entries[i].name).text,
                                     "besra tells them apart by the names of what they make", search->err,
                                     "is the name of %zu nodes", count);
    }
    name_table_free(&names);
    return status;
}

/* ---- read without being made
 * ---------------------------------------------------------------------------------- */

/* The name that was meant, or NULL. Looks at all names, so it is asked a few times only. */
static const char *guess(struct fault_search *search, const struct scope *scope, const char *name)
{
    struct nearest nearest = nearest_start(name);

    if (search->guesses++ >= MAX_GUESSES)
        return NULL;
    for (; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->made.count; i++)
            if (*scope->made.entries[i].name)
                nearest_offer(&nearest, scope->made.entries[i].name);
    return nearest.best;
}

static bsr_status say_dangling(struct fault_search *search, const struct scope *scope, const char *where,
                               const char *verb, const char *name)
{
    const char *meant = guess(search, scope, name);
    char        hint[256];

    snprintf(hint, sizeof hint, "did you mean '%s'?", shown_name(meant).text);
    return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where, meant ? hint : NULL, search->err,
                           "%s '%s', which nothing makes", verb, shown_name(name).text);
}

/* Where `name` comes from: in this graph or in those around it. */
static const struct name_entry *find_maker(const struct scope **scope, const char *name)
{
    const struct name_entry *found = NULL;
    while (*scope && !(found = name_table_find(&(*scope)->made, name)))
        *scope = (*scope)->outer;
    return found;
}

static bsr_status find_input_fault(struct fault_search *search, struct scope *scope, const char *name)
{
    const Onnx__NodeProto   *node = scope->graph->node[scope->position];
    const struct scope      *home = scope;
    const struct name_entry *maker = find_maker(&home, name);

    if (!*name)
        return BSR_OK;
    if (!maker)
        return say_dangling(search, scope, where_node(node).text, "reads", name);
    if (maker->kind != NODE || maker->at < home->position)
        return BSR_OK;
    if (maker->at == home->position)
        return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where_node(node).text, NULL, search->err,
                               "reads '%s', which it makes itself", shown_name(name).text);
    scope->unordered = true;
    return onnx_faults_add(search->faults, ONNX_FAULT_WARNING, where_node(node).text,
                           "besra sorts the nodes; other engines may refuse them in this order", search->err,
                           "reads '%s' before %s makes it", shown_name(name).text,
                           where_node(home->graph->node[maker->at]).text);
}

static bsr_status find_output_faults(struct fault_search *search, const struct scope *scope)
{
    const Onnx__GraphProto *graph = scope->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++) {
        const char         *name = text_or_empty(graph->output[i]->name);
        const struct scope *home = scope;
        if (!*name)
            status = onnx_faults_add(search->faults, ONNX_FAULT_ERROR, "model", NULL, search->err,
                                     "output %zu of its graph has no name", i + 1);
        else if (!find_maker(&home, name))
            status = say_dangling(search, scope, where_named("output", name).text, "is", name);
    }
    return status;
}

/* What reads values that are made behind it may stand in the wrong place, or be part of a circle. */
static bsr_status find_cycle(struct fault_search *search, const Onnx__GraphProto *graph)
{
    struct graph_index *index = NULL;
    size_t             *order = NULL;
    struct bsr_error    why;
    bsr_status          status = index_make(&index, graph, search->err);

    if (status == BSR_OK) {
        status = index_sort(&order, index, &why);
        if (status == BSR_EMODEL)
            status = onnx_faults_add(search->faults, ONNX_FAULT_ERROR, "model", NULL, search->err,
                                     "goes round in a circle: %s", why.message);
        else if (status != BSR_OK)
            status = bsr_fail(search->err, status, NULL, "%s", why.message);
    }
    mem_free(order);
    index_free(index);
    return status;
}

/* ---- made without being read
 * ------------------------------------------------------------------------------------ */

static bool makes_something_read(const struct scope *scope, const Onnx__NodeProto *node)
{
    for (size_t o = 0; o < node->n_output; o++)
        if (*node->output[o] && name_table_find(&scope->read, node->output[o]))
            return true;
    return false;
}

static bool makes_something(const Onnx__NodeProto *node)
{
    for (size_t o = 0; o < node->n_output; o++)
        if (*node->output[o])
            return true;
    return false;
}

static bsr_status find_unread_nodes(struct fault_search *search, const struct scope *scope)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < scope->graph->n_node; i++) {
        const Onnx__NodeProto *node = scope->graph->node[i];
        if (!makes_something(node))
            status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING, where_node(node).text,
                                     "besra leaves it out", search->err,
                                     "makes nothing: it has no output with a name");
        else if (!makes_something_read(scope, node))
            status = onnx_faults_add(search->faults, ONNX_FAULT_NOTE, where_node(node).text,
                                     "besra leaves it out", search->err, "nothing reads what it makes");
    }
    return status;
}

/* Inputs and initializers without a name, or without a reader. */
static bsr_status find_unread_values(struct fault_search *search, const struct scope *scope)
{
    const struct name_table *made = &scope->made;
    bsr_status               status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < made->count; i++) {
        const struct name_entry *entry = &made->entries[i];
        const char              *what = entry->kind == INPUT ? "input" : "initializer";
        if (entry->kind == NODE)
            continue;
        if (!*entry->name)
            status = onnx_faults_add(
                search->faults, entry->kind == INPUT ? ONNX_FAULT_ERROR : ONNX_FAULT_WARNING, "model", NULL,
                search->err, "%s %zu of its graph has no name", what, entry->at + 1);
        else if (!name_table_find(&scope->read, entry->name))
            status = onnx_faults_add(search->faults, ONNX_FAULT_NOTE, where_named(what, entry->name).text,
                                     entry->kind == INPUT ? NULL : "besra leaves it out", search->err,
                                     "nothing reads it");
    }
    return status;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------------------------ */

static bsr_status search_graph(struct fault_search *search, const Onnx__GraphProto *graph,
                               const struct scope *outer);

static bsr_status search_node(struct fault_search *search, struct scope *scope)
{
    const Onnx__NodeProto *node = scope->graph->node[scope->position];
    bsr_status             status = BSR_OK;

    for (size_t n = 0; status == BSR_OK && n < node->n_input; n++)
        status = find_input_fault(search, scope, node->input[n]);
    for (size_t a = 0; status == BSR_OK && a < node->n_attribute; a++) {
        if (node->attribute[a]->g)
            status = search_graph(search, node->attribute[a]->g, scope);
        for (size_t g = 0; status == BSR_OK && g < node->attribute[a]->n_graphs; g++)
            status = search_graph(search, node->attribute[a]->graphs[g], scope);
    }
    return status;
}

/* Recursion is bounded: wire_check() has limited the levels. */
static bsr_status search_graph(struct fault_search *search, const Onnx__GraphProto *graph,
                               const struct scope *outer)
{
    struct scope scope;
    bsr_status   status = scope_open(&scope, graph, outer, search->err);
    if (status != BSR_OK)
        return status;

    status = find_made_twice(search, &scope);
    if (status == BSR_OK)
        status = find_nodes_of_one_name(search, graph);
    for (; status == BSR_OK && scope.position < graph->n_node; scope.position++)
        status = search_node(search, &scope);
    if (status == BSR_OK)
        status = find_output_faults(search, &scope);
    if (status == BSR_OK && scope.unordered)
        status = find_cycle(search, graph);
    if (status == BSR_OK)
        status = find_unread_nodes(search, &scope);
    /* The inputs of a graph within a node are given by the node, read or not. */
    if (status == BSR_OK && !outer)
        status = find_unread_values(search, &scope);
    scope_close(&scope);
    return status;
}

bsr_status find_name_faults(struct fault_search *search)
{
    return search_graph(search, search->model->proto->graph, NULL);
}

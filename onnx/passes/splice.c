#include "onnx/passes/splice.h"

#include "base/alloc.h"
#include "onnx/make.h"
#include "onnx/messages.h"

#include <stdio.h>
#include <string.h>

/* Functions that call others twice each grow a model exponentially; no net is that large. */
enum { MAX_ADDED = 1 << 17 };

/* ---- lists of nodes ----------------------------------------------------------------------------------- */

bsr_status node_list_push(struct node_list *list, Onnx__NodeProto *node, struct bsr_error *err)
{
    if (list->count == list->capacity) {
        size_t            capacity = list->capacity ? list->capacity * 2 : 16;
        Onnx__NodeProto **nodes = mem_resize(list->nodes, capacity, sizeof(void *));
        if (!nodes) {
            message_free(&node->base);
            return bsr_fail_memory(err, NULL, capacity * sizeof(void *));
        }
        list->nodes = nodes;
        list->capacity = capacity;
    }
    list->nodes[list->count++] = node;
    return BSR_OK;
}

void node_list_free(struct node_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        message_free(&list->nodes[i]->base);
    mem_free(list->nodes);
    *list = (struct node_list){0};
}

/* ---- names -------------------------------------------------------------------------------------------- */

typedef bsr_status name_visit(void *context, const char *name, struct bsr_error *err);

/* Calls `visit` for each value that a graph defines; with `inner`, those of its subgraphs too. */
static bsr_status visit_definitions(const Onnx__GraphProto *graph, bool inner, name_visit *visit,
                                    void *context, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++)
        status = visit(context, text_or_empty(graph->input[i]->name), err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        status = visit(context, text_or_empty(graph->initializer[i]->name), err);
    for (size_t n = 0; status == BSR_OK && n < graph->n_node; n++) {
        const Onnx__NodeProto *node = graph->node[n];
        for (size_t o = 0; status == BSR_OK && o < node->n_output; o++)
            status = visit(context, node->output[o], err);
        for (size_t a = 0; inner && status == BSR_OK && a < node->n_attribute; a++)
            if (node->attribute[a]->g)
                status = visit_definitions(node->attribute[a]->g, true, visit, context, err);
    }
    return status;
}

static bsr_status take_name(void *context, const char *name, struct bsr_error *err)
{
    return name_map_add(context, name, NULL, 1, err);
}

bsr_status splice_open(struct splice *splice, const struct onnx_model *model, struct bsr_error *err)
{
    *splice = (struct splice){.added = 0};
    bsr_status status = visit_definitions(model->proto->graph, true, take_name, &splice->taken, err);
    if (status != BSR_OK)
        splice_close(splice);
    return status;
}

void splice_close(struct splice *splice)
{
    name_map_free(&splice->taken);
}

bsr_status splice_new_name(struct splice *splice, char **out, const char *prefix, const char *name,
                           struct bsr_error *err)
{
    size_t size = strlen(prefix) + strlen(name) + 32;
    char  *text = mem_alloc(size);
    if (!text)
        return bsr_fail_memory(err, NULL, size);

    const char *slash = *name == '/' ? "" : "/";
    snprintf(text, size, "%s%s%s", prefix, slash, name);
    const struct name_pair *base = name_map_find(&splice->taken, text);
    for (size_t at = base ? (size_t)(base - splice->taken.pairs) : 0;
         base && name_map_find(&splice->taken, text);)
        snprintf(text, size, "%s%s%s %zu", prefix, slash, name, ++splice->taken.pairs[at].number);
    bsr_status status = name_map_add(&splice->taken, text, NULL, 1, err);
    if (status == BSR_OK)
        *out = text;
    else
        mem_free(text);
    return status;
}

/* ---- renaming ------------------------------------------------------------------------------------------ */

/* What names stand for, of one graph and those around it. */
struct scope {
    struct splice      *splice;
    const char         *prefix;
    struct name_map    *names;
    const struct scope *outer;
};

static const char *find_new_name(const struct scope *scope, const char *name)
{
    for (; scope; scope = scope->outer) {
        const struct name_pair *pair = name_map_find(scope->names, name);
        if (pair)
            return pair->to;
    }
    return NULL;
}

static bsr_status rename_slot(const struct scope *scope, char **slot, struct bsr_error *err)
{
    const char *name = *slot ? find_new_name(scope, *slot) : NULL;
    return name ? message_set_text(slot, name, err) : BSR_OK;
}

/* A new name for a value, unless it has one. */
static bsr_status rename_definition(void *context, const char *name, struct bsr_error *err)
{
    struct scope *scope = context;
    char         *text = NULL;

    if (!*name || name_map_find(scope->names, name))
        return BSR_OK;
    bsr_status status = splice_new_name(scope->splice, &text, scope->prefix, name, err);
    if (status == BSR_OK)
        status = name_map_add(scope->names, name, text, 0, err);
    mem_free(text);
    return status;
}

static bsr_status rename_graph(const struct scope *outer, Onnx__GraphProto *graph, struct bsr_error *err);

static bsr_status rename_node(const struct scope *scope, Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < node->n_input; i++)
        status = rename_slot(scope, &node->input[i], err);
    for (size_t o = 0; status == BSR_OK && o < node->n_output; o++)
        status = rename_slot(scope, &node->output[o], err);
    for (size_t a = 0; status == BSR_OK && a < node->n_attribute; a++)
        if (node->attribute[a]->g)
            status = rename_graph(scope, node->attribute[a]->g, err);
    if (status == BSR_OK && *text_or_empty(node->name)) {
        size_t size = strlen(scope->prefix) + strlen(node->name) + 2;
        char  *name = mem_alloc(size);
        if (!name)
            return bsr_fail_memory(err, NULL, size);
        snprintf(name, size, "%s%s%s", scope->prefix, *node->name == '/' ? "" : "/", node->name);
        mem_free(node->name);
        node->name = name;
    }
    return status;
}

/* Names that a subgraph defines become new ones, too: they must not hide those that it is put among. */
static bsr_status rename_graph(const struct scope *outer, Onnx__GraphProto *graph, struct bsr_error *err)
{
    struct name_map names = {0};
    struct scope scope = {.splice = outer->splice, .prefix = outer->prefix, .names = &names, .outer = outer};
    bsr_status   status = visit_definitions(graph, false, rename_definition, &scope, err);

    graph_clear_value_info(graph);
    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++)
        status = rename_slot(&scope, &graph->input[i]->name, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        status = rename_slot(&scope, &graph->initializer[i]->name, err);
    for (size_t n = 0; status == BSR_OK && n < graph->n_node; n++)
        status = rename_node(&scope, graph->node[n], err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++)
        status = rename_slot(&scope, &graph->output[i]->name, err);
    name_map_free(&names);
    return status;
}

/* ---- splicing ------------------------------------------------------------------------------------------ */

static bsr_status note_nodes(struct name_map *defined, const struct node_list *nodes, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t n = 0; n < nodes->count; n++)
        for (size_t o = 0; status == BSR_OK && o < nodes->nodes[n]->n_output; o++)
            status = name_map_add(defined, nodes->nodes[n]->output[o], NULL, 0, err);
    return status;
}

/* An output that a node of the body makes is made under its new name; all others need an Identity. */
static bsr_status name_outputs(struct splice_body *body, const struct name_map *defined, bool *identity,
                               struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < body->output_count; i++) {
        bool made = name_map_find(defined, body->formal[i]) && !name_map_find(&body->names, body->formal[i]);
        identity[i] = *body->actual[i] && !made;
        if (*body->actual[i] && made)
            status = name_map_add(&body->names, body->formal[i], body->actual[i], 0, err);
    }
    return status;
}

static bsr_status name_rest(const struct scope *scope, const struct name_map *defined, struct bsr_error *err)
{
    struct scope own = *scope;
    bsr_status   status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < defined->count; i++)
        status = rename_definition(&own, defined->pairs[i].from, err);
    return status;
}

static bsr_status push_identity(struct node_list *list, const char *from, const char *to,
                                struct bsr_error *err)
{
    const char *const inputs[] = {from}, *const outputs[] = {to};
    const struct node_parts parts = {.op = "Identity",
                                     .name = to,
                                     .inputs = inputs,
                                     .outputs = outputs,
                                     .input_count = 1,
                                     .output_count = 1};
    Onnx__NodeProto        *node = NULL;
    bsr_status              status = node_make(&node, &parts, err);

    return status == BSR_OK ? node_list_push(list, node, err) : status;
}

static bsr_status push_all(struct node_list *list, struct splice_body *body, const struct scope *scope,
                           const bool *identity, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t n = 0; status == BSR_OK && n < body->nodes.count; n++)
        status = rename_node(scope, body->nodes.nodes[n], err);
    for (size_t n = 0; n < body->nodes.count; n++) {
        if (status == BSR_OK)
            status = node_list_push(list, body->nodes.nodes[n], err);
        else
            message_free(&body->nodes.nodes[n]->base);
    }
    body->nodes.count = 0;
    for (size_t i = 0; status == BSR_OK && i < body->output_count; i++) {
        const char *name = find_new_name(scope, body->formal[i]);
        if (identity[i])
            status = push_identity(list, name ? name : body->formal[i], body->actual[i], err);
    }
    return status;
}

bsr_status splice_nodes(struct splice *splice, struct node_list *list, struct splice_body *body,
                        struct bsr_error *err)
{
    struct scope    scope = {.splice = splice, .prefix = body->prefix, .names = &body->names};
    struct name_map defined = {0};
    bool           *identity = mem_alloc_zeroed(body->output_count + 1, sizeof *identity);
    bsr_status      status = identity ? BSR_OK : bsr_fail_memory(err, NULL, body->output_count);

    splice->added += body->nodes.count;
    if (status == BSR_OK && splice->added > MAX_ADDED)
        status = bsr_fail(err, BSR_EMODEL, NULL, "its functions and branches come to more than %d nodes",
                          MAX_ADDED);
    if (status == BSR_OK)
        status = note_nodes(&defined, &body->nodes, err);
    if (status == BSR_OK)
        status = name_outputs(body, &defined, identity, err);
    if (status == BSR_OK)
        status = name_rest(&scope, &defined, err);
    if (status == BSR_OK)
        status = push_all(list, body, &scope, identity, err);
    node_list_free(&body->nodes);
    name_map_free(&defined);
    mem_free(identity);
    return status;
}

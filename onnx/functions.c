#include "onnx/functions.h"

#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/passes/passes.h"
#include "operators/registry.h"

#include <stdio.h>
#include <string.h>

static const char *own_domain(const char *domain)
{
    return strcmp(text_or_empty(domain), "ai.onnx") == 0 ? "" : text_or_empty(domain);
}

/* "domain:name:overload", allocated. */
static char *make_key(const char *domain, const char *name, const char *overload)
{
    const char *own = own_domain(domain);
    size_t      size = strlen(own) + strlen(text_or_empty(name)) + strlen(text_or_empty(overload)) + 3;
    char       *key = mem_alloc(size);
    if (key)
        snprintf(key, size, "%s:%s:%s", own, text_or_empty(name), text_or_empty(overload));
    return key;
}

bsr_status functions_index(struct name_map *functions, const struct onnx_model *model, struct bsr_error *err)
{
    const Onnx__ModelProto *proto = model->proto;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < proto->n_functions; i++) {
        const Onnx__FunctionProto *function = proto->functions[i];
        char                      *key = make_key(function->domain, function->name, function->overload);
        status = key ? name_map_add(functions, key, NULL, i, err)
                     : bsr_fail_memory(err, NULL, strlen(text_or_empty(function->name)));
        mem_free(key);
    }
    if (status != BSR_OK)
        name_map_free(functions);
    return status;
}

bsr_status functions_find(const Onnx__FunctionProto **out, const struct name_map *functions,
                          const struct onnx_model *model, const Onnx__NodeProto *node, struct bsr_error *err)
{
    *out = NULL;
    if (!functions->count || operators_find(own_domain(node->domain), text_or_empty(node->op_type)))
        return BSR_OK;
    char *key = make_key(node->domain, node->op_type, node->overload);
    if (!key)
        return bsr_fail_memory(err, NULL, strlen(text_or_empty(node->op_type)));
    const struct name_pair *pair = name_map_find(functions, key);
    if (pair)
        *out = model->proto->functions[pair->number];
    mem_free(key);
    return BSR_OK;
}

/* Recursion ends where the nesting of messages does. */
bsr_status functions_are_called(bool *called, const struct name_map *functions,
                                const struct onnx_model *model, const Onnx__GraphProto *graph,
                                struct bsr_error *err)
{
    const Onnx__FunctionProto *function = NULL;
    bsr_status                 status = BSR_OK;

    *called = false;
    for (size_t n = 0; status == BSR_OK && !*called && functions->count && n < graph->n_node; n++) {
        const Onnx__NodeProto *node = graph->node[n];
        status = functions_find(&function, functions, model, node, err);
        *called = function != NULL;
        for (size_t a = 0; status == BSR_OK && !*called && a < node->n_attribute; a++)
            if (node->attribute[a]->g)
                status = functions_are_called(called, functions, model, node->attribute[a]->g, err);
    }
    return status;
}

bsr_status functions_inline_copy(struct onnx_model **out, const struct onnx_model *model,
                                 struct bsr_error *err)
{
    static const struct onnx_prepare_options options = {.chosen_count = 0};
    struct name_map                          functions = {0};
    struct onnx_model                       *copy = NULL;
    bool                                     called = false, changed = false;
    bsr_status                               status = functions_index(&functions, model, err);

    if (status == BSR_OK)
        status = functions_are_called(&called, &functions, model, model->proto->graph, err);
    name_map_free(&functions);
    if (status == BSR_OK && called)
        status = onnx_model_copy(&copy, model, err);
    if (status == BSR_OK && called)
        status = pass_inline_functions(copy, &options, NULL, &changed, err);
    if (status == BSR_OK)
        *out = copy;
    else
        onnx_model_free(copy);
    return status;
}

#include "onnx/inspect/faults.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OLDEST_OPSET = 7, NEWEST_OPSET = 22 };

static bool make_room(struct onnx_faults *faults)
{
    if (faults->count < faults->capacity)
        return true;
    size_t             capacity = faults->capacity ? faults->capacity * 2 : 16;
    struct onnx_fault *items = mem_resize(faults->items, capacity, sizeof *items);
    if (!items)
        return false;
    faults->items = items;
    faults->capacity = capacity;
    return true;
}

bsr_status onnx_faults_add(struct onnx_faults *faults, int level, const char *where, const char *hint,
                           struct bsr_error *err, const char *format, ...)
{
    char    what[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);

    struct onnx_fault fault = {
        .where = mem_copy_text(where),
        .what = mem_copy_text(what),
        .hint = hint ? mem_copy_text(hint) : NULL,
    };
    fault.level = level == ONNX_FAULT_ERROR     ? ONNX_FAULT_ERROR
                  : level == ONNX_FAULT_WARNING ? ONNX_FAULT_WARNING
                                                : ONNX_FAULT_NOTE;
    if (fault.where && fault.what && (fault.hint || !hint) && make_room(faults)) {
        faults->items[faults->count++] = fault;
        return BSR_OK;
    }
    mem_free(fault.where);
    mem_free(fault.what);
    mem_free(fault.hint);
    return bsr_fail_memory(err, NULL, sizeof what);
}

void onnx_faults_free(struct onnx_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        mem_free(faults->items[i].where);
        mem_free(faults->items[i].what);
        mem_free(faults->items[i].hint);
    }
    mem_free(faults->items);
    *faults = (struct onnx_faults){0};
}

struct where_text where_node(const Onnx__NodeProto *node)
{
    struct where_text where;
    snprintf(where.text, sizeof where.text, "node %s", node_text(node).text);
    return where;
}

struct where_text where_named(const char *what, const char *name)
{
    struct where_text where;
    snprintf(where.text, sizeof where.text, "%s '%s'", what, shown_name(name).text);
    return where;
}

/* Recursion is bounded: wire_check() has limited the levels. */
bsr_status visit_nodes(struct fault_search *search, const Onnx__GraphProto *graph, node_visitor *visit)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        status = visit(search, node);
        for (size_t a = 0; status == BSR_OK && a < node->n_attribute; a++) {
            const Onnx__AttributeProto *attribute = node->attribute[a];
            if (attribute->g)
                status = visit_nodes(search, attribute->g, visit);
            for (size_t g = 0; status == BSR_OK && g < attribute->n_graphs; g++)
                status = visit_nodes(search, attribute->graphs[g], visit);
        }
    }
    return status;
}

static bsr_status find_opset_faults(struct fault_search *search)
{
    const Onnx__ModelProto *proto = search->model->proto;
    int64_t                 opset = onnx_opset(search->model, "");
    bsr_status              status = BSR_OK;

    if (!opset)
        status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING, "model",
                                 "besra reads such operators as the oldest version says", search->err,
                                 "imports no operator set of ONNX: what its operators mean is not said");
    else if (opset > NEWEST_OPSET)
        status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING, "model",
                                 "torch.onnx.export(..., opset_version=17) says the same in older words",
                                 search->err, "imports opset %lld; besra was tried with those up to %d",
                                 (long long)opset, NEWEST_OPSET);
    else if (opset < OLDEST_OPSET)
        status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING, "model",
                                 "export it again, or convert it with onnx.version_converter", search->err,
                                 "imports opset %lld; besra was tried with those from %d on",
                                 (long long)opset, OLDEST_OPSET);
    for (size_t i = 0; status == BSR_OK && i < proto->n_opset_import; i++)
        for (size_t j = 0; status == BSR_OK && j < i; j++) {
            const char *domain = text_or_empty(proto->opset_import[i]->domain);
            if (strcmp(domain, text_or_empty(proto->opset_import[j]->domain)) == 0)
                status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING, "model", NULL, search->err,
                                         "imports the domain '%s' twice, as version %lld and %lld",
                                         shown_name(domain).text, (long long)proto->opset_import[j]->version,
                                         (long long)proto->opset_import[i]->version);
        }
    return status;
}

bsr_status onnx_find_faults(struct onnx_faults *out, const struct onnx_model *model, struct bsr_error *err)
{
    static bsr_status (*const searches[])(struct fault_search *) = {
        find_opset_faults, find_name_faults, find_operator_faults, find_attribute_faults, find_shape_faults,
    };
    struct onnx_faults  faults = {0};
    struct fault_search search = {.model = model, .faults = &faults, .err = err};
    bsr_status          status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < sizeof searches / sizeof *searches; i++)
        status = searches[i](&search);
    if (status == BSR_OK)
        *out = faults;
    else
        onnx_faults_free(&faults);
    return status;
}

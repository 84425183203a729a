/* Types and shapes: what the graph declares, against what its operators make of its inputs. */
#include "onnx/inspect/faults.h"
#include "onnx/tensors.h"

#include <stdio.h>
#include <string.h>

/* What a graph declares of a value; the sides that it leaves open are -1. */
struct declared {
    const char *name;
    int         type; /* 0: it is no tensor */
    int         dims; /* -1: none given */
    int64_t     shape[BSR_MAX_DIMS];
    const char *sides[BSR_MAX_DIMS]; /* names of open sides, or NULL */
};

/* False for what says nothing that could be compared. */
static bool read_declared(struct declared *out, const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    bool tensor = type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type;

    *out = (struct declared){.name = text_or_empty(info->name), .dims = -1};
    if (!tensor)
        return type != NULL;
    out->type = type->tensor_type->elem_type;
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (!shape || shape->n_dim > BSR_MAX_DIMS)
        return true;
    out->dims = (int)shape->n_dim;
    for (int i = 0; i < out->dims; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        bool named = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        out->shape[i] = fixed && dim->dim_value > 0 ? dim->dim_value : -1;
        out->sides[i] = named ? dim->dim_param : NULL;
    }
    return true;
}

/* "1x3xheightx?". */
static struct where_text declared_text(const struct declared *declared)
{
    struct where_text text = {"scalar"};
    size_t            at = 0;

    for (int i = 0; i < declared->dims && at < sizeof text.text; i++) {
        char side[40];
        if (declared->shape[i] >= 0)
            snprintf(side, sizeof side, "%lld", (long long)declared->shape[i]);
        else
            snprintf(side, sizeof side, "%.32s",
                     declared->sides[i] ? shown_name(declared->sides[i]).text : "?");
        at += (size_t)snprintf(text.text + at, sizeof text.text - at, "%s%s", i ? "x" : "", side);
    }
    return text;
}

static bool fits(const struct declared *declared, const struct bsr_tensor *found)
{
    if (declared->dims < 0)
        return true;
    if (declared->dims != found->dims)
        return false;
    for (int i = 0; i < found->dims; i++)
        if (declared->shape[i] >= 0 && declared->shape[i] != found->shape[i])
            return false;
    return true;
}

/* Whether besra can go by the declared shape: it does for inputs, and holds outputs to theirs. */
static bsr_status compare(struct fault_search *search, const Onnx__ValueInfoProto *info, const char *what,
                          int level, const struct onnx_values *values)
{
    struct declared          declared;
    const struct bsr_tensor *found = onnx_values_find(values, text_or_empty(info->name));
    const char              *hint = level == ONNX_FAULT_WARNING
                                        ? "besra goes by what its nodes make; engines that believe it go wrong"
                                        : NULL;
    bsr_status               status = BSR_OK;

    if (!found || !read_declared(&declared, info) || !declared.type)
        return BSR_OK;
    if (declared.type != found->type)
        status =
            onnx_faults_add(search->faults, ONNX_FAULT_WARNING, where_named(what, declared.name).text,
                            "besra goes by what its nodes make", search->err, "is declared as %s, and is %s",
                            onnx_type_text(declared.type).text, onnx_type_text(found->type).text);
    if (status == BSR_OK && !fits(&declared, found))
        status = onnx_faults_add(search->faults, level, where_named(what, declared.name).text, hint,
                                 search->err, "is declared as %s, its nodes make %s of it",
                                 declared_text(&declared).text, tensor_shape_text(found).text);
    return status;
}

static bsr_status search_input(struct fault_search *search, const Onnx__ValueInfoProto *info)
{
    struct declared   declared;
    struct where_text where = where_named("input", info->name);

    if (!read_declared(&declared, info))
        return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where.text, NULL, search->err,
                               "has no type");
    if (!declared.type)
        return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where.text,
                               "besra computes with tensors only", search->err, "is no tensor");
    if (!tensor_type_size(declared.type))
        return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where.text, NULL, search->err,
                               "has elements of %s, which besra does not compute with",
                               onnx_type_text(declared.type).text);
    if (declared.dims < 0)
        return onnx_faults_add(search->faults, ONNX_FAULT_NOTE, where.text, "give one with --shape",
                               search->err, "has no declared shape");
    return BSR_OK;
}

static bsr_status search_initializer(struct fault_search *search, const Onnx__TensorProto *tensor)
{
    if (tensor_type_size(tensor->data_type))
        return BSR_OK;
    return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where_named("initializer", tensor->name).text,
                           NULL, search->err, "has elements of %s, which besra does not compute with",
                           onnx_type_text(tensor->data_type).text);
}

static bsr_status refuse(void *context, const char *node, struct bsr_error *why)
{
    struct fault_search *search = context;
    char                 where[320];

    snprintf(where, sizeof where, "node %s", node);
    return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where, *why->hint ? why->hint : NULL,
                           search->err, "%s", why->message);
}

static bsr_status search_declared(struct fault_search *search, const struct onnx_values *values)
{
    const Onnx__GraphProto *graph = search->model->proto->graph;
    bsr_status              status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < search->model->input_count; i++)
        status = search_input(search, search->model->inputs[i]);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        status = search_initializer(search, graph->initializer[i]);
    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++)
        status = compare(search, graph->output[i], "output", ONNX_FAULT_ERROR, values);
    for (size_t i = 0; status == BSR_OK && i < graph->n_value_info; i++)
        status = compare(search, graph->value_info[i], "value", ONNX_FAULT_WARNING, values);
    return status;
}

static bsr_status add_unless_told(struct fault_search *search, const struct bsr_error *why)
{
    for (size_t i = 0; i < search->faults->count; i++)
        if (strstr(search->faults->items[i].what, why->message))
            return BSR_OK;
    return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, "model", NULL, search->err, "%s", why->message);
}

bsr_status find_shape_faults(struct fault_search *search)
{
    struct onnx_values *values = NULL;
    struct bsr_error    why;
    bsr_status          status = onnx_infer_all(&values, search->model, NULL, 0, refuse, search, &why);

    if (status == BSR_OK)
        status = search_declared(search, values);
    else if (status == BSR_EMODEL) /* a circle, which has been told, or sparse initializers */
        status = add_unless_told(search, &why);
    else
        status = bsr_fail(search->err, status, NULL, "out of memory");
    onnx_values_free(values);
    return status;
}

/* Models of opset 7 to 12 brought to opset 13: what was an attribute and is an input there, and the few
 * operators that mean something else. */
#include "onnx/quantize.h"

#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/infer.h"
#include "onnx/make.h"
#include "onnx/nodes.h"
#include "onnx/passes/rewrite.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

enum { OLDEST = 7, IR_VERSION = 7 /* that opset 13 came with */ };

struct raising {
    struct onnx_model  *model; /* a copy, which may be left half-done */
    struct graph_index *index;
    struct onnx_values *values; /* NULL where the model contradicts itself */
    int64_t             from;
};

/* Brings a node of an opset before `until` on. BSR_EMODEL with why it can't. */
typedef bsr_status raise_node(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err);

/* ---- attributes that become inputs ------------------------------------------------------------------- */

/* Adds a constant for a node and makes it input number `place`; inputs between are left out. */
static bsr_status add_input(struct raising *r, Onnx__NodeProto *node, size_t place, const char *suffix,
                            const struct bsr_tensor *value, struct bsr_error *err)
{
    enum { MOST_INPUTS = 8 };
    const char *inputs[MOST_INPUTS];
    char       *name = NULL;
    bsr_status  status = rewrite_new_name(&name, r->index, node->output[0], suffix, err);

    if (status == BSR_OK)
        status = rewrite_add_initializer(r->model->proto->graph, name, value, err);
    for (size_t i = 0; i < place; i++)
        inputs[i] = node_input(node, i);
    inputs[place] = name;
    if (status == BSR_OK)
        status = rewrite_set_inputs(node, inputs, (int)place + 1, err);
    mem_free(name);
    return status;
}

static bsr_status ints_to_input(struct raising *r, Onnx__NodeProto *node, const char *attribute, size_t place,
                                struct bsr_error *err)
{
    const Onnx__AttributeProto *found = node_attribute(node, attribute);
    if (!found)
        return BSR_OK;
    const struct bsr_tensor value = {
        .data = found->ints, .type = BSR_I64, .dims = 1, .shape = {(int64_t)found->n_ints}};
    bsr_status status = add_input(r, node, place, attribute, &value, err);
    if (status == BSR_OK)
        rewrite_remove_attribute(node, attribute);
    return status;
}

static bsr_status float_to_input(struct raising *r, Onnx__NodeProto *node, const char *attribute,
                                 size_t place, struct bsr_error *err)
{
    const Onnx__AttributeProto *found = node_attribute(node, attribute);
    if (!found)
        return BSR_OK;
    float                   number = found->f;
    const struct bsr_tensor value = {.data = &number, .type = BSR_F32};
    bsr_status              status = add_input(r, node, place, attribute, &value, err);
    if (status == BSR_OK)
        rewrite_remove_attribute(node, attribute);
    return status;
}

static bsr_status raise_axes(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    return ints_to_input(r, node, "axes", 1, err);
}

static bsr_status raise_split(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    return ints_to_input(r, node, "split", 1, err);
}

static bsr_status raise_clip(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = float_to_input(r, node, "min", 1, err);
    return status == BSR_OK ? float_to_input(r, node, "max", 2, err) : status;
}

static bsr_status raise_pad(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = ints_to_input(r, node, "pads", 1, err);
    return status == BSR_OK ? float_to_input(r, node, "value", 2, err) : status;
}

static bsr_status raise_slice(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = ints_to_input(r, node, "starts", 1, err);
    if (status == BSR_OK)
        status = ints_to_input(r, node, "ends", 2, err);
    return status == BSR_OK ? ints_to_input(r, node, "axes", 3, err) : status;
}

static bsr_status drop_ratio(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    (void)r;
    (void)err;
    rewrite_remove_attribute(node, "ratio");
    return BSR_OK;
}

static bsr_status drop_spatial(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__AttributeProto *spatial = node_attribute(node, "spatial");
    (void)r;
    if (spatial && !spatial->i)
        return bsr_fail(err, BSR_EMODEL, NULL, "has a mean for each pixel");
    rewrite_remove_attribute(node, "spatial");
    return BSR_OK;
}

/* ---- what means something else ----------------------------------------------------------------------- */

/* Over all dimensions from `axis` on, which is 1 where nothing is said; since 13 over `axis` alone. The same
 * where those behind it are 1. */
static bsr_status raise_softmax(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__AttributeProto *attribute = node_attribute(node, "axis");
    const struct bsr_tensor    *x = r->values ? onnx_values_find(r->values, node_input(node, 0)) : NULL;
    int64_t                     axis = attribute ? attribute->i : 1;

    if (!x)
        return bsr_fail(err, BSR_EMODEL, NULL, "is over an input of unknown shape");
    axis += axis < 0 ? x->dims : 0;
    for (int64_t i = axis + 1; i < x->dims; i++)
        if (i < 0 || x->shape[i] != 1)
            return bsr_fail(err, BSR_EMODEL, NULL, "is over several dimensions at once");
    rewrite_remove_attribute(node, "axis");
    return node_add_int(node, "axis", axis, err);
}

/* Opset 10's Resize and Upsample read pixels as "asymmetric" with "floor". */
static bsr_status raise_resize(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    const char *inputs[] = {node_input(node, 0), "", node_input(node, 1)};
    bsr_status  status = BSR_OK;

    (void)r;
    if (node->n_input != 2)
        return bsr_fail(err, BSR_EMODEL, NULL, "has %zu inputs", node->n_input);
    status = rewrite_set_inputs(node, inputs, 3, err);
    if (status == BSR_OK)
        status = rewrite_set_type(node, "Resize", err);
    if (status == BSR_OK)
        status = node_add_text(node, "coordinate_transformation_mode", "asymmetric", err);
    return status == BSR_OK ? node_add_text(node, "nearest_mode", "floor", err) : status;
}

static bsr_status refuse(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    (void)node;
    return bsr_fail(err, BSR_EMODEL, NULL, "means something else after opset %lld", (long long)r->from);
}

/* Those whose meaning changed; each row is for models before opset `until`. */
static const struct change {
    const char *op;
    int         until;
    raise_node *raise;
} changes[] = {
    {"Clip", 11, raise_clip},
    {"Pad", 11, raise_pad},
    {"Slice", 10, raise_slice},
    {"Dropout", 12, drop_ratio},
    {"BatchNormalization", 9, drop_spatial},
    {"Squeeze", 13, raise_axes},
    {"Unsqueeze", 13, raise_axes},
    {"ReduceSum", 13, raise_axes},
    {"Split", 13, raise_split},
    {"Softmax", 13, raise_softmax},
    {"LogSoftmax", 13, raise_softmax},
    {"Hardmax", 13, raise_softmax},
    {"Resize", 11, raise_resize},
    {"Upsample", 9, refuse},
    {"Upsample", 13, raise_resize},
    {"TopK", 11, refuse},
    {"Scatter", 13, refuse},
    {"Loop", 13, refuse},
    {"Scan", 13, refuse},
    {"If", 13, refuse},
    {"OneHot", 11, refuse},
    {"NonMaxSuppression", 11, refuse},
    {"RNN", 7, refuse},
    {"MatMulInteger", 10, refuse},
    {"DynamicSlice", 13, refuse},
    {"ATen", 13, refuse},
    {"Affine", 13, refuse},
    {"Crop", 13, refuse},
    {"ScaledTanh", 13, refuse},
    {"ThresholdedRelu", 10, refuse},
};

static bsr_status raise_one(struct raising *r, Onnx__NodeProto *node, struct bsr_error *err)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (!node_is(node, changes[i].op) || r->from >= changes[i].until)
            continue;
        if (!node->n_output)
            return BSR_OK;
        bsr_status status = changes[i].raise(r, node, err);
        if (status == BSR_EMODEL)
            bsr_fail(err, BSR_EMODEL, r->model->name,
                     "is of opset %lld, and %s can't be brought to %d, which scales of channels need: it %s",
                     (long long)r->from, node_text(node).text, ONNX_QUANTIZE_OPSET, err ? err->message : "");
        if (status == BSR_EMODEL)
            bsr_hint(err, "export the model with opset %d or later", ONNX_QUANTIZE_OPSET);
        return status;
    }
    return BSR_OK;
}

static void set_versions(Onnx__ModelProto *proto)
{
    for (size_t i = 0; i < proto->n_opset_import; i++) {
        const char *domain = text_or_empty(proto->opset_import[i]->domain);
        if (!*domain || strcmp(domain, "ai.onnx") == 0) {
            proto->opset_import[i]->version = ONNX_QUANTIZE_OPSET;
            proto->opset_import[i]->has_version = 1;
        }
    }
    if (proto->ir_version < IR_VERSION) {
        proto->ir_version = IR_VERSION;
        proto->has_ir_version = 1;
    }
}

/* What inference can't make sense of is left to the rules that need no shapes. */
static bsr_status open_raising(struct raising *r, const struct onnx_model *model, struct bsr_error *err)
{
    bsr_status status = onnx_infer(&r->values, model, NULL, 0, err);

    if (status == BSR_EMODEL) {
        r->values = NULL;
        status = BSR_OK;
    }
    if (status == BSR_OK)
        status = onnx_model_copy(&r->model, model, err);
    return status == BSR_OK ? index_make(&r->index, r->model->proto->graph, err) : status;
}

static bsr_status raise_all(struct raising *r, struct bsr_error *err)
{
    Onnx__GraphProto *graph = r->model->proto->graph;
    bsr_status        status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        status = raise_one(r, graph->node[i], err);
    if (status != BSR_OK)
        return status;
    set_versions(r->model->proto);
    return model_index_inputs(r->model, err);
}

bsr_status onnx_quantize_raise_opset(struct onnx_model *model, struct bsr_error *err)
{
    struct raising r = {.from = onnx_opset(model, "")};

    if (r.from >= ONNX_QUANTIZE_OPSET)
        return BSR_OK;
    if (r.from < OLDEST) {
        bsr_fail(err, BSR_EMODEL, model->name, "is of opset %lld; scales of channels need opset %d",
                 (long long)r.from, ONNX_QUANTIZE_OPSET);
        bsr_hint(err, "export the model with opset %d or later", ONNX_QUANTIZE_OPSET);
        return BSR_EMODEL;
    }
    bsr_status status = open_raising(&r, model, err);
    if (status == BSR_OK)
        status = raise_all(&r, err);
    if (status == BSR_OK)
        rewrite_swap_models(model, r.model);
    onnx_values_free(r.values);
    index_free(r.index);
    onnx_model_free(r.model);
    return status;
}

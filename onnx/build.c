/* The builder of besra.h: a model written down node by node. */
#include "onnx/build.h"

#include "base/alloc.h"
#include "base/file.h"
#include "onnx/build_node.h"
#include "onnx/build_values.h"
#include "onnx/edit.h"
#include "onnx/make.h"
#include "onnx/tensors.h"
#include "onnx/types.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_OPSET = 17, LEAST_OPSET = 7, MOST_OPSET = 22, IR_VERSION = 8, LEAST_STORED_F16 = 16 };

struct bsr_build {
    struct onnx_model  *model;
    struct build_values values;
    struct bsr_error    failure; /* the first */
    bool                store_f16;
    size_t              made_up; /* names */
};

/* ---- failures --------------------------------------------------------------------------------------------
 */

static bool has_failed(const struct bsr_build *build)
{
    return build->failure.code != BSR_OK;
}

bsr_status build_status(const struct bsr_build *build, struct bsr_error *err)
{
    if (has_failed(build) && err)
        *err = build->failure;
    return build->failure.code;
}

void build_fail(struct bsr_build *build, const struct bsr_error *err)
{
    if (!has_failed(build))
        build->failure = *err;
}

/* ---- opening and closing
 * ----------------------------------------------------------------------------------- */

static void *allocate(size_t size, bsr_status *status, struct bsr_error *err)
{
    void *block = *status == BSR_OK ? mem_alloc_zeroed(1, size) : NULL;
    if (!block && *status == BSR_OK)
        *status = bsr_fail_memory(err, NULL, size);
    return block;
}

static bsr_status add_own_operators(Onnx__ModelProto *proto, int opset, struct bsr_error *err)
{
    bsr_status                status = BSR_OK;
    Onnx__OperatorSetIdProto *set = allocate(sizeof *set, &status, err);
    if (!set)
        return status;
    onnx__operator_set_id_proto__init(set);
    set->has_version = 1;
    set->version = opset;
    status = message_set_text(&set->domain, "", err);
    if (status == BSR_OK)
        status = message_append(&proto->opset_import, &proto->n_opset_import, set, err);
    if (status != BSR_OK)
        message_free(&set->base);
    return status;
}

static bsr_status fill_model(struct onnx_model *model, const char *name, int opset, struct bsr_error *err)
{
    bsr_status status = message_set_text(&model->name, name, err);

    model->proto = allocate(sizeof *model->proto, &status, err);
    if (!model->proto)
        return status;
    onnx__model_proto__init(model->proto);
    model->proto->has_ir_version = 1;
    model->proto->ir_version = IR_VERSION;
    model->proto->graph = allocate(sizeof *model->proto->graph, &status, err);
    if (!model->proto->graph)
        return status;
    onnx__graph_proto__init(model->proto->graph);
    status = message_set_text(&model->proto->graph->name, name, err);
    if (status == BSR_OK)
        status = message_set_text(&model->proto->producer_name, "besra", err);
    if (status == BSR_OK)
        status = message_set_text(&model->proto->producer_version, BESRA_VERSION, err);
    return status == BSR_OK ? add_own_operators(model->proto, opset, err) : status;
}

bsr_status bsr_build_open(struct bsr_build **out, const char *name, int opset, struct bsr_error *err)
{
    if (opset && (opset < LEAST_OPSET || opset > MOST_OPSET))
        return bsr_fail(err, BSR_EUSAGE, name, "opset %d: must be %d to %d", opset, LEAST_OPSET, MOST_OPSET);
    bsr_status        status = BSR_OK;
    struct bsr_build *build = allocate(sizeof *build, &status, err);
    if (!build)
        return status;
    build->model = allocate(sizeof *build->model, &status, err);
    if (status == BSR_OK)
        status = fill_model(build->model, name && *name ? name : "model", opset ? opset : DEFAULT_OPSET, err);
    if (status == BSR_OK)
        *out = build;
    else
        bsr_build_close(build);
    return status;
}

void bsr_build_close(struct bsr_build *build)
{
    if (!build)
        return;
    build_values_free(&build->values);
    onnx_model_free(build->model);
    mem_free(build);
}

/* ---- inputs and weights
 * --------------------------------------------------------------------------------------- */

static bool is_fixed(int dims, const int64_t *shape)
{
    for (int i = 0; i < dims; i++)
        if (shape[i] < 0)
            return false;
    return true;
}

static bsr_status check_type_and_shape(const char *name, int type, int dims, const int64_t *shape,
                                       int64_t least, struct bsr_error *err)
{
    if (!tensor_type_size(type))
        return bsr_fail(err, BSR_EMODEL, name, "its type is none of besra's (%d)", type);
    if (dims < 0 || dims > BSR_MAX_DIMS)
        return bsr_fail(err, BSR_EMODEL, name, "it has %d dimensions (0 to %d)", dims, BSR_MAX_DIMS);
    for (int i = 0; i < dims; i++)
        if (shape[i] < least)
            return bsr_fail(err, BSR_EMODEL, name, "a side of it is %lld", (long long)shape[i]);
    return BSR_OK;
}

static bsr_status add_input(struct bsr_build *build, const char *name, int type, int dims,
                            const int64_t *shape, struct build_value **value, struct bsr_error *err)
{
    Onnx__GraphProto     *graph = build->model->proto->graph;
    Onnx__ValueInfoProto *info = NULL;
    bsr_status            status = check_type_and_shape(name, type, dims, shape, -1, err);

    if (status == BSR_OK)
        status = build_values_add(value, &build->values, name, err);
    if (status == BSR_OK)
        status = value_info_make(&info, name, type, dims, shape, err);
    if (status != BSR_OK)
        return status;
    status = message_append(&graph->input, &graph->n_input, info, err);
    if (status != BSR_OK) {
        message_free(&info->base);
        return status;
    }
    if (is_fixed(dims, shape)) {
        (*value)->tensor = (struct bsr_tensor){.type = type, .dims = dims};
        for (int i = 0; i < dims; i++) /* of a scalar `shape` may be NULL */
            (*value)->tensor.shape[i] = shape[i];
    }
    return BSR_OK;
}

const char *bsr_build_input(struct bsr_build *build, const char *name, int type, int dims,
                            const int64_t *shape)
{
    struct build_value *value = NULL;
    size_t              before = build->values.count;
    struct bsr_error    err = {0};

    if (has_failed(build))
        return NULL;
    if (add_input(build, name, type, dims, shape, &value, &err) == BSR_OK)
        return value->returned;
    build_values_cut(&build->values, before);
    build_fail(build, &err);
    return NULL;
}

static bsr_status add_initializer(struct onnx_model *model, const char *name, const struct bsr_tensor *value,
                                  struct bsr_error *err)
{
    Onnx__GraphProto  *graph = model->proto->graph;
    Onnx__TensorProto *weights = NULL;
    bsr_status         status = tensor_message(&weights, name, value, err);
    if (status != BSR_OK)
        return status;
    status = message_append(&graph->initializer, &graph->n_initializer, weights, err);
    if (status != BSR_OK)
        tensor_message_free(weights);
    return status;
}

/* NAME_f16 in the file, and a Cast that makes NAME of it. */
static bsr_status add_stored_f16(struct bsr_build *build, const char *name, const struct bsr_tensor *tensor,
                                 struct bsr_error *err)
{
    char                stored[ONNX_MAX_NAME + 8];
    struct bsr_tensor   half = {0};
    struct build_value *value = NULL;
    const char *const inputs[] = {stored, NULL}, *const outputs[] = {name, NULL};
    struct bsr_attribute attributes[] = {bsr_attribute_int("to", BSR_F32), {0}};

    snprintf(stored, sizeof stored, "%.*s_f16", ONNX_MAX_NAME, name);
    bsr_status status = build_values_add(&value, &build->values, stored, err);
    if (status == BSR_OK)
        status = tensor_convert(&half, tensor, BSR_F16, err);
    if (status == BSR_OK) {
        value->tensor = half;
        value->tensor.data = NULL;
        status = add_initializer(build->model, stored, &half, err);
    }
    tensor_free(&half);
    if (status != BSR_OK)
        return status;
    const struct build_node node = {"Cast", NULL, inputs, outputs, attributes};
    return build_add_node(build->model, &build->values, &node, err);
}

static bsr_status add_weight(struct bsr_build *build, const char *name, const struct bsr_tensor *tensor,
                             struct bsr_error *err)
{
    Onnx__GraphProto   *graph = build->model->proto->graph;
    struct build_value *value = NULL;
    bsr_status status = check_type_and_shape(name, tensor->type, tensor->dims, tensor->shape, 0, err);

    if (status == BSR_OK && (!tensor->data || tensor_bytes(tensor) > ONNX_MAX_BYTES))
        status = bsr_fail(err, BSR_EMODEL, name, "it has no numbers, or more than 2 GiB of them");
    if (status == BSR_OK && build->store_f16 && tensor->type == BSR_F32 &&
        tensor_count(tensor) >= LEAST_STORED_F16)
        return add_stored_f16(build, name, tensor, err);
    if (status == BSR_OK)
        status = build_values_add(&value, &build->values, name, err);
    if (status == BSR_OK)
        status = add_initializer(build->model, name, tensor, err);
    if (status == BSR_OK)
        status =
            tensor_view(&value->tensor, &value->owned, graph->initializer[graph->n_initializer - 1], err);
    return status;
}

const char *bsr_build_weight(struct bsr_build *build, const char *name, const struct bsr_tensor *value)
{
    struct bsr_error err = {0};

    if (has_failed(build))
        return NULL;
    if (add_weight(build, name, value, &err) == BSR_OK)
        return build_values_find(&build->values, name)->returned;
    build_fail(build, &err);
    return NULL;
}

void bsr_build_store_f16(struct bsr_build *build)
{
    build->store_f16 = true;
}

/* ---- nodes
 * ------------------------------------------------------------------------------------------------------- */

const char *bsr_build_named_node(struct bsr_build *build, const char *op, const char *name,
                                 const char *const *inputs, const char *const *outputs,
                                 const struct bsr_attribute *attributes)
{
    const struct build_node node = {op, name, inputs, outputs, attributes};
    struct bsr_error        err = {0};

    if (has_failed(build))
        return NULL;
    if (build_add_node(build->model, &build->values, &node, &err) == BSR_OK)
        return build_values_find(&build->values, outputs[0])->returned;
    build_fail(build, &err);
    return NULL;
}

/* "conv_3" for a Conv; counted until it is nobody's. */
static void make_up_name(struct bsr_build *build, const char *op, char *name, size_t size)
{
    const char *type;

    op_domain_length(op, &type);
    do {
        snprintf(name, size, "%.64s_%zu", type, build->made_up++);
        for (char *c = name; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c - 'A' + 'a');
    } while (build_values_find(&build->values, name));
}

const char *bsr_build_node(struct bsr_build *build, const char *op, const char *const *inputs,
                           const struct bsr_attribute *attributes)
{
    char name[96];

    if (has_failed(build))
        return NULL;
    make_up_name(build, op, name, sizeof name);
    return bsr_build_named_node(build, op, NULL, inputs, (const char *const[]){name, NULL}, attributes);
}

int bsr_build_shape(const struct bsr_build *build, const char *value, struct bsr_tensor *out)
{
    const struct build_value *found = value ? build_values_find(&build->values, value) : NULL;

    if (!found || !found->tensor.type)
        return 0;
    *out = found->tensor;
    return 1;
}

/* ---- outputs and metadata
 * ------------------------------------------------------------------------------------------ */

/* An input, a weight or what is an output already goes through an Identity. */
static bsr_status set_apart(struct bsr_build *build, struct build_value **value, struct bsr_error *err)
{
    char name[96];
    if ((*value)->is_made && !(*value)->is_output)
        return BSR_OK;

    make_up_name(build, "Identity", name, sizeof name);
    const char *const inputs[] = {(*value)->name, NULL}, *const outputs[] = {name, NULL};
    const struct build_node node = {"Identity", NULL, inputs, outputs, NULL};
    bsr_status              status = build_add_node(build->model, &build->values, &node, err);
    if (status == BSR_OK)
        *value = build_values_find(&build->values, name);
    return status;
}

static bsr_status rename_value(struct bsr_build *build, struct build_value *value, const char *name,
                               struct bsr_error *err)
{
    const struct build_value *other = build_values_find(&build->values, name);

    if (strcmp(value->name, name) == 0)
        return BSR_OK;
    if (other && other != value)
        return bsr_fail(err, BSR_EMODEL, NULL, "there is a value '%s' already", shown_name(name).text);
    char *copy = mem_copy_text(name);
    if (!copy)
        return bsr_fail_memory(err, NULL, strlen(name) + 1);
    bsr_status status = onnx_rename(build->model, value->name, name, err);
    if (status != BSR_OK) {
        mem_free(copy);
        return status;
    }
    mem_free(value->name);
    value->name = copy;
    return BSR_OK;
}

static bsr_status add_output(struct bsr_build *build, const char *value_name, const char *name,
                             struct bsr_error *err)
{
    Onnx__GraphProto     *graph = build->model->proto->graph;
    Onnx__ValueInfoProto *info = NULL;
    struct build_value   *value = build_values_find(&build->values, value_name);
    if (!value)
        return build_values_fail_unknown(&build->values, value_name, err);

    bsr_status status = set_apart(build, &value, err);
    if (status == BSR_OK && name)
        status = rename_value(build, value, name, err);
    if (status == BSR_OK)
        status = value_info_make(&info, value->name, value->tensor.type,
                                 value->tensor.type ? value->tensor.dims : -1, value->tensor.shape, err);
    if (status != BSR_OK)
        return status;
    value->is_output = true;
    status = message_append(&graph->output, &graph->n_output, info, err);
    if (status != BSR_OK)
        message_free(&info->base);
    return status;
}

void bsr_build_output(struct bsr_build *build, const char *value, const char *name)
{
    struct bsr_error err = {0};

    if (has_failed(build))
        return;
    if (!value)
        bsr_fail(&err, BSR_EUSAGE, NULL, "an output without a value");
    else
        add_output(build, value, name, &err);
    if (err.code != BSR_OK)
        build_fail(build, &err);
}

void bsr_build_metadata(struct bsr_build *build, const char *key, const char *value)
{
    struct bsr_error err = {0};

    if (!has_failed(build) && onnx_set_metadata(build->model, key, value, &err) != BSR_OK)
        build_fail(build, &err);
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------------- */

/* Types of outputs that depend on what is unknown here. */
static bsr_status declare_types(struct onnx_model *model, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_types *types = NULL;
    bsr_status          status = types_make(&types, model, err);
    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < graph->n_output; i++) {
        int32_t *type = &graph->output[i]->type->tensor_type->elem_type;
        int      found = types_find(types, graph->output[i]->name);
        if (!*type)
            *type = found ? found : BSR_F32;
    }
    types_free(types);
    return BSR_OK;
}

bsr_status build_pack(struct bsr_build *build, struct bytes *out, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = build->model->proto->graph;

    if (has_failed(build))
        return build_status(build, err);
    if (!graph->n_node)
        return bsr_fail(err, BSR_EMODEL, build->model->name, "a model without a node");
    if (!graph->n_output)
        return bsr_fail(err, BSR_EMODEL, build->model->name, "a model without an output");
    bsr_status status = declare_types(build->model, err);
    if (status == BSR_OK)
        status = model_index_inputs(build->model, err);
    if (status == BSR_OK)
        status = model_check(build->model, err);
    return status == BSR_OK ? onnx_model_write(build->model, out, err) : status;
}

bsr_status bsr_build_write(struct bsr_build *build, const char *path, struct bsr_error *err)
{
    struct bytes bytes = {0};
    bsr_status   status = build_pack(build, &bytes, err);

    if (status == BSR_OK)
        status = file_write(path, bytes.data, bytes.size, true, true, err);
    bytes_free(&bytes);
    return status;
}

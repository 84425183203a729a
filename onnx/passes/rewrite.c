#include "onnx/passes/rewrite.h"

#include "base/alloc.h"
#include "onnx/messages.h"
#include "onnx/tensors.h"

#include <stdio.h>
#include <string.h>

/* AttributeProto.AttributeType, as far as passes write them. */
enum { TYPE_FLOAT = 1, TYPE_INTS = 7 };

static void free_attribute(Onnx__AttributeProto *attribute)
{
    onnx__attribute_proto__free_unpacked(attribute, &onnx_allocator);
}

void rewrite_remove_attribute(Onnx__NodeProto *node, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < node->n_attribute; i++) {
        if (strcmp(text_or_empty(node->attribute[i]->name), name) == 0)
            free_attribute(node->attribute[i]);
        else
            node->attribute[kept++] = node->attribute[i];
    }
    node->n_attribute = kept;
}

/* A new attribute of that name, without a value. */
static Onnx__AttributeProto *new_attribute(const char *name, int type, struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = mem_alloc(sizeof *attribute);

    if (!attribute) {
        bsr_fail_memory(err, NULL, sizeof *attribute);
        return NULL;
    }
    onnx__attribute_proto__init(attribute);
    attribute->name = mem_copy_text(name);
    attribute->has_type = true;
    attribute->type = type;
    if (!attribute->name) {
        bsr_fail_memory(err, NULL, strlen(name) + 1);
        free_attribute(attribute);
        return NULL;
    }
    return attribute;
}

/* Puts it in the place of another of its name. */
static bsr_status put_attribute(Onnx__NodeProto *node, Onnx__AttributeProto *attribute, struct bsr_error *err)
{
    bsr_status status = message_append(&node->attribute, &node->n_attribute, attribute, err);

    if (status != BSR_OK) {
        free_attribute(attribute);
        return status;
    }
    node->n_attribute--;
    rewrite_remove_attribute(node, attribute->name);
    node->attribute[node->n_attribute++] = attribute;
    return BSR_OK;
}

bsr_status rewrite_set_float(Onnx__NodeProto *node, const char *name, float value, struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = new_attribute(name, TYPE_FLOAT, err);

    if (!attribute)
        return BSR_ENOMEM;
    attribute->has_f = true;
    attribute->f = value;
    return put_attribute(node, attribute, err);
}

bsr_status rewrite_set_ints(Onnx__NodeProto *node, const char *name, const int64_t *values, int count,
                            struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = new_attribute(name, TYPE_INTS, err);

    if (!attribute)
        return BSR_ENOMEM;
    attribute->ints = mem_alloc_zeroed((size_t)count + 1, sizeof *attribute->ints);
    if (!attribute->ints) {
        free_attribute(attribute);
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof *values);
    }
    attribute->n_ints = (size_t)count;
    if (count)
        memcpy(attribute->ints, values, (size_t)count * sizeof *values);
    return put_attribute(node, attribute, err);
}

bsr_status rewrite_set_type(Onnx__NodeProto *node, const char *type, struct bsr_error *err)
{
    bsr_status status = message_set_text(&node->op_type, type, err);

    if (status == BSR_OK) {
        mem_free(node->domain);
        node->domain = NULL;
    }
    return status;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts && i < count; i++)
        mem_free(texts[i]);
    mem_free(texts);
}

static char **copy_texts(const char *const *texts, int count, struct bsr_error *err)
{
    char **copies = mem_alloc_zeroed((size_t)count + 1, sizeof *copies);

    for (int i = 0; copies && i < count; i++)
        if (!(copies[i] = mem_copy_text(texts[i]))) {
            free_texts(copies, (size_t)i);
            copies = NULL;
        }
    if (!copies)
        bsr_fail_memory(err, NULL, (size_t)count * sizeof *copies);
    return copies;
}

bsr_status rewrite_set_inputs(Onnx__NodeProto *node, const char *const *names, int count,
                              struct bsr_error *err)
{
    char **texts = copy_texts(names, count, err);

    if (!texts)
        return BSR_ENOMEM;
    free_texts(node->input, node->n_input);
    node->input = texts;
    node->n_input = (size_t)count;
    return BSR_OK;
}

bsr_status rewrite_add_initializer(Onnx__GraphProto *graph, const char *name, const struct bsr_tensor *value,
                                   struct bsr_error *err)
{
    Onnx__TensorProto *message = NULL;
    bsr_status         status = tensor_message(&message, name, value, err);

    if (status == BSR_OK)
        status = message_append(&graph->initializer, &graph->n_initializer, message, err);
    if (status != BSR_OK && message)
        tensor_message_free(message);
    return status;
}

bsr_status rewrite_new_name(char **out, const struct graph_index *index, const char *base, const char *suffix,
                            struct bsr_error *err)
{
    size_t size = strlen(base) + strlen(suffix) + 24;
    char  *name = mem_alloc(size);

    if (!name)
        return bsr_fail_memory(err, NULL, size);
    snprintf(name, size, "%s %s", base, suffix);
    for (unsigned number = 2; index_find(index, name); number++)
        snprintf(name, size, "%s %s %u", base, suffix, number);
    *out = name;
    return BSR_OK;
}

/* Appends `item` to an array of pointers, then moves it to `index`. */
static bsr_status insert_pointer(void *array, size_t *count, size_t index, void *item, struct bsr_error *err)
{
    bsr_status status = message_append(array, count, item, err);
    void     **items;

    if (status != BSR_OK)
        return status;
    memcpy(&items, array, sizeof items);
    memmove(items + index + 1, items + index, (*count - 1 - index) * sizeof *items);
    items[index] = item;
    return BSR_OK;
}

bsr_status rewrite_insert_node(Onnx__NodeProto **out, Onnx__GraphProto *graph, size_t index, const char *type,
                               const char *const *inputs, int input_count, const char *output,
                               struct bsr_error *err)
{
    Onnx__NodeProto *node = mem_alloc(sizeof *node);

    if (!node)
        return bsr_fail_memory(err, NULL, sizeof *node);
    onnx__node_proto__init(node);
    node->output = copy_texts(&output, 1, err);
    node->n_output = node->output ? 1 : 0;

    bsr_status status = node->output ? message_set_text(&node->name, output, err) : BSR_ENOMEM;
    if (status == BSR_OK)
        status = rewrite_set_type(node, type, err);
    if (status == BSR_OK)
        status = rewrite_set_inputs(node, inputs, input_count, err);
    if (status == BSR_OK)
        status = insert_pointer(&graph->node, &graph->n_node, index, node, err);
    if (status != BSR_OK) {
        message_free(&node->base);
        return status;
    }
    *out = node;
    return BSR_OK;
}

static void clear_dimension(Onnx__TensorShapeProto__Dimension *dim)
{
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
        mem_free(dim->dim_param);
    dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
}

bsr_status rewrite_set_symbol(Onnx__TensorShapeProto__Dimension *dim, const char *symbol,
                              struct bsr_error *err)
{
    char *text = mem_copy_text(symbol);

    if (!text)
        return bsr_fail_memory(err, NULL, strlen(symbol) + 1);
    clear_dimension(dim);
    dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    dim->dim_param = text;
    return BSR_OK;
}

void rewrite_set_side(Onnx__TensorShapeProto__Dimension *dim, int64_t side)
{
    clear_dimension(dim);
    dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    dim->dim_value = side;
}

Onnx__TensorShapeProto *rewrite_shape_of(const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return NULL;
    return type->tensor_type->shape;
}

void rewrite_swap_models(struct onnx_model *a, struct onnx_model *b)
{
    struct onnx_model was = *a;

    a->proto = b->proto;
    a->inputs = b->inputs;
    a->input_count = b->input_count;
    b->proto = was.proto;
    b->inputs = was.inputs;
    b->input_count = was.input_count;
}

#include "onnx/passes/rewrite.h"

#include "base/alloc.h"
#include "onnx/make.h"
#include "onnx/tensors.h"

#include <stdio.h>
#include <string.h>

void rewrite_remove_attribute(Onnx__NodeProto *node, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < node->n_attribute; i++) {
        if (strcmp(text_or_empty(node->attribute[i]->name), name) == 0)
            message_free(&node->attribute[i]->base);
        else
            node->attribute[kept++] = node->attribute[i];
    }
    node->n_attribute = kept;
}

/* The attribute that was just added takes the place of others of its name. */
static void drop_older(Onnx__NodeProto *node)
{
    Onnx__AttributeProto *newest = node->attribute[--node->n_attribute];

    rewrite_remove_attribute(node, newest->name);
    node->attribute[node->n_attribute++] = newest;
}

bsr_status rewrite_set_float(Onnx__NodeProto *node, const char *name, float value, struct bsr_error *err)
{
    bsr_status status = node_add_float(node, name, value, err);
    if (status == BSR_OK)
        drop_older(node);
    return status;
}

bsr_status rewrite_set_ints(Onnx__NodeProto *node, const char *name, const int64_t *values, int count,
                            struct bsr_error *err)
{
    bsr_status status = node_add_ints(node, name, values, count, err);
    if (status == BSR_OK)
        drop_older(node);
    return status;
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
    const struct node_parts parts = {.op = type,
                                     .name = output,
                                     .inputs = inputs,
                                     .input_count = input_count,
                                     .outputs = &output,
                                     .output_count = 1};
    Onnx__NodeProto        *node = NULL;
    bsr_status              status = node_make(&node, &parts, err);

    if (status != BSR_OK)
        return status;
    status = insert_pointer(&graph->node, &graph->n_node, index, node, err);
    if (status == BSR_OK)
        *out = node;
    else
        message_free(&node->base);
    return status;
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

#include "onnx/nodes.h"

#include "base/alloc.h"
#include "onnx/tensors.h"
#include "operators/registry.h"

#include <stdio.h>
#include <string.h>

/* AttributeProto.AttributeType. */
enum {
    TYPE_UNDEFINED = 0,
    TYPE_FLOAT = 1,
    TYPE_INT = 2,
    TYPE_STRING = 3,
    TYPE_TENSOR = 4,
    TYPE_FLOATS = 6,
    TYPE_INTS = 7,
    TYPE_STRINGS = 8,
    TYPE_OTHER = 99
};

/* A node, what it owns, and behind it its attributes, the blocks that tensors were converted to, texts. */
struct read_node {
    struct bsr_node   node;
    struct attribute *attributes;
    void            **owned;
    char             *texts;
};

/* Files before IR version 2 do not say which field counts. */
static int attribute_type(const Onnx__AttributeProto *proto)
{
    if (proto->ref_attr_name && *proto->ref_attr_name)
        return TYPE_OTHER;
    if (proto->type != TYPE_UNDEFINED)
        return proto->type;
    return proto->has_f       ? TYPE_FLOAT
           : proto->has_i     ? TYPE_INT
           : proto->has_s     ? TYPE_STRING
           : proto->t         ? TYPE_TENSOR
           : proto->n_floats  ? TYPE_FLOATS
           : proto->n_ints    ? TYPE_INTS
           : proto->n_strings ? TYPE_STRINGS
                              : TYPE_OTHER;
}

static char *take_text(struct read_node *read, const ProtobufCBinaryData *data)
{
    char *text = read->texts;
    if (data->len)
        memcpy(text, data->data, data->len);
    text[data->len] = '\0';
    read->texts += data->len + 1;
    return text;
}

/* BSR_ENOMEM; a tensor that can't be read is one of the others. */
static bsr_status read_tensor(struct attribute *attribute, void **owned, const Onnx__TensorProto *proto,
                              struct bsr_error *err)
{
    struct bsr_error why;
    bsr_status       status = proto ? tensor_view(&attribute->tensor, owned, proto, &why) : BSR_EMODEL;

    if (status == BSR_ENOMEM)
        return bsr_fail(err, status, NULL, "%s", why.message);
    attribute->kind = status == BSR_OK ? ATTRIBUTE_TENSOR : ATTRIBUTE_OTHER;
    return BSR_OK;
}

static bsr_status read_attribute(struct read_node *read, size_t index, const Onnx__AttributeProto *proto,
                                 struct bsr_error *err)
{
    struct attribute *attribute = &read->attributes[index];

    *attribute = (struct attribute){.name = text_or_empty(proto->name), .kind = ATTRIBUTE_OTHER};
    switch (attribute_type(proto)) {
    case TYPE_FLOAT:
        attribute->kind = ATTRIBUTE_FLOAT;
        attribute->f = proto->f;
        break;
    case TYPE_INT:
        attribute->kind = ATTRIBUTE_INT;
        attribute->i = proto->i;
        break;
    case TYPE_STRING:
        attribute->kind = ATTRIBUTE_TEXT;
        attribute->text = take_text(read, &proto->s);
        break;
    case TYPE_TENSOR:
        return read_tensor(attribute, &read->owned[index], proto->t, err);
    case TYPE_FLOATS:
    case TYPE_INTS: {
        bool   whole = attribute_type(proto) == TYPE_INTS;
        size_t count = whole ? proto->n_ints : proto->n_floats;
        attribute->kind = whole ? ATTRIBUTE_INTS : ATTRIBUTE_FLOATS;
        attribute->ints = proto->ints;
        attribute->floats = proto->floats;
        attribute->count = (int)count; /* below ONNX_MAX_BYTES */
        break;
    }
    case TYPE_STRINGS:
        attribute->kind = ATTRIBUTE_TEXTS;
        attribute->text = read->texts;
        attribute->count = (int)proto->n_strings;
        for (size_t i = 0; i < proto->n_strings; i++)
            take_text(read, &proto->strings[i]);
        break;
    default:
        break;
    }
    return BSR_OK;
}

static const char *own_domain(const Onnx__NodeProto *proto)
{
    const char *domain = text_or_empty(proto->domain);
    return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* One block: the node, attributes, pointers to what they own, texts. */
static struct read_node *allocate_node(const Onnx__NodeProto *proto)
{
    size_t count = proto->n_attribute, texts = 0;
    for (size_t i = 0; i < count; i++) {
        texts += proto->attribute[i]->s.len + 1;
        for (size_t n = 0; n < proto->attribute[i]->n_strings; n++)
            texts += proto->attribute[i]->strings[n].len + 1;
    }

    size_t attributes = sizeof(struct read_node), owned = attributes + count * sizeof(struct attribute);
    size_t end = owned + count * sizeof(void *);
    struct read_node *read = mem_alloc_zeroed(end + texts, 1);
    if (!read)
        return NULL;
    read->attributes = (struct attribute *)(void *)((char *)read + attributes);
    read->owned = (void **)(void *)((char *)read + owned);
    read->texts = (char *)read + end;
    read->node = (struct bsr_node){
        .name = text_or_empty(proto->name),
        .domain = own_domain(proto),
        .type = text_or_empty(proto->op_type),
        .attributes = read->attributes,
        .attribute_count = (int)count,
    };
    if (!*read->node.name && proto->n_output)
        read->node.name = proto->output[0];
    return read;
}

bsr_status node_read(struct bsr_node **out, const Onnx__NodeProto *proto, int64_t opset,
                     struct bsr_error *err)
{
    struct read_node *read = allocate_node(proto);
    bsr_status        status = BSR_OK;

    if (!read)
        return bsr_fail_memory(err, NULL, sizeof *read + proto->n_attribute * sizeof(struct attribute));
    read->node.opset = opset;
    for (size_t i = 0; status == BSR_OK && i < proto->n_attribute; i++)
        status = read_attribute(read, i, proto->attribute[i], err);
    if (status == BSR_OK)
        *out = &read->node;
    else
        node_free(&read->node);
    return status;
}

void node_free(struct bsr_node *node)
{
    struct read_node *read = (struct read_node *)(void *)node; /* its first member */

    for (int i = 0; node && i < node->attribute_count; i++)
        mem_free(read->owned[i]);
    mem_free(read);
}

/* A tensor with a copy of `count` entries; dims 0 for one alone, 1 for a list. */
static bsr_status constant_list(struct bsr_tensor *out, void **owned, int type, int dims, const void *data,
                                size_t count, struct bsr_error *err)
{
    struct bsr_tensor tensor = {.type = type, .dims = dims, .shape = {(int64_t)count}};
    bsr_status        status = tensor_alloc(&tensor, err);
    if (status != BSR_OK)
        return status;
    if (count)
        memcpy(tensor.data, data, tensor_bytes(&tensor));
    *out = tensor;
    *owned = tensor.data;
    return BSR_OK;
}

bsr_status constant_view(struct bsr_tensor *out, void **owned, const Onnx__NodeProto *proto,
                         struct bsr_error *err)
{
    const Onnx__AttributeProto *attribute;

    if ((attribute = node_attribute(proto, "value")) && attribute->t)
        return tensor_view(out, owned, attribute->t, err);
    if ((attribute = node_attribute(proto, "value_float")))
        return constant_list(out, owned, BSR_F32, 0, &attribute->f, 1, err);
    if ((attribute = node_attribute(proto, "value_int")))
        return constant_list(out, owned, BSR_I64, 0, &attribute->i, 1, err);
    if ((attribute = node_attribute(proto, "value_floats")))
        return constant_list(out, owned, BSR_F32, 1, attribute->floats, attribute->n_floats, err);
    if ((attribute = node_attribute(proto, "value_ints")))
        return constant_list(out, owned, BSR_I64, 1, attribute->ints, attribute->n_ints, err);
    return bsr_fail(err, BSR_EMODEL, NULL, "its value is text, sparse or missing");
}

struct node_text node_text(const Onnx__NodeProto *proto)
{
    struct node_text text;
    struct shown     name = shown_name(proto->name), type = shown_name(proto->op_type);
    const char      *domain = own_domain(proto);

    if (!*name.text && proto->n_output)
        name = shown_name(proto->output[0]);
    snprintf(text.text, sizeof text.text, "%s (%.48s%s%.100s)", name.text, shown_name(domain).text,
             *domain ? "." : "", type.text);
    return text;
}

bsr_status fail_in_node(bsr_status status, const Onnx__NodeProto *proto, struct bsr_error *err)
{
    if (!err)
        return status;
    char hint[sizeof err->hint];
    memcpy(hint, err->hint, sizeof hint);
    bsr_fail(err, status, NULL, "node %s: %s", node_text(proto).text, err->message);
    memcpy(err->hint, hint, sizeof hint);
    return status;
}

bool node_is_debug(const Onnx__NodeProto *proto)
{
    static const char *const words[] = {"debug", "print", "probe", "identity", "inspect", "watch", "dump"};
    const char              *type = text_or_empty(proto->op_type), *domain = own_domain(proto);

    if (!*domain || strncmp(domain, "ai.onnx", 7) == 0 || proto->n_input != 1 || proto->n_output != 1 ||
        !*proto->input[0] || !*proto->output[0] || operators_find(domain, type))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(type, words[i]))
            return true;
    return false;
}

int64_t node_opset(const struct onnx_model *model, const Onnx__NodeProto *proto)
{
    return onnx_opset(model, own_domain(proto));
}

const Onnx__FunctionProto *model_find_function(const struct onnx_model *model, const Onnx__NodeProto *proto)
{
    const char *domain = own_domain(proto);

    for (size_t i = 0; i < model->proto->n_functions; i++) {
        const Onnx__FunctionProto *function = model->proto->functions[i];
        const char                *other = text_or_empty(function->domain);
        if (strcmp(text_or_empty(function->name), text_or_empty(proto->op_type)) == 0 &&
            strcmp(strcmp(other, "ai.onnx") == 0 ? "" : other, domain) == 0)
            return function;
    }
    return NULL;
}

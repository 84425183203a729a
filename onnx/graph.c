#include "onnx/graph.h"

#include "base/alloc.h"

#include <string.h>

static bool is_control(unsigned char c)
{
    return c < ' ' || c == 0x7F;
}

struct shown shown_name(const char *name)
{
    static const char ellipsis[] = "...";
    struct shown      shown = {""};
    const char       *text = text_or_empty(name);
    size_t            length = strnlen(text, sizeof shown.text);
    bool              cut = length == sizeof shown.text;

    if (cut)
        length = sizeof shown.text - sizeof ellipsis;
    while (cut && length && ((unsigned char)text[length] & 0xC0) == 0x80) /* whole UTF-8 characters only */
        length--;
    for (size_t i = 0; i < length; i++)
        shown.text[i] = (char)(is_control((unsigned char)text[i]) ? '?' : text[i]);
    memcpy(shown.text + length, cut ? ellipsis : "", cut ? sizeof ellipsis : 1);
    return shown;
}

enum { POINTER = sizeof(void *) }; /* the step from one entry to the next */

/* The i-th pointer of an array of messages, whatever their type. */
static ProtobufCMessage *message_at(const void *array, size_t index)
{
    ProtobufCMessage *message;
    memcpy(&message, (const char *)array + index * POINTER, POINTER);
    return message;
}

/* One field's sub-messages: how many, and where their pointers lie (in an array, or in the message). */
static size_t field_messages(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                             const void **array)
{
    const char *base = (const char *)message;
    uint32_t    chosen;
    size_t      count;

    *array = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(array, base + field->offset, sizeof *array);
        memcpy(&count, base + field->quantifier_offset, sizeof count);
        return count;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        memcpy(&chosen, base + field->quantifier_offset, sizeof chosen);
        if (chosen != field->id)
            return 0;
    }
    return message_at(*array, 0) ? 1 : 0;
}

/* Recursion is bounded: wire_check() has limited the levels. */
bsr_status visit_tensors(ProtobufCMessage *message, tensor_visitor *visit, void *context,
                         struct bsr_error *err)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    bsr_status                        status = BSR_OK;

    if (descriptor == &onnx__tensor_proto__descriptor)
        return visit((Onnx__TensorProto *)message, context, err);
    for (unsigned f = 0; f < descriptor->n_fields; f++) {
        if (descriptor->fields[f].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const void *inner = NULL;
        size_t      count = field_messages(message, &descriptor->fields[f], &inner);
        for (size_t i = 0; status == BSR_OK && i < count; i++)
            status = visit_tensors(message_at(inner, i), visit, context, err);
    }
    return status;
}

bool node_is(const Onnx__NodeProto *node, const char *op_type)
{
    const char *domain = text_or_empty(node->domain);
    return strcmp(text_or_empty(node->op_type), op_type) == 0 && (!*domain || strcmp(domain, "ai.onnx") == 0);
}

const Onnx__AttributeProto *node_attribute(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(text_or_empty(node->attribute[i]->name), name) == 0)
            return node->attribute[i];
    return NULL;
}

const char *node_input(const Onnx__NodeProto *node, size_t index)
{
    return index < node->n_input ? node->input[index] : "";
}

Onnx__NodeProto *graph_find_producer(const Onnx__GraphProto *graph, const char *value)
{
    for (size_t i = 0; *value && i < graph->n_node; i++)
        for (size_t o = 0; o < graph->node[i]->n_output; o++)
            if (strcmp(graph->node[i]->output[o], value) == 0)
                return graph->node[i];
    return NULL;
}

const Onnx__TensorProto *graph_find_initializer(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; *name && i < graph->n_initializer; i++)
        if (strcmp(text_or_empty(graph->initializer[i]->name), name) == 0)
            return graph->initializer[i];
    return NULL;
}

/* Where graph_find_uses() writes. */
struct uses {
    const char *value;
    char     ***slots;
    size_t      count, capacity;
};

static void note_use(struct uses *uses, char **slot)
{
    if (!*slot || strcmp(*slot, uses->value) != 0)
        return;
    if (uses->slots && uses->count < uses->capacity)
        uses->slots[uses->count] = slot;
    uses->count++;
}

/* Subgraphs (of If, Loop, Scan) read the values of the graphs around them by name. */
static void find_uses(struct uses *uses, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        for (size_t n = 0; n < node->n_input; n++)
            note_use(uses, &node->input[n]);
        for (size_t a = 0; a < node->n_attribute; a++) {
            if (node->attribute[a]->g)
                find_uses(uses, node->attribute[a]->g);
            for (size_t g = 0; g < node->attribute[a]->n_graphs; g++)
                find_uses(uses, node->attribute[a]->graphs[g]);
        }
    }
    for (size_t i = 0; i < graph->n_output; i++)
        note_use(uses, &graph->output[i]->name);
}

size_t graph_find_uses(const Onnx__GraphProto *graph, const char *value, char ***slots, size_t capacity)
{
    struct uses uses = {.value = value, .slots = slots, .capacity = capacity};

    if (*value)
        find_uses(&uses, graph);
    return uses.count;
}

/* Takes entry `index` out of an array of pointers to messages and frees it. */
static void remove_message(void *array, size_t *count, size_t index)
{
    char *entry = (char *)array + index * POINTER;

    protobuf_c_message_free_unpacked(message_at(array, index), &onnx_allocator);
    memmove(entry, entry + POINTER, (*count - index - 1) * POINTER);
    --*count;
}

void graph_remove_node(Onnx__GraphProto *graph, const Onnx__NodeProto *node)
{
    for (size_t i = 0; i < graph->n_node; i++)
        if (graph->node[i] == node) {
            remove_message(graph->node, &graph->n_node, i);
            return;
        }
}

void graph_remove_initializer(Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(text_or_empty(graph->initializer[i]->name), name) == 0) {
            remove_message(graph->initializer, &graph->n_initializer, i);
            return;
        }
}

void graph_remove_input_at(Onnx__GraphProto *graph, size_t index)
{
    remove_message(graph->input, &graph->n_input, index);
}

void graph_clear_value_info(Onnx__GraphProto *graph)
{
    while (graph->n_value_info)
        remove_message(graph->value_info, &graph->n_value_info, graph->n_value_info - 1);
}

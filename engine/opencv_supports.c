#include "engine/engine.h"
#include "engine/opencv_dnn.h"
#include "engine/supports.h"
#include "operators/node.h"

#include <limits.h>
#include <string.h>

static const struct support_rule *const groups[] = {
    supports_elementwise, supports_arithmetic, supports_spatial,
    supports_sizes,       supports_shapes,     supports_products,
};

/* Far from what OpenCV can count in an int, in bytes too. */
static const size_t most_numbers = INT_MAX / 8;

static const struct support_rule *find_rule(const struct bsr_node *node)
{
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        for (const struct support_rule *rule = groups[g]; rule->type; rule++)
            if (strcmp(rule->type, node->type) == 0)
                return rule;
    return NULL;
}

/* The kind that the rule gives an attribute: 'i', 'f', 't', 'I', 'F', or 0 for none. */
static char allowed_kind(const char *attributes, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = attributes; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (length && strncmp(at, name, length) == 0 && at[length] == ':')
            return at[length + 1];
    return 0;
}

static char kind_of(const struct attribute *attribute)
{
    switch (attribute->kind) {
    case ATTRIBUTE_INT:
        return 'i';
    case ATTRIBUTE_FLOAT:
        return 'f';
    case ATTRIBUTE_TEXT:
        return 't';
    case ATTRIBUTE_INTS:
        return 'I';
    case ATTRIBUTE_FLOATS:
        return 'F';
    default:
        return '?';
    }
}

/* OpenCV reads attributes by name into a bag of its own parameters: a strange one may be one of those. */
static const char *check_attributes(const struct bsr_node *node, const char *allowed)
{
    for (int i = 0; i < node->attribute_count; i++) {
        const struct attribute *attribute = &node->attributes[i];
        if (allowed_kind(allowed, attribute->name) != kind_of(attribute))
            return "it has an attribute that besra does not trust OpenCV with";
        for (int other = 0; other < i; other++)
            if (strcmp(node->attributes[other].name, attribute->name) == 0)
                return "it has an attribute twice";
        if (attribute->kind == ATTRIBUTE_INT && (attribute->i > INT_MAX || attribute->i < INT_MIN))
            return "it has an attribute over 2^31";
        for (int n = 0; attribute->kind == ATTRIBUTE_INTS && n < attribute->count; n++)
            if (attribute->ints[n] > INT_MAX || attribute->ints[n] < INT_MIN)
                return "it has an attribute over 2^31";
    }
    return NULL;
}

static const char *check_size(const struct bsr_tensor *tensor)
{
    size_t count = tensor_count(tensor);
    return !count                 ? "OpenCV knows no empty tensors"
           : count > most_numbers ? "it is too large for OpenCV"
                                  : NULL;
}

static const char *check_tensors(const struct onnx_node_view *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const struct bsr_tensor *input = node->inputs[i];
        if (!input)
            continue;
        if (!input->data && input->type != BSR_F32)
            return "OpenCV computes with 32-bit floats only";
        const char *reason = input->data && tensor_count(input) == 0 ? NULL : check_size(input);
        if (reason)
            return reason;
    }
    for (int i = 0; i < node->output_count; i++) {
        const struct bsr_tensor *output = node->outputs[i];
        if (!output)
            return "OpenCV can't leave out an output";
        if (output->type != BSR_F32)
            return "OpenCV computes with 32-bit floats only";
        const char *reason = check_size(output);
        if (reason)
            return reason;
    }
    return NULL;
}

const char *supports_node(const struct onnx_node_view *node, int opencv)
{
    const struct support_rule *rule = find_rule(&node->node);

    if (*node->node.domain && strcmp(node->node.domain, "ai.onnx") != 0)
        return "OpenCV knows ONNX's own operators only";
    if (!rule)
        return "besra does not trust OpenCV with this operator";
    if (node->input_count < rule->least_inputs || node->input_count > rule->most_inputs)
        return "OpenCV knows this operator with another number of inputs";
    for (int i = 0; i < rule->least_inputs; i++)
        if (!node->inputs[i])
            return "an input that OpenCV needs is left out";
    if (node->output_count < 1)
        return "it has no output";
    const char *reason = check_attributes(&node->node, rule->attributes);
    if (!reason)
        reason = check_tensors(node);
    return reason ? reason : rule->check(node, opencv);
}

bool supports_any_size(const struct onnx_node_view *node)
{
    const struct support_rule *rule = find_rule(&node->node);
    return rule && rule->any_size;
}

const char *engine_supports(void *context, const struct onnx_node_view *node)
{
    (void)context;
    return supports_node(node, opencv_version_number());
}

/* ---- for the rules --------------------------------------------------------------------------- */

const struct bsr_tensor *view_input(const struct onnx_node_view *node, int n)
{
    return n < node->input_count ? node->inputs[n] : NULL;
}

bool view_is_constant(const struct onnx_node_view *node, int n)
{
    const struct bsr_tensor *input = view_input(node, n);
    return input && input->data;
}

bool view_ints_within(const struct onnx_node_view *node, const char *name, int count, int64_t least,
                      int64_t most)
{
    int            there;
    const int64_t *values = bsr_node_ints(&node->node, name, &there);

    for (int i = 0; values && i < there; i++)
        if (values[i] < least || values[i] > most)
            return false;
    return !values || there == count;
}

int64_t view_int_at(const struct onnx_node_view *node, const char *name, int i, int64_t otherwise)
{
    int            count;
    const int64_t *values = bsr_node_ints(&node->node, name, &count);
    return values && i < count ? values[i] : otherwise;
}

bool view_text_is(const struct onnx_node_view *node, const char *name, const char *text, bool absent)
{
    const char *value = bsr_node_text(&node->node, name, NULL);
    return value ? strcmp(value, text) == 0 : absent;
}

bool tensor_lies_along(const struct bsr_tensor *tensor, int axis)
{
    for (int i = 0; i < tensor->dims; i++)
        if (i != axis && tensor->shape[i] != 1)
            return false;
    return true;
}

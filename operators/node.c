#include "operators/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct attribute *node_find_attribute(const struct bsr_node *node, const char *name,
                                            enum attribute_kind kind)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].kind == kind && strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

const char *bsr_node_name(const struct bsr_node *node)
{
    return node->name;
}

int64_t bsr_node_opset(const struct bsr_node *node)
{
    return node->opset;
}

int64_t bsr_node_int(const struct bsr_node *node, const char *attribute, int64_t otherwise)
{
    const struct attribute *found = node_find_attribute(node, attribute, ATTRIBUTE_INT);
    return found ? found->i : otherwise;
}

float bsr_node_float(const struct bsr_node *node, const char *attribute, float otherwise)
{
    const struct attribute *found = node_find_attribute(node, attribute, ATTRIBUTE_FLOAT);
    return found ? found->f : otherwise;
}

const char *bsr_node_text(const struct bsr_node *node, const char *attribute, const char *otherwise)
{
    const struct attribute *found = node_find_attribute(node, attribute, ATTRIBUTE_TEXT);
    return found ? found->text : otherwise;
}

const int64_t *bsr_node_ints(const struct bsr_node *node, const char *attribute, int *count)
{
    const struct attribute *found = node_find_attribute(node, attribute, ATTRIBUTE_INTS);
    *count = found ? found->count : 0;
    return found ? found->ints : NULL;
}

const float *bsr_node_floats(const struct bsr_node *node, const char *attribute, int *count)
{
    const struct attribute *found = node_find_attribute(node, attribute, ATTRIBUTE_FLOATS);
    *count = found ? found->count : 0;
    return found ? found->floats : NULL;
}

const struct bsr_tensor *bsr_node_tensor(const struct bsr_node *node, const char *attribute)
{
    const struct attribute *found = node_find_attribute(node, attribute, ATTRIBUTE_TENSOR);
    return found ? &found->tensor : NULL;
}

bsr_status bsr_operator_fail(struct bsr_error *err, const char *format, ...)
{
    char    text[sizeof err->message];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return bsr_fail(err, BSR_EMODEL, NULL, "%s", text);
}

bsr_status bsr_needs_values(struct bsr_error *err)
{
    return bsr_fail(err, BSR_EVALUES, NULL, "its shape depends on values that are not known yet");
}

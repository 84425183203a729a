/* Attributes: whether their operator has them, and whether they are of the type that it wants. */
#include "base/nearest.h"
#include "onnx/inspect/faults.h"
#include "onnx/inspect/schemas.h"

#include <stdio.h>
#include <string.h>

/* AttributeProto.AttributeType, with the letters of schemas.def. */
static const struct kind {
    int         type;
    char        letter;
    const char *text;
} kinds[] = {
    {1, 'f', "a number"},
    {2, 'i', "a whole number"},
    {3, 's', "a text"},
    {4, 't', "a tensor"},
    {5, 'g', "a graph"},
    {6, 'F', "a list of numbers"},
    {7, 'I', "a list of whole numbers"},
    {8, 'S', "a list of texts"},
    {9, 'T', "a list of tensors"},
    {10, 'G', "a list of graphs"},
    {11, 'p', "a sparse tensor"},
    {12, 'P', "a list of sparse tensors"},
    {13, 'y', "a type"},
    {14, 'Y', "a list of types"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *kind_of_type(int type)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

static const struct kind *kind_of_letter(char letter)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].letter == letter)
            return &kinds[i];
    return NULL;
}

static bool holds(const Onnx__AttributeProto *attribute, char letter)
{
    switch (letter) {
    case 'f':
        return attribute->has_f;
    case 'i':
        return attribute->has_i;
    case 's':
        return attribute->has_s;
    case 't':
        return attribute->t;
    case 'g':
        return attribute->g;
    case 'F':
        return attribute->n_floats;
    case 'I':
        return attribute->n_ints;
    case 'S':
        return attribute->n_strings;
    case 'T':
        return attribute->n_tensors;
    case 'G':
        return attribute->n_graphs;
    case 'p':
        return attribute->sparse_tensor;
    case 'P':
        return attribute->n_sparse_tensors;
    case 'y':
        return attribute->tp;
    default:
        return attribute->n_type_protos;
    }
}

/* What it holds; NULL where it holds nothing: an empty list, or a zero that the writer left out. */
static const struct kind *kind_of_contents(const Onnx__AttributeProto *attribute)
{
    for (int i = 0; i < KINDS; i++)
        if (holds(attribute, kinds[i].letter))
            return &kinds[i];
    return NULL;
}

static bsr_status add_fault(struct fault_search *search, const Onnx__NodeProto *node, int level,
                            const char *hint, const char *name, const char *text)
{
    return onnx_faults_add(search->faults, level, where_node(node).text, hint, search->err,
                           "its attribute '%s' %s", shown_name(name).text, text);
}

/* What an attribute says that it is, against what it is and what it should be. */
static bsr_status search_type(struct fault_search *search, const Onnx__NodeProto *node,
                              const Onnx__AttributeProto *attribute, const char *wanted)
{
    const struct kind *contents = kind_of_contents(attribute);
    const struct kind *said = attribute->type ? kind_of_type(attribute->type) : contents;
    char               text[160];

    if (attribute->type && !said)
        snprintf(text, sizeof text, "is of type %d, which ONNX does not have", attribute->type);
    else if (said && contents && !holds(attribute, said->letter))
        snprintf(text, sizeof text, "says that it is %s, but holds %s", said->text, contents->text);
    else if (said && wanted && !strchr(wanted, said->letter))
        snprintf(text, sizeof text, "is %s; ONNX wants %s", said->text, kind_of_letter(*wanted)->text);
    else
        return BSR_OK;
    return add_fault(search, node, ONNX_FAULT_ERROR, NULL, attribute->name, text);
}

/* The attribute of the schema that was meant, or NULL; `space` holds its name. */
static const char *guess_attribute(const struct schema *schema, const char *name, char space[64])
{
    struct nearest nearest = nearest_start(name);
    char           candidate[64];

    for (const char *word = schema->attributes; *word; word += strspn(word, " ")) {
        word = strchr(word, ':') + 1;
        size_t size = strcspn(word, "@< "), before = nearest.distance;
        snprintf(candidate, sizeof candidate, "%.*s", (int)size, word);
        nearest_offer(&nearest, candidate);
        if (nearest.distance < before)
            memcpy(space, candidate, sizeof candidate);
        word += strcspn(word, " ");
    }
    return nearest.best ? space : NULL;
}

static bsr_status say_unknown(struct fault_search *search, const Onnx__NodeProto *node,
                              const struct schema *schema, const char *name)
{
    char        space[64], hint[128];
    const char *meant = guess_attribute(schema, name, space);

    snprintf(hint, sizeof hint, "did you mean '%s'?", meant ? meant : "");
    return add_fault(search, node, ONNX_FAULT_WARNING, meant ? hint : "engines pass over it", name,
                     "is none that ONNX gives to its operator");
}

/* Whether the attribute belongs to the version that the model imports. */
static bsr_status search_version(struct fault_search *search, const Onnx__NodeProto *node,
                                 const struct schema_attribute *known, const char *name)
{
    int64_t opset = onnx_opset(search->model, "");
    char    text[160];

    if (opset && known->until && opset >= known->until)
        snprintf(text, sizeof text,
                 "went with opset %d (mostly: became an input), the model imports opset %lld", known->until,
                 (long long)opset);
    else if (opset && opset < known->since)
        snprintf(text, sizeof text, "came with opset %d, the model imports opset %lld", known->since,
                 (long long)opset);
    else
        return BSR_OK;
    return add_fault(search, node, ONNX_FAULT_WARNING, "other engines may pass over it or refuse the node",
                     name, text);
}

static bsr_status search_attribute(struct fault_search *search, const Onnx__NodeProto *node,
                                   const struct schema *schema, const Onnx__AttributeProto *attribute)
{
    const char             *name = text_or_empty(attribute->name);
    struct schema_attribute known;

    if (!*name)
        return onnx_faults_add(search->faults, ONNX_FAULT_WARNING, where_node(node).text, NULL, search->err,
                               "one of its attributes has no name");
    if (attribute->ref_attr_name && *attribute->ref_attr_name)
        return add_fault(search, node, ONNX_FAULT_ERROR, NULL, name,
                         "refers to an attribute of a function, and stands in none");
    if (!schema || strcmp(name, "consumed_inputs") == 0)
        return search_type(search, node, attribute, NULL);
    if (!schema_find_attribute(&known, schema, name)) {
        bsr_status status = say_unknown(search, node, schema, name);
        return status == BSR_OK ? search_type(search, node, attribute, NULL) : status;
    }
    bsr_status status = search_type(search, node, attribute, known.types);
    return status == BSR_OK ? search_version(search, node, &known, name) : status;
}

static bool is_given_before(const Onnx__NodeProto *node, size_t index)
{
    const char *name = text_or_empty(node->attribute[index]->name);
    for (size_t i = 0; *name && i < index; i++)
        if (strcmp(text_or_empty(node->attribute[i]->name), name) == 0)
            return true;
    return false;
}

static bsr_status search_node(struct fault_search *search, const Onnx__NodeProto *node)
{
    enum { MANY = 256 }; /* attributes, more than any operator has */
    const char          *domain = text_or_empty(node->domain);
    bool                 standard = !*domain || strcmp(domain, "ai.onnx") == 0;
    const struct schema *schema = standard ? schema_find(text_or_empty(node->op_type)) : NULL;
    bsr_status           status = BSR_OK;

    if (node->n_attribute > MANY)
        return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where_node(node).text, NULL, search->err,
                               "has %zu attributes; no operator takes so many", node->n_attribute);
    for (size_t i = 0; status == BSR_OK && i < node->n_attribute; i++) {
        if (is_given_before(node, i))
            status =
                add_fault(search, node, ONNX_FAULT_ERROR, NULL, node->attribute[i]->name, "is given twice");
        else
            status = search_attribute(search, node, schema, node->attribute[i]);
    }
    return status;
}

bsr_status find_attribute_faults(struct fault_search *search)
{
    return visit_nodes(search, search->model->proto->graph, search_node);
}

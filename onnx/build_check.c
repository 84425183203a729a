#include "onnx/build_check.h"

#include "base/nearest.h"
#include "onnx/graph.h"
#include "onnx/inspect/schemas.h"
#include "onnx/make.h"
#include "operators/registry.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bsr_status refuse_op(const char *type, struct bsr_error *err)
{
    struct nearest nearest = nearest_start(type);

    for (int n = 0; schema_at(n); n++)
        nearest_offer(&nearest, schema_at(n)->type);
    if (nearest.best)
        return bsr_fail(err, BSR_EMODEL, NULL, "ONNX has no operator '%s'; did you mean '%s'?",
                        shown_name(type).text, nearest.best);
    return bsr_fail(err, BSR_EMODEL, NULL, "ONNX has no operator '%s'", shown_name(type).text);
}

/* ---- attributes ------------------------------------------------------------------------------------------
 */

/* The names in a schema's list of attributes ("i:axis@13<20 ..."), for the nearest one. */
static bsr_status refuse_attribute(const struct schema *schema, const char *name, struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);
    char           list[1024], *rest = NULL;

    snprintf(list, sizeof list, "%s", schema->attributes);
    for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *own = strchr(word, ':');
        own = own ? own + 1 : word;
        own[strcspn(own, "@<")] = '\0';
        nearest_offer(&nearest, own);
    }
    if (nearest.best)
        return bsr_fail(err, BSR_EMODEL, NULL, "%s has no attribute '%s'; did you mean '%s'?", schema->type,
                        shown_name(name).text, nearest.best);
    return bsr_fail(err, BSR_EMODEL, NULL, "%s has no attribute '%s'", schema->type, shown_name(name).text);
}

/* The kinds of struct bsr_attribute, with the letters of schemas.def; others can't be written. */
static const struct kind {
    int         kind;
    char        letter;
    const char *text;
} kinds[] = {
    {1, 'f', "a float"},  {2, 'i', "a whole number"},   {3, 's', "a text"},
    {4, 't', "a tensor"}, {6, 'F', "a list of floats"}, {7, 'I', "a list of whole numbers"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static const char *text_of(char letter)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].letter == letter)
            return kinds[i].text;
    return "what the builder does not write";
}

static bsr_status check_kind(const struct schema *schema, const struct bsr_attribute *attribute,
                             const char *wanted, struct bsr_error *err)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].kind == attribute->kind && !strchr(wanted, kinds[i].letter))
            return bsr_fail(err, BSR_EMODEL, NULL, "attribute '%s' of %s is %s, not %s", attribute->name,
                            schema->type, text_of(*wanted), kinds[i].text);
    return BSR_OK;
}

static bsr_status check_attribute(const struct schema *schema, const struct bsr_attribute *attribute,
                                  int64_t opset, struct bsr_error *err)
{
    struct schema_attribute known;

    if (!schema_find_attribute(&known, schema, attribute->name))
        return refuse_attribute(schema, attribute->name, err);
    if (opset < known.since)
        return bsr_fail(err, BSR_EMODEL, NULL, "attribute '%s' of %s came with opset %d, the model's is %lld",
                        attribute->name, schema->type, known.since, (long long)opset);
    if (known.until && opset >= known.until)
        return bsr_fail(
            err, BSR_EMODEL, NULL,
            "attribute '%s' of %s went with opset %d (mostly: became an input), the model's is %lld",
            attribute->name, schema->type, known.until, (long long)opset);
    return check_kind(schema, attribute, known.types, err);
}

/* Attributes that a node can't do without: "required" in ONNX's Operators.md. */
static bsr_status check_required(const struct build_question *node, const char *type, struct bsr_error *err)
{
    static const struct {
        const char *type, *attribute;
    } required[] = {
        {"AveragePool", "kernel_shape"},
        {"BitShift", "direction"},
        {"Cast", "to"},
        {"Concat", "axis"},
        {"ConcatFromSequence", "axis"},
        {"DepthToSpace", "blocksize"},
        {"Einsum", "equation"},
        {"LRN", "size"},
        {"LpPool", "kernel_shape"},
        {"MaxPool", "kernel_shape"},
        {"MaxRoiPool", "pooled_shape"},
        {"MaxUnpool", "kernel_shape"},
        {"RandomNormal", "shape"},
        {"RandomUniform", "shape"},
        {"SpaceToDepth", "blocksize"},
    };

    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        const struct bsr_attribute *a = node->attributes;
        if (strcmp(required[i].type, type) != 0)
            continue;
        while (a && a->name && strcmp(a->name, required[i].attribute) != 0)
            a++;
        if (!a || !a->name)
            return bsr_fail(err, BSR_EMODEL, NULL, "%s needs the attribute '%s'", type,
                            required[i].attribute);
    }
    return BSR_OK;
}

/* ---- operators -------------------------------------------------------------------------------------------
 */

static bsr_status check_count(const struct schema *schema, const char *what, int count, int least, int most,
                              struct bsr_error *err)
{
    char range[32];
    if (count >= least && count <= most)
        return BSR_OK;
    if (most == INT_MAX)
        snprintf(range, sizeof range, "at least %d", least);
    else if (least == most)
        snprintf(range, sizeof range, "%d", least);
    else
        snprintf(range, sizeof range, "%d to %d", least, most);
    return bsr_fail(err, BSR_EMODEL, NULL, "%s has %d %s%s; it takes %s", schema->type, count, what,
                    count == 1 ? "" : "s", range);
}

static bsr_status check_schema(const struct schema *schema, const struct build_question *node,
                               struct bsr_error *err)
{
    if (node->opset < schema->since)
        return bsr_fail(err, BSR_EMODEL, NULL, "%s came with opset %d, the model's is %lld", schema->type,
                        schema->since, (long long)node->opset);
    if (strstr(schema->attributes, "g:"))
        return bsr_fail(err, BSR_EMODEL, NULL, "%s holds graphs of its own, which the builder does not write",
                        schema->type);
    bsr_status status =
        check_count(schema, "input", node->input_count, schema->least_inputs, schema->most_inputs, err);
    if (status == BSR_OK)
        status = check_count(schema, "output", node->output_count, schema->least_outputs,
                             schema->most_outputs, err);
    for (const struct bsr_attribute *a = node->attributes; status == BSR_OK && a && a->name; a++)
        status = check_attribute(schema, a, node->opset, err);
    return status == BSR_OK ? check_required(node, schema->type, err) : status;
}

bsr_status build_check_node(const struct build_question *node, struct bsr_error *err)
{
    const char *type;
    size_t      domain = op_domain_length(node->op, &type);

    if (!*type || strlen(node->op) > ONNX_MAX_NAME)
        return bsr_fail(err, BSR_EMODEL, NULL, "'%s' is no operator's name", shown_name(node->op).text);
    if (domain)
        return BSR_OK;
    const struct schema *schema = schema_find(type);
    if (schema)
        return check_schema(schema, node, err);
    return operators_find("", type) ? BSR_OK : refuse_op(type, err);
}

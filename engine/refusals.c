#include "engine/refusals.h"

#include "engine/engine.h"
#include "engine/supports.h"

#include <stdio.h>
#include <string.h>

static const char pass[] = "engine";

/* Room for "domain.Type" and for "name (domain.Type)"; what is longer is cut. */
struct label {
    char text[256];
};

static struct label operator_label(const struct bsr_node *node)
{
    struct label label;
    snprintf(label.text, sizeof label.text, "%.96s%s%.96s", node->domain, *node->domain ? "." : "",
             node->type);
    return label;
}

static const struct onnx_change *find(const struct onnx_changes *changes, const char *name)
{
    for (size_t i = 0; *name && i < changes->count; i++)
        if (strcmp(changes->items[i].node, name) == 0)
            return &changes->items[i];
    return NULL;
}

/* Names come back from OpenCV cut to the size of struct complaint's, with dots at the end. */
static bool is_complaint_of(const char *complained, const char *name)
{
    size_t length = strlen(complained);

    if (strcmp(complained, name) == 0)
        return true;
    return length > 100 && strcmp(complained + length - 3, "...") == 0 &&
           strncmp(complained, name, length - 3) == 0;
}

static const struct onnx_change *find_node(const struct onnx_changes *changes, const char *name)
{
    for (size_t i = 0; i < changes->count; i++)
        if (is_complaint_of(changes->items[i].node, name))
            return &changes->items[i];
    return NULL;
}

bool refusals_add(struct refusals *refusals, const char *node, const char *op, const char *reason)
{
    const char *name = *node && !find(&refusals->refused, node) ? node : op;

    if (!*name || find(&refusals->refused, name))
        return false;
    return onnx_changes_add(&refusals->refused, &refusals->error, pass, name, "%s", reason) == BSR_OK;
}

void refusals_restart(struct refusals *refusals)
{
    onnx_changes_free(&refusals->found);
    memset(&refusals->found, 0, sizeof refusals->found);
    refusals->sized = false;
}

void refusals_free(struct refusals *refusals)
{
    onnx_changes_free(&refusals->found);
    onnx_changes_free(&refusals->refused);
    memset(refusals, 0, sizeof *refusals);
}

bsr_status refusals_note_fast(struct refusals *refusals, const struct bsr_node *node, int region,
                              struct bsr_error *err)
{
    struct label label = operator_label(node);
    char         where[512];

    snprintf(where, sizeof where, "%.240s (%s)", node->name, label.text);
    return onnx_changes_add(&refusals->found, err, "fast", where, "run by besra's kernels, in region %d",
                            region);
}

/* What OpenCV has no tensors for, of those that come and go at run time; NULL: they are plain. */
static const struct bsr_tensor *find_carried(const struct onnx_node_view *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] && !node->inputs[i]->data &&
            (node->inputs[i]->type != BSR_F32 || !node->inputs[i]->dims))
            return node->inputs[i];
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] && (node->outputs[i]->type != BSR_F32 || !node->outputs[i]->dims))
            return node->outputs[i];
    return NULL;
}

bsr_status refusals_note_own(struct refusals *refusals, const struct onnx_node_view *node,
                             struct bsr_error *err)
{
    const struct bsr_tensor *carried = find_carried(node);
    struct label             label = operator_label(&node->node);
    char                     where[512];

    snprintf(where, sizeof where, "%.240s (%s)", node->node.name, label.text);
    if (find(&refusals->found, where))
        return BSR_OK;
    if (!carried)
        return onnx_changes_add(&refusals->found, err, pass, where,
                                "run by besra: it stands among nodes that OpenCV can't run");
    if (carried->type == BSR_F32)
        return onnx_changes_add(&refusals->found, err, pass, where,
                                "run by besra: OpenCV has no tensors without dimensions");
    return onnx_changes_add(&refusals->found, err, pass, where, "run by besra: OpenCV has no tensors of %s",
                            tensor_type_name(carried->type));
}

const char *refusals_ask(void *context, const struct onnx_node_view *node)
{
    struct refusals          *refusals = context;
    const struct onnx_change *complained = find_node(&refusals->refused, node->node.name);
    const char               *reason = engine_supports(NULL, node);
    struct label              label = operator_label(&node->node);
    char                      where[512];

    if (!reason && !complained)
        complained = find(&refusals->refused, label.text);
    if (!reason && complained)
        reason = complained->text;
    if (!reason) {
        refusals->sized = refusals->sized || !supports_any_size(node);
        return NULL;
    }
    snprintf(where, sizeof where, "%.240s (%s)", node->node.name, label.text);
    if (refusals->status == BSR_OK)
        refusals->status =
            onnx_changes_add(&refusals->found, &refusals->error, pass, where, "run by besra: %s", reason);
    return reason;
}

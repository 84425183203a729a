/* Takes a YOLO Detect tail off a graph: besra decodes the heads itself, at any size, and only the cells whose
 * objectness reaches the threshold. */
#include "onnx/edit.h"
#include "onnx/make.h"
#include "onnx/passes/detect.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/rewrite.h"

#include <stdio.h>
#include <string.h>

static const char pass_name[] = "cut-detect";

enum { NCHW = 4, CHANNELS = 1, HEIGHT = 2, WIDTH = 3, MAX_SIDE = 65535 };

/* Sizes at which the body is tried, in strides: 640x480 and 320x320 of a net of stride 32. */
static const int trial_sides[][2] = {{15, 20}, {10, 10}};

/* The input at a size: as declared where it is; *fits is false for what is no single picture. */
static struct onnx_named chosen_input(const struct onnx_model *model, int size, bool *fits)
{
    struct onnx_value input = onnx_input(model, 0);
    struct onnx_named chosen = {.name = input.name,
                                .tensor = {.type = input.element_type, .dims = input.dims}};

    *fits = model->input_count == 1 && input.dims == NCHW && (input.shape[0] == 1 || input.shape[0] < 0) &&
            input.shape[CHANNELS] > 0 && size > 0;
    for (int i = 0; *fits && i < NCHW; i++) {
        chosen.tensor.shape[i] = input.shape[i] > 0 ? input.shape[i] : i ? size : 1;
        *fits = chosen.tensor.shape[i] <= MAX_SIDE;
    }
    return chosen;
}

/* A quick look at the declared outputs: most models are none. */
static bool may_be_detect(const struct onnx_model *model)
{
    bool may = model->input_count == 1 && onnx_output_count(model) <= DETECT_MAX_MAPS + 1;

    for (int i = 0; may && i < onnx_output_count(model); i++) {
        struct onnx_value output = onnx_output(model, i);
        may = output.dims < 0 || (output.dims >= 3 && output.dims <= 5);
    }
    return may;
}

/* ---- the cut ---------------------------------------------------------------------------------- */

static bsr_status add_output(struct onnx_model *model, const struct detect_head *head, struct bsr_error *err)
{
    Onnx__GraphProto     *graph = model->proto->graph;
    int64_t               batch = onnx_input(model, 0).shape[0]; /* symbolic ones stay so */
    const int64_t         shape[NCHW] = {batch, head->channels, head->height, head->width};
    Onnx__ValueInfoProto *info = NULL;
    bsr_status            status = value_info_make(&info, head->name, head->type, NCHW, shape, err);

    if (status != BSR_OK)
        return status;
    status = message_append(&graph->output, &graph->n_output, info, err);
    if (status != BSR_OK)
        message_free(&info->base);
    return status;
}

/* Makes the heads the outputs and takes out what nothing reads any more. */
static bsr_status cut(struct onnx_model *model, const struct detect_heads *heads, struct bsr_error *err)
{
    const struct onnx_prepare_options options = {.chosen = NULL};
    Onnx__GraphProto                 *graph = model->proto->graph;
    bool                              changed = false;
    bsr_status                        status = BSR_OK;

    while (graph->n_output)
        message_free(&graph->output[--graph->n_output]->base);
    for (int i = 0; status == BSR_OK && i < heads->count; i++)
        status = add_output(model, &heads->items[i], err);
    if (status == BSR_OK)
        status = pass_remove_dead(model, &options, NULL, &changed, err);
    return status;
}

/* ---- other sizes ------------------------------------------------------------------------------ */

static bsr_status declare_symbolic(struct onnx_model *model, struct bsr_error *err)
{
    static const char *const names[] = {"height", "width"};
    Onnx__GraphProto        *graph = model->proto->graph;
    bsr_status               status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < 2; i++)
        status = rewrite_set_symbol(rewrite_shape_of(model->inputs[0])->dim[HEIGHT + i], names[i], err);
    for (size_t o = 0; o < graph->n_output; o++)
        for (int i = 0; status == BSR_OK && i < 2; i++) {
            char symbol[48];
            snprintf(symbol, sizeof symbol, "head_%zu_%s", o, names[i]);
            status = rewrite_set_symbol(rewrite_shape_of(graph->output[o])->dim[HEIGHT + i], symbol, err);
        }
    graph_clear_value_info(graph); /* its shapes are of the old size */
    return status;
}

/* Of a head: anchor-free, two have it. */
static float stride_of(const struct onnx_detect_tail *tail, int head)
{
    return tail->strides[tail->bins ? head / 2 : head];
}

/* Whether each head of an input of this size is that size over its stride. */
static bsr_status works_at(const struct onnx_model *model, const struct onnx_detect_tail *tail,
                           const struct detect_heads *heads, int64_t height, int64_t width, bool *works,
                           struct bsr_error *err)
{
    struct onnx_values *values = NULL;
    bool                fits = false;
    struct onnx_named   chosen = chosen_input(model, 1, &fits);

    chosen.tensor.shape[HEIGHT] = height;
    chosen.tensor.shape[WIDTH] = width;
    bsr_status status = onnx_infer(&values, model, &chosen, 1, err);
    *works = fits && status == BSR_OK;
    for (int i = 0; *works && i < heads->count; i++) {
        const struct bsr_tensor *known = onnx_values_find(values, heads->items[i].name);
        int64_t                  stride = (int64_t)stride_of(tail, i);
        *works = known && known->dims == NCHW && known->shape[CHANNELS] == heads->items[i].channels &&
                 known->shape[HEIGHT] == height / stride && known->shape[WIDTH] == width / stride;
    }
    onnx_values_free(values);
    return status == BSR_ENOMEM ? status : BSR_OK;
}

/* Makes height and width symbolic where the body takes other sizes. */
static bsr_status free_size(struct onnx_model *model, struct onnx_detect_tail *tail,
                            const struct detect_heads *heads, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    int64_t            stride = (int64_t)tail->strides[tail->heads - 1];
    bool               works = true;
    bsr_status         status = onnx_model_copy(&copy, model, err);

    if (status == BSR_OK)
        status = declare_symbolic(copy, err);
    for (size_t i = 0; status == BSR_OK && works && i < sizeof trial_sides / sizeof *trial_sides; i++)
        status =
            works_at(copy, tail, heads, trial_sides[i][0] * stride, trial_sides[i][1] * stride, &works, err);
    if (status == BSR_OK && works) {
        rewrite_swap_models(model, copy);
        tail->any_size = true;
    }
    onnx_model_free(copy);
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static bsr_status note_changes(const struct onnx_model *before, const struct onnx_model *after,
                               const struct detect_heads *heads, const struct onnx_detect_tail *tail,
                               struct onnx_changes *changes, struct bsr_error *err)
{
    size_t gone = before->proto->graph->n_node - after->proto->graph->n_node;
    char   anchors[32] = "without anchors";

    if (!tail->bins)
        snprintf(anchors, sizeof anchors, "of %d anchors", tail->anchors);
    bsr_status status =
        onnx_changes_add(changes, err, pass_name, "the Detect tail",
                         "is cut off (%zu nodes): besra decodes %d heads %s and %d classes%s", gone,
                         tail->heads, anchors, tail->classes, tail->any_size ? ", at any size" : "");

    for (int i = 0; status == BSR_OK && i < heads->count; i++)
        status = onnx_changes_add(changes, err, pass_name, shown_name(heads->items[i].name).text,
                                  "is an output now: %lldx%lldx%lld logits, stride %g",
                                  (long long)heads->items[i].channels, (long long)heads->items[i].height,
                                  (long long)heads->items[i].width, (double)stride_of(tail, i));
    return status;
}

/* Works on a copy, which then takes the model's place. */
static bsr_status cut_copy(struct onnx_model *model, struct onnx_detect_tail *tail,
                           const struct detect_heads *heads, struct onnx_changes *changes,
                           struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = onnx_model_copy(&copy, model, err);

    if (status == BSR_OK)
        status = cut(copy, heads, err);
    if (status == BSR_OK)
        status = free_size(copy, tail, heads, err);
    if (status == BSR_OK)
        status = note_changes(model, copy, heads, tail, changes, err);
    if (status == BSR_OK)
        rewrite_swap_models(model, copy);
    onnx_model_free(copy);
    return status;
}

/* *tail stays untouched where there is none. */
static bsr_status find_and_cut(struct onnx_model *model, const struct onnx_named *chosen,
                               struct onnx_detect_tail *out, struct onnx_changes *changes,
                               struct bsr_error *err)
{
    struct onnx_detect_tail tail = {.found = true,
                                    .in_height = (int)chosen->tensor.shape[HEIGHT],
                                    .in_width = (int)chosen->tensor.shape[WIDTH]};
    struct onnx_values     *values = NULL;
    struct detect_heads     heads;
    bool                    found = false;
    bsr_status              status = onnx_infer(&values, model, chosen, 1, err);

    if (status == BSR_OK)
        status = detect_find_heads(model, values, &heads, &found, err);
    if (status == BSR_OK && found)
        status = detect_probe_tail(model, values, &heads, &tail, &found, err);
    onnx_values_free(values);
    if (status == BSR_OK && found)
        status = cut_copy(model, &tail, &heads, changes, err);
    if (status == BSR_OK && found)
        *out = tail;
    return status;
}

bsr_status onnx_cut_detect(struct onnx_model *model, int size, struct onnx_detect_tail *out,
                           struct onnx_changes *changes, struct bsr_error *err)
{
    struct onnx_detect_tail tail = {.found = false};
    bool                    fits = false;
    struct onnx_named       chosen;
    bsr_status              status = BSR_OK;

    if (may_be_detect(model)) {
        chosen = chosen_input(model, size, &fits);
        if (fits)
            status = find_and_cut(model, &chosen, &tail, changes, err);
    }
    if (status == BSR_ENOMEM)
        return status;
    *out = tail;
    return BSR_OK;
}

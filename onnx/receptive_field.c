#include "onnx/receptive_field.h"

#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/field_rule.h"
#include "onnx/prepare.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { NCHW = 4, HEIGHT = 2 };

/* Sides that halve often, so that nets of many levels take them; not square, to tell y from x. */
static const int64_t trial_sides[][FIELD_AXES] = {{192, 256}, {320, 192}};

/* More than any net asks for whose windows are worth cutting. */
enum { MOST_MARGIN = 1 << 16, GRAIN = 8 };

/* ---- going through the graph ---------------------------------------------------------------------- */

static const char *find_rule(field_run **out, const struct bsr_node *node)
{
    static const struct field_rule *const groups[] = {field_elements, field_shapes, field_windows};

    for (size_t g = 0; !*node->domain && g < sizeof groups / sizeof(void *); g++)
        for (const struct field_rule *rule = groups[g]; rule->type; rule++)
            if (strcmp(rule->type, node->type) == 0) {
                *out = rule->run;
                return NULL;
            }
    return "is no operator that besra knows the reach of";
}

static bool is_sane(const struct field_value *value)
{
    for (int a = 0; a < FIELD_AXES; a++)
        if (value->axes[a].before > MOST_MARGIN || value->axes[a].behind > MOST_MARGIN ||
            value->axes[a].behind < -MOST_MARGIN || value->axes[a].scale[1] > FIELD_MOST_ALIGN)
            return false;
    return true;
}

/* What a walk has: all values, and room for the ends of a node. */
struct walk {
    const struct onnx_view    *view;
    struct field_search        search;
    struct field_value        *values;
    const struct field_value **inputs;
    struct field_value        *outputs;
    uint64_t                  *bytes; /* that each value takes */
    int                       *last;  /* the node that reads it last */
};

static void free_walk(struct walk *walk)
{
    mem_free(walk->values);
    mem_free(walk->inputs);
    mem_free(walk->outputs);
    mem_free(walk->bytes);
    mem_free(walk->last);
}

static bsr_status open_walk(struct walk *walk, struct bsr_error *err)
{
    size_t values = (size_t)walk->view->value_count + 1, inputs = 1, outputs = 1;

    for (int n = 0; n < walk->view->node_count; n++) {
        size_t in = (size_t)walk->view->nodes[n].view.input_count,
               out = (size_t)walk->view->nodes[n].view.output_count;
        inputs = in > inputs ? in : inputs;
        outputs = out > outputs ? out : outputs;
    }
    walk->values = mem_alloc_zeroed(values, sizeof *walk->values);
    walk->inputs = mem_alloc_zeroed(inputs, sizeof(void *));
    walk->outputs = mem_alloc_zeroed(outputs, sizeof *walk->outputs);
    walk->bytes = mem_alloc_zeroed(values, sizeof *walk->bytes);
    walk->last = mem_alloc_zeroed(values, sizeof *walk->last);
    if (walk->values && walk->inputs && walk->outputs && walk->bytes && walk->last)
        return BSR_OK;
    return bsr_fail_memory(err, NULL, values * sizeof *walk->values);
}

/* The inputs of a node that follow from the picture. Returns whether there is one. */
static bool gather_inputs(struct walk *walk, const struct onnx_viewed_node *node)
{
    bool any = false;

    for (int i = 0; i < node->view.input_count; i++) {
        const struct field_value *value = node->inputs[i] >= 0 ? &walk->values[node->inputs[i]] : NULL;
        walk->inputs[i] = value && value->follows ? value : NULL;
        any = any || walk->inputs[i];
    }
    return any;
}

static const char *go_through(struct walk *walk, const struct onnx_viewed_node *node)
{
    struct field_step step = {
        .search = &walk->search, .view = &node->view, .inputs = walk->inputs, .outputs = walk->outputs};
    field_run *run = NULL;

    if (!gather_inputs(walk, node))
        return NULL;
    for (int i = 0; i < node->view.output_count; i++) {
        walk->outputs[i] = (struct field_value){.follows = true};
        if (!node->view.outputs[i])
            continue;
        walk->outputs[i].tensor = *node->view.outputs[i];
        if (node->view.outputs[i]->data)
            return NULL; /* shapes, which were folded */
    }
    const char *why = find_rule(&run, &node->view.node);
    if (!why)
        why = run(&step);
    for (int i = 0; !why && i < node->view.output_count; i++) {
        if (!is_sane(&walk->outputs[i]))
            why = "makes it look too far";
        if (node->outputs[i] >= 0)
            walk->values[node->outputs[i]] = walk->outputs[i];
    }
    return why;
}

/* ---- memory ------------------------------------------------------------------------------------- */

static uint64_t value_bytes(const struct bsr_tensor *tensor)
{
    struct bsr_tensor rounded = *tensor;

    if (rounded.dims == NCHW)
        rounded.shape[1] = field_ceil_division(rounded.shape[1], GRAIN) * GRAIN;
    size_t count = tensor_count(&rounded);
    return count < SIZE_MAX / sizeof(float) ? count * sizeof(float) : 0;
}

/* The most that is alive at once. */
static uint64_t peak_bytes(struct walk *walk)
{
    const struct onnx_view *view = walk->view;
    uint64_t                now = 0, most = 0;

    for (int v = 0; v < view->value_count; v++)
        walk->bytes[v] = walk->values[v].follows ? value_bytes(&walk->values[v].tensor) : 0;
    for (int n = 0; n < view->node_count; n++)
        for (int i = 0; i < view->nodes[n].view.input_count; i++)
            if (view->nodes[n].inputs[i] >= 0)
                walk->last[view->nodes[n].inputs[i]] = n;
    now = walk->bytes[view->inputs[0]];
    for (int n = 0; n < view->node_count; n++) {
        const struct onnx_viewed_node *node = &view->nodes[n];
        for (int i = 0; i < node->view.output_count; i++)
            now += node->outputs[i] >= 0 ? walk->bytes[node->outputs[i]] : 0;
        most = now > most ? now : most;
        for (int i = 0; i < node->view.input_count; i++) {
            int value = node->inputs[i];
            if (value >= 0 && walk->last[value] == n) {
                now -= walk->bytes[value];
                walk->bytes[value] = 0; /* read twice by this node */
            }
        }
    }
    return most;
}

/* ---- one size ------------------------------------------------------------------------------------ */

static void refuse(struct onnx_field *field, const struct bsr_node *node, const char *why)
{
    field->local = false;
    if (node)
        snprintf(field->why, sizeof field->why, "'%.96s' (%.48s) %s", node->name, node->type, why);
    else
        snprintf(field->why, sizeof field->why, "%.200s", why);
}

static void conclude(struct onnx_field *field, struct walk *walk)
{
    const struct field_value *out = &walk->values[walk->view->outputs[0]];
    const struct field_axis  *axes = out->axes;
    int64_t                   pixels = walk->search.picture[FIELD_Y] * walk->search.picture[FIELD_X];

    if (!out->follows || out->tensor.dims != NCHW || out->place[FIELD_Y] != HEIGHT ||
        out->place[FIELD_X] != HEIGHT + 1) {
        refuse(field, NULL, "its output is no picture that follows from its input");
        return;
    }
    for (int a = 0; a < FIELD_AXES; a++)
        if (axes[a].scale[1] != 1 || axes[a].scale[0] != axes[0].scale[0] || axes[a].excess) {
            refuse(field, NULL, "its output is not its input's size times a whole factor");
            return;
        }
    if (walk->search.align > FIELD_MOST_ALIGN) {
        refuse(field, NULL, "its maps meet again only after too many pixels");
        return;
    }
    field->local = true;
    field->factor = (int)axes[0].scale[0];
    field->align = (int)walk->search.align;
    for (int a = 0; a < FIELD_AXES; a++) {
        field->before[a] = (int)field_before(&axes[a]);
        field->behind[a] = (int)(field_behind(&axes[a]) > 0 ? field_behind(&axes[a]) : 0);
    }
    field->bytes = (double)peak_bytes(walk) / (double)pixels;
}

static bsr_status walk_view(struct onnx_field *field, const struct onnx_view *view,
                            const struct onnx_field_options *options, struct bsr_error *err)
{
    const struct bsr_tensor *input = view->values[view->inputs[0]];
    struct walk              walk = {.view = view, .search = {.tile = options->tile, .align = 1}};
    bsr_status               status = open_walk(&walk, err);

    if (status != BSR_OK) {
        free_walk(&walk);
        return status;
    }
    struct field_value *picture = &walk.values[view->inputs[0]];
    *picture = (struct field_value){.follows = true, .tensor = *input, .place = {HEIGHT, HEIGHT + 1}};
    for (int a = 0; a < FIELD_AXES; a++) {
        walk.search.picture[a] = input->shape[HEIGHT + a];
        picture->axes[a] = (struct field_axis){.scale = {1, 1}};
    }
    const char *why = NULL;
    for (int n = 0; !why && n < view->node_count; n++) {
        why = go_through(&walk, &view->nodes[n]);
        if (why)
            refuse(field, &view->nodes[n].view.node, why);
    }
    if (!why)
        conclude(field, &walk);
    free_walk(&walk);
    return BSR_OK;
}

/* Spoilt graphs have outputs that nothing makes. */
static bool joins_pictures(const struct onnx_view *view)
{
    if (view->input_count != 1 || view->output_count != 1 || view->inputs[0] < 0 || view->outputs[0] < 0)
        return false;
    const struct bsr_tensor *input = view->values[view->inputs[0]];
    return input && !input->data && input->dims == NCHW;
}

/* `model` is prepared here. */
static bsr_status find_at(struct onnx_field *field, struct onnx_model *model, const int64_t *sides,
                          const struct onnx_field_options *options, struct bsr_error *err)
{
    struct onnx_value           input = onnx_input(model, 0);
    struct onnx_named           picture = {.name = input.name,
                                           .tensor = {.type = input.element_type,
                                                      .dims = NCHW,
                                                      .shape = {1, input.shape[1], sides[0], sides[1]}}};
    struct onnx_prepare_options how = {.chosen = &picture, .chosen_count = 1};
    struct onnx_view           *view = NULL;
    struct bsr_error            refused = {.message = ""};

    bsr_status status = onnx_prepare(model, &how, NULL, &refused);
    if (status == BSR_OK)
        status = onnx_view_make(&view, model, &refused);
    if (status == BSR_OK && !joins_pictures(view))
        refuse(field, NULL, "it is no net of one picture in and one out");
    else if (status == BSR_OK)
        status = walk_view(field, view, options, &refused);
    onnx_view_free(view);
    if (status == BSR_ENOMEM) {
        if (err)
            *err = refused;
        return status;
    }
    if (status != BSR_OK)
        refuse(field, NULL, refused.message);
    return BSR_OK;
}

/* ---- all sizes ------------------------------------------------------------------------------------ */

static bool same(const struct onnx_field *a, const struct onnx_field *b)
{
    return a->factor == b->factor && a->align == b->align &&
           memcmp(a->before, b->before, sizeof a->before) == 0 &&
           memcmp(a->behind, b->behind, sizeof a->behind) == 0;
}

static bsr_status find_copy(struct onnx_field *field, const struct onnx_model *model, const int64_t *sides,
                            const struct onnx_field_options *options, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = onnx_model_copy(&copy, model, err);

    if (status == BSR_OK)
        status = find_at(field, copy, sides, options, err);
    onnx_model_free(copy);
    return status;
}

bsr_status onnx_field_find(struct onnx_field *out, const struct onnx_model *model,
                           const struct onnx_field_options *options, struct bsr_error *err)
{
    struct onnx_field field = {.local = false}, other = {.local = false};
    struct onnx_value input = onnx_input_count(model) ? onnx_input(model, 0) : (struct onnx_value){.dims = 0};
    bool              fixed = input.dims == NCHW && input.shape[HEIGHT] > 0 && input.shape[HEIGHT + 1] > 0;
    bsr_status        status = BSR_OK;

    if (onnx_input_count(model) != 1 || input.dims != NCHW || input.shape[1] < 1)
        refuse(&field, NULL, "it does not take one picture");
    else
        status = find_copy(&field, model, fixed ? &input.shape[HEIGHT] : trial_sides[0], options, err);
    if (status == BSR_OK && field.local && !fixed) {
        status = find_copy(&other, model, trial_sides[1], options, err);
        if (status == BSR_OK && !other.local)
            field = other;
        else if (status == BSR_OK && !same(&field, &other))
            refuse(&field, NULL, "how far it looks depends on the size of the picture");
    }
    if (status == BSR_OK)
        *out = field;
    return status;
}

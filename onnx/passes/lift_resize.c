/* SRCNN's exports begin with the enlargement itself, a cubic Resize, which OpenCV 4.6 refuses to load and
 * which bicubic_enlarge() does for any factor. This pass leaves the body behind it. */
#include "base/alloc.h"
#include "onnx/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ONNX's inputs of Resize since opset 11. */
enum { INPUT_PICTURE, INPUT_ROI, INPUT_SCALES, INPUT_SIZES, INPUT_COUNT };
enum { NCHW = 4, HEIGHT = 2, WIDTH = 3 };

/* What bicubic_enlarge() computes with; ONNX's default too. */
static const float cubic_a = -0.75F;

/* The Resize that is to go. */
struct front {
    Onnx__NodeProto      *resize;
    Onnx__ValueInfoProto *picture;
    const char           *scales; /* the name of its scales */
};

static bool attribute_is(const Onnx__AttributeProto *attribute, const char *text)
{
    return attribute && attribute->s.len == strlen(text) &&
           memcmp(attribute->s.data, text, attribute->s.len) == 0;
}

static Onnx__ValueInfoProto *find_input(const struct onnx_model *model, const char *name)
{
    for (int i = 0; *name && i < model->input_count; i++)
        if (strcmp(text_or_empty(model->inputs[i]->name), name) == 0)
            return model->inputs[i];
    return NULL;
}

/* A cubic Resize that reads an input of the graph, and is the only one to do so. */
static bool find_front(const struct onnx_model *model, struct front *front)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    for (size_t i = 0; i < graph->n_node; i++) {
        Onnx__NodeProto *node = graph->node[i];
        if (!node_is(node, "Resize") || !node->n_output ||
            !attribute_is(node_attribute(node, "mode"), "cubic"))
            continue;
        front->resize = node;
        front->picture = find_input(model, node_input(node, INPUT_PICTURE));
        if (front->picture)
            return graph_find_uses(graph, front->picture->name, NULL, 0) == 1;
    }
    return false;
}

static bsr_status refuse(const struct onnx_model *model, const struct front *front, const char *why,
                         struct bsr_error *err)
{
    const char *name = text_or_empty(front->resize->name);
    return bsr_fail(err, BSR_EMODEL, model->name,
                    "the Resize '%s' at the front of the net can't be done outside of it: %s",
                    shown_name(*name ? name : front->resize->output[0]).text, why);
}

static int64_t int_attribute(const Onnx__NodeProto *node, const char *name)
{
    const Onnx__AttributeProto *attribute = node_attribute(node, name);
    return attribute ? attribute->i : 0;
}

/* Why the attributes ask for other arithmetic than bicubic_enlarge()'s, or NULL. */
static const char *odd_attribute(const Onnx__NodeProto *resize)
{
    const Onnx__AttributeProto *where = node_attribute(resize, "coordinate_transformation_mode");
    const Onnx__AttributeProto *a = node_attribute(resize, "cubic_coeff_a");

    if (attribute_is(where, "align_corners"))
        return "it aligns corners (align_corners)";
    if (where && !attribute_is(where, "half_pixel") && !attribute_is(where, "pytorch_half_pixel"))
        return "its coordinate_transformation_mode is not half_pixel";
    if (a && !(fabsf(a->f - cubic_a) < 1e-6F))
        return "its cubic_coeff_a is not -0.75";
    if (int_attribute(resize, "exclude_outside"))
        return "it leaves out what is beyond the edge (exclude_outside)";
    if (int_attribute(resize, "antialias"))
        return "it smooths (antialias)";
    if (node_attribute(resize, "axes"))
        return "it names its axes";
    return NULL;
}

static bool is_picture_shape(const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    return type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type &&
           type->tensor_type->shape && type->tensor_type->shape->n_dim == NCHW;
}

/* Why its inputs and output are not those of an enlargement by a factor, or NULL. */
static const char *odd_wiring(const struct onnx_model *model, const struct front *front)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    const char             *result = front->resize->output[0];

    if (front->resize->n_input > INPUT_COUNT)
        return "it has more inputs than ONNX knows";
    if (*node_input(front->resize, INPUT_SIZES))
        return "it asks for sizes instead of scales";
    if (!*front->scales)
        return "it has no scales";
    if (!is_picture_shape(front->picture))
        return "the picture does not have the four dimensions NCHW";
    for (size_t i = 0; i < graph->n_output; i++)
        if (strcmp(text_or_empty(graph->output[i]->name), result) == 0)
            return "its result is an output of the model";
    for (size_t i = 0; i < front->resize->n_input; i++)
        if (strcmp(front->resize->input[i], result) == 0)
            return "it reads its own result";
    if (!graph_find_uses(graph, result, NULL, 0))
        return "nothing reads its result";
    return NULL;
}

/* The tensor behind a name, where it is known without running the net: an initializer or a Constant. */
static const Onnx__TensorProto *find_constant(const Onnx__GraphProto *graph, const char *name)
{
    const Onnx__NodeProto      *node = graph_find_producer(graph, name);
    const Onnx__AttributeProto *value =
        node && node_is(node, "Constant") ? node_attribute(node, "value") : NULL;

    return value ? value->t : graph_find_initializer(graph, name);
}

/* The four scales of a constant; false when it is no such tensor. */
static bool read_scales(const Onnx__GraphProto *graph, const char *name, float scales[NCHW])
{
    const Onnx__NodeProto      *node = graph_find_producer(graph, name);
    const Onnx__AttributeProto *list =
        node && node_is(node, "Constant") ? node_attribute(node, "value_floats") : NULL;
    const Onnx__TensorProto *tensor = find_constant(graph, name);
    const void              *from = NULL;

    if (list && list->n_floats == NCHW)
        from = list->floats;
    else if (tensor && tensor->data_type == ONNX_FLOAT && tensor->raw_data.len == NCHW * sizeof(float))
        from = tensor->raw_data.data; /* little-endian, as all machines that besra runs on */
    else if (tensor && tensor->data_type == ONNX_FLOAT && tensor->n_float_data == NCHW)
        from = tensor->float_data;
    if (from)
        memcpy(scales, from, NCHW * sizeof(float));
    return from;
}

/* Fills factor and input of *found. */
static bsr_status read_factor(const struct onnx_model *model, const struct front *front,
                              struct onnx_resize *found, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    float                   scales[NCHW];

    if (find_input(model, front->scales)) {
        if (strlen(front->scales) >= sizeof found->input)
            return refuse(model, front, "the name of its scales is too long", err);
        strcpy(found->input, front->scales); /* NOLINT: measured above */
        return BSR_OK;
    }
    if (!read_scales(graph, front->scales, scales))
        return refuse(model, front, "its scales are no constant of four numbers", err);
    if (!(scales[0] == 1.0F && scales[1] == 1.0F))
        return refuse(model, front, "it scales batch or channels too", err);
    if (!(isfinite(scales[HEIGHT]) && scales[HEIGHT] >= 1.0F))
        return refuse(model, front, "its scale is less than 1, or no number", err);
    if (!(scales[HEIGHT] == scales[WIDTH]))
        return refuse(model, front, "height and width have different scales", err);
    found->factor = (double)scales[WIDTH];
    return BSR_OK;
}

/* The new texts of an edit, all allocated before the first one is put in place. */
struct edit {
    char ***slots; /* the places in the graph that read the Resize's result */
    size_t  use_count;
    char  **texts; /* one for each use, then two for each shape */
    size_t  text_count;
};

static void free_edit(struct edit *edit)
{
    for (size_t i = 0; edit->texts && i < edit->text_count; i++)
        mem_free(edit->texts[i]);
    mem_free(edit->texts);
    mem_free(edit->slots);
}

static bool copy_texts(struct edit *edit, const char *picture)
{
    for (size_t i = 0; i < edit->text_count; i++) {
        bool        in_shape = i >= edit->use_count;
        bool        first = i < edit->use_count + 2; /* the input's shape; the outputs' follow */
        bool        height = (i - edit->use_count) % 2 == 0;
        const char *text = first ? height ? "height" : "width" : height ? "output_height" : "output_width";
        edit->texts[i] = mem_copy_text(in_shape ? text : picture);
        if (!edit->texts[i])
            return false;
    }
    return true;
}

static bsr_status prepare_edit(struct edit *edit, const Onnx__GraphProto *graph, const struct front *front,
                               struct bsr_error *err)
{
    const char *value = front->resize->output[0];
    size_t      shapes = 1;

    for (size_t i = 0; i < graph->n_output; i++)
        shapes += is_picture_shape(graph->output[i]);
    edit->use_count = graph_find_uses(graph, value, NULL, 0);
    edit->text_count = edit->use_count + 2 * shapes;
    edit->slots = mem_alloc_zeroed(edit->use_count, sizeof *edit->slots);
    edit->texts = mem_alloc_zeroed(edit->text_count, sizeof *edit->texts);
    if (!edit->slots || !edit->texts || !copy_texts(edit, front->picture->name))
        return bsr_fail_memory(err, NULL, edit->text_count * sizeof *edit->texts);
    graph_find_uses(graph, value, edit->slots, edit->use_count);
    return BSR_OK;
}

static void set_symbol(Onnx__TensorShapeProto__Dimension *dim, char **symbol)
{
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
        mem_free(dim->dim_param);
    dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    dim->dim_param = *symbol;
    *symbol = NULL;
}

static void free_shape(const Onnx__ValueInfoProto *info, char **symbols)
{
    Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    set_symbol(shape->dim[HEIGHT], &symbols[0]);
    set_symbol(shape->dim[WIDTH], &symbols[1]);
}

/* Puts the texts in place: nothing here can fail. */
static void apply_edit(struct edit *edit, const Onnx__GraphProto *graph, const struct front *front)
{
    char **symbols = edit->texts + edit->use_count;

    for (size_t i = 0; i < edit->use_count; i++) {
        mem_free(*edit->slots[i]);
        *edit->slots[i] = edit->texts[i];
        edit->texts[i] = NULL;
    }
    free_shape(front->picture, symbols);
    for (size_t i = 0; i < graph->n_output; i++)
        if (is_picture_shape(graph->output[i]))
            free_shape(graph->output[i], symbols += 2);
}

/* Takes out what only fed the Resize under this name: a Constant, an initializer, an input. */
static void remove_feeder(struct onnx_model *model, const char *name)
{
    Onnx__GraphProto      *graph = model->proto->graph;
    const Onnx__NodeProto *producer = graph_find_producer(graph, name);

    if (!*name || graph_find_uses(graph, name, NULL, 0))
        return;
    if (producer) {
        if (node_is(producer, "Constant"))
            graph_remove_node(graph, producer);
        return;
    }
    graph_remove_initializer(graph, name);
    model_remove_input(model, name);
}

/* Takes the Resize out of the graph, and then its feeders, whose names it holds. */
static void remove_resize(struct onnx_model *model, Onnx__NodeProto *resize)
{
    char **names = resize->input;
    size_t count = resize->n_input;

    resize->input = NULL;
    resize->n_input = 0;
    graph_remove_node(model->proto->graph, resize);
    for (size_t i = 0; i < count; i++) {
        if (i != INPUT_PICTURE)
            remove_feeder(model, names[i]);
        mem_free(names[i]);
    }
    mem_free(names);
}

static bsr_status lift(struct onnx_model *model, const struct front *front, struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    struct edit       edit = {.slots = NULL};
    bsr_status        status = prepare_edit(&edit, graph, front, err);

    if (status == BSR_OK) {
        apply_edit(&edit, graph, front);
        remove_resize(model, front->resize);
        graph_clear_value_info(graph); /* its shapes are of the old size */
    }
    free_edit(&edit);
    return status;
}

bsr_status onnx_lift_front_resize(struct onnx_model *model, struct onnx_resize *out, struct bsr_error *err)
{
    struct front       front = {.resize = NULL};
    struct onnx_resize found = {.found = true, .cubic_a = (double)cubic_a};

    if (!find_front(model, &front)) {
        *out = (struct onnx_resize){.found = false};
        return BSR_OK;
    }
    front.scales = node_input(front.resize, INPUT_SCALES);

    const char *why = odd_attribute(front.resize);
    if (!why)
        why = odd_wiring(model, &front);
    if (why)
        return refuse(model, &front, why, err);

    bsr_status status = read_factor(model, &front, &found, err);
    if (status == BSR_OK)
        status = lift(model, &front, err);
    if (status == BSR_OK)
        *out = found;
    else
        bsr_error_set_subject(err, model->name);
    return status;
}

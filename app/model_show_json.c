/* besra model show --json. */
#include "app/model_show.h"
#include "pipeline/json_text.h"

/* [1, 3, null, null] for what is open; null for no shape. */
static json_t *shape_array(int dims, const int64_t *shape)
{
    json_t *array = dims < 0 ? json_null() : json_array();
    for (int i = 0; i < dims; i++)
        json_array_append_new(array, shape[i] < 0 ? json_null() : json_integer(shape[i]));
    return array;
}

static json_t *tensor_shape(const struct bsr_tensor *tensor)
{
    return tensor ? shape_array(tensor->dims, tensor->shape) : json_null();
}

static json_t *value_object(const struct show *show, bool output, int index)
{
    struct onnx_value value =
        output ? onnx_output(show->file.model, index) : onnx_input(show->file.model, index);

    return json_pack("{s:o, s:s, s:o, s:o}", "name", json_text(value.name), "type",
                     tensor_type_name(value.element_type), "shape", shape_array(value.dims, value.shape),
                     "here", tensor_shape(onnx_values_find(show->inspection.values, value.name)));
}

static json_t *values_array(const struct show *show, bool output)
{
    int     count = output ? onnx_output_count(show->file.model) : onnx_input_count(show->file.model);
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, value_object(show, output, i));
    return array;
}

static json_t *opsets_object(const struct onnx_model *model)
{
    json_t *object = json_object();
    for (int i = 0; i < onnx_model_about(model).opset_count; i++) {
        int64_t     version;
        const char *domain = onnx_opset_at(model, i, &version);
        json_object_set_new(object, *domain ? domain : "ai.onnx", json_integer(version));
    }
    return object;
}

static json_t *metadata_object(const struct onnx_model *model)
{
    json_t *object = json_object();
    for (int i = 0; i < onnx_model_about(model).metadata_count; i++) {
        const char *value, *key = onnx_metadata_at(model, i, &value);
        json_object_set_new(object, key, json_text(value));
    }
    return object;
}

static json_t *operators_array(const struct onnx_inspection *inspection)
{
    json_t *array = json_array();
    for (int i = 0; i < inspection->operator_count; i++) {
        const struct onnx_op_count *op = &inspection->operators[i];
        json_array_append_new(array, json_pack("{s:o, s:I, s:I}", "name", json_text(op->name), "count",
                                               (json_int_t)op->count, "macs", (json_int_t)op->macs));
    }
    return array;
}

/* ---- layers
 * ------------------------------------------------------------------------------------------------ */

static json_t *names_array(const char *const *names, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_text(names[i]));
    return array;
}

static json_t *shapes_array(const struct bsr_tensor *const *shapes, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count && i < SHOWN_SHAPES; i++)
        json_array_append_new(array, tensor_shape(shapes[i]));
    return array;
}

static json_t *layer_object(const struct onnx_layer *layer)
{
    json_t *weights = layer->has_weights ? json_pack("[o, o]", json_number(layer->weight_min),
                                                     json_number(layer->weight_max))
                                         : json_null();

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "name", json_text(layer->name),
                     "op", json_text(layer->type), "domain", json_text(layer->domain), "inputs",
                     names_array(layer->inputs, layer->input_count), "outputs",
                     names_array(layer->outputs, layer->output_count), "input_shapes",
                     shapes_array(layer->input_shapes, layer->input_count), "output_shapes",
                     shapes_array(layer->output_shapes, layer->output_count), "parameters",
                     (json_int_t)layer->parameters, "macs", (json_int_t)layer->macs, "weights", weights);
}

static json_t *layers_array(const struct onnx_inspection *inspection)
{
    json_t *array = json_array();
    for (int i = 0; i < inspection->layer_count; i++)
        json_array_append_new(array, layer_object(&inspection->layers[i]));
    return array;
}

/* jansson takes what it is given over in any case, and gives NULL on from one to the next when memory is out.
 */
json_t *show_object(const struct show *show, bool layers)
{
    const struct onnx_model      *model = show->file.model;
    const struct onnx_inspection *inspection = &show->inspection;
    struct onnx_about             about = onnx_model_about(model);
    struct bytes                  kind = {0};

    json_t *object = json_pack("{s:o, s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "model",
                               json_text(show->file.card.file), "bytes", (json_int_t)show->file.bytes.size,
                               "producer", json_text(about.producer), "producer_version",
                               json_text(about.producer_version), "ir_version", (json_int_t)about.ir_version,
                               "opsets", opsets_object(model), "metadata", metadata_object(model), "inputs",
                               values_array(show, false), "outputs", values_array(show, true));
    json_t *sums = json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:o}", "parameters", (json_int_t)inspection->parameters, "weight_bytes",
        (json_int_t)inspection->weight_bytes, "macs", (json_int_t)inspection->macs, "peak_bytes",
        inspection->activation_bytes ? json_integer((json_int_t)inspection->activation_bytes) : json_null(),
        "fast_bytes", show->fast_bytes ? json_integer((json_int_t)show->fast_bytes) : json_null(),
        "operators", operators_array(inspection));
    bool known = model_file_kind(&kind, &show->file);
    json_object_set_new(object, "kind", known ? json_text(bytes_text(&kind)) : json_null());
    bytes_free(&kind);
    int fine = sums ? json_object_update(object, sums) : -1;
    json_decref(sums);
    if (fine == 0 && layers)
        fine = json_object_set_new(object, "layers", layers_array(inspection));
    if (fine == 0)
        return object;
    json_decref(object);
    return NULL;
}

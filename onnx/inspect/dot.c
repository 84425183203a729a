/* The graph in graphviz's dot language. */
#include "onnx/graph.h"
#include "onnx/inspect/inspect.h"
#include "onnx/inspect/names.h"

#include <ctype.h>
#include <string.h>

/* Colours by what an operator is for, as words begin (the first that fits). */
static const struct {
    const char *words, *fill;
} colours[] = {
    {"Conv QLinearConv DeformConv Gemm MatMul QLinearMatMul", "#cfe2f3"},
    {"BatchNorm LayerNorm InstanceNorm GroupNorm", "#d9ead3"},
    {"Relu LeakyRelu PRelu Sigmoid HardS Silu Tanh Clip Elu Gelu Mish Softmax Swish Softplus", "#fff2cc"},
    {"MaxPool AveragePool Global Resize Upsample", "#ead1dc"},
    {"Concat Split Slice Gather Reshape Transpose Flatten Squeeze Unsqueeze Expand Tile Pad Shape",
     "#e8e8e8"},
    {"Quantize Dequantize Cast", "#f4cccc"},
};

static bool begins_with_one(const char *type, const char *words)
{
    for (const char *word = words; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (strncmp(type, word, length) == 0)
            return true;
        word += length;
    }
    return false;
}

static const char *colour_of(const struct onnx_layer *layer)
{
    if (*layer->domain && strcmp(layer->domain, "ai.onnx") != 0)
        return "#f9cb9c";
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (begins_with_one(layer->type, colours[i].words))
            return colours[i].fill;
    return "#ffffff";
}

/* Text of any origin within double quotes: graphviz gives the backslash meanings of its own. */
static void put_text(struct bytes *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            bytes_append(out, "\\", 1);
        bytes_append(out, iscntrl((unsigned char)*text) ? "?" : text, 1);
    }
}

/* ---- inputs and outputs ---------------------------------------------------------------------------- */

static void put_declared(struct bytes *out, const struct onnx_value *value)
{
    for (int i = 0; i < value->dims; i++) {
        bytes_append_text(out, i ? "x" : "");
        if (value->shape[i] < 0)
            bytes_append_text(out, "?");
        else
            bytes_append_format(out, "%lld", (long long)value->shape[i]);
    }
}

static void put_end(struct bytes *out, const struct onnx_inspection *inspection, const char *kind, int index,
                    struct onnx_value value)
{
    const struct bsr_tensor *tensor = onnx_values_find(inspection->values, value.name);

    bytes_append_format(out, "  %s%d [shape=ellipse, fillcolor=\"#ffffff\", label=\"", kind, index);
    put_text(out, value.name);
    bytes_append_text(out, "\\n");
    if (tensor)
        bytes_append_text(out, tensor_shape_text(tensor).text);
    else
        put_declared(out, &value);
    bytes_append_text(out, "\"];\n");
}

/* ---- nodes and edges --------------------------------------------------------------------------------- */

/* "3x3" of a layer's weights, of their last two sides. */
static void put_kernel(struct bytes *out, const struct onnx_layer *layer)
{
    const struct bsr_tensor *weights = layer->input_count > 1 ? layer->input_shapes[1] : NULL;

    if (strncmp(layer->type, "Conv", 4) == 0 && weights && weights->dims == 4)
        bytes_append_format(out, " %lldx%lld", (long long)weights->shape[2], (long long)weights->shape[3]);
}

static void put_node(struct bytes *out, const struct onnx_layer *layer, int index)
{
    bytes_append_format(out, "  n%d [fillcolor=\"%s\", label=\"", index, colour_of(layer));
    put_text(out, *layer->domain ? layer->domain : "");
    put_text(out, *layer->domain ? "." : "");
    put_text(out, layer->type);
    put_kernel(out, layer);
    bytes_append_text(out, "\\n");
    put_text(out, shown_name(layer->name).text);
    bytes_append_text(out, "\"];\n");
}

enum maker { BY_INPUT, BY_NODE };

/* An edge from where a value is made; none for constants. */
static void put_edge(struct bytes *out, const struct onnx_inspection *inspection,
                     const struct name_table *made, const char *value, const char *to, int index)
{
    const struct name_entry *maker = name_table_find(made, value);
    const struct bsr_tensor *tensor = *value ? onnx_values_find(inspection->values, value) : NULL;

    if (!*value || !maker)
        return;
    bytes_append_format(out, "  %s%zu -> %s%d [label=\"%s\"];\n", maker->kind == BY_INPUT ? "i" : "n",
                        maker->at, to, index, tensor ? tensor_shape_text(tensor).text : "");
}

static bsr_status collect_makers(struct name_table *made, const struct onnx_inspection *inspection,
                                 struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < onnx_input_count(inspection->model); i++)
        status = name_table_add(made, onnx_input(inspection->model, i).name, BY_INPUT, (size_t)i, err);
    for (int i = 0; status == BSR_OK && i < inspection->layer_count; i++)
        for (int o = 0; status == BSR_OK && o < inspection->layers[i].output_count; o++)
            if (strcmp(inspection->layers[i].type, "Constant") != 0)
                status = name_table_add(made, inspection->layers[i].outputs[o], BY_NODE, (size_t)i, err);
    name_table_sort(made);
    return status;
}

static void put_graph(struct bytes *out, const struct onnx_inspection *inspection, const char *title,
                      const struct name_table *made)
{
    const struct onnx_model *model = inspection->model;

    bytes_append_text(out, "digraph model {\n  label=\"");
    put_text(out, title);
    bytes_append_text(out,
                      "\";\n  labelloc=t;\n  fontname=\"Helvetica\";\n"
                      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10];\n"
                      "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#666666\"];\n");
    for (int i = 0; i < onnx_input_count(model); i++)
        put_end(out, inspection, "i", i, onnx_input(model, i));
    for (int i = 0; i < onnx_output_count(model); i++)
        put_end(out, inspection, "o", i, onnx_output(model, i));
    for (int i = 0; i < inspection->layer_count; i++)
        if (strcmp(inspection->layers[i].type, "Constant") != 0)
            put_node(out, &inspection->layers[i], i);
    for (int i = 0; i < inspection->layer_count; i++)
        for (int n = 0; n < inspection->layers[i].input_count; n++)
            put_edge(out, inspection, made, inspection->layers[i].inputs[n], "n", i);
    for (int i = 0; i < onnx_output_count(model); i++)
        put_edge(out, inspection, made, onnx_output(model, i).name, "o", i);
    bytes_append_text(out, "}\n");
}

bsr_status onnx_write_dot(const struct onnx_inspection *inspection, const char *title, struct bytes *out,
                          struct bsr_error *err)
{
    struct name_table made = {0};
    bsr_status        status = collect_makers(&made, inspection, err);

    if (status == BSR_OK)
        put_graph(out, inspection, title, &made);
    name_table_free(&made);
    return status == BSR_OK && out->failed ? bsr_fail_memory(err, NULL, out->size) : status;
}

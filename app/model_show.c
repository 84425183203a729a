/* besra model show: what is in a model. */
#include "app/model_show.h"

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_engine.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_NAMES = 4, LONGEST_TEXT = 100 };

/* ---- inputs and outputs -----------------------------------------------------------------------------------
 */

/* "1x3x640x640", "batch x 3 x height x ?". */
static void append_sides(struct bytes *out, const struct onnx_model *model, bool output, int index)
{
    struct onnx_value value = output ? onnx_output(model, index) : onnx_input(model, index);
    const char       *between = "x";

    for (int i = 0; i < value.dims; i++)
        between = value.shape[i] < 0 ? " x " : between;

    if (value.dims <= 0)
        bytes_append_text(out, value.dims < 0 ? "of any shape" : "scalar");
    for (int i = 0; i < value.dims; i++) {
        const char *name = onnx_side_name(model, output, index, i);
        bytes_append_text(out, i ? between : "");
        if (value.shape[i] >= 0)
            bytes_append_format(out, "%lld", (long long)value.shape[i]);
        else
            bytes_append_format(out, "%.40s", name ? name : "?");
    }
}

/* Where the shape at hand is another than the declared one, it follows. */
static void print_value(struct table *table, const struct show *show, bool output, int index)
{
    const struct onnx_model *model = show->file.model;
    struct onnx_value        value = output ? onnx_output(model, index) : onnx_input(model, index);
    const struct bsr_tensor *known = onnx_values_find(show->inspection.values, value.name);
    struct bytes             sides = {0};
    bool                     open = value.dims < 0;

    for (int i = 0; i < value.dims; i++)
        open |= value.shape[i] < 0;
    append_sides(&sides, model, output, index);
    if (open && known)
        bytes_append_format(&sides, "  (here %s)", tensor_shape_text(known).text);
    table_add(table, STYLE_DIM, "%s", index ? "" : output ? "outputs" : "inputs");
    table_add(table, STYLE_PLAIN, "%s  %s  %s", value.name,
              value.element_type ? tensor_type_name(value.element_type) : "no tensor", bytes_text(&sides));
    bytes_free(&sides);
}

/* ---- facts
 * ---------------------------------------------------------------------------------------------------- */

static void print_origin(struct table *table, const struct onnx_model *model)
{
    struct onnx_about about = onnx_model_about(model);
    struct bytes      text = {0};

    bytes_append_format(&text, "%.60s%s%.40s", *about.producer ? about.producer : "unknown",
                        *about.producer_version ? " " : "", about.producer_version);
    for (int i = 0; i < about.opset_count; i++) {
        int64_t     version;
        const char *domain = onnx_opset_at(model, i, &version);
        bytes_append_format(&text, ", %.60s%s%lld", domain, *domain ? " " : "opset ", (long long)version);
    }
    bytes_append_format(&text, ", IR version %lld", (long long)about.ir_version);
    table_add(table, STYLE_DIM, "made by");
    table_add(table, STYLE_PLAIN, "%s", bytes_text(&text));
    bytes_free(&text);
    if (about.function_count) {
        table_add(table, STYLE_DIM, "functions");
        table_add(table, STYLE_PLAIN, "%d", about.function_count);
    }
}

static void print_kind(struct table *table, const struct model_file *file)
{
    struct bytes kind = {0};
    bool         known = model_file_kind(&kind, file);

    table_add(table, STYLE_DIM, "for");
    table_add(table, STYLE_PLAIN, "%s", known ? bytes_text(&kind) : "no kind that besra recognises");
    bytes_free(&kind);
}

/* The exporter's "{0: 'person', ...}" as the number of classes and the first few. */
static bool append_names(struct bytes *out, const char *text)
{
    char           **names;
    int              count;
    struct bsr_error err;

    if (onnx_parse_names(&names, &count, text, &err) != BSR_OK)
        return false;
    bytes_append_format(out, "%d classes: ", count);
    for (int i = 0; i < count && i < FEW_NAMES; i++)
        bytes_append_format(out, "%s%.40s", i ? ", " : "", names[i]);
    if (count > FEW_NAMES)
        bytes_append_format(out, " ... %.40s", names[count - 1]);
    mem_free(names);
    return true;
}

static void print_metadata(struct table *table, const struct onnx_model *model)
{
    int count = onnx_model_about(model).metadata_count;

    for (int i = 0; i < count; i++) {
        const char  *value, *key = onnx_metadata_at(model, i, &value);
        struct bytes text = {0};
        bool         names = strcmp(key, "names") == 0 && append_names(&text, value);
        if (!names)
            bytes_append_format(&text, "%.*s%s", LONGEST_TEXT, value,
                                strlen(value) > LONGEST_TEXT ? "..." : "");
        table_add(table, STYLE_DIM, "%s", i ? "" : "metadata");
        table_add(table, STYLE_PLAIN, "%.60s = %s", key, bytes_text(&text));
        bytes_free(&text);
    }
}

static void print_sums(struct table *table, const struct show *show)
{
    const struct onnx_inspection *inspection = &show->inspection;

    table_add(table, STYLE_DIM, "parameters");
    table_add(table, STYLE_PLAIN, "%s (%s)", number_whole(inspection->parameters).text,
              number_bytes(inspection->weight_bytes).text);
    table_add(table, STYLE_DIM, "MACs");
    table_add(table, STYLE_PLAIN, "%s",
              inspection->macs ? number_short(inspection->macs).text : "unknown, or none");
    table_add(table, STYLE_DIM, "memory");
    if (inspection->activation_bytes)
        table_add(table, STYLE_PLAIN, "%s of live activations at most",
                  number_bytes(inspection->activation_bytes).text);
    else
        table_add(table, STYLE_PLAIN, "unknown: not all shapes are known before a run");
    if (!show->fast_bytes)
        return;
    table_add(table, STYLE_DIM, "%s", "");
    table_add(table, STYLE_PLAIN, "%s of maps in the fast engine, one place for all that live in turn",
              number_bytes(show->fast_bytes).text);
}

static void print_operators(const struct onnx_inspection *inspection)
{
    struct table table;

    table_start(&table, "lrrl", "operator|count|MACs|");
    for (int i = 0; i < inspection->operator_count; i++) {
        const struct onnx_op_count *op = &inspection->operators[i];
        table_add(&table, STYLE_PLAIN, "%s", op->name);
        table_add(&table, STYLE_PLAIN, "%s", number_whole(op->count).text);
        table_add(&table, STYLE_PLAIN, "%s", op->macs ? number_short(op->macs).text : "");
        table_add(&table, STYLE_GOOD, "%s",
                  number_bar((double)op->macs, (double)inspection->macs, BAR_WIDTH).text);
    }
    putchar('\n');
    table_print(&table, INDENT);
}

static void print_facts(const struct show *show)
{
    const struct onnx_model *model = show->file.model;
    struct table             table;

    table_title("%s  (%s)", show->file.card.file, number_bytes(show->file.bytes.size).text);
    table_start(&table, "lw", NULL);
    print_origin(&table, model);
    print_kind(&table, &show->file);
    for (int i = 0; i < onnx_input_count(model); i++)
        print_value(&table, show, false, i);
    for (int i = 0; i < onnx_output_count(model); i++)
        print_value(&table, show, true, i);
    print_sums(&table, show);
    print_metadata(&table, model);
    table_print(&table, INDENT);
    print_operators(&show->inspection);
}

/* ---- layers
 * ----------------------------------------------------------------------------------------------------- */

/* Shapes of the inputs that are no constants, or of the outputs; not of those that are left out. */
static void append_shapes(struct bytes *out, const struct bsr_tensor *const *shapes, const char *const *names,
                          int count, bool constants)
{
    bool first = true;

    for (int i = 0; i < count && i < SHOWN_SHAPES; i++) {
        if (!*names[i] || (shapes[i] && shapes[i]->data && !constants))
            continue;
        bytes_append_format(out, "%s%s", first ? "" : " ",
                            shapes[i] ? tensor_shape_text(shapes[i]).text : "?");
        first = false;
    }
    if (count > SHOWN_SHAPES)
        bytes_append_text(out, " ...");
}

static void print_layer(struct table *table, const struct onnx_layer *layer, int index)
{
    struct bytes in = {0}, out = {0};

    append_shapes(&in, layer->input_shapes, layer->inputs, layer->input_count, false);
    append_shapes(&out, layer->output_shapes, layer->outputs, layer->output_count, true);
    table_add(table, STYLE_DIM, "%d", index);
    table_add(table, STYLE_PLAIN, "%s", layer->name);
    table_add(table, STYLE_GOOD, "%s%s%s", layer->domain, *layer->domain ? "." : "", layer->type);
    table_add(table, STYLE_PLAIN, "%s", bytes_text(&in));
    table_add(table, STYLE_PLAIN, "%s", bytes_text(&out));
    table_add(table, STYLE_PLAIN, "%s", layer->parameters ? number_whole(layer->parameters).text : "");
    table_add(table, STYLE_PLAIN, "%s", layer->macs ? number_short(layer->macs).text : "");
    if (layer->has_weights)
        table_add(table, STYLE_PLAIN, "%.4g .. %.4g", layer->weight_min, layer->weight_max);
    else
        table_add(table, STYLE_PLAIN, "%s", "");
    bytes_free(&in);
    bytes_free(&out);
}

static void print_layers(const struct onnx_inspection *inspection)
{
    struct table table;

    table_start(&table, "rllllrrl", "|layer|operator|in|out|parameters|MACs|weights");
    for (int i = 0; i < inspection->layer_count; i++)
        if (strcmp(inspection->layers[i].type, "Constant") != 0)
            print_layer(&table, &inspection->layers[i], i);
    putchar('\n');
    table_print(&table, 0);
}

/* ---- the command
 * -------------------------------------------------------------------------------------------------- */

/* What the engine plans for these shapes. A model that it can't run has no plan. */
static size_t plan_memory(const struct show *show, const struct options *options)
{
    struct engine   *engine = NULL;
    struct bsr_error err;
    size_t           bytes = 0;

    if (model_engine_open(&engine, &show->file, options, &err) == BSR_OK)
        bytes = engine_fast_bytes(engine);
    engine_close(engine);
    return bytes;
}

static int show_all(struct show *show, const struct options *options)
{
    show->fast_bytes = plan_memory(show, options);
    if (options->json)
        return output_json(options, show_object(show, options->layers));
    print_facts(show);
    if (options->layers)
        print_layers(&show->inspection);
    return output_finish();
}

static int show(struct show *show, const struct options *options)
{
    struct bsr_error err;
    bsr_status       status = model_file_assume(&show->file, &err);

    if (status == BSR_OK)
        status = onnx_inspect(&show->inspection, show->file.model, show->file.chosen.items,
                              show->file.chosen.count, &err);
    if (status != BSR_OK) {
        terminal_error(&err);
        return exit_code_of(status);
    }
    if (show->inspection.refused.code != BSR_OK)
        terminal_say("not all shapes can be told: %s", show->inspection.refused.message);
    int code = EXIT_DONE;
    if (options->tensor)
        code = show_tensor(show, options);
    else if (options->json || (!options->dot && !options->svg))
        code = show_all(show, options);
    if (code == EXIT_DONE && (options->dot || options->svg))
        code = show_drawing(show, options);
    onnx_inspection_free(&show->inspection);
    return code;
}

static bool is_stream(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* A drawing with something else before or behind it would be none. */
static int check_streams(const struct options *options)
{
    struct bsr_error err;
    int              drawings = is_stream(options->dot) + is_stream(options->svg);
    bool             more = is_stream(options->json) || (options->tensor && !options->json);

    if (!drawings || drawings + more == 1)
        return EXIT_DONE;
    bsr_fail(&err, BSR_EUSAGE, is_stream(options->svg) ? "--svg" : "--dot",
             "more than one thing would go to standard output: name a file");
    terminal_error(&err);
    return EXIT_WRONG_USAGE;
}

int model_show_command(const struct options *options)
{
    struct show it = {0};
    int         code = check_streams(options);

    if (code == EXIT_DONE)
        code = model_file_open(&it.file, options);
    if (code == EXIT_DONE)
        code = show(&it, options);
    model_file_close(&it.file);
    return code;
}

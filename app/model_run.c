/* besra model run: any model on any input. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_engine.h"
#include "app/model_output.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "engine/engine.h"
#include "onnx/inspect/inspect.h"
#include "onnx/tensor_file.h"
#include "pipeline/formats.h"
#include "pipeline/json_text.h"

#include <stdio.h>
#include <string.h>

/* The feeds as the engine takes them; the caller frees the array. */
static struct engine_value *engine_values(const struct feeds *feeds)
{
    struct engine_value *values = mem_alloc_zeroed((size_t)feeds->count + 1, sizeof *values);
    for (int i = 0; values && i < feeds->count; i++)
        values[i] = (struct engine_value){.name = feeds->items[i].name, .tensor = feeds->items[i].tensor};
    return values;
}

/* ---- writing what came out -------------------------------------------------------------------------------
 */

static void append_flat(struct bytes *path, const char *name)
{
    size_t first = path->size;

    bytes_append_text(path, name);
    for (size_t i = first; i < path->size; i++)
        if (path->data[i] == '/' || (unsigned char)path->data[i] < ' ' ||
            (path->data[i] == '.' && i == first))
            path->data[i] = '_';
}

/* How many of the first `count` outputs have the name of output `count` once slashes are flat: "a/b", "a_b".
 */
static int count_namesakes(const struct engine_value *outputs, int count)
{
    struct bytes name = {0}, other = {0};
    int          namesakes = 0;

    append_flat(&name, outputs[count].name);
    for (int i = 0; i < count; i++) {
        bytes_clear(&other);
        append_flat(&other, outputs[i].name);
        namesakes += strcmp(bytes_text(&name), bytes_text(&other)) == 0;
    }
    bytes_free(&name);
    bytes_free(&other);
    return namesakes;
}

/* "folder/name.npy": a slash in a tensor's name becomes an underscore. */
static bsr_status make_path(struct bytes *path, const struct options *options,
                            const struct engine_value *outputs, int index, struct bsr_error *err)
{
    int namesakes = count_namesakes(outputs, index);

    bytes_clear(path);
    bytes_append_format(path, "%s/", options->output);
    append_flat(path, outputs[index].name);
    if (namesakes)
        bytes_append_format(path, "_%d", namesakes + 1);
    bytes_append_text(path, options->pb ? ".pb" : ".npy");
    return path->failed ? bsr_fail_memory(err, outputs[index].name, path->size) : BSR_OK;
}

/* No file that is read here is written over. */
static bsr_status spare_inputs(const char *path, const struct model_file *file, const struct options *options,
                               struct bsr_error *err)
{
    bsr_status status = model_output_spare(path, file->card.file, err);

    for (size_t i = 0; status == BSR_OK && i < options->feeds.count; i++) {
        const char *equals = strchr(options->feeds.items[i], '=');
        status = model_output_spare(path, equals ? equals + 1 : options->feeds.items[i], err);
    }
    return status;
}

static bsr_status write_output(const char *path, const struct engine_value *value,
                               const struct options *options, struct bsr_error *err)
{
    struct bytes bytes = {0};
    bsr_status   status = options->pb ? tensor_file_write(&value->tensor, value->name, &bytes, err)
                                      : npy_write(&value->tensor, &bytes, err);

    if (status == BSR_OK)
        status = file_write(path, bytes.data, bytes.size, options->overwrite, false, err);
    if (status == BSR_EEXIST)
        bsr_hint(err, "replace it with --overwrite");
    bytes_free(&bytes);
    return status;
}

static bool is_stream(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bsr_status write_outputs(const struct model_file *file, const struct engine_value *outputs, int count,
                                const struct options *options, struct bsr_error *err)
{
    struct bytes path = {0};
    bsr_status   status = BSR_OK;

    if (is_stream(options->output))
        return write_output("-", &outputs[0], options, err);
    for (int i = 0; status == BSR_OK && i < count; i++) {
        status = make_path(&path, options, outputs, i, err);
        if (status == BSR_OK)
            status = spare_inputs(bytes_text(&path), file, options, err);
    }
    if (status == BSR_OK)
        status = file_make_folders(options->output, err);
    for (int i = 0; status == BSR_OK && i < count; i++) {
        status = make_path(&path, options, outputs, i, err);
        if (status == BSR_OK)
            status = write_output(bytes_text(&path), &outputs[i], options, err);
    }
    bytes_free(&path);
    if (status == BSR_OK)
        terminal_say("written to %s", options->output);
    return status;
}

/* One output at most, and nothing beside it. */
static bsr_status check_stream(const struct model_file *file, const struct options *options,
                               struct bsr_error *err)
{
    if (!is_stream(options->output))
        return BSR_OK;
    if (onnx_output_count(file->model) != 1)
        return bsr_fail(err, BSR_EUSAGE, "--output",
                        "the model has %d outputs, and only one can go to standard output: name a folder",
                        onnx_output_count(file->model));
    return is_stream(options->json) ? bsr_fail(err, BSR_EUSAGE, "--json",
                                               "the numbers go to standard output already: give --json=FILE")
                                    : BSR_OK;
}

/* ---- telling of it ---------------------------------------------------------------------------------------
 */

static json_t *output_object(const struct engine_value *output, json_t *file)
{
    struct onnx_statistics statistics = onnx_tensor_statistics(&output->tensor);
    json_t                *shape = json_array();

    for (int i = 0; i < output->tensor.dims; i++)
        json_array_append_new(shape, json_integer(output->tensor.shape[i]));
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "name", json_text(output->name),
                     "type", tensor_type_name(output->tensor.type), "shape", shape, "min",
                     json_number(statistics.min), "max", json_number(statistics.max), "mean",
                     json_number(statistics.mean), "deviation", json_number(statistics.deviation), "nans",
                     (json_int_t)statistics.nans, "infinities", (json_int_t)statistics.infinities, "file",
                     file);
}

static json_t *run_object(const struct model_file *file, const struct engine_value *outputs, int count,
                          const struct options *options)
{
    struct bytes path = {0};
    json_t      *array = json_array();

    for (int i = 0; i < count; i++) {
        json_t *name = json_null();
        if (is_stream(options->output))
            name = json_text("-");
        else if (options->output && make_path(&path, options, outputs, i, NULL) == BSR_OK)
            name = json_text(bytes_text(&path));
        json_array_append_new(array, output_object(&outputs[i], name));
    }
    bytes_free(&path);
    return json_pack("{s:o, s:s, s:o}", "model", json_text(file->card.file), "engine", engine_version(),
                     "outputs", array);
}

static void show_outputs(const struct engine_value *outputs, int count)
{
    struct table table;
    table_start(&table, "lllrrrrr", "output|type|shape|min|max|mean|deviation|NaN, inf");
    for (int i = 0; i < count; i++) {
        struct onnx_statistics statistics = onnx_tensor_statistics(&outputs[i].tensor);
        table_add(&table, STYLE_BOLD, "%s", outputs[i].name);
        table_add(&table, STYLE_PLAIN, "%s", tensor_type_name(outputs[i].tensor.type));
        table_add(&table, STYLE_PLAIN, "%s", tensor_shape_text(&outputs[i].tensor).text);
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.min + 0.0); /* -0 reads as 0 */
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.max + 0.0);
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.mean);
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.deviation);
        table_add(&table, statistics.nans + statistics.infinities ? STYLE_BAD : STYLE_PLAIN, "%zu",
                  statistics.nans + statistics.infinities);
    }
    table_print(&table, 0);
}

static int tell(const struct model_file *file, const struct engine_value *outputs, int count,
                const struct options *options)
{
    if (options->json)
        return output_json(options, run_object(file, outputs, count, options));
    if (is_stream(options->output))
        return EXIT_DONE;
    show_outputs(outputs, count);
    return output_finish();
}

/* ---- the run ---------------------------------------------------------------------------------------------
 */

/* The engine computes in f32 what the model says is f16. */
static bsr_status narrow(struct bsr_tensor *tensor, const struct onnx_value *declared, struct bsr_error *err)
{
    struct bsr_tensor narrowed;

    if (tensor->type != BSR_F32 || (declared->element_type != BSR_F16 && declared->element_type != BSR_BF16))
        return BSR_OK;
    bsr_status status = tensor_convert(&narrowed, tensor, declared->element_type, err);
    if (status == BSR_OK)
        *tensor = narrowed;
    return status;
}

/* The outputs as the model declares them: copies, of which only those with data of their own are released. */
static bsr_status narrow_all(struct engine_value **out, const struct engine_value *outputs, int count,
                             const struct onnx_model *model, struct bsr_error *err)
{
    struct engine_value *values = mem_alloc_zeroed((size_t)count + 1, sizeof *values);
    bsr_status           status = values ? BSR_OK : bsr_fail_memory(err, NULL, sizeof *values);

    for (int i = 0; status == BSR_OK && i < count; i++) {
        struct onnx_value declared = onnx_output(model, i);
        values[i] = outputs[i];
        status = narrow(&values[i].tensor, &declared, err);
    }
    *out = values;
    return status;
}

static void free_narrowed(struct engine_value *values, const struct engine_value *outputs, int count)
{
    for (int i = 0; values && i < count; i++)
        if (values[i].tensor.data && values[i].tensor.data != outputs[i].tensor.data)
            tensor_free(&values[i].tensor);
    mem_free(values);
}

/* *code is what telling of it came to. */
static bsr_status run(const struct model_file *file, const struct feeds *feeds, const struct options *options,
                      int *code, struct bsr_error *err)
{
    const struct engine_options how = engine_of_options(options);
    const struct engine_value  *outputs = NULL;
    struct engine_value        *narrowed = NULL;
    struct engine              *engine = NULL;
    struct bytes                bytes = {0};
    int                         count = 0;
    struct engine_value        *inputs = engine_values(feeds);

    engine_set_threads(options->threads);
    bsr_status status =
        inputs ? onnx_model_write(file->model, &bytes, err) : bsr_fail_memory(err, NULL, sizeof *inputs);
    if (status == BSR_OK)
        status = engine_open(&engine, bytes.data, bytes.size, &how, file->card.file, err);
    if (status == BSR_OK)
        status = engine_run_any(engine, inputs, feeds->count, &outputs, &count, err);
    if (status == BSR_OK)
        status = narrow_all(&narrowed, outputs, count, file->model, err);
    if (status == BSR_OK && options->output)
        status = write_outputs(file, narrowed, count, options, err);
    if (status == BSR_OK)
        *code = tell(file, narrowed, count, options);
    free_narrowed(narrowed, outputs, count);
    engine_close(engine);
    bytes_free(&bytes);
    mem_free(inputs);
    return status;
}

/* The values of --freeze and the files of --input, then what is made up for the rest. */
static bsr_status feed(struct feeds *feeds, const struct model_file *file, const struct options *options,
                       struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < options->freeze.count; i++)
        status = model_inputs_add_value(feeds, file->model, options->freeze.items[i], err);
    for (size_t i = 0; status == BSR_OK && i < options->feeds.count; i++)
        status = feeds_add_file(feeds, file->model, &file->chosen, options->feeds.items[i], err);
    if (status == BSR_OK)
        status = model_inputs_add_rest(feeds, file, options->seed, true, err);
    return status;
}

int model_run_command(const struct options *options)
{
    struct model_file file;
    struct feeds      feeds = {0};
    struct bsr_error  err;

    int code = model_file_open(&file, options);
    if (code != EXIT_DONE)
        return code;
    bsr_status status = check_stream(&file, options, &err);
    if (status == BSR_OK)
        status = feed(&feeds, &file, options, &err);
    if (status == BSR_OK)
        status = model_engine_widen(&feeds, &err);
    if (status == BSR_OK)
        status = run(&file, &feeds, options, &code, &err);
    feeds_free(&feeds);
    model_file_close(&file);
    if (status == BSR_OK)
        return code;
    terminal_error(&err);
    return exit_code_of(status);
}

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_file.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "engine/engine.h"
#include "onnx/inspect/inspect.h"
#include "onnx/tensor_file.h"
#include "pipeline/formats.h"

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

/* "folder/name.npy": a slash in a tensor's name becomes an underscore. */
static void append_path(struct bytes *path, const char *folder, const char *name, const char *extension)
{
    bytes_clear(path);
    bytes_append_format(path, "%s/", folder);
    size_t first = path->size;
    bytes_append_text(path, name);
    for (size_t i = first; i < path->size; i++)
        if (path->data[i] == '/' || (unsigned char)path->data[i] < ' ' ||
            (path->data[i] == '.' && i == first))
            path->data[i] = '_';
    bytes_append_text(path, extension);
}

static bsr_status write_output(const struct options *options, const struct engine_value *value,
                               struct bsr_error *err)
{
    struct bytes path = {0}, bytes = {0};
    append_path(&path, options->output, value->name, options->pb ? ".pb" : ".npy");
    bsr_status status = path.failed ? bsr_fail_memory(err, value->name, path.size) : BSR_OK;
    if (status == BSR_OK)
        status = options->pb ? tensor_file_write(&value->tensor, value->name, &bytes, err)
                             : npy_write(&value->tensor, &bytes, err);
    if (status == BSR_OK)
        status = file_make_folders(options->output, err);
    if (status == BSR_OK)
        status = file_write(bytes_text(&path), bytes.data, bytes.size, options->overwrite, false, err);
    if (status == BSR_EEXIST)
        bsr_hint(err, "replace it with --overwrite");
    bytes_free(&path);
    bytes_free(&bytes);
    return status;
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
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.min);
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.max);
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.mean);
        table_add(&table, STYLE_PLAIN, "%.6g", statistics.deviation);
        table_add(&table, statistics.nans + statistics.infinities ? STYLE_BAD : STYLE_PLAIN, "%zu",
                  statistics.nans + statistics.infinities);
    }
    table_print(&table, 0);
}

static bsr_status run(const struct model_file *file, const struct feeds *feeds, const struct options *options,
                      struct bsr_error *err)
{
    const struct engine_options how = {.backend = backend_of_choice(options->engine),
                                       .drop_qdq = options->qdq == QDQ_LEFT_OUT};
    const struct engine_value  *outputs = NULL;
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
    for (int i = 0; status == BSR_OK && options->output && i < count; i++)
        status = write_output(options, &outputs[i], err);
    if (status == BSR_OK)
        show_outputs(outputs, count);
    engine_close(engine);
    bytes_free(&bytes);
    mem_free(inputs);
    return status;
}

/* The values of --freeze and the files of --input, then random numbers for what is left. */
static bsr_status feed(struct feeds *feeds, const struct model_file *file, const struct options *options,
                       struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < options->freeze.count; i++)
        status = model_inputs_add_value(feeds, file->model, options->freeze.items[i], err);
    for (size_t i = 0; status == BSR_OK && i < options->feeds.count; i++)
        status = feeds_add_file(feeds, file->model, &file->chosen, options->feeds.items[i], err);
    if (status == BSR_OK)
        status = feeds_add_random(feeds, file->model, &file->chosen, (unsigned)options->seed, err);
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
    bsr_status status = feed(&feeds, &file, options, &err);
    if (status == BSR_OK)
        status = run(&file, &feeds, options, &err);
    feeds_free(&feeds);
    model_file_close(&file);
    if (status != BSR_OK) {
        terminal_error(&err);
        return exit_code_of(status);
    }
    if (options->output)
        terminal_say("written to %s", options->output);
    return output_finish();
}

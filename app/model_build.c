/* besra model build: an .onnx out of a description of its layers. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_output.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/file.h"
#include "onnx/inspect/inspect.h"
#include "pipeline/build_config.h"
#include "pipeline/json_text.h"

/* An input is never written over, --overwrite or not. */
static bsr_status check_output(const struct options *options, struct bsr_error *err)
{
    bsr_status status = model_output_check(options, err);
    if (status != BSR_OK)
        return status;
    const char *output = options->input_count > 1 ? options->inputs[1] : options->output;
    if (file_is_same(options->inputs[0], output))
        return bsr_fail(err, BSR_EUSAGE, output, "is the description itself: name another output");
    return BSR_OK;
}

/* The finished model, read back as any other. */
static bsr_status build(struct onnx_model **out, const struct options *options, struct bsr_error *err)
{
    static const enum build_storage storages[] = {
        [STORAGE_AS_DESCRIBED] = BUILD_STORAGE_AS_WRITTEN,
        [STORAGE_F32] = BUILD_STORAGE_F32,
        [STORAGE_F16] = BUILD_STORAGE_F16,
    };
    const struct build_config_options how = {
        .storage = storages[options->storage],
        .has_seed = options->origins[OPTION_SEED] != NULL,
        .seed = (uint64_t)options->seed,
    };
    const char  *path = options->inputs[0];
    struct bytes bytes = {0};
    bsr_status   status = build_config(&bytes, path, &how, err);

    if (status == BSR_OK)
        status = onnx_model_read(out, bytes.data, bytes.size, NULL, path, err);
    bytes_free(&bytes);
    return status;
}

/* ---- telling it ------------------------------------------------------------------------------------------
 */

typedef struct onnx_value value_at(const struct onnx_model *model, int index);

/* "input x 1x3x?x?", "inputs a 10x10, x 10x10": the first few. */
static void append_values(struct bytes *line, const char *what, const struct onnx_model *model, int count,
                          value_at *get)
{
    enum { SHOWN = 4 };

    bytes_append_format(line, ", %s%s", what, count == 1 ? "" : "s");
    for (int i = 0; i < count && i < SHOWN; i++) {
        struct onnx_value value = get(model, i);
        bytes_append_format(line, "%s %s", i ? "," : "", value.name);
        for (int d = 0; d < value.dims; d++) {
            bytes_append_text(line, d ? "x" : " ");
            if (value.shape[d] < 0)
                bytes_append_text(line, "?");
            else
                bytes_append_format(line, "%lld", (long long)value.shape[d]);
        }
    }
    if (count > SHOWN)
        bytes_append_format(line, " and %d more", count - SHOWN);
}

static bsr_status say(const struct onnx_inspection *made, const char *path, struct bsr_error *err)
{
    const struct onnx_model *model = made->model;
    struct bytes             line = {0};

    bytes_append_format(&line, "%s: %d node%s, %s parameters", path, made->layer_count,
                        made->layer_count == 1 ? "" : "s", number_whole(made->parameters).text);
    append_values(&line, "input", model, onnx_input_count(model), onnx_input);
    append_values(&line, "output", model, onnx_output_count(model), onnx_output);
    bsr_status status = line.failed ? bsr_fail_memory(err, path, line.size) : BSR_OK;
    if (status == BSR_OK)
        terminal_say("%s", bytes_text(&line));
    bytes_free(&line);
    return status;
}

static json_t *values_array(const struct onnx_model *model, int count, value_at *get)
{
    json_t *values = json_array();
    for (int i = 0; i < count; i++) {
        struct onnx_value value = get(model, i);
        json_t           *shape = value.dims < 0 ? json_null() : json_array();
        for (int d = 0; d < value.dims; d++)
            json_array_append_new(shape, value.shape[d] < 0 ? json_null() : json_integer(value.shape[d]));
        json_array_append_new(values, json_pack("{s:o, s:o}", "name", json_text(value.name), "shape", shape));
    }
    return values;
}

static json_t *record(const struct onnx_inspection *made, const char *path)
{
    const struct onnx_model *model = made->model;
    return json_pack("{s:o, s:i, s:I, s:o, s:o}", "description", json_text(path), "nodes", made->layer_count,
                     "parameters", (json_int_t)made->parameters, "inputs",
                     values_array(model, onnx_input_count(model), onnx_input), "outputs",
                     values_array(model, onnx_output_count(model), onnx_output));
}

static int tell(const struct onnx_inspection *made, const struct options *options)
{
    struct bsr_error err;

    if (options->json)
        return output_json(options, record(made, options->inputs[0]));
    if (say(made, options->inputs[0], &err) == BSR_OK)
        return EXIT_DONE;
    terminal_error(&err);
    return exit_code_of(err.code);
}

int model_build_command(const struct options *options)
{
    struct onnx_model     *model = NULL;
    struct onnx_inspection made = {0};
    struct bsr_error       err;
    int                    code;

    bsr_status status = check_output(options, &err);
    if (status == BSR_OK)
        status = build(&model, options, &err);
    if (status == BSR_OK)
        status = onnx_inspect(&made, model, NULL, 0, &err);
    if (status == BSR_OK) {
        code = model_output_write(options, model);
        if (code == EXIT_DONE)
            code = tell(&made, options);
    } else {
        terminal_error(&err);
        code = exit_code_of(status);
    }
    onnx_inspection_free(&made);
    onnx_model_free(model);
    return code;
}

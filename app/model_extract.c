#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_file.h"
#include "app/model_output.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "onnx/edit.h"

/* The names asked for, or those of the model's own inputs (outputs); the array is the caller's. */
static const char **choose(const struct option_list *asked, const struct onnx_model *model, bool inputs,
                           int *count)
{
    int own = inputs ? onnx_input_count(model) : onnx_output_count(model);
    *count = asked->count ? (int)asked->count : own;
    const char **names = mem_alloc_zeroed((size_t)*count + 1, sizeof *names);
    for (int i = 0; names && i < *count; i++)
        names[i] =
            asked->count ? asked->items[i] : (inputs ? onnx_input(model, i) : onnx_output(model, i)).name;
    return names;
}

static bsr_status extract(struct onnx_model **out, const struct onnx_model *model,
                          const struct options *options, struct bsr_error *err)
{
    int          inputs, outputs;
    const char **from = choose(&options->cut_inputs, model, true, &inputs);
    const char **to = choose(&options->cut_outputs, model, false, &outputs);
    bsr_status   status = from && to ? onnx_extract(out, model, from, inputs, to, outputs, err)
                                     : bsr_fail_memory(err, NULL, sizeof *from);
    mem_free(from);
    mem_free(to);
    return status;
}

int model_extract_command(const struct options *options)
{
    struct model_file  file;
    struct onnx_model *part = NULL;
    struct bsr_error   err;

    bsr_status status = model_output_check(options, &err);
    if (status == BSR_OK)
        status = model_file_read(&file, options->inputs[0], &err);
    if (status == BSR_OK && (status = model_output_spare_model(options, &file, &err)) != BSR_OK)
        model_file_close(&file);
    if (status != BSR_OK) {
        terminal_error(&err);
        return exit_code_of(status);
    }
    status = extract(&part, file.model, options, &err);
    int code = exit_code_of(status);
    if (status == BSR_OK)
        code = model_output_write(options, part);
    else
        terminal_error(&err);
    onnx_model_free(part);
    model_file_close(&file);
    return code;
}

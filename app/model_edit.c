#include "app/commands.h"
#include "app/exit_code.h"
#include "app/model_file.h"
#include "app/model_output.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "onnx/edit.h"

#include <string.h>

#define MAX_NPY_BYTES ((size_t)2 << 30)

/* One kind of change, done for each time its option was given. `left` and `right` are what stands before and
 * behind the '='. */
typedef bsr_status change(struct onnx_model *model, const char *left, const char *right,
                          struct bsr_error *err);

static bsr_status remove_node(struct onnx_model *model, const char *left, const char *right,
                              struct bsr_error *err)
{
    (void)right;
    return onnx_remove_node(model, left, err);
}

static bsr_status replace_weights(struct onnx_model *model, const char *left, const char *right,
                                  struct bsr_error *err)
{
    struct bytes      file = {0};
    struct bsr_tensor value = {0};
    bsr_status        status = file_read(&file, right, MAX_NPY_BYTES, err);
    if (status == BSR_OK)
        status = npy_read(&value, file.data, file.size, right, err);
    if (status == BSR_OK)
        status = onnx_replace_weights(model, left, &value, err);
    tensor_free(&value);
    bytes_free(&file);
    return status;
}

/* Splits "NAME=VALUE" at its last (or first) '=' and makes the change. */
static bsr_status apply(struct onnx_model *model, const char *text, bool pair, change *make,
                        const char *option, struct bsr_error *err)
{
    char *left = mem_copy_text(text);
    if (!left)
        return bsr_fail_memory(err, option, strlen(text));
    char      *equals = pair ? strchr(left, '=') : NULL;
    bsr_status status;
    if (equals)
        *equals++ = '\0';
    if (pair && (!equals || !*left))
        status = bsr_fail(err, BSR_EUSAGE, option, "\"%s\" has no '=': write it as NAME=VALUE", text);
    else
        status = make(model, left, equals, err);
    mem_free(left);
    return status;
}

static bsr_status apply_all(struct onnx_model *model, const struct option_list *list, bool pair, change *make,
                            const char *option, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < list->count; i++)
        status = apply(model, list->items[i], pair, make, option, err);
    return status;
}

/* --freeze and --set-input-shape have values that model_file.h reads. */
static bsr_status settle_inputs(struct onnx_model *model, const struct options *options,
                                struct bsr_error *err)
{
    struct feeds feeds = {0};
    bsr_status   status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < options->freeze.count; i++)
        status = model_inputs_add_value(&feeds, model, options->freeze.items[i], err);
    for (int i = 0; status == BSR_OK && i < feeds.count; i++)
        status = onnx_freeze_input(model, feeds.items[i].name, &feeds.items[i].tensor, err);
    feeds_free(&feeds);
    for (size_t i = 0; status == BSR_OK && i < options->set_input_shape.count; i++)
        status = model_inputs_add_shape_of(&feeds, model, "--set-input-shape",
                                           options->set_input_shape.items[i], err);
    for (int i = 0; status == BSR_OK && i < feeds.count; i++)
        status = onnx_set_input_shape(model, feeds.items[i].name, feeds.items[i].tensor.shape,
                                      feeds.items[i].tensor.dims, err);
    feeds_free(&feeds);
    return status;
}

/* In the order that the help gives. */
static bsr_status edit(struct onnx_model *model, const struct options *options, struct bsr_error *err)
{
    bsr_status status = apply_all(model, &options->remove_node, false, remove_node, "--remove-node", err);
    if (status == BSR_OK)
        status = apply_all(model, &options->set_op, true, onnx_set_op, "--set-op", err);
    if (status == BSR_OK)
        status = apply_all(model, &options->replace_weights, true, replace_weights, "--replace-weights", err);
    if (status == BSR_OK)
        status = settle_inputs(model, options, err);
    if (status == BSR_OK)
        status = apply_all(model, &options->rename, true, onnx_rename, "--rename", err);
    if (status == BSR_OK)
        status = apply_all(model, &options->set_metadata, true, onnx_set_metadata, "--set-metadata", err);
    if (status == BSR_OK && options->to_fp16)
        status = onnx_to_f16(model, err);
    return status;
}

int model_edit_command(const struct options *options)
{
    struct model_file file;
    struct bsr_error  err;

    bsr_status status = model_output_check(options, &err);
    if (status == BSR_OK)
        status = model_file_read(&file, options->inputs[0], &err);
    if (status == BSR_OK && (status = model_output_spare_model(options, &file, &err)) != BSR_OK)
        model_file_close(&file);
    if (status != BSR_OK) {
        terminal_error(&err);
        return exit_code_of(status);
    }
    status = edit(file.model, options, &err);
    int code = exit_code_of(status);
    if (status == BSR_OK)
        code = model_output_write(options, file.model);
    else
        terminal_error(&err);
    model_file_close(&file);
    return code;
}

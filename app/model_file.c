#include "app/model_file.h"

#include "app/exit_code.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "onnx/edit.h"

#include <stdlib.h>
#include <string.h>

#define MODEL_MAX_BYTES ((size_t)2 << 30) /* protobuf's own limit */

static bsr_status read_card(struct card *card, const char *name, struct bsr_error *err)
{
    if (file_has_ending(name, ".cfg"))
        return card_read(card, name, err);
    if (file_has_ending(name, ".onnx") || strchr(name, '/') || strcmp(name, "-") == 0)
        return card_for_file(card, name, err);

    char      *path = NULL;
    bsr_status status = card_find(&path, name, err);
    if (status == BSR_OK)
        status = card_read(card, path, err);
    mem_free(path);
    return status;
}

static bsr_status keep_folder(struct model_file *file, struct bsr_error *err)
{
    const char *path = file->card.file;
    size_t      length = (size_t)(file_name(path) - path);

    file->folder = mem_copy_text(length ? path : ".");
    if (!file->folder)
        return bsr_fail_memory(err, path, length + 1);
    if (length)
        file->folder[length] = '\0';
    return BSR_OK;
}

bsr_status model_file_read(struct model_file *out, const char *name, struct bsr_error *err)
{
    struct model_file file = {0};
    bsr_status        status = read_card(&file.card, name, err);

    if (status == BSR_OK)
        status = file_read(&file.bytes, file.card.file, MODEL_MAX_BYTES, err);
    if (status == BSR_OK)
        status = keep_folder(&file, err);
    if (status == BSR_OK)
        status =
            onnx_model_read(&file.model, file.bytes.data, file.bytes.size, file.folder, file.card.file, err);
    if (status == BSR_OK)
        *out = file;
    else
        model_file_close(&file);
    return status;
}

void model_file_close(struct model_file *file)
{
    onnx_model_free(file->model);
    feeds_free(&file->chosen);
    card_free(&file->card);
    bytes_free(&file->bytes);
    mem_free(file->folder);
    *file = (struct model_file){0};
}

static bsr_status read_choices(struct model_file *file, const struct options *options, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < options->shapes.count; i++)
        status = model_inputs_add_shape(&file->chosen, file->model, options->shapes.items[i], err);
    for (size_t i = 0; status == BSR_OK && i < options->freeze.count; i++)
        status = model_inputs_add_value(&file->chosen, file->model, options->freeze.items[i], err);
    return status;
}

int model_file_open(struct model_file *out, const struct options *options)
{
    struct bsr_error err;
    bsr_status       status = model_file_read(out, options->inputs[0], &err);

    if (status != BSR_OK) {
        terminal_error(&err);
        return (int)exit_code_of_model(status);
    }
    status = read_choices(out, options, &err);
    if (status == BSR_OK)
        return EXIT_DONE;
    model_file_close(out);
    terminal_error(&err);
    return (int)exit_code_of(status);
}

/* ---- what nobody settled ------------------------------------------------------------------------------- */

/* The first number of the exporter's "[640, 640]"; 0: it has none. */
static int64_t side_in_metadata(const struct onnx_model *model)
{
    const char *text = onnx_metadata(model, "imgsz");
    long        side = text ? strtol(text + strspn(text, "[( "), NULL, 10) : 0;
    return side >= 1 && side <= 65535 ? side : 0;
}

/* The side of a picture: as somebody tells, else as nets of its kind usually have it. */
static int64_t usual_side(const struct model_file *file, bool height)
{
    enum { CLASSIFIER = 224, DETECTOR = 640 };
    int     card = height ? file->card.height : file->card.width;
    int64_t side = card ? card : side_in_metadata(file->model);

    if (side)
        return side;
    return onnx_output(file->model, 0).dims == 2 ? CLASSIFIER : DETECTOR;
}

static int64_t usual_size(const struct model_file *file, const struct onnx_value *input, int axis)
{
    enum { NCHW = 4, CHANNELS = 3 };
    if (input->dims != NCHW || axis == 0)
        return 1;
    if (input->shape[3] >= 1 && input->shape[3] <= 4 && input->shape[1] < 0) /* NHWC */
        return usual_side(file, axis == 1);
    return axis == 1 ? CHANNELS : usual_side(file, axis == 2);
}

static bsr_status assume_input(struct model_file *file, const struct onnx_value *input, struct bsr_error *err)
{
    struct bytes text = {0};
    bool         open = false;

    bytes_append_format(&text, "%s:", input->name);
    for (int i = 0; i < input->dims; i++) {
        int64_t side = input->shape[i] >= 0 ? input->shape[i] : usual_size(file, input, i);
        open |= input->shape[i] < 0;
        bytes_append_format(&text, "%s%lld", i ? "," : "", (long long)side);
    }
    bsr_status status = text.failed ? bsr_fail_memory(err, input->name, text.size) : BSR_OK;
    if (status == BSR_OK && open) {
        status = model_inputs_add_shape(&file->chosen, file->model, bytes_text(&text), err);
        terminal_say("assumed: --shape %s; another --shape says otherwise", bytes_text(&text));
    }
    bytes_free(&text);
    return status;
}

bsr_status model_file_assume(struct model_file *file, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < onnx_input_count(file->model); i++) {
        struct onnx_value input = onnx_input(file->model, i);
        if (input.dims > 0 && !feeds_find(&file->chosen, input.name))
            status = assume_input(file, &input, err);
    }
    return status;
}

struct bsr_tensor model_file_input(const struct model_file *file, int index)
{
    struct onnx_value        declared = onnx_input(file->model, index);
    const struct onnx_named *choice = feeds_find(&file->chosen, declared.name);
    struct bsr_tensor        tensor = {.type = declared.element_type, .dims = declared.dims};

    memcpy(tensor.shape, declared.shape, sizeof tensor.shape);
    if (choice) {
        tensor.dims = choice->tensor.dims;
        tensor.data = choice->tensor.data;
        memcpy(tensor.shape, choice->tensor.shape, sizeof tensor.shape);
    }
    return tensor;
}

/* ---- put into the model -------------------------------------------------------------------------------- */

static bsr_status settle(struct onnx_model *model, const struct onnx_named *choice, struct bsr_error *err)
{
    if (choice->tensor.data)
        return onnx_freeze_input(model, choice->name, &choice->tensor, err);
    return onnx_set_input_shape(model, choice->name, choice->tensor.shape, choice->tensor.dims, err);
}

bsr_status model_file_settled(struct bytes *out, const struct model_file *file, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status;

    if (!file->chosen.count)
        return onnx_model_write(file->model, out, err);
    status = onnx_model_copy(&copy, file->model, err);
    for (int i = 0; status == BSR_OK && i < file->chosen.count; i++)
        status = settle(copy, &file->chosen.items[i], err);
    if (status == BSR_OK)
        status = onnx_model_write(copy, out, err);
    onnx_model_free(copy);
    return status;
}

bsr_status model_file_shaped(struct onnx_model **out, const struct model_file *file, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = onnx_model_copy(&copy, file->model, err);

    for (int i = 0; status == BSR_OK && i < file->chosen.count; i++)
        if (!file->chosen.items[i].tensor.data)
            status = settle(copy, &file->chosen.items[i], err);
    if (status == BSR_OK)
        *out = copy;
    else
        onnx_model_free(copy);
    return status;
}

/* --shape and --freeze: what a person says of a model's inputs. */
#include "app/model_file.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/npy.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FROZEN = 65536 }; /* numbers on a command line */

#define MAX_NPY_BYTES ((size_t)1 << 30)

/* Takes `tensor` over when it succeeds. */
static bsr_status append(struct feeds *inputs, const char *name, const struct bsr_tensor *tensor,
                         struct bsr_error *err)
{
    struct onnx_named *items = mem_resize(inputs->items, (size_t)inputs->count + 1, sizeof *inputs->items);
    if (items)
        inputs->items = items;
    char *copy = items ? mem_copy_text(name) : NULL;
    if (!copy)
        return bsr_fail_memory(err, name, sizeof *items);
    inputs->items[inputs->count++] = (struct onnx_named){.name = copy, .tensor = *tensor};
    return BSR_OK;
}

/* ---- which input is meant ---------------------------------------------------------------------------------
 */

static void say_names(const struct onnx_model *model, const char *option, const char *name,
                      struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);
    struct bytes   names = {0};

    for (int i = 0; i < onnx_input_count(model); i++) {
        nearest_offer(&nearest, onnx_input(model, i).name);
        bytes_append_format(&names, "%s%s", i ? ", " : "", onnx_input(model, i).name);
    }
    if (nearest.best)
        bsr_fail(err, BSR_EUSAGE, option, "the model has no input '%s'; did you mean '%s'?", name,
                 nearest.best);
    else
        bsr_fail(err, BSR_EUSAGE, option, "the model has no input '%s'", name);
    bsr_hint(err, "its inputs are: %s", bytes_text(&names));
    bytes_free(&names);
}

/* Splits "NAME:REST" or "NAME=REST" at the last such sign (names hold colons too, sizes don't) and finds the
 * input. *rest is NULL where there is no such sign. */
static bsr_status find_input(struct onnx_value *input, const char **rest, const struct onnx_model *model,
                             const char *option, char sign, const char *text, struct bsr_error *err)
{
    const char *at = sign == ':' ? strrchr(text, sign) : strchr(text, sign);
    char       *name = mem_copy_text(text);
    bsr_status  status = BSR_EUSAGE;

    if (!name)
        return bsr_fail_memory(err, option, strlen(text) + 1);
    if (at)
        name[at - text] = '\0';
    *rest = at ? at + 1 : NULL;
    for (int i = 0; status != BSR_OK && i < onnx_input_count(model); i++) {
        *input = onnx_input(model, i);
        if (strcmp(input->name, name) == 0)
            status = BSR_OK;
    }
    if (status != BSR_OK)
        say_names(model, option, name, err);
    mem_free(name);
    return status;
}

/* What is said of an input twice would count once only, and nobody could tell which. */
static bsr_status refuse_second(const struct feeds *inputs, const char *option, const char *name,
                                struct bsr_error *err)
{
    return feeds_find(inputs, name)
               ? bsr_fail(err, BSR_EUSAGE, option, "more than one option settles the input '%s'", name)
               : BSR_OK;
}

/* ---- --shape
 * ------------------------------------------------------------------------------------------------ */

/* "1,3,640,640" or "1x3x640x640"; '?' is -1. */
static bool read_sides(struct bsr_tensor *out, const char *text)
{
    out->dims = 0;
    while (*text) {
        char       *number_end = NULL;
        long long   side = *text == '?' ? -1 : strtoll(text, &number_end, 10);
        const char *end = *text == '?' ? text + 1 : number_end;
        if (end == text || out->dims == BSR_MAX_DIMS || side < -1 || side > INT32_MAX)
            return false;
        if (*end && (!strchr(",xX", *end) || !end[1]))
            return false;
        out->shape[out->dims++] = side;
        text = end + (*end != '\0');
    }
    return true;
}

bsr_status model_inputs_add_shape_of(struct feeds *inputs, const struct onnx_model *model, const char *option,
                                     const char *text, struct bsr_error *err)
{
    struct bsr_tensor shape = {0};
    struct onnx_value input;
    const char       *rest;

    bsr_status status = find_input(&input, &rest, model, option, ':', text, err);
    if (status != BSR_OK)
        return status;
    if (!rest || !read_sides(&shape, rest)) {
        bsr_fail(err, BSR_EUSAGE, option, "\"%s\" is no shape", rest ? rest : text);
        bsr_hint(err, "for example %s %s:1,3,640,640", option, input.name);
        return BSR_EUSAGE;
    }
    if (input.dims >= 0 && input.dims != shape.dims)
        return bsr_fail(err, BSR_EUSAGE, option, "input '%s' has %d dimensions, not %d", input.name,
                        input.dims, shape.dims);
    status = refuse_second(inputs, option, input.name, err);
    return status == BSR_OK ? append(inputs, input.name, &shape, err) : status;
}

bsr_status model_inputs_add_shape(struct feeds *inputs, const struct onnx_model *model, const char *text,
                                  struct bsr_error *err)
{
    return model_inputs_add_shape_of(inputs, model, "--shape", text, err);
}

/* ---- --freeze
 * ----------------------------------------------------------------------------------------------- */

static bsr_status read_numbers(struct bytes *numbers, const char *text, struct bsr_error *err)
{
    for (const char *at = text;;) {
        char  *end;
        double number = strtod(at, &end);
        if (end == at || (*end && *end != ',')) {
            bsr_fail(err, BSR_EUSAGE, "--freeze", "\"%s\" is no list of numbers, and no .npy file", text);
            bsr_hint(err, "for example --freeze factor=1,1,3,3 or --freeze factor=factor.npy");
            return BSR_EUSAGE;
        }
        bytes_append(numbers, &number, sizeof number);
        if (numbers->size / sizeof number > MAX_FROZEN)
            return bsr_fail(err, BSR_EUSAGE, "--freeze", "more than %d numbers; put them into a .npy file",
                            MAX_FROZEN);
        if (!*end)
            break;
        at = end + 1;
    }
    return numbers->failed ? bsr_fail_memory(err, "--freeze", numbers->size) : BSR_OK;
}

/* The declared shape, open sides being 1, where that many numbers are given; else a list. */
static void choose_shape(struct bsr_tensor *out, const struct onnx_value *input, size_t count)
{
    *out = (struct bsr_tensor){.dims = input->dims < 0 ? 1 : input->dims};
    for (int i = 0; i < out->dims; i++)
        out->shape[i] = input->shape[i] < 0 ? 1 : input->shape[i];
    if (input->dims >= 0 && tensor_count(out) == count)
        return;
    out->dims = 1;
    out->shape[0] = (int64_t)count;
}

static bsr_status value_of_numbers(struct bsr_tensor *out, const struct onnx_value *input,
                                   const struct bytes *numbers, struct bsr_error *err)
{
    struct bsr_tensor tensor;
    size_t            count = numbers->size / sizeof(double);

    choose_shape(&tensor, input, count);
    tensor.type = tensor_type_size(input->element_type) ? input->element_type : BSR_F32;
    bsr_status status = tensor_alloc(&tensor, err);
    for (size_t i = 0; status == BSR_OK && i < count; i++) {
        double number;
        memcpy(&number, numbers->data + i * sizeof number, sizeof number);
        tensor_set(&tensor, i, number);
    }
    if (status == BSR_OK)
        *out = tensor;
    return status;
}

static bsr_status value_of_file(struct bsr_tensor *out, const struct onnx_value *input, const char *path,
                                struct bsr_error *err)
{
    struct bytes      file = {0};
    struct bsr_tensor tensor = {0};
    bsr_status        status = file_read(&file, path, MAX_NPY_BYTES, err);

    if (status == BSR_OK)
        status = npy_read(&tensor, file.data, file.size, path, err);
    bytes_free(&file);
    if (status == BSR_OK && tensor.type != input->element_type && tensor_type_size(input->element_type)) {
        status = tensor_convert(out, &tensor, input->element_type, err);
        tensor_free(&tensor);
    } else if (status == BSR_OK) {
        *out = tensor;
    }
    return status;
}

bsr_status model_inputs_add_value(struct feeds *inputs, const struct onnx_model *model, const char *text,
                                  struct bsr_error *err)
{
    struct bsr_tensor value = {0};
    struct bytes      numbers = {0};
    struct onnx_value input;
    const char       *rest;

    bsr_status status = find_input(&input, &rest, model, "--freeze", '=', text, err);
    if (status == BSR_OK && !rest)
        status = bsr_fail(err, BSR_EUSAGE, "--freeze", "\"%s\" has no value: --freeze %s=1,1,3,3", text,
                          input.name);
    if (status == BSR_OK)
        status = refuse_second(inputs, "--freeze", input.name, err);
    if (status != BSR_OK)
        return status;
    if (file_has_ending(rest, ".npy"))
        status = value_of_file(&value, &input, rest, err);
    else if ((status = read_numbers(&numbers, rest, err)) == BSR_OK)
        status = value_of_numbers(&value, &input, &numbers, err);
    if (status == BSR_OK && (status = append(inputs, input.name, &value, err)) != BSR_OK)
        tensor_free(&value);
    bytes_free(&numbers);
    return status;
}

/* Scales, sizes and the like. */
static bool is_short_list(const struct onnx_value *input)
{
    return input->dims == 1 && input->shape[0] >= 1 && input->shape[0] <= BSR_MAX_DIMS &&
           tensor_type_size(input->element_type);
}

static void say_ones(const struct onnx_value *input)
{
    char list[2 * BSR_MAX_DIMS + 1] = "1";

    for (int64_t i = 1; i < input->shape[0] && i < BSR_MAX_DIMS; i++)
        memcpy(list + 2 * i - 1, ",1", 3);
    terminal_say("assumed: %s=%s; --input or --freeze says otherwise", input->name, list);
}

static bsr_status add_ones(struct feeds *feeds, const struct onnx_value *input, struct bsr_error *err)
{
    struct bsr_tensor ones = {.type = input->element_type, .dims = 1, .shape = {input->shape[0]}};
    bsr_status        status = tensor_alloc(&ones, err);

    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < tensor_count(&ones); i++)
        tensor_set(&ones, i, 1);
    status = append(feeds, input->name, &ones, err);
    if (status != BSR_OK)
        tensor_free(&ones);
    return status;
}

bsr_status model_inputs_add_rest(struct feeds *feeds, const struct model_file *file, int seed, bool aloud,
                                 struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < onnx_input_count(file->model); i++) {
        struct onnx_value input = onnx_input(file->model, i);
        if (!is_short_list(&input) || feeds_find(feeds, input.name))
            continue;
        status = add_ones(feeds, &input, err);
        if (status == BSR_OK && aloud)
            say_ones(&input);
    }
    return status == BSR_OK ? feeds_add_random(feeds, file->model, &file->chosen, (unsigned)seed, err)
                            : status;
}

bsr_status model_file_feeds(struct feeds *out, const struct model_file *file, int seed, struct bsr_error *err)
{
    struct feeds feeds = {0};
    bsr_status   status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < file->chosen.count; i++) {
        struct bsr_tensor copy = {0};
        if (!file->chosen.items[i].tensor.data)
            continue;
        status = tensor_copy(&copy, &file->chosen.items[i].tensor, err);
        if (status == BSR_OK && (status = append(&feeds, file->chosen.items[i].name, &copy, err)) != BSR_OK)
            tensor_free(&copy);
    }
    if (status == BSR_OK)
        status = model_inputs_add_rest(&feeds, file, seed, false, err);
    if (status == BSR_OK)
        *out = feeds;
    else
        feeds_free(&feeds);
    return status;
}

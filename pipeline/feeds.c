#include "pipeline/feeds.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/npy.h"
#include "media/picture.h"
#include "onnx/tensor_file.h"
#include "preprocess/letterbox.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NCHW = 4, CHANNEL = 1, HEIGHT = 2, WIDTH = 3, STRIDE = 32, PAD = 114 };

#define MAX_FILE_BYTES ((size_t)4 << 30)

void feeds_free(struct feeds *feeds)
{
    for (int i = 0; i < feeds->count; i++) {
        mem_free((char *)(uintptr_t)feeds->items[i].name);
        tensor_free(&feeds->items[i].tensor);
    }
    mem_free(feeds->items);
    *feeds = (struct feeds){0};
}

const struct onnx_named *feeds_find(const struct feeds *feeds, const char *name)
{
    for (int i = 0; feeds && i < feeds->count; i++)
        if (strcmp(feeds->items[i].name, name) == 0)
            return &feeds->items[i];
    return NULL;
}

struct onnx_named *feeds_shapes(const struct feeds *feeds)
{
    struct onnx_named *shapes = mem_alloc_zeroed((size_t)feeds->count + 1, sizeof *shapes);
    for (int i = 0; shapes && i < feeds->count; i++) {
        shapes[i] = feeds->items[i];
        shapes[i].tensor.data = NULL;
        shapes[i].tensor.type = 0;
    }
    return shapes;
}

bsr_status feeds_add(struct feeds *feeds, const char *name, struct bsr_tensor *tensor, struct bsr_error *err)
{
    char              *copy = mem_copy_text(name);
    struct onnx_named *items = mem_resize(feeds->items, (size_t)feeds->count + 1, sizeof *items);

    if (items)
        feeds->items = items;
    if (!copy || !items) {
        mem_free(copy);
        tensor_free(tensor);
        return bsr_fail_memory(err, name, sizeof *items);
    }
    items[feeds->count++] = (struct onnx_named){.name = copy, .tensor = *tensor};
    return BSR_OK;
}

/* ---- names -------------------------------------------------------------------------------- */

static bsr_status fail_name(const struct onnx_model *model, const char *text, const char *name,
                            struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);
    for (int i = 0; i < onnx_input_count(model); i++)
        nearest_offer(&nearest, onnx_input(model, i).name);
    if (!nearest.best && onnx_input_count(model))
        nearest.best = onnx_input(model, 0).name;
    return bsr_fail(err, BSR_EUSAGE, text, "the model has no input '%s'%s%s%s", name,
                    nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                    nearest.best ? "'?" : "");
}

/* The input whose name is the first `length` bytes of `text`. */
static bsr_status find_input(struct onnx_value *out, const struct onnx_model *model, const char *text,
                             size_t length, struct bsr_error *err)
{
    char name[256];
    for (int i = 0; i < onnx_input_count(model); i++) {
        *out = onnx_input(model, i);
        if (strlen(out->name) == length && memcmp(out->name, text, length) == 0)
            return BSR_OK;
    }
    size_t shown = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, text, shown);
    name[shown] = '\0';
    return fail_name(model, text, name, err);
}

/* ---- shapes and tensors ------------------------------------------------------------------- */

/* The shape that an input has: declared, or of `chosen`; -1 stays where nobody says. */
static struct bsr_tensor shape_of(const struct onnx_value *input, const struct feeds *chosen)
{
    struct bsr_tensor        shape = {.type = input->element_type, .dims = input->dims};
    const struct onnx_named *given = feeds_find(chosen, input->name);

    memcpy(shape.shape, input->shape, sizeof shape.shape);
    if (given) {
        shape.dims = given->tensor.dims;
        memcpy(shape.shape, given->tensor.shape, sizeof shape.shape);
    }
    return shape;
}

/* ---- values ------------------------------------------------------------------------------- */

static bsr_status read_tensor(struct bsr_tensor *out, const char *path, struct bsr_error *err)
{
    struct bytes file = {0};
    if (file_has_ending(path, ".pb"))
        return tensor_file_read(out, NULL, path, err);
    bsr_status status = file_read(&file, path, MAX_FILE_BYTES, err);
    if (status == BSR_OK)
        status = npy_read(out, file.data, file.size, path, err);
    bytes_free(&file);
    return status;
}

/* The tensor in the type that the input has. */
static bsr_status match_type(struct bsr_tensor *tensor, const struct onnx_value *input, struct bsr_error *err)
{
    struct bsr_tensor converted;
    if (!input->element_type || tensor->type == input->element_type)
        return BSR_OK;
    bsr_status status = tensor_convert(&converted, tensor, input->element_type, err);
    if (status != BSR_OK)
        return status;
    tensor_free(tensor);
    *tensor = converted;
    return BSR_OK;
}

/* ---- pictures ----------------------------------------------------------------------------- */

static bool is_floating(int type)
{
    return type == BSR_F32 || type == BSR_F64 || type == BSR_F16 || type == BSR_BF16;
}

static int64_t rounded_up(int side)
{
    return ((int64_t)side + STRIDE - 1) / STRIDE * STRIDE;
}

/* One channel of luma in place of three (BT.601); whole numbers stay whole. */
static void to_luma(float *planes, size_t plane, bool whole)
{
    for (size_t i = 0; i < plane; i++) {
        float luma = 0.299F * planes[i] + 0.587F * planes[plane + i] + 0.114F * planes[2 * plane + i];
        planes[i] = whole ? rintf(luma) : luma;
    }
}

static bsr_status pack_picture(struct bsr_tensor *out, const struct bsr_image *image, const char *path,
                               struct bsr_error *err)
{
    struct pack_params    pack = {.pad = PAD, .to_rgb = 1};
    struct letterbox_plan plan;
    struct bsr_tensor     packed = *out;

    bool whole = out->type && !is_floating(out->type); /* then 0..1 would be black, and a few white spots */
    for (int i = 0; i < 3; i++)
        pack.scale[i] = whole ? 1.0F : 1.0F / 255.0F;
    packed.type = BSR_F32;
    packed.shape[CHANNEL] = 3;
    bsr_status status = letterbox_make_plan(&plan, image->width, image->height, (int)packed.shape[WIDTH],
                                            (int)packed.shape[HEIGHT], 1, LETTERBOX_SQUARE, err);
    if (status == BSR_OK)
        status = tensor_alloc(&packed, err);
    else
        bsr_error_set_subject(err, path);
    if (status == BSR_OK)
        status = letterbox_pack(packed.data, image, &plan, &pack, NULL, err);
    if (status != BSR_OK) {
        tensor_free(&packed);
        return status;
    }
    if (out->shape[CHANNEL] == 1)
        to_luma(packed.data, (size_t)packed.shape[HEIGHT] * (size_t)packed.shape[WIDTH], whole);
    packed.shape[CHANNEL] = out->shape[CHANNEL];
    *out = packed;
    return BSR_OK;
}

static bsr_status read_picture(struct bsr_tensor *out, const struct onnx_value *input,
                               const struct feeds *chosen, const char *path, struct bsr_error *err)
{
    struct bsr_tensor     shape = shape_of(input, chosen);
    struct picture        picture = {0};
    struct picture_limits limits = {0};
    struct bytes          file = {0};

    if (shape.dims != NCHW ||
        (shape.shape[CHANNEL] != 3 && shape.shape[CHANNEL] != 1 && shape.shape[CHANNEL] >= 0) ||
        shape.shape[HEIGHT] > IMAGE_MAX_SIDE || shape.shape[WIDTH] > IMAGE_MAX_SIDE)
        return bsr_fail(err, BSR_EUSAGE, path,
                        "a picture can't be laid into the input '%s' of %s; give a .npy", input->name,
                        tensor_shape_text(&shape).text);
    bsr_status status = file_read(&file, path, MAX_FILE_BYTES, err);
    if (status == BSR_OK)
        status =
            picture_decode(&picture, file.data, file.size, PICTURE_FOR_NET_AS_STORED, &limits, path, err);
    bytes_free(&file);
    if (status != BSR_OK)
        return status;
    shape.shape[0] = 1;
    shape.shape[CHANNEL] = shape.shape[CHANNEL] == 1 ? 1 : 3;
    if (shape.shape[HEIGHT] < 1)
        shape.shape[HEIGHT] = rounded_up(picture.image.height);
    if (shape.shape[WIDTH] < 1)
        shape.shape[WIDTH] = rounded_up(picture.image.width);
    status = pack_picture(&shape, &picture.image, path, err);
    picture_free(&picture);
    if (status == BSR_OK)
        *out = shape;
    return status;
}

/* The first input that has no feed yet. */
static bool next_input(struct onnx_value *out, const struct onnx_model *model, const struct feeds *feeds)
{
    for (int i = 0; i < onnx_input_count(model); i++) {
        *out = onnx_input(model, i);
        if (!feeds_find(feeds, out->name))
            return true;
    }
    return false;
}

/* Which input "NAME=FILE" or "FILE" is for. */
static bsr_status choose_input(struct onnx_value *out, const struct onnx_model *model,
                               const struct feeds *feeds, const char *text, struct bsr_error *err)
{
    const char *equals = strchr(text, '=');

    if (!equals && !next_input(out, model, feeds))
        return bsr_fail(err, BSR_EUSAGE, text, "all %d inputs of the model have their files",
                        onnx_input_count(model));
    if (!equals)
        return BSR_OK;
    bsr_status status = find_input(out, model, text, (size_t)(equals - text), err);
    if (status == BSR_OK && feeds_find(feeds, out->name))
        status = bsr_fail(err, BSR_EUSAGE, text, "the input '%s' is fed already", out->name);
    return status;
}

bsr_status feeds_add_file(struct feeds *feeds, const struct onnx_model *model, const struct feeds *chosen,
                          const char *text, struct bsr_error *err)
{
    const char       *equals = strchr(text, '=');
    const char       *path = equals ? equals + 1 : text;
    struct onnx_value input = {0};
    struct bsr_tensor tensor = {0};

    bsr_status status = choose_input(&input, model, feeds, text, err);
    if (status != BSR_OK)
        return status;
    if (file_has_ending(path, ".npy") || file_has_ending(path, ".pb"))
        status = read_tensor(&tensor, path, err);
    else
        status = read_picture(&tensor, &input, chosen, path, err);
    if (status == BSR_OK)
        status = match_type(&tensor, &input, err);
    if (status == BSR_OK)
        return feeds_add(feeds, input.name, &tensor, err);
    tensor_free(&tensor);
    return status;
}

/* ---- random numbers ----------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014): a good number from any seed. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
}

static void fill_random(struct bsr_tensor *tensor, uint64_t *state)
{
    bool   floats = is_floating(tensor->type);
    size_t count = tensor_count(tensor);
    for (size_t i = 0; i < count; i++) {
        double value = (double)(next_random(state) >> 40) * 0x1p-24;
        tensor_set(tensor, i, floats ? value : (double)(value >= 0.5));
    }
}

static bsr_status make_random(struct bsr_tensor *out, const struct onnx_value *input,
                              const struct feeds *chosen, uint64_t *state, struct bsr_error *err)
{
    struct bsr_tensor tensor = shape_of(input, chosen);
    bool              open = tensor.dims < 0;

    if (tensor.dims > 0 && tensor.shape[0] < 0)
        tensor.shape[0] = 1;
    for (int i = 0; i < tensor.dims; i++)
        open = open || tensor.shape[i] < 0;
    if (open) {
        bsr_fail(err, BSR_EUSAGE, input->name, "the model leaves the shape of this input open");
        bsr_hint(err, "give it: --shape %s:1,3,640,640", input->name);
        return BSR_EUSAGE;
    }
    bsr_status status = tensor_alloc(&tensor, err);
    if (status != BSR_OK) {
        bsr_error_set_subject(err, input->name);
        return status;
    }
    fill_random(&tensor, state);
    *out = tensor;
    return BSR_OK;
}

bsr_status feeds_add_random(struct feeds *feeds, const struct onnx_model *model, const struct feeds *chosen,
                            unsigned seed, struct bsr_error *err)
{
    struct onnx_value input = {0};
    uint64_t          state = seed;
    bsr_status        status = BSR_OK;

    while (status == BSR_OK && next_input(&input, model, feeds)) {
        struct bsr_tensor tensor;
        status = make_random(&tensor, &input, chosen, &state, err);
        if (status == BSR_OK)
            status = feeds_add(feeds, input.name, &tensor, err);
    }
    return status;
}

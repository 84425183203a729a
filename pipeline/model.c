#include "pipeline/model.h"

#include "base/alloc.h"
#include "base/file.h"
#include "engine/srcnn_model.h"
#include "onnx/infer.h"
#include "pipeline/upscale_field.h"

#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MODEL_MAX_BYTES ((size_t)2 << 30) /* protobuf's own limit */

enum { NCHW = 4, HEIGHT = 2, WIDTH = 3, MAX_SIDE = 16384 };

static const char *const task_names[] = {"unknown", "detect", "upscale", "classify"};

static bsr_status read_card(struct card *card, const char *name, struct bsr_error *err)
{
    if (file_has_ending(name, ".onnx"))
        return card_for_file(card, name, err);
    if (file_has_ending(name, ".cfg"))
        return card_read(card, name, err);
    if (strchr(name, '/'))
        return bsr_fail(err, BSR_EMODEL, name, "a model is a card's name, a card (.cfg) or an .onnx file");

    char      *path = NULL;
    bsr_status status = card_find(&path, name, err);
    if (status == BSR_OK)
        status = card_read(card, path, err);
    mem_free(path);
    return status;
}

/* The digest of a file's content as hexadecimal text. */
static void sha256_text(char text[2 * SHA256_DIGEST_SIZE + 1], const struct bytes *file)
{
    struct sha256_ctx context;
    uint8_t           digest[SHA256_DIGEST_SIZE];

    sha256_init(&context);
    sha256_update(&context, file->size, file->data);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static bsr_status check_sha256(const struct card *card, const struct bytes *file, struct bsr_error *err)
{
    char found[2 * SHA256_DIGEST_SIZE + 1];
    if (!card->sha256)
        return BSR_OK;
    sha256_text(found, file);
    if (strcasecmp(found, card->sha256) == 0)
        return BSR_OK;
    bsr_fail(err, BSR_EMODEL, card->file,
             "is not the file of the card %s (sha256 %.12s..., the card says %.12s...)", card->path, found,
             card->sha256);
    bsr_hint(err, "restore the file, or correct sha256 in the card");
    return BSR_EMODEL;
}

/* The picture input: the one of four dimensions, or the only one. */
static bsr_status find_picture_input(struct model *model, const struct onnx_model *onnx,
                                     struct bsr_error *err)
{
    int count = onnx_input_count(onnx), found = -1;
    for (int i = count - 1; i >= 0; i--)
        if (count == 1 || onnx_input(onnx, i).dims == 4)
            found = i;
    if (found < 0)
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "none of its %d inputs is a picture (four dimensions)", count);
    if (count > 1) {
        bsr_fail(err, BSR_EMODEL, model->card.file, "takes %d inputs; besra feeds one, the picture", count);
        bsr_hint(err, "make the others constants: besra model simplify --freeze NAME=VALUE ...");
        return BSR_EMODEL;
    }

    model->input = onnx_input(onnx, found);
    if (strlen(model->input.name) >= sizeof model->input_name)
        return bsr_fail(err, BSR_EMODEL, model->card.file, "the name of its input is too long");
    memcpy(model->input_name, model->input.name, strlen(model->input.name) + 1);
    model->input.name = model->input_name;
    return BSR_OK;
}

/* Takes over the class names that the model's metadata has, where the card has none. */
static bsr_status take_names(struct model *model, const char *text, struct bsr_error *err)
{
    char **names = NULL;
    int    count = 0;

    bsr_status status = onnx_parse_names(&names, &count, text, err);
    if (status == BSR_EMODEL) {
        bytes_append_text(&model->notes,
                          "the class names in its metadata can't be read: classes are numbered\n");
        return BSR_OK;
    }
    if (status == BSR_OK)
        status = card_set_names(&model->card, names, count, err);
    mem_free(names);
    return status;
}

/* What the model itself says, where the card is silent. */
static bsr_status ask_the_model(struct model *model, const struct onnx_model *onnx, struct bsr_error *err)
{
    const char *names = onnx_metadata(onnx, "names");
    bsr_status  status = names && !model->card.names ? take_names(model, names, err) : BSR_OK;

    const char *stride = onnx_metadata(onnx, "stride");
    if (stride) {
        long value = strtol(stride, NULL, 10);
        model->stride = value >= 1 && value <= 1024 ? (int)value : 0;
    }
    model->map_channels = onnx_map_channels(onnx);
    model->suppresses = onnx_node_count(onnx, "NonMaxSuppression") || onnx_node_count(onnx, "TopK");
    return status;
}

int model_side(const struct model *model, int axis, int otherwise)
{
    int     card = axis == HEIGHT ? model->card.height : model->card.width;
    int64_t own = model->input.dims == NCHW ? model->input.shape[axis] : -1;
    if (card > 0)
        return card;
    if (own <= 0)
        own = model->exported[axis - HEIGHT];
    return own > 0 && own <= MAX_SIDE ? (int)own : otherwise;
}

static bool is_open(const struct onnx_value *value)
{
    for (int i = 0; i < value->dims; i++)
        if (value->shape[i] < 0)
            return true;
    return value->dims < 0;
}

/* The shapes of outputs that the model leaves open, as they are for a picture of the usual size. What can't
 * be known stays open. */
static bsr_status infer_outputs(struct model *model, const struct onnx_model *onnx, struct bsr_error *err)
{
    struct onnx_named picture = {
        .name = model->input_name,
        .tensor = {.dims = NCHW,
                   .shape = {1, model->input.shape[1], model_side(model, HEIGHT, MODEL_USUAL_SIDE),
                             model_side(model, WIDTH, MODEL_USUAL_SIDE)}},
    };
    struct onnx_values *values = NULL;

    if (model->input.dims != NCHW || model->input.shape[1] < 1)
        return BSR_OK;
    bsr_status status = onnx_infer(&values, onnx, &picture, 1, err);
    if (status == BSR_EMODEL)
        return BSR_OK; /* the engine will say what is wrong when it runs */
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < model->output_count && i < CARD_MAX_HEADS; i++) {
        const struct bsr_tensor *known = onnx_values_find(values, onnx_output(onnx, i).name);
        if (!is_open(&model->outputs[i]) || !known)
            continue;
        model->outputs[i].dims = known->dims;
        memcpy(model->outputs[i].shape, known->shape, sizeof known->shape);
    }
    onnx_values_free(values);
    return BSR_OK;
}

static bsr_status read_outputs(struct model *model, const struct onnx_model *onnx, struct bsr_error *err)
{
    bool open = false;

    model->output_count = onnx_output_count(onnx);
    for (int i = 0; i < model->output_count && i < CARD_MAX_HEADS; i++) {
        model->outputs[i] = onnx_output(onnx, i);
        model->outputs[i].name = NULL;
        open = open || is_open(&model->outputs[i]);
    }
    return open ? infer_outputs(model, onnx, err) : BSR_OK;
}

/* What besra does itself is taken off both ends of the graph. */
static bsr_status take_over(struct model *model, struct onnx_model *onnx, const struct model_hints *hints,
                            enum card_task task, struct bsr_error *err)
{
    bool       transposed = false;
    int        batch = 1;
    bsr_status status = onnx_lift_front_resize(onnx, &model->resize, err);

    if (status == BSR_OK && model->resize.found)
        bytes_append_format(&model->notes, "the cubic Resize at the front is done by besra (%s)\n",
                            model->resize.factor > 0 ? "factor fixed in the model" : "factor was an input");
    if (status == BSR_OK)
        status = onnx_single_batch(onnx, &batch, NULL, err);
    if (status == BSR_OK && batch > 1)
        bytes_append_format(&model->notes, "exported for %d pictures at once, run on one\n", batch);
    if (status == BSR_OK)
        status = onnx_lift_front_transpose(onnx, &transposed, NULL, err);
    if (status == BSR_OK && transposed)
        bytes_append_text(&model->notes, "takes NHWC; the Transpose at the front is done by besra\n");
    if (status == BSR_OK)
        status = find_picture_input(model, onnx, err);
    for (int i = 0; status == BSR_OK && i < 2; i++)
        model->exported[i] = model->input.dims == NCHW ? model->input.shape[HEIGHT + i] : -1;
    if (status == BSR_OK && task == CARD_DETECT && !hints->whole_graph)
        status =
            onnx_cut_detect(onnx, hints->width ? hints->width : MODEL_USUAL_SIDE, &model->tail, NULL, err);
    if (status == BSR_OK && model->tail.found && model->tail.bins)
        bytes_append_format(&model->notes,
                            "the Detect tail (%d heads without anchors, %d classes) is done by besra\n",
                            model->tail.heads, model->tail.classes);
    else if (status == BSR_OK && model->tail.found)
        bytes_append_format(&model->notes,
                            "the Detect tail (%d heads, %d anchors each, %d classes) is done by besra\n",
                            model->tail.heads, model->tail.anchors, model->tail.classes);
    return status;
}

static bsr_status prepare_graph(struct model *model, const struct bytes *file,
                                const struct model_hints *hints, enum card_task task, struct bsr_error *err)
{
    char folder[PATH_MAX];
    int  length = (int)(file_name(model->card.file) - model->card.file);
    if (length >= (int)sizeof folder)
        return bsr_fail(err, BSR_EUSAGE, model->card.file, "the path is too long");
    snprintf(folder, sizeof folder, "%.*s", length ? length : 1, length ? model->card.file : ".");

    struct onnx_model *onnx = NULL;
    bsr_status         status = onnx_model_read(&onnx, file->data, file->size, folder, model->card.file, err);
    if (status == BSR_OK)
        status = take_over(model, onnx, hints, task, err);
    if (status == BSR_OK)
        status = find_picture_input(model, onnx, err);
    if (status == BSR_OK)
        status = ask_the_model(model, onnx, err);
    if (status == BSR_OK)
        status = read_outputs(model, onnx, err);
    if (status == BSR_OK && task == CARD_UPSCALE)
        status = upscale_find_field(model, &onnx, err);
    if (status == BSR_OK)
        status = onnx_model_write(onnx, &model->onnx, err);
    onnx_model_free(onnx);
    return status;
}

/* ImageNet's mean and deviation of R, G, B in 0..1 (torchvision). */
static const float imagenet_mean[3] = {0.485F, 0.456F, 0.406F},
                   imagenet_deviation[3] = {0.229F, 0.224F, 0.225F};

static void set_range(struct card *card, enum model_range range)
{
    for (int i = 0; i < 3; i++) {
        int  rgb = card->colour == CARD_BGR ? 2 - i : i;
        bool imagenet = range == MODEL_RANGE_IMAGENET;
        card->mean[i] = imagenet ? 255.0F * imagenet_mean[rgb] : 0.0F;
        card->scale[i] = imagenet                    ? 1.0F / (255.0F * imagenet_deviation[rgb])
                         : range == MODEL_RANGE_UNIT ? 1.0F / 255.0F
                                                     : 1.0F;
    }
}

/* What nets of this task were trained on, as far as no card says: YOLO on RGB in 0..1, SRCNN's tutorial on
 * BGR in 0..255, classifiers on RGB by ImageNet's mean and deviation. The person's word is over it, and over
 * the card's. */
static void assume_input(struct model *model, enum card_task task, const struct model_hints *hints)
{
    struct card                  *card = &model->card;
    static const enum model_range usual[] = {
        [CARD_TASK_UNKNOWN] = MODEL_RANGE_UNIT,
        [CARD_DETECT] = MODEL_RANGE_UNIT,
        [CARD_UPSCALE] = MODEL_RANGE_BYTE,
        [CARD_CLASSIFY] = MODEL_RANGE_IMAGENET,
    };
    model->assumed_range = !card->path && hints->range == MODEL_RANGE_CARD;
    if (hints->colour_given)
        card->colour = hints->colour;
    else if (!card->path)
        card->colour = task == CARD_UPSCALE ? CARD_BGR : CARD_RGB;
    if (hints->range != MODEL_RANGE_CARD || !card->path)
        set_range(card, hints->range != MODEL_RANGE_CARD ? hints->range : usual[task]);
    if (hints->width > 0 && hints->height > 0) {
        card->width = hints->width;
        card->height = hints->height;
    }
}

static bool is_auto(const char *backend)
{
    return !backend || strcmp(backend, "auto") == 0;
}

bsr_status model_open(struct model *out, const char *name, enum card_task task,
                      const struct model_hints *hints, struct bsr_error *err)
{
    const struct model_hints none = {0};
    struct model             model = {0};
    struct bytes             file = {0};

    hints = hints ? hints : &none;
    model.engine = hints->engine;
    model.tile = hints->tile;
    model.tile_memory = hints->memory;
    model.engine.borrow = true; /* what opens an engine refers to the model as long */
    bsr_status status = read_card(&model.card, name, err);
    if (status == BSR_OK && model.card.task != CARD_TASK_UNKNOWN && model.card.task != task)
        status = bsr_fail(err, BSR_EMODEL, name, "is a model to %s, not to %s", task_names[model.card.task],
                          task_names[task]);
    if (status == BSR_OK)
        assume_input(&model, task, hints);
    if (status == BSR_OK)
        status = file_read(&file, model.card.file, MODEL_MAX_BYTES, err);
    if (status == BSR_OK)
        status = check_sha256(&model.card, &file, err);
    if (status == BSR_OK)
        status = prepare_graph(&model, &file, hints, task, err);
    if (status == BSR_OK && task == CARD_UPSCALE && is_auto(hints->engine.backend))
        status = srcnn_from_model(&model.srcnn, model.onnx.data, model.onnx.size, model.card.file, err);
    if (status == BSR_OK && model.notes.failed)
        status = bsr_fail_memory(err, name, model.notes.size);
    bytes_free(&file);
    if (status != BSR_OK) {
        model_free(&model);
        return status;
    }
    *out = model;
    out->input.name = out->input_name;
    return BSR_OK;
}

void model_free(struct model *model)
{
    card_free(&model->card);
    srcnn_free(model->srcnn);
    bytes_free(&model->onnx);
    bytes_free(&model->notes);
    *model = (struct model){0};
}

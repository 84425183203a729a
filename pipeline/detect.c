#include "pipeline/detect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "postprocess/detection.h"
#include "preprocess/letterbox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_CANDIDATES = 30000, /* that NMS looks at, as YOLOv5's */
    DEFAULT_SIDE = 640,
    MAX_SIDE = 16384,
    BOX_NUMBERS = 5, /* centre, size and objectness before the class scores */
};

/* How the net hands out its numbers. */
enum output_shape {
    OUTPUT_ROWS,  /* [1][rows][5 + classes], decoded by the net: the grid and so the input size are frozen */
    OUTPUT_HEADS, /* [1][anchors * (5 + classes)][height][width] a stride */
    OUTPUT_HEADS_5D, /* [1][anchors][height][width][5 + classes] a stride */
};

struct detector {
    const struct model   *model;
    struct detect_options options;
    struct engine        *engine;
    struct pool          *pool;
    enum output_shape     shape;
    struct yolo_layout    layout;
    struct pack_params    pack;
    char                 *wanted; /* [classes], or NULL for all */
    float                *input;  /* [3][height][width] */
    size_t                input_capacity;
    struct candidates     candidates;
    struct detection     *found;
    size_t                found_capacity;
    char (*numbers)[32]; /* "class 7", for classes without a name */
};

struct detect_options detect_options_default(const struct model *model)
{
    return (struct detect_options){
        .confidence = model->card.confidence,
        .iou = model->card.iou,
        .max_detections = model->card.max_detections,
        .rect = model->card.rect,
    };
}

const char *detector_class_name(const struct detector *detector, int class_index)
{
    const struct card *card = &detector->model->card;
    if (class_index < card->name_count)
        return card->names[class_index];
    return class_index < detector->layout.classes ? detector->numbers[class_index] : "unknown";
}

int detector_class_count(const struct detector *detector)
{
    return detector->layout.classes;
}

/* ---- what the model's outputs are --------------------------------------------------------- */

static void shape_text(char *text, size_t size, const struct onnx_value *value)
{
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < value->dims && length < size; i++) {
        const char *times = i ? "x" : "";
        if (value->shape[i] < 0)
            length += (size_t)snprintf(text + length, size - length, "%s?", times);
        else
            length +=
                (size_t)snprintf(text + length, size - length, "%s%lld", times, (long long)value->shape[i]);
    }
}

static bsr_status fail_layout(const struct model *model, struct bsr_error *err)
{
    char shapes[CARD_MAX_HEADS * 48] = "";
    for (int i = 0; i < model->output_count && i < CARD_MAX_HEADS; i++) {
        char one[44];
        shape_text(one, sizeof one, &model->outputs[i]);
        snprintf(shapes + strlen(shapes), sizeof shapes - strlen(shapes), "%s%s", i ? ", " : "", one);
    }
    bsr_fail(err, BSR_EMODEL, model->card.file, "its outputs (%s) are no YOLOv5 layout", shapes);
    bsr_hint(err, "besra reads 1xNx(5+classes), or one head of anchors x (5+classes) channels a stride");
    return BSR_EMODEL;
}

/* The last size of a decoded output, or what one anchor of a head holds. */
static int64_t numbers_of_an_anchor(const struct model *model, enum output_shape shape, int anchors)
{
    const struct onnx_value *first = &model->outputs[0];
    if (shape == OUTPUT_ROWS)
        return first->shape[2];
    if (shape == OUTPUT_HEADS_5D)
        return first->shape[4];
    return first->shape[1] % anchors ? -1 : first->shape[1] / anchors;
}

static bool guess_shape(enum output_shape *out, const struct model *model)
{
    const struct onnx_value *first = &model->outputs[0];
    if (model->output_count < 1 || model->output_count > CARD_MAX_HEADS)
        return false;
    for (int i = 1; i < model->output_count; i++)
        if (model->outputs[i].dims != first->dims)
            return false;
    switch (first->dims) {
    case 3:
        *out = OUTPUT_ROWS;
        return model->output_count == 1 && first->shape[1] > first->shape[2];
    case 4:
        *out = OUTPUT_HEADS;
        return true;
    case 5:
        *out = OUTPUT_HEADS_5D;
        return true;
    default:
        return false;
    }
}

/* Anchors and strides of the card, or YOLOv5's own where it has none. */
static void take_anchors(struct yolo_layout *layout, const struct card *card, struct bytes *notes)
{
    if (!card->head_count || !card->anchor_count) {
        if (notes)
            bytes_append_text(notes, "no card gives the anchors; YOLOv5's COCO anchors are taken\n");
        return;
    }
    layout->head_count = card->head_count;
    layout->anchor_count = card->anchor_count;
    for (int head = 0; head < card->head_count; head++) {
        layout->strides[head] = card->strides[head];
        memcpy(layout->anchors[head], card->anchors[head], sizeof layout->anchors[head]);
    }
}

static bsr_status find_layout(struct detector *detector, struct bytes *notes, struct bsr_error *err)
{
    const struct model *model = detector->model;
    struct yolo_layout *layout = &detector->layout;

    if (!guess_shape(&detector->shape, model))
        return fail_layout(model, err);
    yolo_layout_default(layout, 0);
    if (detector->shape != OUTPUT_ROWS) {
        take_anchors(layout, &model->card, notes);
        if (model->output_count != layout->head_count)
            return fail_layout(model, err);
    }
    int64_t numbers = numbers_of_an_anchor(model, detector->shape, layout->anchor_count);
    if (numbers <= BOX_NUMBERS || numbers > BOX_NUMBERS + 100000)
        return fail_layout(model, err);
    layout->classes = (int)numbers - BOX_NUMBERS;
    if (model->card.name_count && model->card.name_count != layout->classes)
        return bsr_fail(err, BSR_EMODEL, model->card.file, "has %d classes, but %d class names were given",
                        layout->classes, model->card.name_count);
    return BSR_OK;
}

/* ---- what the user asked for -------------------------------------------------------------- */

static bsr_status find_size(struct detector *detector, struct bytes *notes, struct bsr_error *err)
{
    const struct model    *model = detector->model;
    struct detect_options *options = &detector->options;
    int64_t                own_height = model->input.dims == 4 ? model->input.shape[2] : -1;
    int64_t                own_width = model->input.dims == 4 ? model->input.shape[3] : -1;
    int                    stride = detector->layout.strides[detector->layout.head_count - 1];

    if (!options->width || !options->height) {
        bool card = model->card.width > 0 && model->card.height > 0;
        bool own = own_width > 0 && own_height > 0 && own_width <= MAX_SIDE && own_height <= MAX_SIDE;
        options->width = card ? model->card.width : own ? (int)own_width : DEFAULT_SIDE;
        options->height = card ? model->card.height : own ? (int)own_height : DEFAULT_SIDE;
    }
    if (options->width > MAX_SIDE || options->height > MAX_SIDE || options->width % stride ||
        options->height % stride)
        return bsr_fail(err, BSR_EUSAGE, "--size", "%dx%d: each side must be a multiple of %d, up to %d",
                        options->width, options->height, stride, MAX_SIDE);
    if (detector->shape != OUTPUT_ROWS)
        return BSR_OK;
    if (own_width > 0 && own_height > 0 && (options->width != own_width || options->height != own_height)) {
        bsr_fail(err, BSR_EUSAGE, "--size", "%dx%d: this export's grid is frozen at %lldx%lld",
                 options->width, options->height, (long long)own_width, (long long)own_height);
        bsr_hint(err, "export it with raw heads, or leave --size out");
        return BSR_EUSAGE;
    }
    if (options->rect && notes)
        bytes_append_format(notes, "this export's grid is frozen at %dx%d: letterbox is square\n",
                            options->width, options->height);
    options->rect = false;
    return BSR_OK;
}

static int find_class(const struct detector *detector, const char *wanted)
{
    char *end;
    long  number = strtol(wanted, &end, 10);
    if (*wanted && !*end)
        return number >= 0 && number < detector->layout.classes ? (int)number : -1;
    for (int i = 0; i < detector->layout.classes; i++)
        if (strcmp(detector_class_name(detector, i), wanted) == 0)
            return i;
    return -1;
}

static bsr_status choose_classes(struct detector *detector, struct bsr_error *err)
{
    const struct detect_options *options = &detector->options;
    if (!options->class_count)
        return BSR_OK;
    detector->wanted = mem_alloc_zeroed((size_t)detector->layout.classes, 1);
    if (!detector->wanted)
        return bsr_fail_memory(err, "--classes", (size_t)detector->layout.classes);
    for (size_t i = 0; i < options->class_count; i++) {
        int found = find_class(detector, options->classes[i]);
        if (found < 0)
            return bsr_fail(err, BSR_EUSAGE, "--classes",
                            "the model has no class '%s' (it has %d, from '%s' to '%s')", options->classes[i],
                            detector->layout.classes, detector_class_name(detector, 0),
                            detector_class_name(detector, detector->layout.classes - 1));
        detector->wanted[found] = 1;
    }
    return BSR_OK;
}

static void plan_pack(struct detector *detector)
{
    const struct card *card = &detector->model->card;
    detector->pack.pad = (uint8_t)card->pad;
    detector->pack.to_rgb = card->colour == CARD_RGB;
    for (int i = 0; i < 3; i++) {
        detector->pack.scale[i] = card->scale[i];
        detector->pack.shift[i] = -card->mean[i] * card->scale[i];
    }
}

static bsr_status number_classes(struct detector *detector, struct bsr_error *err)
{
    size_t classes = (size_t)detector->layout.classes;
    detector->numbers = mem_alloc_zeroed(classes, sizeof *detector->numbers);
    if (!detector->numbers)
        return bsr_fail_memory(err, NULL, classes * sizeof *detector->numbers);
    for (size_t i = 0; i < classes; i++)
        snprintf(detector->numbers[i], sizeof *detector->numbers, "class %zu", i);
    return BSR_OK;
}

bsr_status detector_open(struct detector **out, const struct model *model,
                         const struct detect_options *options, const char *backend, struct pool *pool,
                         struct bytes *notes, struct bsr_error *err)
{
    struct detector *detector = mem_alloc_zeroed(1, sizeof *detector);
    if (!detector)
        return bsr_fail_memory(err, model->card.file, sizeof *detector);
    detector->model = model;
    detector->options = *options;
    detector->pool = pool;

    struct engine_options engine_options = {.backend = backend};
    bsr_status            status = find_layout(detector, notes, err);
    if (status == BSR_OK)
        status = number_classes(detector, err);
    if (status == BSR_OK)
        status = find_size(detector, notes, err);
    if (status == BSR_OK)
        status = choose_classes(detector, err);
    if (status == BSR_OK)
        status = engine_open(&detector->engine, model->onnx.data, model->onnx.size, &engine_options,
                             model->card.file, err);
    if (status != BSR_OK) {
        detector_close(detector);
        return status;
    }
    plan_pack(detector);
    *out = detector;
    return BSR_OK;
}

void detector_close(struct detector *detector)
{
    if (!detector)
        return;
    engine_close(detector->engine);
    candidates_free(&detector->candidates);
    mem_free(detector->wanted);
    mem_free(detector->input);
    mem_free(detector->found);
    mem_free(detector->numbers);
    mem_free(detector);
}

/* ---- one picture -------------------------------------------------------------------------- */

static bsr_status pack_picture(struct detector *detector, const struct bsr_image *image,
                               struct letterbox_plan *plan, struct bsr_error *err)
{
    const struct detect_options *options = &detector->options;
    int                          stride = detector->layout.strides[detector->layout.head_count - 1];
    bsr_status                   status =
        letterbox_make_plan(plan, image->width, image->height, options->width, options->height, stride,
                            options->rect ? LETTERBOX_RECT : LETTERBOX_SQUARE, err);
    if (status != BSR_OK)
        return status;

    size_t need = 3 * (size_t)plan->in_width * (size_t)plan->in_height;
    if (need > detector->input_capacity) {
        float *input = mem_alloc_aligned(need, sizeof *input);
        if (!input)
            return bsr_fail_memory(err, NULL, need * sizeof *input);
        mem_free(detector->input);
        detector->input = input;
        detector->input_capacity = need;
    }
    return letterbox_pack(detector->input, image, plan, &detector->pack, detector->pool, err);
}

static bsr_status fail_output(const struct detector *detector, const struct tensor *output,
                              struct bsr_error *err)
{
    struct onnx_value value = {.dims = output->dims};
    char              text[48];
    memcpy(value.shape, output->shape, sizeof value.shape);
    shape_text(text, sizeof text, &value);
    return bsr_fail(err, BSR_EMODEL, detector->model->card.file,
                    "its output %s of %s is not what its %d classes ask for",
                    output->name ? output->name : "", text, detector->layout.classes);
}

/* Rows and columns of a head's cells, or false when the output is no head of this layout. */
static bool head_cells(const struct detector *detector, const struct tensor *output, int64_t *height,
                       int64_t *width)
{
    int64_t numbers = detector->layout.classes + BOX_NUMBERS;
    int64_t anchors = detector->layout.anchor_count;
    bool    flat = detector->shape == OUTPUT_HEADS;

    *height = output->shape[2];
    *width = output->shape[3];
    if (flat)
        return output->dims == 4 && output->shape[0] == 1 && output->shape[1] == anchors * numbers;
    return output->dims == 5 && output->shape[0] == 1 && output->shape[1] == anchors &&
           output->shape[4] == numbers;
}

static bsr_status decode_heads(struct detector *detector, const struct tensor *outputs, int count,
                               const struct letterbox_plan *plan, const struct yolo_filter *filter,
                               struct bsr_error *err)
{
    const struct yolo_layout *layout = &detector->layout;
    for (int head = 0; head < layout->head_count; head++) {
        bool decoded = false;
        for (int i = 0; i < count && !decoded; i++) {
            int64_t height, width;
            if (!head_cells(detector, &outputs[i], &height, &width))
                return fail_output(detector, &outputs[i], err);
            if (yolo_match_head(layout, height, width, plan->in_height, plan->in_width) != head)
                continue;
            bsr_status status =
                detector->shape == OUTPUT_HEADS
                    ? yolo_decode_head(&detector->candidates, outputs[i].data, (int)height, (int)width,
                                       layout, head, filter, err)
                    : yolo_decode_head_rows(&detector->candidates, outputs[i].data, (int)height, (int)width,
                                            layout, head, filter, err);
            if (status != BSR_OK)
                return status;
            decoded = true;
        }
        if (!decoded)
            return bsr_fail(err, BSR_EMODEL, detector->model->card.file, "no output is the head of stride %d",
                            layout->strides[head]);
    }
    return BSR_OK;
}

static bsr_status decode(struct detector *detector, const struct tensor *outputs, int count,
                         const struct letterbox_plan *plan, struct bsr_error *err)
{
    struct yolo_filter filter = {
        .threshold = (float)detector->options.confidence,
        .multi_label = detector->options.multi_label,
        .class_wanted = detector->wanted,
    };
    detector->candidates.count = 0;
    if (detector->shape != OUTPUT_ROWS)
        return decode_heads(detector, outputs, count, plan, &filter, err);
    if (count != 1 || outputs->dims != 3 || outputs->shape[0] != 1 ||
        outputs->shape[2] != detector->layout.classes + BOX_NUMBERS)
        return fail_output(detector, outputs, err);
    return yolo_decode_rows(&detector->candidates, outputs->data, (size_t)outputs->shape[1],
                            detector->layout.classes, &filter, err);
}

/* Boxes of the net's input back on the picture. */
static bsr_status map_back(struct detector *detector, const struct letterbox_plan *plan,
                           struct bsr_error *err)
{
    size_t count = detector->candidates.count;
    if (count > detector->found_capacity) {
        struct detection *found = mem_alloc_zeroed(count, sizeof *found);
        if (!found)
            return bsr_fail_memory(err, NULL, count * sizeof *found);
        mem_free(detector->found);
        detector->found = found;
        detector->found_capacity = count;
    }
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = &detector->candidates.items[i];
        struct detection       *found = &detector->found[i];
        letterbox_unmap(plan, candidate->x1, candidate->y1, &found->x1, &found->y1);
        letterbox_unmap(plan, candidate->x2, candidate->y2, &found->x2, &found->y2);
        found->score = candidate->score;
        found->class_index = candidate->class_index;
    }
    return BSR_OK;
}

bsr_status detector_run(struct detector *detector, const struct bsr_image *image, struct detections *out,
                        struct timing *timing, struct bsr_error *err)
{
    struct letterbox_plan plan;
    const struct tensor  *outputs = NULL;
    int                   output_count = 0;

    double     start = clock_ms();
    bsr_status status = pack_picture(detector, image, &plan, err);
    double     packed = clock_ms();
    if (status == BSR_OK) {
        struct tensor input = {.name = detector->model->input_name,
                               .data = detector->input,
                               .dims = 4,
                               .shape = {1, 3, plan.in_height, plan.in_width}};
        status = engine_run(detector->engine, &input, 1, &outputs, &output_count, err);
    }
    double ran = clock_ms();
    if (status == BSR_OK)
        status = decode(detector, outputs, output_count, &plan, err);
    if (status == BSR_OK)
        status = nms(&detector->candidates, (float)detector->options.iou, detector->options.agnostic,
                     (size_t)detector->options.max_detections, MAX_CANDIDATES, err);
    if (status == BSR_OK)
        status = map_back(detector, &plan, err);
    if (status != BSR_OK)
        return status;

    timing->pre += packed - start;
    timing->net += ran - packed;
    timing->post += clock_ms() - ran;
    *out = (struct detections){.items = detector->found, .count = detector->candidates.count};
    return BSR_OK;
}

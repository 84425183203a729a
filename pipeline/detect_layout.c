#include "pipeline/detect_layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    BOX_NUMBERS = 5, /* centre, size and objectness before the class scores */
    OBJECTNESS = 4,
    FREE_BOX_NUMBERS = 4, /* without anchors there is no objectness */
    MAX_CLASSES = 10000,
    USUAL_STRIDE = 32,
    MOST_KEPT_BOXES = 1000, /* more rows than a suppression leaves are cells of a grid */
};

/* ---- what the model declares -------------------------------------------------------------- */

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
    bsr_fail(err, BSR_EMODEL, model->card.file,
             "its outputs (%s) are no layout of detections that besra knows", shapes);
    bsr_hint(
        err,
        "besra reads 1xNx(5+classes), heads of anchors x (5+classes) channels, 1x(4+classes)xN, and Nx6 or "
        "Nx7 boxes; besra model show says more");
    return BSR_EMODEL;
}

/* A sentence on what was assumed. */
static void assume(struct bytes *notes, const char *what, const char *option)
{
    if (notes)
        bytes_append_format(notes, "%s; if that is wrong: --layout %s\n", what, option);
}

/* [1][rows][numbers] and [rows][numbers] alike: rows and numbers of the only output. */
static bool as_table(const struct onnx_value *value, int64_t *rows, int64_t *numbers)
{
    if (value->dims < 2 || value->dims > 3 || (value->dims == 3 && value->shape[0] > 1))
        return false;
    *rows = value->shape[value->dims - 2];
    *numbers = value->shape[value->dims - 1];
    return true;
}

static bool could_be_boxes(const struct model *model)
{
    int64_t rows, numbers;
    if (model->output_count != 1 || !as_table(&model->outputs[0], &rows, &numbers))
        return false;
    return (numbers == 6 || numbers == 7) && (model->outputs[0].dims == 2 || rows <= MOST_KEPT_BOXES);
}

/* A table of three dimensions: rows or columns of a grid's cells, or boxes. */
static bool guess_table(enum output_shape *out, const struct model *model, struct bytes *notes)
{
    const struct onnx_value *first = &model->outputs[0];
    int64_t                  a = first->shape[1], b = first->shape[2];
    int                      names = model->card.name_count;

    if (model->output_count != 1 || a < 0 || b < 0)
        return false;
    if (could_be_boxes(model) && (model->suppresses || a <= MOST_KEPT_BOXES)) {
        *out = OUTPUT_BOXES;
        if (!model->suppresses)
            assume(notes, "its few rows of 6 or 7 numbers are taken for boxes", "yolov5");
        return true;
    }
    *out = a < b ? OUTPUT_COLUMNS : OUTPUT_ROWS;
    if (names && a < b && a != names + FREE_BOX_NUMBERS)
        assume(
            notes,
            "its columns are taken for an anchor-free net's (YOLOv8), though its class names are of another "
            "number",
            "yolov5");
    return a != b;
}

static bool guess_shape(enum output_shape *out, const struct model *model, struct bytes *notes)
{
    const struct onnx_value *first = &model->outputs[0];
    if (model->tail.found && model->tail.bins) {
        *out = OUTPUT_FREE_HEADS;
        return true;
    }
    if (model->output_count < 1 || model->output_count > CARD_MAX_HEADS)
        return false;
    for (int i = 1; i < model->output_count; i++)
        if (model->outputs[i].dims != first->dims)
            return false;
    switch (first->dims) {
    case 2:
        *out = OUTPUT_BOXES;
        return could_be_boxes(model);
    case 3:
        return guess_table(out, model, notes);
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

/* Whether the outputs can be what --layout says they are. */
static bool can_be(enum output_shape shape, const struct model *model)
{
    const struct onnx_value *first = &model->outputs[0];
    switch (shape) {
    case OUTPUT_ROWS:
    case OUTPUT_COLUMNS:
        return model->output_count == 1 && first->dims == 3;
    case OUTPUT_HEADS:
        return first->dims == 4;
    case OUTPUT_BOXES:
        return could_be_boxes(model);
    default:
        return true;
    }
}

/* ---- anchors ------------------------------------------------------------------------------ */

static bool is_near(float a, float b)
{
    return fabsf(a - b) <= 0.01F * fmaxf(fabsf(a), fabsf(b));
}

/* The graph's own anchors; the card must not say others. */
static bsr_status take_tail(struct yolo_layout *layout, const struct model *model, struct bsr_error *err)
{
    const struct onnx_detect_tail *tail = &model->tail;
    const struct card             *card = &model->card;
    bool                           given = card->head_count && card->anchor_count;

    layout->head_count = tail->heads;
    layout->anchor_count = tail->anchors;
    for (int head = 0; head < tail->heads; head++) {
        layout->strides[head] = (int)lrintf(tail->strides[head]);
        for (int i = 0; i < tail->anchors; i++)
            for (int side = 0; side < 2; side++)
                layout->anchors[head][i][side] = tail->sizes[head][i][side];
    }
    bool same = !given || (card->head_count == tail->heads && card->anchor_count == tail->anchors);
    for (int head = 0; given && same && head < tail->heads; head++)
        for (int i = 0; i < 2 * tail->anchors; i++)
            same = same && is_near(card->anchors[head][i / 2][i % 2], tail->sizes[head][i / 2][i % 2]);
    if (same)
        return BSR_OK;
    return bsr_fail(err, BSR_EMODEL, card->path,
                    "its anchors are not those in the graph (the first is %gx%g there)",
                    (double)tail->sizes[0][0][0], (double)tail->sizes[0][0][1]);
}

/* Anchors and strides of the card, or YOLOv5's own where it has none. */
static void take_card(struct yolo_layout *layout, const struct card *card, struct bytes *notes)
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

static void take_strides(struct yolo_layout *layout, const struct onnx_detect_tail *tail)
{
    layout->head_count = tail->heads;
    for (int head = 0; head < tail->heads; head++)
        layout->strides[head] = (int)lrintf(tail->strides[head]);
}

static bsr_status take_anchors(struct yolo_layout *layout, const struct model *model, struct bytes *notes,
                               struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    if (model->tail.found && model->tail.sizes[0][0][0] > 0) /* that of 5-D heads has no anchors in it */
        status = take_tail(layout, model, err);
    else
        take_card(layout, &model->card, notes);
    if (status == BSR_OK && model->output_count != layout->head_count)
        return fail_layout(model, err);
    return status;
}

/* ---- classes ------------------------------------------------------------------------------ */

/* How many classes the outputs have; boxes only name theirs: as many as there are names. */
static int64_t count_classes(const struct model *model, enum output_shape shape, int anchors)
{
    const struct onnx_value *first = &model->outputs[0];
    switch (shape) {
    case OUTPUT_ROWS:
        return first->shape[2] - BOX_NUMBERS;
    case OUTPUT_COLUMNS:
        return first->shape[1] - FREE_BOX_NUMBERS;
    case OUTPUT_HEADS_5D:
        return first->shape[4] - BOX_NUMBERS;
    case OUTPUT_FREE_HEADS:
        return model->tail.classes;
    case OUTPUT_BOXES:
        return model->card.name_count ? model->card.name_count : MAX_CLASSES;
    default:
        return first->shape[1] % anchors ? -1 : first->shape[1] / anchors - BOX_NUMBERS;
    }
}

static bsr_status find_classes(struct yolo_layout *yolo, const struct model *model, enum output_shape shape,
                               struct bsr_error *err)
{
    int64_t classes = count_classes(model, shape, yolo->anchor_count);
    if (classes < 1 || classes > MAX_CLASSES)
        return fail_layout(model, err);
    yolo->classes = (int)classes;
    if (model->card.name_count && model->card.name_count != yolo->classes)
        return bsr_fail(err, BSR_EMODEL, model->card.file, "has %d classes, but %d class names were given",
                        yolo->classes, model->card.name_count);
    return BSR_OK;
}

static bool has_anchors(enum output_shape shape)
{
    return shape == OUTPUT_HEADS || shape == OUTPUT_HEADS_5D;
}

bsr_status detect_layout_find(struct detect_layout *out, const struct model *model, enum output_shape wanted,
                              struct bytes *notes, struct bsr_error *err)
{
    struct detect_layout layout = {.model = model, .shape = wanted};
    struct yolo_layout  *yolo = &layout.yolo;

    if (wanted == OUTPUT_ANY ? !guess_shape(&layout.shape, model, notes) : !can_be(wanted, model))
        return fail_layout(model, err);
    yolo_layout_default(yolo, 0);
    if (layout.shape == OUTPUT_FREE_HEADS)
        take_strides(yolo, &model->tail);
    bsr_status status = has_anchors(layout.shape) ? take_anchors(yolo, model, notes, err) : BSR_OK;
    if (status == BSR_OK)
        status = find_classes(yolo, model, layout.shape, err);
    if (status != BSR_OK)
        return status;

    bool fixed = model->input.dims == 4 && model->input.shape[2] > 0 && model->input.shape[3] > 0;
    bool heads = has_anchors(layout.shape) || layout.shape == OUTPUT_FREE_HEADS;
    layout.frozen = fixed && (!heads || (model->tail.found && !model->tail.any_size));
    layout.stride = heads               ? yolo->strides[yolo->head_count - 1]
                    : model->stride > 0 ? model->stride
                                        : USUAL_STRIDE;
    *out = layout;
    return BSR_OK;
}

/* ---- what the net hands out --------------------------------------------------------------- */

static bsr_status fail_output(const struct detect_layout *layout, const struct tensor *output,
                              struct bsr_error *err)
{
    struct onnx_value value = {.dims = output->dims};
    char              text[48];
    memcpy(value.shape, output->shape, sizeof value.shape);
    shape_text(text, sizeof text, &value);
    return bsr_fail(err, BSR_EMODEL, layout->model->card.file,
                    "its output %s of %s is not what its %d classes ask for",
                    output->name ? output->name : "", text, layout->yolo.classes);
}

/* Rows and columns of a head's cells, or false when the output is no head of this layout. */
static bool head_cells(const struct detect_layout *layout, const struct tensor *output, int64_t *height,
                       int64_t *width)
{
    int64_t numbers = layout->yolo.classes + BOX_NUMBERS;
    int64_t anchors = layout->yolo.anchor_count;
    bool    flat = layout->shape == OUTPUT_HEADS;

    *height = output->shape[2];
    *width = output->shape[3];
    if (flat)
        return output->dims == 4 && output->shape[0] == 1 && output->shape[1] == anchors * numbers;
    return output->dims == 5 && output->shape[0] == 1 && output->shape[1] == anchors &&
           output->shape[4] == numbers;
}

/* ---- heads that the engine has as maps ------------------------------------------------------- */

bool detect_layout_wishes(const struct detect_layout *layout, struct engine_wish *wishes)
{
    const int count = layout->model->output_count;

    if (layout->shape != OUTPUT_HEADS && layout->shape != OUTPUT_FREE_HEADS)
        return false;
    for (int i = 0; i < count; i++) {
        wishes[i] = (struct engine_wish){ENGINE_ONE, layout->yolo.anchor_count, OBJECTNESS};
        if (layout->shape == OUTPUT_FREE_HEADS)
            wishes[i] = (struct engine_wish){i % 2 ? ENGINE_MAP : ENGINE_NONE, 1, 0};
    }
    return true;
}

/* Where the numbers of a head's cells come from. */
struct head_source {
    struct engine       *engine;
    int                  output;
    struct yolo_map      map; /* what there is of it */
    bool                 part;
    struct yolo_gathered gathered;
};

static bsr_status ask_engine(void *context, int group, const uint32_t *cells, size_t count,
                             const float **rows, size_t *step, struct bsr_error *err)
{
    const struct head_source *source = context;
    return engine_head_rows(source->engine, source->output, group, cells, count, rows, step, err);
}

/* The map of an output, as the engine has it or in planes; `numbers` are those of a cell (of an anchor). */
static struct yolo_fetch open_source(struct head_source *source, struct engine *engine, int output,
                                     const struct tensor *tensor, size_t numbers)
{
    const int          height = (int)tensor->shape[2], width = (int)tensor->shape[3];
    struct engine_head head = {.data = NULL};

    source->engine = engine;
    source->output = output;
    source->part = false;
    source->map = (struct yolo_map){tensor->data, (ptrdiff_t)height * width, 1, width, height, width};
    if (engine_head(engine, output, &head)) {
        source->part = head.part;
        source->map = (struct yolo_map){head.data, 1, head.pixel, head.row, height, width};
    }
    if (source->part)
        return (struct yolo_fetch){.get = ask_engine, .context = source};
    return yolo_fetch_from(&source->gathered, &source->map, numbers);
}

static bsr_status decode_anchors(const struct detect_layout *layout, int head, struct engine *engine,
                                 int output, const struct tensor *tensor, const struct yolo_filter *filter,
                                 struct candidates *out, struct bsr_error *err)
{
    const ptrdiff_t    numbers = (ptrdiff_t)layout->yolo.classes + BOX_NUMBERS;
    struct head_source source;
    struct yolo_fetch  fetch = open_source(&source, engine, output, tensor, (size_t)numbers);
    struct yolo_map    objectness = source.map;

    if (!source.part) {
        objectness.data += OBJECTNESS * objectness.channel;
        objectness.channel *= numbers;
    }
    return yolo_decode_head_parts(out, &objectness, &fetch, &layout->yolo, head, filter, err);
}

/* The head of one stride among the outputs, which come in any order. */
static bsr_status decode_head(const struct detect_layout *layout, int head, struct engine *engine,
                              const struct tensor *outputs, int count, int in_height, int in_width,
                              const struct yolo_filter *filter, struct candidates *out, struct bsr_error *err)
{
    for (int i = 0; i < count; i++) {
        int64_t height, width;
        if (!head_cells(layout, &outputs[i], &height, &width))
            return fail_output(layout, &outputs[i], err);
        if (yolo_match_head(&layout->yolo, height, width, in_height, in_width) != head)
            continue;
        if (layout->shape == OUTPUT_HEADS)
            return decode_anchors(layout, head, engine, i, &outputs[i], filter, out, err);
        return yolo_decode_head_rows(out, outputs[i].data, (int)height, (int)width, &layout->yolo, head,
                                     filter, err);
    }
    return bsr_fail(err, BSR_EMODEL, layout->model->card.file, "no output is the head of stride %d",
                    layout->yolo.strides[head]);
}

/* Whether an output is the map of so many channels that a head's stride makes of the input's size. */
static bool is_map_of(const struct tensor *output, int64_t channels, int stride, int in_height, int in_width)
{
    return output->dims == 4 && output->shape[0] == 1 && output->shape[1] == channels &&
           output->shape[2] * stride == in_height && output->shape[3] * stride == in_width;
}

/* The outputs are in the order of the heads: the box, the classes. */
static bsr_status decode_free_head(const struct detect_layout *layout, int head, struct engine *engine,
                                   const struct tensor *outputs, int in_height, int in_width,
                                   const struct yolo_filter *filter, struct candidates *out,
                                   struct bsr_error *err)
{
    const struct tensor  *box = &outputs[2 * head], *classes = &outputs[2 * head + 1];
    struct yolo_free_head how = {.stride = layout->yolo.strides[head],
                                 .bins = layout->model->tail.bins,
                                 .classes = layout->yolo.classes};
    struct head_source    sides, scores;

    if (!is_map_of(box, (int64_t)FREE_BOX_NUMBERS * how.bins, how.stride, in_height, in_width))
        return fail_output(layout, box, err);
    if (!is_map_of(classes, how.classes, how.stride, in_height, in_width))
        return fail_output(layout, classes, err);
    struct yolo_fetch fetch = open_source(&sides, engine, 2 * head, box, (size_t)box->shape[1]);
    open_source(&scores, engine, 2 * head + 1, classes, 1);
    return yolo_decode_free_head(out, &scores.map, &fetch, &how, filter, err);
}

/* One output of rows, columns or boxes. */
static bsr_status decode_table(const struct detect_layout *layout, const struct tensor *output,
                               const struct yolo_filter *filter, struct candidates *out,
                               struct bsr_error *err)
{
    struct onnx_value value = {.dims = output->dims};
    int64_t           rows, numbers;
    int               classes = layout->yolo.classes;

    memcpy(value.shape, output->shape, sizeof value.shape);
    if (!as_table(&value, &rows, &numbers))
        return fail_output(layout, output, err);
    if (layout->shape == OUTPUT_ROWS && numbers == classes + BOX_NUMBERS)
        return yolo_decode_rows(out, output->data, (size_t)rows, classes, filter, err);
    if (layout->shape == OUTPUT_COLUMNS && rows == classes + FREE_BOX_NUMBERS)
        return yolo_decode_columns(out, output->data, (size_t)numbers, classes, filter, err);
    if (layout->shape == OUTPUT_BOXES && (numbers == 6 || numbers == 7))
        return yolo_decode_boxes(out, output->data, (size_t)rows,
                                 numbers == 6 ? YOLO_BOXES_SCORE_CLASS : YOLO_BOXES_CLASS_SCORE, classes,
                                 filter, err);
    return fail_output(layout, output, err);
}

bsr_status detect_layout_decode(const struct detect_layout *layout, struct engine *engine,
                                const struct tensor *outputs, int count, int in_height, int in_width,
                                const struct yolo_filter *filter, struct candidates *out,
                                struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    if (layout->shape == OUTPUT_FREE_HEADS) {
        if (count != 2 * layout->yolo.head_count)
            return fail_output(layout, outputs, err);
        for (int head = 0; status == BSR_OK && head < layout->yolo.head_count; head++)
            status = decode_free_head(layout, head, engine, outputs, in_height, in_width, filter, out, err);
        return status;
    }
    if (!has_anchors(layout->shape))
        return count == 1 ? decode_table(layout, outputs, filter, out, err)
                          : fail_output(layout, outputs, err);
    for (int head = 0; status == BSR_OK && head < layout->yolo.head_count; head++)
        status = decode_head(layout, head, engine, outputs, count, in_height, in_width, filter, out, err);
    return status;
}

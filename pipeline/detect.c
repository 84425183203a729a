#include "pipeline/detect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "pipeline/class_find.h"
#include "pipeline/detect_layout.h"
#include "pipeline/proposals.h"
#include "postprocess/detection.h"
#include "preprocess/letterbox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE = 16384 };

struct detector {
    const struct model   *model;
    struct detect_options options;
    struct engine        *engine;
    struct pool          *pool;
    struct detect_layout  layout;
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
        .agnostic = model->card.agnostic,
        .rect = model->card.rect,
    };
}

const char *detector_class_name(const struct detector *detector, int class_index)
{
    const struct card *card = &detector->model->card;
    if (class_index < card->name_count)
        return card->names[class_index];
    return class_index < detector->layout.yolo.classes ? detector->numbers[class_index] : "unknown";
}

int detector_class_count(const struct detector *detector)
{
    return detector->layout.yolo.classes;
}

bool detector_wants_class(const struct detector *detector, int class_index)
{
    return !detector->wanted || detector->wanted[class_index];
}

/* ---- what the user asked for -------------------------------------------------------------- */

static bsr_status find_size(struct detector *detector, struct bytes *notes, struct bsr_error *err)
{
    const struct model    *model = detector->model;
    struct detect_options *options = &detector->options;
    int                    stride = detector->layout.stride;
    int                    own_width = model_side(model, 3, MODEL_USUAL_SIDE);
    int                    own_height = model_side(model, 2, MODEL_USUAL_SIDE);

    if (!options->width || !options->height) {
        options->width = own_width;
        options->height = own_height;
    }
    if (options->width > MAX_SIDE || options->height > MAX_SIDE || options->width % stride ||
        options->height % stride)
        return bsr_fail(err, BSR_EUSAGE, "--size", "%dx%d: each side must be a multiple of %d, up to %d",
                        options->width, options->height, stride, MAX_SIDE);
    if (!detector->layout.frozen)
        return BSR_OK;
    int64_t frozen_width = model->input.shape[3], frozen_height = model->input.shape[2];
    if (options->width != frozen_width || options->height != frozen_height) {
        bsr_fail(err, BSR_EUSAGE, "--size", "%dx%d: this export's grid is frozen at %lldx%lld",
                 options->width, options->height, (long long)frozen_width, (long long)frozen_height);
        bsr_hint(err, "export it with dynamic axes or raw heads, or leave --size out");
        return BSR_EUSAGE;
    }
    if (options->rect && notes)
        bytes_append_format(notes, "this export's grid is frozen at %dx%d: letterbox is square\n",
                            options->width, options->height);
    options->rect = false;
    return BSR_OK;
}

static const char *name_of(const void *detector, int class_index)
{
    return detector_class_name(detector, class_index);
}

int detector_find_class(const struct detector *detector, const char *wanted)
{
    return class_find(wanted, detector->layout.yolo.classes, name_of, detector);
}

int detector_need_class(const struct detector *detector, const char *wanted, struct bsr_error *err)
{
    const int found = detector_find_class(detector, wanted);
    if (found < 0)
        bsr_fail(err, BSR_EUSAGE, "--classes", "the model has no class '%s' (it has %d, from '%s' to '%s')",
                 wanted, detector->layout.yolo.classes, detector_class_name(detector, 0),
                 detector_class_name(detector, detector->layout.yolo.classes - 1));
    return found;
}

static bsr_status choose_classes(struct detector *detector, struct bsr_error *err)
{
    const struct detect_options *options = &detector->options;
    if (!options->class_count)
        return BSR_OK;
    detector->wanted = mem_alloc_zeroed((size_t)detector->layout.yolo.classes, 1);
    if (!detector->wanted)
        return bsr_fail_memory(err, "--classes", (size_t)detector->layout.yolo.classes);
    for (size_t i = 0; i < options->class_count; i++) {
        int found = detector_need_class(detector, options->classes[i], err);
        if (found < 0)
            return BSR_EUSAGE;
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
    size_t classes = (size_t)detector->layout.yolo.classes;
    detector->numbers = mem_alloc_zeroed(classes, sizeof *detector->numbers);
    if (!detector->numbers)
        return bsr_fail_memory(err, NULL, classes * sizeof *detector->numbers);
    for (size_t i = 0; i < classes; i++)
        snprintf(detector->numbers[i], sizeof *detector->numbers, "class %zu", i);
    return BSR_OK;
}

static bsr_status open_engine(struct detector *detector, struct bsr_error *err)
{
    const struct model   *model = detector->model;
    struct engine_options options = model->engine;
    struct engine_wish   *wishes = mem_alloc_zeroed((size_t)model->output_count, sizeof *wishes);

    if (!wishes)
        return bsr_fail_memory(err, model->card.file, (size_t)model->output_count * sizeof *wishes);
    if (!detector->options.whole_heads && detect_layout_wishes(&detector->layout, wishes))
        options.wishes = wishes;
    bsr_status status =
        engine_open(&detector->engine, model->onnx.data, model->onnx.size, &options, model->card.file, err);
    mem_free(wishes);
    return status;
}

bsr_status detector_open(struct detector **out, const struct model *model,
                         const struct detect_options *options, struct pool *pool, struct bytes *notes,
                         struct bsr_error *err)
{
    struct detector *detector = mem_alloc_zeroed(1, sizeof *detector);
    if (!detector)
        return bsr_fail_memory(err, model->card.file, sizeof *detector);
    detector->model = model;
    detector->options = *options;
    detector->pool = pool;

    bsr_status status = detect_layout_find(&detector->layout, model, options->layout, notes, err);
    if (status == BSR_OK)
        status = number_classes(detector, err);
    if (status == BSR_OK)
        status = find_size(detector, notes, err);
    if (status == BSR_OK)
        status = choose_classes(detector, err);
    if (status == BSR_OK)
        status = open_engine(detector, err);
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

void detector_set_thresholds(struct detector *detector, double confidence, double iou)
{
    detector->options.confidence = confidence;
    detector->options.iou = iou;
}

/* ---- one picture -------------------------------------------------------------------------- */

static bsr_status make_plan(struct letterbox_plan *plan, const struct detector *detector, int width,
                            int height, struct bsr_error *err)
{
    const struct detect_options *options = &detector->options;
    return letterbox_make_plan(plan, width, height, options->width, options->height, detector->layout.stride,
                               options->rect ? LETTERBOX_RECT : LETTERBOX_SQUARE, err);
}

int detector_reduction(const struct detector *detector, int width, int height)
{
    struct letterbox_plan plan;
    if (make_plan(&plan, detector, width, height, NULL) != BSR_OK)
        return 1;
    return shrinking_times(detector->options.shrinking, &plan);
}

static bsr_status pack_picture(struct detector *detector, const struct bsr_image *image,
                               const struct image_reduction *reduction, struct letterbox_plan *plan,
                               struct bsr_error *err)
{
    bsr_status status = make_plan(plan, detector, reduction->width, reduction->height, err);
    if (status != BSR_OK)
        return status;
    plan->from = *reduction;

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

static struct tensor input_of(const struct detector *detector, const struct letterbox_plan *plan)
{
    return (struct tensor){.name = detector->model->input_name,
                           .data = detector->input,
                           .dims = 4,
                           .shape = {1, 3, plan->in_height, plan->in_width}};
}

bsr_status detector_lay(struct detector *detector, const struct bsr_image *image, struct tensor *out,
                        struct bsr_error *err)
{
    const struct image_reduction whole = image_whole(image);
    struct letterbox_plan        plan;
    bsr_status                   status = pack_picture(detector, image, &whole, &plan, err);
    if (status == BSR_OK)
        *out = input_of(detector, &plan);
    return status;
}

/* From the picture to the detector's candidates, and how they lie on it. */
static bsr_status find_candidates(struct detector *detector, const struct bsr_image *image,
                                  const struct image_reduction *reduction, double threshold, bool multi_label,
                                  struct letterbox_plan *plan, struct timing *timing, struct bsr_error *err)
{
    struct yolo_filter filter = {
        .threshold = (float)threshold,
        .multi_label = multi_label,
        .class_wanted = detector->wanted,
    };
    const struct tensor *outputs = NULL;
    int                  output_count = 0;

    double     start = clock_ms();
    bsr_status status = pack_picture(detector, image, reduction, plan, err);
    double     packed = clock_ms();
    if (status == BSR_OK) {
        const struct tensor input = input_of(detector, plan);
        status = engine_run(detector->engine, &input, 1, &outputs, &output_count, err);
    }
    double ran = clock_ms();
    detector->candidates.count = 0;
    if (status == BSR_OK)
        status = detect_layout_decode(&detector->layout, detector->engine, outputs, output_count,
                                      plan->in_height, plan->in_width, &filter, &detector->candidates, err);
    if (status != BSR_OK)
        return status;
    timing->pre += packed - start;
    timing->net += ran - packed;
    timing->post += clock_ms() - ran;
    return BSR_OK;
}

/* What the net has suppressed itself is only sorted and limited. */
static bsr_status limit_boxes(struct detector *detector, struct bsr_error *err)
{
    struct candidates *found = &detector->candidates;
    size_t             most = (size_t)detector->options.max_detections;
    bsr_status         status = proposals_sort(found, err);
    if (status == BSR_OK && found->count > most)
        found->count = most;
    return status;
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
    proposals_map_back(detector->found, &detector->candidates, plan);
    return BSR_OK;
}

bsr_status detector_run(struct detector *detector, const struct bsr_image *image, struct detections *out,
                        struct timing *timing, struct bsr_error *err)
{
    const struct image_reduction whole = image_whole(image);
    return detector_run_reduced(detector, image, &whole, out, timing, err);
}

bsr_status detector_run_reduced(struct detector *detector, const struct bsr_image *image,
                                const struct image_reduction *reduction, struct detections *out,
                                struct timing *timing, struct bsr_error *err)
{
    struct letterbox_plan plan;

    bsr_status status = find_candidates(detector, image, reduction, detector->options.confidence,
                                        detector->options.multi_label, &plan, timing, err);
    double     start = clock_ms();
    if (status == BSR_OK && detector->layout.shape == OUTPUT_BOXES)
        status = limit_boxes(detector, err);
    else if (status == BSR_OK)
        status = nms(&detector->candidates, (float)detector->options.iou, detector->options.agnostic,
                     (size_t)detector->options.max_detections, PROPOSALS_MOST, err);
    if (status == BSR_OK)
        status = map_back(detector, &plan, err);
    if (status != BSR_OK)
        return status;

    timing->post += clock_ms() - start;
    *out = (struct detections){.items = detector->found, .count = detector->candidates.count};
    return BSR_OK;
}

bsr_status detector_propose(struct detector *detector, const struct bsr_image *image,
                            const struct image_reduction *reduction, double floor, struct proposals *out,
                            struct timing *timing, struct bsr_error *err)
{
    struct proposals made = {.floor = floor, .suppressed = detector->layout.shape == OUTPUT_BOXES};

    bsr_status status = find_candidates(detector, image, reduction, floor, false, &made.plan, timing, err);
    double     start = clock_ms();
    if (status == BSR_OK)
        status = proposals_sort(&detector->candidates, err);
    if (status == BSR_OK)
        status = candidates_reserve(&made.candidates, detector->candidates.count, err);
    if (status != BSR_OK)
        return status;
    if (detector->candidates.count)
        memcpy(made.candidates.items, detector->candidates.items,
               detector->candidates.count * sizeof *made.candidates.items);
    made.candidates.count = detector->candidates.count;
    timing->post += clock_ms() - start;
    *out = made;
    return BSR_OK;
}

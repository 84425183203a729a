#include "pipeline/classify.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "preprocess/letterbox.h"
#include "preprocess/shrink.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { USUAL_SIDE = 224, CHANNELS = 3 };

/* ImageNet's nets are scored on the middle 224 pixels of pictures whose short side is 256. */
static const double crop_part = 224.0 / 256.0;

struct classifier {
    const struct model     *model;
    struct classify_options options;
    struct engine          *engine;
    struct pool            *pool;
    struct pack_params      pack;
    int                     width, height; /* of the net's input */
    float                  *input;         /* [3][height][width] */
    struct class_score     *best;          /* [top] */
};

static void plan_pack(struct classifier *classifier)
{
    const struct card *card = &classifier->model->card;
    classifier->pack.pad = (uint8_t)card->pad;
    classifier->pack.to_rgb = card->colour == CARD_RGB;
    for (int i = 0; i < CHANNELS; i++) {
        classifier->pack.scale[i] = card->scale[i];
        classifier->pack.shift[i] = -card->mean[i] * card->scale[i];
    }
}

bsr_status classifier_open(struct classifier **out, const struct model *model,
                           const struct classify_options *options, struct pool *pool, struct bytes *notes,
                           struct bsr_error *err)
{
    const struct onnx_value *input = &model->input;
    if (input->dims != 4 || (input->shape[1] != CHANNELS && input->shape[1] >= 0) || model->output_count != 1)
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "is no classifier: one picture of 3 channels in, one row of numbers out");
    if (notes && model->assumed_range)
        bytes_append_text(notes,
                          "no card says what the net was trained on: RGB by ImageNet's mean and deviation is "
                          "assumed; see --input-range, --input-color and --fit\n");

    struct classifier *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, model->card.file, sizeof *made);
    made->model = model;
    made->options = *options;
    made->pool = pool;
    made->width = model_side(model, 3, USUAL_SIDE);
    made->height = model_side(model, 2, USUAL_SIDE);
    made->input = mem_alloc_aligned((size_t)made->width * (size_t)made->height, CHANNELS * sizeof(float));
    made->best = mem_alloc_zeroed((size_t)options->top, sizeof *made->best);
    plan_pack(made);
    bsr_status status =
        made->input && made->best
            ? engine_open(&made->engine, model->onnx.data, model->onnx.size, &model->engine, model->card.file,
                          err)
            : bsr_fail_memory(err, model->card.file, (size_t)made->width * (size_t)made->height);
    if (status != BSR_OK) {
        classifier_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

bool classify_has_shapes(const struct model *model)
{
    return model->output_count == 1 && model->input.dims == 4 && model->input.shape[1] == CHANNELS &&
           model->outputs[0].dims == 2 && model->outputs[0].shape[1] > 1;
}

void classifier_close(struct classifier *classifier)
{
    if (!classifier)
        return;
    engine_close(classifier->engine);
    mem_free(classifier->input);
    mem_free(classifier->best);
    mem_free(classifier);
}

const char *classifier_class_name(const struct classifier *classifier, int class_index, char space[32])
{
    const struct card *card = &classifier->model->card;
    if (class_index < card->name_count)
        return card->names[class_index];
    snprintf(space, 32, "class %d", class_index);
    return space;
}

/* A part of a picture, in its pixels. */
struct area {
    int left, top, width, height;
};

/* What of a picture the net sees: all of it, or the middle of what is brought to the input's size. */
static struct area area_of(const struct classifier *classifier, int width, int height)
{
    struct area area = {.width = width, .height = height};
    double      gain = fmax((double)classifier->width / width, (double)classifier->height / height);

    if (classifier->options.fit == CLASSIFY_CROP) {
        area.width = (int)fmax(1, fmin(width, nearbyint(classifier->width / gain * crop_part)));
        area.height = (int)fmax(1, fmin(height, nearbyint(classifier->height / gain * crop_part)));
        area.left = (int)nearbyint((width - area.width) / 2.0);
        area.top = (int)nearbyint((height - area.height) / 2.0);
    }
    return area;
}

/* How that lands in the net's input: distorted, or with a margin. */
static bsr_status make_plan(struct letterbox_plan *plan, const struct classifier *classifier, int width,
                            int height, struct bsr_error *err)
{
    bsr_status status = letterbox_make_plan(plan, width, height, classifier->width, classifier->height, 1,
                                            LETTERBOX_SQUARE, err);
    if (status != BSR_OK || classifier->options.fit == CLASSIFY_PAD)
        return status;
    plan->fit_width = classifier->width;
    plan->fit_height = classifier->height;
    plan->left = plan->top = 0;
    return BSR_OK;
}

int classifier_reduction(const struct classifier *classifier, int width, int height)
{
    const struct area     area = area_of(classifier, width, height);
    struct letterbox_plan plan;

    if (make_plan(&plan, classifier, area.width, area.height, NULL) != BSR_OK)
        return 1;
    return shrinking_times(classifier->options.shrinking, &plan);
}

/* The pixels of an image that show an area of the picture, as a view of it, and how they do. */
static struct bsr_image cut(const struct bsr_image *image, const struct image_reduction *whole,
                            const struct area *area, struct image_reduction *part)
{
    struct bsr_image view = *image;
    int              left = area->left + whole->left, top = area->top + whole->top;

    *part = (struct image_reduction){.times = whole->times,
                                     .width = area->width,
                                     .height = area->height,
                                     .left = left % whole->times,
                                     .top = top % whole->times};
    view.width = image_reduced_side(part->width, part->left, part->times);
    view.height = image_reduced_side(part->height, part->top, part->times);
    view.data = (uint8_t *)image->data + (size_t)(top / whole->times) * image->stride +
                (size_t)(left / whole->times) * image_pixel_size(image);
    return view;
}

/* Pictures that are much larger are averaged down first, so that the bilinear resize skips no pixels. */
static bsr_status fill_input(struct classifier *classifier, const struct bsr_image *image,
                             const struct image_reduction *reduction, struct bsr_error *err)
{
    const struct area      area = area_of(classifier, reduction->width, reduction->height);
    struct image_reduction part;
    struct letterbox_plan  plan;
    struct bsr_image       view = cut(image, reduction, &area, &part), small = {0};
    int                    across = view.width / classifier->width, down = view.height / classifier->height;
    int                    times = across < down ? across : down;
    bsr_status             status = times > 1 ? shrink(&small, &view, times, err) : BSR_OK;

    if (times > 1) {
        view = small;
        part = image_whole(&small);
    }
    if (status == BSR_OK)
        status = make_plan(&plan, classifier, part.width, part.height, err);
    if (status == BSR_OK) {
        plan.from = part;
        status = letterbox_pack(classifier->input, &view, &plan, &classifier->pack, classifier->pool, err);
    }
    image_free(&small);
    return status;
}

static struct tensor input_of(const struct classifier *classifier)
{
    return (struct tensor){.name = classifier->model->input_name,
                           .data = classifier->input,
                           .dims = 4,
                           .shape = {1, CHANNELS, classifier->height, classifier->width}};
}

bsr_status classifier_lay(struct classifier *classifier, const struct bsr_image *image, struct tensor *out,
                          struct bsr_error *err)
{
    const struct image_reduction whole = image_whole(image);
    bsr_status                   status = fill_input(classifier, image, &whole, err);
    if (status == BSR_OK)
        *out = input_of(classifier);
    return status;
}

/* One row of numbers, whatever ones stand round it: [1][n], [1][n][1][1], [n]. */
static bsr_status read_row(const struct classifier *classifier, const struct tensor *output, int count,
                           size_t *length, struct bsr_error *err)
{
    size_t all = 1, longest = 1;
    for (int i = 0; count == 1 && i < output->dims; i++) {
        all *= (size_t)output->shape[i];
        longest = (size_t)output->shape[i] > longest ? (size_t)output->shape[i] : longest;
    }
    *length = longest;
    if (count == 1 && all == longest && longest > 1)
        return BSR_OK;
    return bsr_fail(err, BSR_EMODEL, classifier->model->card.file,
                    "is no classifier: its output is not one row of numbers");
}

bsr_status classifier_run(struct classifier *classifier, const struct bsr_image *image,
                          const struct class_score **out, size_t *count, struct timing *timing,
                          struct bsr_error *err)
{
    const struct image_reduction whole = image_whole(image);
    return classifier_run_reduced(classifier, image, &whole, out, count, timing, err);
}

bsr_status classifier_run_reduced(struct classifier *classifier, const struct bsr_image *image,
                                  const struct image_reduction *reduction, const struct class_score **out,
                                  size_t *count, struct timing *timing, struct bsr_error *err)
{
    const struct tensor *outputs = NULL;
    int                  output_count = 0;
    size_t               length = 0;
    double               start = clock_ms();

    bsr_status status = fill_input(classifier, image, reduction, err);
    double     packed = clock_ms();
    if (status == BSR_OK) {
        const struct tensor input = input_of(classifier);
        status = engine_run(classifier->engine, &input, 1, &outputs, &output_count, err);
    }
    double ran = clock_ms();
    if (status == BSR_OK)
        status = read_row(classifier, outputs, output_count, &length, err);
    if (status != BSR_OK)
        return status;

    int logits = classifier->options.scores == CLASSIFY_LOGITS ||
                 (classifier->options.scores == CLASSIFY_AUTO && !are_probabilities(outputs->data, length));
    *count = top_classes(classifier->best, (size_t)classifier->options.top, outputs->data, length, logits);
    *out = classifier->best;
    timing->pre += packed - start;
    timing->net += ran - packed;
    timing->post += clock_ms() - ran;
    return BSR_OK;
}

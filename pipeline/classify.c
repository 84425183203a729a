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

/* The middle of a picture that is brought to width x height, as a view of it. */
static struct bsr_image crop_middle(const struct classifier *classifier, const struct bsr_image *image)
{
    struct bsr_image view = *image;
    double gain = fmax((double)classifier->width / image->width, (double)classifier->height / image->height);

    view.width = (int)fmax(1, fmin(image->width, nearbyint(classifier->width / gain * crop_part)));
    view.height = (int)fmax(1, fmin(image->height, nearbyint(classifier->height / gain * crop_part)));
    int left = (int)nearbyint((image->width - view.width) / 2.0);
    int top = (int)nearbyint((image->height - view.height) / 2.0);
    view.data = (uint8_t *)image->data + (size_t)top * image->stride + (size_t)left * image_pixel_size(image);
    return view;
}

/* A view laid into the net's input: distorted, or with a margin. */
static bsr_status pack(struct classifier *classifier, const struct bsr_image *view, bool distort,
                       struct bsr_error *err)
{
    struct letterbox_plan plan;
    bsr_status            status = letterbox_make_plan(&plan, view->width, view->height, classifier->width,
                                                       classifier->height, 1, LETTERBOX_SQUARE, err);
    if (status != BSR_OK)
        return status;
    if (distort) {
        plan.fit_width = classifier->width;
        plan.fit_height = classifier->height;
        plan.left = plan.top = 0;
    }
    return letterbox_pack(classifier->input, view, &plan, &classifier->pack, classifier->pool, err);
}

/* Pictures that are much larger are averaged down first, so that the bilinear resize skips no pixels. */
static bsr_status fill_input(struct classifier *classifier, const struct bsr_image *image,
                             struct bsr_error *err)
{
    bool             crop = classifier->options.fit == CLASSIFY_CROP;
    struct bsr_image view = crop ? crop_middle(classifier, image) : *image, small = {0};
    int              times = view.width / classifier->width < view.height / classifier->height
                                 ? view.width / classifier->width
                                 : view.height / classifier->height;
    bsr_status       status = times > 1 ? shrink(&small, &view, times, err) : BSR_OK;

    if (status == BSR_OK)
        status = pack(classifier, times > 1 ? &small : &view, classifier->options.fit != CLASSIFY_PAD, err);
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
    bsr_status status = fill_input(classifier, image, err);
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
    const struct tensor *outputs = NULL;
    int                  output_count = 0;
    size_t               length = 0;
    double               start = clock_ms();

    bsr_status status = fill_input(classifier, image, err);
    double     packed = clock_ms();
    if (status == BSR_OK) {
        struct tensor input = {.name = classifier->model->input_name,
                               .data = classifier->input,
                               .dims = 4,
                               .shape = {1, CHANNELS, classifier->height, classifier->width}};
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

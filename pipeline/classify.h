/* pipeline/classify.h: one picture through crop, net and top-k. */
#pragma once

#include "base/image.h"
#include "base/pool.h"
#include "pipeline/model.h"
#include "pipeline/shrinking.h"
#include "pipeline/timing.h"
#include "postprocess/top_classes.h"

struct classify_options {
    int top; /* classes to name, 1.. */
    enum classify_fit {
        CLASSIFY_CROP,    /* the middle: 224 of 256 pixels of the short side, as ImageNet's nets are scored */
        CLASSIFY_STRETCH, /* all of it, distorted */
        CLASSIFY_PAD,     /* all of it, with a margin */
    } fit;
    enum classify_scores {
        CLASSIFY_AUTO, /* told from the values of each picture */
        CLASSIFY_LOGITS,
        CLASSIFY_PROBABILITIES,
    } scores;
    enum shrinking shrinking; /* of what is decoded: see classifier_reduction() */
};

/* Whether its shapes are those of a classifier: one picture of three channels in, one row of numbers out. */
bool classify_has_shapes(const struct model *model);

/* A net with its buffers, for one thread at a time. `model` must outlive it. */
struct classifier;

/* BSR_EMODEL when the model is no classifier (one picture of 3 channels in, one row of numbers out). What was
 * assumed goes to *notes (may be NULL). `pool` may be NULL. Release with classifier_close(). */
bsr_status classifier_open(struct classifier **out, const struct model *model,
                           const struct classify_options *options, struct pool *pool, struct bytes *notes,
                           struct bsr_error *err);
void       classifier_close(struct classifier *classifier);

/* `image` is 8-bit BGR. *out (the classifier's until its next run) has *count classes, best first, with
 * probabilities. Adds to *timing. BSR_EENGINE, BSR_EMODEL, BSR_ENOMEM. */
bsr_status classifier_run(struct classifier *classifier, const struct bsr_image *image,
                          const struct class_score **out, size_t *count, struct timing *timing,
                          struct bsr_error *err);

/* How many times smaller (1, 2, 4 or 8) a picture of width x height (upright) may be decoded, when it is
 * shrunk so much for the net anyway. */
int classifier_reduction(const struct classifier *classifier, int width, int height);

/* classifier_run() on a picture of which `image` shows what *reduction says. */
bsr_status classifier_run_reduced(struct classifier *classifier, const struct bsr_image *image,
                                  const struct image_reduction *reduction, const struct class_score **out,
                                  size_t *count, struct timing *timing, struct bsr_error *err);

/* The picture as the net gets it: [1][3][height][width], the classifier's until its next run. BSR_ENOMEM. */
bsr_status classifier_lay(struct classifier *classifier, const struct bsr_image *image, struct tensor *out,
                          struct bsr_error *err);

/* The name of a class: the card's, the model's, or "class 7" in *space. */
const char *classifier_class_name(const struct classifier *classifier, int class_index, char space[32]);

/* pipeline/detect.h: one picture through letterbox, net, decoding and NMS. */
#pragma once

#include "base/image.h"
#include "base/pool.h"
#include "pipeline/detect_layout.h"
#include "pipeline/model.h"
#include "pipeline/shrinking.h"
#include "pipeline/timing.h"

/* A box on the upright picture, pixels, clipped to it; x2 and y2 exclusive. */
struct detection {
    double x1, y1, x2, y2;
    double score; /* 0..1 */
    int    class_index;
};

/* Best first. The detector's, valid until its next run. */
struct detections {
    const struct detection *items;
    size_t                  count;
};

struct detect_options {
    double            confidence, iou; /* 0..1 */
    int               max_detections;
    bool              agnostic;      /* boxes of other classes suppress too */
    bool              multi_label;   /* a box may be of several classes */
    bool              rect;          /* letterbox: padded to the stride only */
    int               width, height; /* of the net's input; 0: the card's, else the model's, else 640 */
    char *const      *classes;       /* names or numbers of the wanted ones; NULL: all */
    size_t            class_count;
    enum shrinking    shrinking; /* of what is decoded: see detector_reduction() */
    enum output_shape layout;    /* what the net's outputs are; OUTPUT_ANY: told from their shapes */
    bool whole_heads; /* compute all of each head, though few cells are looked at: to compare with */
};

/* What the model's card says. */
struct detect_options detect_options_default(const struct model *model);

/* A net with its buffers, for one thread at a time. `model` must outlive it. */
struct detector;

/* BSR_EMODEL when the model's outputs are no layout of detect_layout.h (says what they are), BSR_EUSAGE for a
 * class it doesn't know or a size it can't take. A sentence on what was decided otherwise than asked goes to
 * *notes (may be NULL). `pool` (may be NULL) is used by the steps beside the net. Release with
 * detector_close(). */
bsr_status detector_open(struct detector **out, const struct model *model,
                         const struct detect_options *options, struct pool *pool, struct bytes *notes,
                         struct bsr_error *err);
void       detector_close(struct detector *detector);

/* From the next run on. What a net has suppressed itself keeps its IoU. */
void detector_set_thresholds(struct detector *detector, double confidence, double iou);

/* `image` is 8-bit BGR. Adds to pre, net and post of *timing. BSR_EENGINE, BSR_EMODEL, BSR_ENOMEM. */
bsr_status detector_run(struct detector *detector, const struct bsr_image *image, struct detections *out,
                        struct timing *timing, struct bsr_error *err);

/* How many times smaller (1, 2, 4 or 8) a picture of width x height (upright) may be decoded, when it is
 * shrunk so much for the net anyway. */
int detector_reduction(const struct detector *detector, int width, int height);

/* detector_run() on a picture of which `image` shows what *reduction says. Boxes are of the whole picture. */
bsr_status detector_run_reduced(struct detector *detector, const struct bsr_image *image,
                                const struct image_reduction *reduction, struct detections *out,
                                struct timing *timing, struct bsr_error *err);

/* What the net proposes of the picture, whatever the detector's confidence, IoU and most detections: all
 * boxes of a score over `floor` (0..1), of one class each, to be suppressed by proposals_suppress() as often
 * as one likes. *out is the caller's, released with proposals_free(). Errors as above, and BSR_ERANGE. */
struct proposals;
bsr_status detector_propose(struct detector *detector, const struct bsr_image *image,
                            const struct image_reduction *reduction, double floor, struct proposals *out,
                            struct timing *timing, struct bsr_error *err);

/* The picture as the net gets it: [1][3][height][width], the detector's until its next run. BSR_ENOMEM. */
bsr_status detector_lay(struct detector *detector, const struct bsr_image *image, struct tensor *out,
                        struct bsr_error *err);

/* The name of a class: the card's, the model's, or "class 7". Valid as long as the detector. */
const char *detector_class_name(const struct detector *detector, int class_index);
int         detector_class_count(const struct detector *detector);

/* A class by its name or number; -1: the model has none such. */
int detector_find_class(const struct detector *detector, const char *wanted);

/* The same; where there is none, -1 and BSR_EUSAGE in *err, which says what there is. */
int detector_need_class(const struct detector *detector, const char *wanted, struct bsr_error *err);

/* Whether a class is one of those asked for. */
bool detector_wants_class(const struct detector *detector, int class_index);

/* pipeline/eval_detect.h: finds objects in a batch of pictures and holds them to the truth. */
#pragma once

#include "pipeline/detect.h"
#include "pipeline/job.h"
#include "pipeline/truth.h"
#include "postprocess/metrics.h"

struct eval_detect_options {
    struct detect_options   detect;
    bool                    as_stored; /* colours without their profile applied */
    const char             *truth;     /* see truth_read() */
    struct confusion_limits at;        /* where pictures are judged one by one */
};

struct eval_detect;

/* As detect_job_open(); reads the truth, too. */
bsr_status eval_detect_open(struct eval_detect **out, const struct job *job,
                            const struct eval_detect_options *options, struct bytes *notes,
                            struct bsr_error *err);
void       eval_detect_close(struct eval_detect *eval);

/* A batch_work; its context is the eval_detect. Pictures that the truth doesn't have are passed over. */
void eval_detect_work(void *context, struct batch *batch, int worker, size_t index,
                      struct item_result *result);

/* One picture at the limits of the options. */
struct eval_picture {
    size_t                 source;
    struct confusion_tally tally;
    double                 f1;
};

/* Release with eval_detection_free(). */
struct eval_detection {
    int                    classes;
    struct ap_score        mean[AP_AREAS];
    struct ap_score       *per_class; /* [classes] of all areas */
    struct ap_curve       *curves;    /* [classes] */
    uint32_t              *confusion; /* [classes + 1][classes + 1]; NULL over CONFUSION_MAX_CLASSES */
    struct confusion_tally tally;     /* of all pictures */
    struct eval_picture   *pictures;  /* [picture_count], the worst first */
    size_t                 picture_count;
    size_t                 other_size; /* pictures of another size than the truth says */
};

/* After the batch: what the pictures that were done come to. BSR_ENOMEM. */
bsr_status eval_detect_finish(struct eval_detection *out, const struct eval_detect *eval,
                              struct bsr_error *err);
void       eval_detection_free(struct eval_detection *result);

/* The name of a class; valid as long as `eval`. */
const char *eval_detect_class(const struct eval_detect *eval, int class_index);

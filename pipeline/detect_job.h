/* pipeline/detect_job.h: finds objects in a batch of pictures and writes what was asked for. */
#pragma once

#include "pipeline/detect.h"
#include "pipeline/job.h"

struct detect_job_options {
    struct detect_options detect;
    bool                  as_stored; /* colours without their profile applied */
    bool                  save_image, save_txt, save_score, save_crop;
    const char           *label; /* template, see label.h */
    bool                  hide_labels, hide_score;
    int                   line_width; /* pixels; 0: by the picture's size */
};

struct detect_job;

/* Loads the net once for the first worker (the others load theirs when they begin), so that a model that
 * can't run is found before work starts. *job must outlive it. Notes: see detector_open(). Release with
 * detect_job_close(). */
bsr_status detect_job_open(struct detect_job **out, const struct job *job,
                           const struct detect_job_options *options, struct bytes *notes,
                           struct bsr_error *err);
void       detect_job_close(struct detect_job *detect_job);

/* A batch_work; its context is the detect_job. */
void detect_job_work(void *context, struct batch *batch, int worker, size_t index,
                     struct item_result *result);

/* How often class `index` was found so far, and its name; NULL past the last class. */
const char *detect_job_class(const struct detect_job *detect_job, int index, size_t *found);

/* pipeline/classify_job.h: says of a batch of pictures what they show. */
#pragma once

#include "pipeline/classify.h"
#include "pipeline/job.h"

struct classify_job_options {
    struct classify_options classify;
    bool                    as_stored; /* colours as stored, whatever the picture's profile */
};

struct classify_job;

/* As detect_job_open(). Where no records are wanted, an item's record is a line for people:
 * "a.jpg: tabby 0.83, tiger cat 0.05". */
bsr_status classify_job_open(struct classify_job **out, const struct job *job,
                             const struct classify_job_options *options, struct bytes *notes,
                             struct bsr_error *err);
void       classify_job_close(struct classify_job *classify_job);

/* A batch_work; its context is the classify_job. */
void classify_job_work(void *context, struct batch *batch, int worker, size_t index,
                       struct item_result *result);

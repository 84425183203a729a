/* pipeline/upscale_job.h: enlarges a batch of pictures and writes them. */
#pragma once

#include "pipeline/job.h"
#include "pipeline/upscale.h"

struct upscale_job_options {
    struct upscale_size size;
    bool                compare; /* also STEM-compare.png: bicubic alone and the net's, side by side */
};

struct upscale_job;

/* As detect_job_open(). */
bsr_status upscale_job_open(struct upscale_job **out, const struct job *job,
                            const struct upscale_job_options *options, struct bsr_error *err);
void       upscale_job_close(struct upscale_job *upscale_job);

/* A batch_work; its context is the upscale_job. */
void upscale_job_work(void *context, struct batch *batch, int worker, size_t index,
                      struct item_result *result);

/* pipeline/eval_upscale.h: makes pictures smaller, enlarges them again, and says how near that is to them.
 *
 * The protocol of papers on super-resolution: cropped to a multiple of the factor, shrunk as MATLAB's
 * imresize does it (bicubic, antialiased), enlarged, compared by their luma in levels of 8 bits, `factor`
 * pixels at each side left out. For a net that sees luma alone it is the luma that is shrunk, not rounded (to
 * 16 bits only); else the picture, rounded to 8 bits as a file would hold it. */
#pragma once

#include "pipeline/job.h"
#include "pipeline/upscale.h"

struct eval_quality {
    double psnr; /* dB; infinite for equal pictures */
    double ssim;
};

struct eval_enlarged {
    size_t              source;
    struct eval_quality net;
    struct eval_quality bicubic; /* alone, as besra does it before a net (a = -0.75, as PyTorch's) */
    struct eval_quality matlab;  /* alone, as MATLAB does it (a = -0.5): what papers compare with */
};

struct eval_upscale;

/* As eval_detect_open(). `factor` is a whole number from 2 on. */
bsr_status eval_upscale_open(struct eval_upscale **out, const struct job *job, int factor,
                             struct bsr_error *err);
void       eval_upscale_close(struct eval_upscale *eval);
void       eval_upscale_work(void *context, struct batch *batch, int worker, size_t index,
                             struct item_result *result);

/* Release with eval_enlargement_free(). */
struct eval_enlargement {
    struct eval_enlarged  mean;     /* its source doesn't count; NaN without pictures */
    struct eval_enlarged *pictures; /* [picture_count], the worst first */
    size_t                picture_count;
};

bsr_status eval_upscale_finish(struct eval_enlargement *out, const struct eval_upscale *eval,
                               struct bsr_error *err);
void       eval_enlargement_free(struct eval_enlargement *result);

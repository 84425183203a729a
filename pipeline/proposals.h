/* pipeline/proposals.h: what a net proposes of a picture, kept, so that another threshold needs no net. */
#pragma once

#include "pipeline/detect.h"
#include "postprocess/candidates.h"
#include "preprocess/letterbox.h"

enum { PROPOSALS_MOST = 30000 }; /* candidates that suppression looks at, as YOLOv5's */

/* Made by detector_propose(). Read-only from then on: threads may share it. */
struct proposals {
    struct candidates     candidates; /* on the net's input, best first; equal ones as the net has them */
    struct letterbox_plan plan;       /* back to the picture */
    double                floor;      /* scores are over it */
    bool suppressed; /* by the net itself: there is nothing to do but to choose and to count */
};

/* Releases and sets to {0}. */
void proposals_free(struct proposals *proposals);

/* What becomes of proposals: as the fields of the same names of struct detect_options. */
struct suppression {
    double      confidence, iou;
    int         max_detections;
    bool        agnostic;
    const bool *hidden; /* [hidden_count]: classes that are left out, as if not asked for; NULL: none */
    size_t      hidden_count;
};

/* Memory to work in, for one thread at a time. NULL: out of memory. Release with suppressor_close(). */
struct suppressor;
struct suppressor *suppressor_open(void);
void               suppressor_close(struct suppressor *suppressor);

/* What detector_run() gives with these options and one label a box, exactly, where the confidence is at least
 * the proposals' floor and the net's scores are in 0..1. *out is the suppressor's, until its next call. A
 * threshold is a prefix of the list: for 30,000 boxes it takes about a millisecond. BSR_ERANGE (confidence
 * or iou not in 0..1), BSR_ENOMEM. */
bsr_status proposals_suppress(struct suppressor *suppressor, const struct proposals *proposals,
                              const struct suppression *how, struct detections *out, struct bsr_error *err);

/* Best first; equal scores stay in their order. Scores are 0 or more. BSR_ENOMEM. */
bsr_status proposals_sort(struct candidates *list, struct bsr_error *err);

/* Boxes of the net's input on the picture, clipped to it: out[list->count]. */
void proposals_map_back(struct detection *out, const struct candidates *list,
                        const struct letterbox_plan *plan);

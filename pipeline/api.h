/* pipeline/api.h: what the tiers of besra.h share. */
#pragma once

#include "pipeline/detect.h"

/* `wanted`, or as many as there are processors for 0; 1..256. */
int api_threads(int wanted);

/* What the card says, changed by what the caller asked for. */
struct detect_options api_detect_options(const struct model *model, const struct bsr_detect_options *options);

/* BSR_ERANGE for what is no 8-bit BGR picture. */
bsr_status api_check_bgr8(const struct bsr_image *image, struct bsr_error *err);

/* Copies what was found on `image`, class names included, for the caller. BSR_ENOMEM. */
bsr_status api_copy_detections(struct bsr_detections *out, const struct detections *found,
                               const struct detector *detector, const struct bsr_image *image,
                               struct bsr_error *err);

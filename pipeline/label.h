/* pipeline/label.h: what is written at a box. */
#pragma once

#include "base/bytes.h"
#include "pipeline/detect.h"

/* Checks a template before work starts: {name}, {score} (0.87), {percent} (87), {class} (the number), {index}
 * (1 for the best of the picture), {{ and }} for braces. BSR_EUSAGE names the first placeholder that is none
 * of these. */
bsr_status label_check(const char *label_template, struct bsr_error *err);

/* Replaces *out by the label of the box at `index`. With `hide_score`, {score} and {percent} are left out,
 * with the blank before them. BSR_ENOMEM. */
bsr_status label_write(struct bytes *out, const char *label_template, const struct detection *detection,
                       const char *name, size_t index, bool hide_score, struct bsr_error *err);

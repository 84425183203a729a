/* pipeline/live_record.h: lines of JSON about a stream (docs/live.md). */
#pragma once

#include "pipeline/live_result.h"
#include "pipeline/record.h"

/* The line of a frame: that of `detect`, with "frame", "time" and each box's "track". BSR_ENOMEM. */
bsr_status live_record_frame(struct bytes *out, const struct record_head *head,
                             const struct live_result *result, const char *const *class_names,
                             struct bsr_error *err);

/* The counts of one line or zone. BSR_ENOMEM. */
bsr_status live_record_count(struct bytes *out, const struct record_head *head,
                             const struct live_result *result, int shape, const char *const *class_names,
                             struct bsr_error *err);

/* Whether two results differ in the counts of a shape; of no result before it everything is 0. */
bool live_record_counts_differ(const struct live_result *result, const struct live_result *before, int shape);

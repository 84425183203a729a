/* Inputs that are frames of videos, "clip.mp4#t=3.52". */
#include "base/clock.h"
#include "pipeline/job.h"
#include "pipeline/still.h"

#include <string.h>

/* What reserving a frame's memory needs. */
struct reserving {
    const struct job *job;
    struct batch     *batch;
    int               worker;
    job_cost         *cost;
    const void       *context;
};

static bsr_status reserve(void *context, const struct video_facts *facts, struct bsr_error *err)
{
    const struct reserving    *how = context;
    const struct picture_facts frame = {
        .width = facts->width, .height = facts->height, .channels = 3, .depth = 8, .orientation = 1};
    return batch_reserve(how->batch, how->worker, how->cost(how->job, &frame, how->context), err);
}

bsr_status job_load_frame(struct loaded *out, const struct job *job, struct batch *batch, int worker,
                          size_t index, job_cost *cost, const void *context, struct timing *timing,
                          bool *is_frame, struct bsr_error *err)
{
    struct reserving           how = {job, batch, worker, cost, context};
    const struct still_reading reading = {.limits = job->limits, .reserve = reserve, .context = &how};
    const char                *path = job->sources->items[index].path;
    struct still               still;
    struct bytes               file = {0};
    double                     start = clock_ms(), time = 0;
    size_t                     length = 0;

    *is_frame = still_is_named(path, &length, &time);
    if (!*is_frame)
        return BSR_OK;
    bsr_status status = bytes_append(&file, path, length) ? BSR_OK : bsr_fail_memory(err, path, length);
    if (status == BSR_OK)
        status = still_read(&still, bytes_text(&file), time, &reading, err);
    bytes_free(&file);
    timing->decode += clock_ms() - start;
    if (status != BSR_OK) {
        bsr_error_set_subject(err, path);
        return status;
    }
    *out = (struct loaded){.picture = {.format = PICTURE_PNG, .image = still.image},
                           .width = still.image.width,
                           .height = still.image.height};
    out->picture.reduction = image_whole(&still.image);
    return BSR_OK;
}

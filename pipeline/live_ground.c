#include "pipeline/live_source.h"

const struct live_ground live_ground_video = {
    .source = {.open = video_open, .close = video_close, .facts = video_facts, .read = video_read},
    .sink = {.open = video_writer_open,
             .add = video_writer_add,
             .begin = video_writer_begin,
             .close = video_writer_close},
    .first_wait = 0.5,
    .longest_wait = 30,
    .steady = 10,
};

bsr_status live_open(struct live **out, const struct live_options *options, struct bsr_error *err)
{
    return live_open_on(out, options, &live_ground_video, err);
}

/* pipeline/live_source.h: what live video stands on: media/video.h, or in tests rendered sources that stall
 * and end, and recordings that are slow. */
#pragma once

#include "pipeline/live.h"

/* As the functions of media/video.h of these names. */
struct live_source {
    bsr_status (*open)(struct video_reader **out, const char *source, const struct video_options *options,
                       struct bsr_error *err);
    void (*close)(struct video_reader *reader);
    const struct video_facts *(*facts)(const struct video_reader *reader);
    bsr_status (*read)(struct video_reader *reader, struct video_frame *out, bool *end, long long *damaged,
                       struct bsr_error *err);
};

struct live_sink {
    bsr_status (*open)(struct video_writer **out, const char *path,
                       const struct video_writer_options *options, struct bsr_error *err);
    bsr_status (*add)(struct video_writer *writer, const struct bsr_image *image, double time,
                      struct bsr_error *err);
    bsr_status (*begin)(struct video_writer *writer, struct bsr_error *err);
    bsr_status (*close)(struct video_writer *writer, double end_time, struct bsr_error *err);
};

struct live_ground {
    struct live_source source;
    struct live_sink   sink;
    double first_wait, longest_wait; /* seconds until a source is opened again, twice as long each time */
    double steady;                   /* seconds of frames, after which the first wait is in force again */
};

/* Files, streams and cameras; 0.5 s, 30 s, 10 s. */
extern const struct live_ground live_ground_video;

/* live_open() on another ground. */
bsr_status live_open_on(struct live **out, const struct live_options *options,
                        const struct live_ground *ground, struct bsr_error *err);

/* media/video_parts.h: what the files of video.h share. */
#pragma once

#include "base/status.h"
#include "media/module/video.h"

#include <stdatomic.h>

enum video_by { VIDEO_BY_LIBAV, VIDEO_BY_GSTREAMER };

/* Opens the module at the first call; a failure is tried anew at the next, as a package may come meanwhile.
 * BSR_EMISSING, said of `name`. */
bsr_status video_find_module(const struct video_module **out, enum video_by by, const char *name,
                             struct bsr_error *err);

/* ---- names ---- */

/* The device that "2" or "/dev/video2" stands for; false when `source` is no camera. */
bool video_camera(char device[32], const char *source);
/* Whether it begins with a scheme that is read over the net. */
bool video_is_url(const char *source);
/* Whether it is a pipeline of GStreamer's: elements with " ! " between them. */
bool video_is_pipeline(const char *source);
/* BSR_EMISSING where `device` is no camera, with those that there are, or one that the person may not use. */
bsr_status video_check_camera(const char *device, struct bsr_error *err);
/* Whether the beginning of a file is that of a container of video. 512 bytes suffice. */
bool video_is_container(const uint8_t *data, size_t size);

/* ---- waiting ---- */

/* Why and when to give up. libav asks from threads of its own, too. Once something was given up that stays
 * so: what it was in the middle of is not known. */
struct video_watch {
    const atomic_bool *stop;
    int                timeout_ms;
    _Atomic double     deadline_ms; /* never between two calls */
    atomic_bool        stopped, late;
};

void video_watch_begin(struct video_watch *watch);
void video_watch_end(struct video_watch *watch);
bool video_watch_over(struct video_watch *watch);
/* Whether it was so before. */
bool video_watch_was_over(struct video_watch *watch);

/* ---- the bytes of a file ---- */

struct video_file {
    int                 fd;
    bool                opened; /* by us: standard input is not */
    bool                seekable;
    struct video_watch *watch; /* for what can be waited for; NULL: nothing */
};

bsr_status video_file_open(struct video_file *file, const char *path, struct video_watch *watch,
                           struct bsr_error *err);
/* Makes a file that isn't there yet. */
bsr_status video_file_create(struct video_file *file, const char *path, struct bsr_error *err);
void       video_file_close(struct video_file *file);

/* As struct video_host wants them. */
int     video_file_read(struct video_file *file, uint8_t *data, int size);
int     video_file_write(struct video_file *file, const uint8_t *data, int size);
int64_t video_file_seek(struct video_file *file, int64_t offset);
int64_t video_file_size(struct video_file *file);

/* ---- time ---- */

/* From a source's time stamps to seconds since its first frame that never go back. */
struct video_clock {
    bool   started;
    double start, shift, last; /* seconds */
    double nominal;            /* how long a frame is shown that doesn't say so */
};

double video_clock_time(struct video_clock *clock, double stamp);
/* The source goes on somewhere else: what comes next may be earlier. */
void video_clock_jump(struct video_clock *clock);

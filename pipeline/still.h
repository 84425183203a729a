/* pipeline/still.h: one frame of a video as a picture. "clip.mp4#t=3.52" names it by its time, as addresses
 * on the web do (W3C, Media Fragments): a time stays true where frames have no even rate, a number doesn't.
 */
#pragma once

#include "base/bytes.h"
#include "media/picture.h"
#include "media/video.h"

struct still {
    struct bsr_image image; /* 8-bit BGR, upright */
    double           time;  /* seconds since the first frame */
    long long        number;
    double           duration, fps; /* of the video; 0: not known */
    bool             steady;        /* as video_facts() says */
};

struct still_reading {
    struct picture_limits limits;
    const atomic_bool    *stop; /* NULL: never */
    /* Room for so many bytes, asked for before a frame is decoded for good; NULL: any. */
    bsr_status (*reserve)(void *context, const struct video_facts *facts, struct bsr_error *err);
    void *context;
};

/* The first frame at or behind `time` seconds. `how` may be NULL. Release with still_free(). Errors of
 * video_open(), BSR_ERANGE (it ends before), BSR_ELIMIT (too many pixels). */
bsr_status still_read(struct still *out, const char *path, double time, const struct still_reading *how,
                      struct bsr_error *err);
void       still_free(struct still *still);

/* Takes "FILE#t=SECONDS" apart, where there is no file of the whole name and FILE is a video: *length of
 * FILE, and the time. False: it is no such name. */
bool still_is_named(const char *name, size_t *length, double *time);

/* Appends "#t=3.52": as many digits as tell frames apart. */
void still_append_time(struct bytes *out, double time);

/* Appends "clip-t3.52.png" for the frame of "clip.mp4": the name of a picture of it. */
void still_append_picture_name(struct bytes *out, const char *file, size_t length, double time);

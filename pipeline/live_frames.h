/* pipeline/live_frames.h: a fixed set of frames that are passed between threads by reference, so that a
 * second of video takes no memory that the first did not. */
#pragma once

#include "base/image.h"

struct live_frame {
    struct bsr_image image;
    double           time; /* seconds since the first frame, over all times that the source was opened */
    double           arrived_ms, decode_ms;
    long long        number;
    int              users; /* changed by the functions below only */
};

struct live_frames {
    struct live_frame *items;
    int                count;
};

/* Frames without a picture yet. Release with live_frames_close() when nobody uses one. BSR_ENOMEM. */
bsr_status live_frames_open(struct live_frames *out, int count, struct bsr_error *err);
void       live_frames_close(struct live_frames *frames);

/* The first that nobody uses, with its caller for its one user; NULL when there is none. This and all below
 * under one lock of the caller's. */
struct live_frame *live_frames_take(struct live_frames *frames);

static inline struct live_frame *live_frame_share(struct live_frame *frame)
{
    frame->users++;
    return frame;
}

/* NULL is fine. */
static inline void live_frame_drop(struct live_frame *frame)
{
    if (frame)
        frame->users--;
}

/* Copies an 8-bit BGR picture, into memory that is kept where its size stays. For the only user of *to, or of
 * a picture of its own. BSR_ENOMEM. */
bsr_status live_picture_copy(struct bsr_image *to, const struct bsr_image *from, struct bsr_error *err);

/* pipeline/live.h: a source of frames that can't wait, watched: one thread reads, one runs the net on the
 * newest frame, and whoever shows it asks for a snapshot, which never waits. Frames that nobody had time for
 * are counted. A source that ends or hangs is opened again. */
#pragma once

#include "media/video.h"
#include "pipeline/detect.h"
#include "postprocess/count.h"

/* What its pointers point to (but for the shapes) must outlive the live. */
struct live_options {
    const char          *source; /* of video_open() */
    struct video_options video;
    bool realtime; /* a file comes at its own speed, frames that come too late are dropped; else each
                    * frame is looked at, as fast as that goes */
    bool                  reconnect; /* cameras and streams are opened again, after 0.5, 1, 2 ... 30 s */
    bool                  loop;      /* a file begins again */
    bool                  track;     /* shapes want it, too */
    bool                  rect_given, agnostic_given; /* of `detect` */
    bool                  record_plain;               /* record without boxes */
    bool                  overlay;  /* draw speed and drops, too, in the recording and for on_frame */
    double                duration; /* ends by itself with a frame at so many seconds; 0: not */
    long long             frames;   /* or with so many frames; 0: not */
    const char           *model;
    struct model_hints    hints;
    struct detect_options detect; /* what is not given is the card's: confidence or iou below 0,
                                   * max_detections 0, and `..._given` */
    int                       threads;
    struct track_options      tracking; /* high is not looked at: things begin at the confidence */
    const struct count_shape *shapes;
    int                       shape_count;

    /* A recording; NULL: none. Each frame that is read goes into it, with the newest boxes (none that are
     * over a second old). A frame of another size begins NAME-2.mp4. With record_on each event is a file:
     * NAME-1.mp4, NAME-2.mp4, ..., the first that are not there yet. */
    const char  *record_path;
    char *const *record_on; /* names or numbers of classes that begin it; NULL: at once */
    size_t       record_on_count;
    double       pre, post;    /* seconds before the first and behind the last of them */
    bool         record_waits; /* begins when live_record() says so, with `pre` seconds from before, each time
                                * a file with a number, as with record_on */

    /* Called by the net's thread for each frame that was looked at, in order; NULL: none. The record is a
     * line of JSON: that of `detect`, with "frame", "time" and each box's "track"; behind it one for each
     * line or zone whose counts are others than before (docs/live.md). */
    void (*on_record)(void *context, const char *line, size_t length);
    /* The same frame with its boxes; for --mjpeg. */
    void (*on_frame)(void *context, const struct bsr_image *image, double time);
    bool (*wants_frame)(void *context); /* whether on_frame is to be called for this one; NULL: always */
    /* What a person should know, a sentence: "the source ended; trying again in 2 s". */
    void (*on_message)(void *context, const char *text);
    void (*wake)(void *context);      /* called by any thread when a snapshot would differ */
    void (*on_second)(void *context); /* called by live_wait() once a second; NULL: not */
    void *context;
};

enum { LIVE_WHY = 400, LIVE_PATH = 256 };

enum live_state {
    LIVE_OPENING,
    LIVE_RUNNING,
    LIVE_PAUSED,
    LIVE_WAITING /* to open again */,
    LIVE_ENDED,
    LIVE_FAILED
};

struct live_stats {
    long long     frames;  /* read */
    long long     looked;  /* that the net ran on */
    long long     dropped; /* that it had no time for */
    long long     damaged, reconnects;
    long long     unrecorded;   /* that the recording had no time for */
    double        fps, net_fps; /* of the last second */
    double        latency_ms;   /* from its arrival until the newest result was there */
    struct timing timing;       /* of the newest */
};

/* Valid until live_release(). */
struct live_snapshot { /* NOLINT(clang-analyzer-optin.performance.Padding): in an order for readers */
    unsigned long long        serial;
    enum live_state           state;
    char                      why[LIVE_WHY]; /* of LIVE_WAITING, LIVE_FAILED; else empty */
    const struct bsr_image   *frame;         /* the newest that was read: 8-bit BGR, or NULL */
    long long                 frame_number;
    double                    frame_time, arrived_ms;
    const struct detection   *detections; /* of the newest that the net saw */
    const struct track       *tracks;     /* instead, with tracking */
    size_t                    count;
    long long                 looked_number; /* the frame that they belong to */
    struct live_stats         stats;
    bool                      recording;
    double                    recorded;               /* seconds since it was begun */
    char                      record_path[LIVE_PATH]; /* of the newest that was begun, or its end; else "" */
    char                      record_why[LIVE_WHY];   /* that it can't be recorded; else empty */
    double                    confidence, iou;        /* the thresholds in force */
    const char *const        *class_names;
    int                       class_count;
    int                       shape_count;
    const struct count_shape *shapes;  /* those that `looked_number` was counted with */
    void                     *held[2]; /* for live_release() */
};

struct live;

/* Opens the model (its errors at once), starts the threads. The source's errors come with the snapshot; those
 * that it can't go on after, live_wait() returns: all where `reconnect` is false, and of the first opening
 * those that waiting does not mend (no such camera). Release with live_close(), which ends a recording so
 * that it plays. */
bsr_status live_open(struct live **out, const struct live_options *options, struct bsr_error *err);
bsr_status live_close(struct live *live, struct bsr_error *err); /* the recording's error */

/* Until the source has ended, or `stop` is true: for --headless. The source's error where it can't go on, the
 * net's, the recording's (BSR_EIO: a full disk). */
bsr_status live_wait(struct live *live, const atomic_bool *stop, struct bsr_error *err);

/* Whether it goes on until it is told to stop: a camera, a stream, or a file that begins again, and no end
 * was asked for. */
bool live_is_endless(struct live *live);

/* At most four are held at once; who holds more stops the threads. */
struct live_snapshot live_snapshot(struct live *live);
void                 live_release(struct live *live, struct live_snapshot *snapshot);

/* From the next frame on. */
void       live_set_thresholds(struct live *live, double confidence, double iou);
void       live_pause(struct live *live, bool pause);
void       live_step(struct live *live); /* one frame, then pause */
bsr_status live_set_shapes(struct live *live, const struct count_shape *shapes, int count,
                           struct bsr_error *err);

/* What was counted of shape `index` so far, copied: rows by class. Release with mem_free(). */
bsr_status live_counts(struct live *live, int index, struct count_row **out, size_t *count,
                       struct bsr_error *err);

/* Begins a recording with the next frame, or ends it. What was begun so goes on until it is ended so; with
 * record_on, things that come after one was ended begin the next. Without record_path it does nothing. */
void live_record(struct live *live, bool on);

/* Writes the newest frame, with its boxes or without. */
bsr_status live_save(struct live *live, const char *path, bool plain, struct bsr_error *err);

/* pipeline/live_state.h: what the threads of live video share. For live*.c only.
 *
 *   reader ── newest frame ──> net ── newest result ──> snapshots
 *      └──────── frame with newest result ──> recorder
 *
 * One lock over all of it, held for as long as it takes to copy a few pointers; one condition, for all who
 * wait. Frames and results are shared by reference, and each thread draws on pictures of its own. Where each
 * frame is looked at (a file, not paced), the reader waits for the net, and the net, not the reader, feeds
 * the recorder. */
#pragma once

#include "pipeline/live_draw.h"
#include "pipeline/live_frames.h"
#include "pipeline/live_rate.h"
#include "pipeline/live_result.h"
#include "pipeline/live_source.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    LIVE_QUEUE = 8, /* frames that wait to be recorded: a third of a second, for an encoder that stumbles */
    LIVE_SNAPSHOTS = 4,                            /* that may be held at once */
    LIVE_FRAMES = LIVE_QUEUE + LIVE_SNAPSHOTS + 4, /* read, newest, looked at, recorded */
    LIVE_RESULTS = LIVE_QUEUE + LIVE_SNAPSHOTS + 3,
};

/* What was said of recording last. */
enum live_order { ORDER_NONE, ORDER_RECORD, ORDER_END };

struct live_queued {
    struct live_frame  *frame;
    struct live_result *result; /* or NULL */
};

struct live { /* NOLINT(clang-analyzer-optin.performance.Padding): in an order for readers */
    struct live_options options; /* shapes apart */
    struct live_ground  ground;
    struct model        model;
    struct pool        *pool;
    struct detector    *detector;
    const char        **class_names;
    int                 class_count;
    bool               *begins; /* [class_count]: record_on */
    pthread_t           reader, net, recorder;
    bool                has_reader, has_net, has_recorder;
    double              opened_ms;
    atomic_bool         stop; /* for all threads */

    pthread_mutex_t lock;    /* over all that follows */
    pthread_cond_t  changed; /* on CLOCK_MONOTONIC */

    struct live_frames  frames;
    struct live_results results;
    struct live_frame  *newest;
    bool                newest_taken; /* by the net, or it doesn't want it */
    struct live_result *found;        /* the newest */

    enum live_state    state;
    char               why[LIVE_WHY];
    unsigned long long serial;
    bool               each; /* each frame is looked at */
    bool               live; /* the source can't wait */
    bool               paused;
    int                steps; /* frames that go through all the same */
    bool               source_done, net_done;
    struct bsr_error   failure; /* of the source or the net; code BSR_OK: none */

    double              confidence, iou;
    bool                thresholds_changed;
    struct live_shapes *shapes;  /* set last */
    struct counter     *counter; /* for them, until the net takes it */
    bool                shapes_changed;

    struct live_stats stats; /* but for fps and net_fps */
    struct live_rate  read_rate, net_rate;

    struct live_queued queue[LIVE_QUEUE];
    int                queue_first, queue_count;
    bool               queue_closed, recorder_idle, recording;
    struct bsr_error   record_failure;
    enum live_order    order;
    bool               order_changed;
    double             record_begun; /* the time of the frame */
    char               record_path[LIVE_PATH];
    double             last_time, last_arrived_ms, nominal; /* of the newest frame read; seconds a frame */
};

/* Without the lock. */
void live_wake(struct live *live);
void live_say(struct live *live, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* With fps and net_fps as they are now; the second with the lock. */
struct live_stats live_stats_now(struct live *live);
struct live_stats live_stats_of(const struct live *live);

/* With the lock: something that a snapshot shows is different. Wake when it is released. */
void live_note_change(struct live *live);

/* With the lock: waits for a change, until clock_ms() is `deadline_ms` at the latest. */
void live_wait_change(struct live *live, double deadline_ms);

/* With the lock: gives a frame with its result (or NULL) to the recorder, which is another user of both.
 * Where the queue is full it waits, with `wait`, or drops and counts it. */
void live_enqueue(struct live *live, struct live_frame *frame, struct live_result *result, bool wait);

/* Whether it is a camera's name or a URL: what may come back. */
bool live_comes_back(const char *source);

/* The threads; their context is the live. */
void *live_reader_main(void *context);
void *live_net_main(void *context);
void *live_recorder_main(void *context);

/* The thread that reads: opens the source, again where that makes sense, and hands out its frames. */
#include "base/clock.h"
#include "pipeline/live_state.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND_MS  1000.0
#define LEAST_STEP 1e-4 /* seconds between two frames: a recorder and a tracker need some */

struct reading {
    struct live         *live;
    struct video_reader *reader;
    bool                 opened;   /* at least once */
    double               base;     /* time of this opening's first frame */
    double               began_ms; /* when it came, less the time that was spent paused */
    bool                 first;    /* of this opening */
    double               wait;     /* seconds, before the next opening */
    long long            damaged;
};

bool live_comes_back(const char *source)
{
    const char *end = source;
    while (isdigit((unsigned char)*end))
        end++;
    return strstr(source, "://") || strstr(source, " ! ") || strncmp(source, "/dev/", 5) == 0 ||
           (end > source && !*end);
}

static void set_state(struct live *live, enum live_state state, const char *why)
{
    pthread_mutex_lock(&live->lock);
    live->state = state;
    snprintf(live->why, sizeof live->why, "%s", why);
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
    live_wake(live);
}

/* Waits until the clock says so; earlier only where the thread is to stop. */
static void sleep_until(struct live *live, double deadline_ms)
{
    pthread_mutex_lock(&live->lock);
    while (!atomic_load(&live->stop) && clock_ms() < deadline_ms)
        live_wait_change(live, deadline_ms);
    pthread_mutex_unlock(&live->lock);
}

/* ---- a frame ------------------------------------------------------------------------------------------ */

/* When the frame was taken, over all openings: of a camera that was away for a while by the clock. */
static double time_of(struct reading *reading, const struct video_frame *frame)
{
    struct live *live = reading->live;
    if (reading->first) {
        bool   again = live->stats.frames > 0;
        double gap = live->live ? (frame->arrived_ms - live->last_arrived_ms) / SECOND_MS : live->nominal;
        reading->base = again ? live->last_time + fmax(gap, LEAST_STEP) - frame->time : -frame->time;
        reading->began_ms = clock_ms() - frame->time * SECOND_MS;
        reading->first = false;
    }
    double time = reading->base + frame->time;
    return live->stats.frames > 0 ? fmax(time, live->last_time + LEAST_STEP) : fmax(time, 0);
}

/* With the lock: a frame for what was read. One that can't wait and finds none is dropped. */
static struct live_frame *find_room(struct live *live)
{
    struct live_frame *frame = live_frames_take(&live->frames);
    while (!frame && !live->live && !atomic_load(&live->stop)) {
        live_wait_change(live, INFINITY);
        frame = live_frames_take(&live->frames);
    }
    return frame;
}

/* With the lock: the newest frame from now on. */
static void publish(struct live *live, struct live_frame *frame)
{
    while (live->each && live->newest && !live->newest_taken && !live->net_done && !atomic_load(&live->stop))
        live_wait_change(live, INFINITY);
    if (live->newest && !live->newest_taken)
        live->stats.dropped++;
    live_frame_drop(live->newest);
    live->newest = live_frame_share(frame);
    live->newest_taken = false;
    if (live->steps > 0)
        live->steps--;
    live->state = live->paused ? LIVE_PAUSED : LIVE_RUNNING;
    *live->why = '\0';
    live_note_change(live);
}

/* With the lock: what is opened while it is paused has no frame that would say so. */
static bool note_pause(struct live *live)
{
    bool noted = live->paused && live->state == LIVE_OPENING;
    if (noted) {
        live->state = LIVE_PAUSED;
        live_note_change(live);
    }
    return noted;
}

/* With the lock: counts a frame. */
static void count(struct live *live, double time, double arrived_ms, long long damaged)
{
    live->stats.frames++;
    live->stats.damaged += damaged;
    live->last_time = time;
    live->last_arrived_ms = arrived_ms;
    live_rate_add(&live->read_rate, clock_ms());
}

static bsr_status hand_out(struct reading *reading, const struct video_frame *read, double decode_ms,
                           struct bsr_error *err)
{
    struct live *live = reading->live;
    double       time = time_of(reading, read);
    bsr_status   status = BSR_OK;

    pthread_mutex_lock(&live->lock);
    struct live_frame *frame = find_room(live);
    long long          number = live->stats.frames;
    count(live, time, read->arrived_ms, reading->damaged);
    reading->damaged = 0;
    if (!frame)
        live->stats.dropped++;
    pthread_mutex_unlock(&live->lock);
    if (!frame)
        return BSR_OK;

    status = live_picture_copy(&frame->image, &read->image, err);
    frame->time = time;
    frame->number = number;
    frame->arrived_ms = read->arrived_ms;
    frame->decode_ms = decode_ms;

    pthread_mutex_lock(&live->lock);
    bool shown = status == BSR_OK && (!live->paused || live->steps > 0);
    if (shown)
        publish(live, frame);
    const bool noted = !shown && note_pause(live);
    if (status == BSR_OK && live->has_recorder && !live->each)
        live_enqueue(live, frame, live->found, false);
    live_frame_drop(frame);
    pthread_mutex_unlock(&live->lock);
    if (shown || noted)
        live_wake(live);
    return status;
}

/* With the lock. */
static bool is_held(struct live *live)
{
    return !live->live && live->paused && live->steps == 0 && !atomic_load(&live->stop);
}

/* A file waits where it is paused; its clock waits, too. */
static void wait_paused(struct reading *reading)
{
    struct live *live = reading->live;
    double       began = clock_ms();

    pthread_mutex_lock(&live->lock);
    if (is_held(live) && note_pause(live)) {
        pthread_mutex_unlock(&live->lock);
        live_wake(live);
        pthread_mutex_lock(&live->lock);
    }
    while (is_held(live))
        live_wait_change(live, INFINITY);
    pthread_mutex_unlock(&live->lock);
    reading->began_ms += clock_ms() - began;
}

/* ---- an opening -----------------------------------------------------------------------------------------
 */

/* Whether as much was seen as was asked for. */
static bool is_enough(const struct live *live)
{
    const struct live_options *options = &live->options;
    return (options->frames > 0 && live->stats.frames >= options->frames) ||
           (options->duration > 0 && live->stats.frames > 0 && live->last_time >= options->duration);
}

/* Waits until it is time for a frame of a file, as if it came from a camera just then. */
static void pace(const struct reading *reading, struct video_frame *frame, double decode_ms)
{
    if (reading->first)
        return;
    sleep_until(reading->live, reading->began_ms + frame->time * SECOND_MS);
    frame->arrived_ms = fmax(frame->arrived_ms, clock_ms() - decode_ms);
}

/* Reads until the source ends, which is BSR_OK, as is having read enough. */
static bsr_status read_frames(struct reading *reading, struct bsr_error *err)
{
    struct live              *live = reading->live;
    const struct live_source *source = &live->ground.source;
    double                    began = clock_ms();

    while (!atomic_load(&live->stop) && !is_enough(live)) {
        struct video_frame frame;
        bool               end = false;
        wait_paused(reading);
        if (atomic_load(&live->stop))
            break;
        bsr_status status = source->read(reading->reader, &frame, &end, &reading->damaged, err);
        if (status != BSR_OK || end)
            return status;
        double decode_ms = fmax(clock_ms() - frame.arrived_ms, 0);
        if (live->options.realtime && !live->live)
            pace(reading, &frame, decode_ms);
        status = hand_out(reading, &frame, decode_ms, err);
        if (status != BSR_OK)
            return status;
        if (clock_ms() - began > live->ground.steady * SECOND_MS)
            reading->wait = live->ground.first_wait;
    }
    return atomic_load(&live->stop) ? bsr_fail(err, BSR_ECANCELED, NULL, "interrupted") : BSR_OK;
}

static bsr_status open_and_read(struct reading *reading, struct bsr_error *err)
{
    struct live              *live = reading->live;
    const struct live_source *source = &live->ground.source;
    struct video_options      video = live->options.video;

    video.stop = &live->stop;
    set_state(live, LIVE_OPENING, "");
    bsr_status status = source->open(&reading->reader, live->options.source, &video, err);
    if (status != BSR_OK)
        return status;

    const struct video_facts *facts = source->facts(reading->reader);
    pthread_mutex_lock(&live->lock);
    live->live = facts->live;
    live->each = !facts->live && !live->options.realtime;
    live->nominal = facts->fps > 0 ? 1 / facts->fps : live->nominal;
    live->stats.reconnects += reading->opened && facts->live;
    pthread_mutex_unlock(&live->lock);
    if (reading->opened && facts->live)
        live_say(live, "%s: is back", live->options.source);
    reading->opened = reading->first = true;
    status = read_frames(reading, err);
    source->close(reading->reader);
    reading->reader = NULL;
    return status;
}

/* Whether to open it again after it ended with `status`. What never was there at all won't come: a camera
 * that is not plugged in, a module that is not installed. */
static bool is_to_reopen(const struct reading *reading, bsr_status status)
{
    const struct live *live = reading->live;
    bool               failed = status != BSR_OK;

    if (atomic_load(&live->stop) || is_enough(live))
        return false;
    if (!failed && reading->opened && !live->live)
        return live->options.loop && live->stats.frames > 0;
    if (!live->options.reconnect || status == BSR_ENOMEM)
        return false;
    if (reading->opened)
        return live->live;
    return live_comes_back(live->options.source) && status != BSR_EMISSING && status != BSR_EFORMAT &&
           status != BSR_EUSAGE && status != BSR_ERANGE && status != BSR_ELIMIT;
}

/* Waits before the next opening, longer each time. */
static void back_off(struct reading *reading, bsr_status status, const struct bsr_error *err)
{
    struct live *live = reading->live;
    char         why[LIVE_WHY];

    snprintf(why, sizeof why, "%.300s; trying again in %g s",
             status == BSR_OK ? "the source ended" : err->message, reading->wait);
    live_say(live, "%s: %s", live->options.source, why);
    set_state(live, LIVE_WAITING, why);
    sleep_until(live, clock_ms() + reading->wait * SECOND_MS);
    reading->wait = fmin(2 * reading->wait, live->ground.longest_wait);
}

void *live_reader_main(void *context)
{
    struct live     *live = context;
    struct reading   reading = {.live = live, .wait = live->ground.first_wait};
    struct bsr_error err = {0};
    bsr_status       status = open_and_read(&reading, &err);

    while (is_to_reopen(&reading, status)) {
        if (status != BSR_OK || live->live)
            back_off(&reading, status, &err);
        if (!atomic_load(&live->stop))
            status = open_and_read(&reading, &err);
    }
    pthread_mutex_lock(&live->lock);
    live->source_done = true;
    if (status != BSR_OK && !atomic_load(&live->stop) && live->failure.code == BSR_OK)
        live->failure = err;
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
    return NULL;
}

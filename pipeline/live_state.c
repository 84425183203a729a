#include "pipeline/live_state.h"

#include "base/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void live_wake(struct live *live)
{
    if (live->options.wake)
        live->options.wake(live->options.context);
}

void live_say(struct live *live, const char *format, ...)
{
    char    text[1024];
    va_list args;

    if (!live->options.on_message)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    live->options.on_message(live->options.context, text);
}

void live_note_change(struct live *live)
{
    live->serial++;
    pthread_cond_broadcast(&live->changed);
}

void live_wait_change(struct live *live, double deadline_ms)
{
    struct timespec at;

    if (isinf(deadline_ms)) {
        pthread_cond_wait(&live->changed, &live->lock);
        return;
    }
    double left = fmin(fmax(deadline_ms - clock_ms(), 0), 1e6);
    clock_gettime(CLOCK_MONOTONIC, &at);
    long long ns = at.tv_nsec + (long long)(left * 1e6);
    at.tv_sec += (time_t)(ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    pthread_cond_timedwait(&live->changed, &live->lock, &at);
}

void live_enqueue(struct live *live, struct live_frame *frame, struct live_result *result, bool wait)
{
    while (wait && live->queue_count == LIVE_QUEUE && !live->queue_closed)
        live_wait_change(live, INFINITY);
    if (live->queue_closed)
        return;
    if (live->queue_count == LIVE_QUEUE) {
        live->stats.unrecorded++;
        return;
    }
    int place = (live->queue_first + live->queue_count++) % LIVE_QUEUE;
    live->queue[place] =
        (struct live_queued){.frame = live_frame_share(frame), .result = live_result_share(result)};
    pthread_cond_broadcast(&live->changed);
}

struct live_stats live_stats_of(const struct live *live)
{
    struct live_stats stats = live->stats;
    double            now = clock_ms();
    stats.fps = live_rate_of(&live->read_rate, now);
    stats.net_fps = live_rate_of(&live->net_rate, now);
    return stats;
}

struct live_stats live_stats_now(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    struct live_stats stats = live_stats_of(live);
    pthread_mutex_unlock(&live->lock);
    return stats;
}

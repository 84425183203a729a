#include "media/video_parts.h"

#include "base/clock.h"

#include <math.h>

/* A camera that was restarted, or a stream that begins again, counts from elsewhere; less is disorder. */
static const double restart_seconds = 1;

double video_clock_time(struct video_clock *clock, double stamp)
{
    bool   known = isfinite(stamp);
    double next = clock->last + clock->nominal;
    if (!clock->started) {
        clock->started = true;
        clock->start = known ? stamp : 0;
        clock->last = 0;
        return 0;
    }
    double time = known ? stamp - clock->start + clock->shift : next;
    if (time < clock->last - restart_seconds) {
        clock->shift += next - time;
        time = next;
    }
    if (time > clock->last)
        clock->last = time;
    return fmax(clock->last, 0);
}

void video_clock_jump(struct video_clock *clock)
{
    clock->shift = 0;
    clock->last = -clock->nominal; /* of what has no time stamps the first frame is at 0 again */
}

void video_watch_begin(struct video_watch *watch)
{
    atomic_store(&watch->deadline_ms, watch->timeout_ms > 0 ? clock_ms() + watch->timeout_ms : INFINITY);
}

void video_watch_end(struct video_watch *watch)
{
    atomic_store(&watch->deadline_ms, INFINITY);
}

bool video_watch_over(struct video_watch *watch)
{
    if (watch->stop && atomic_load(watch->stop))
        atomic_store(&watch->stopped, true);
    else if (clock_ms() > atomic_load(&watch->deadline_ms))
        atomic_store(&watch->late, true);
    return video_watch_was_over(watch);
}

bool video_watch_was_over(struct video_watch *watch)
{
    return atomic_load(&watch->stopped) || atomic_load(&watch->late);
}

/* pipeline/live_rate.h: how often something happened in the last second. */
#pragma once

enum { LIVE_RATE_KEPT = 512 }; /* of the newest: up to so many a second are told apart */

/* All zero: nothing yet. */
struct live_rate {
    double    at_ms[LIVE_RATE_KEPT];
    long long count;
};

void live_rate_add(struct live_rate *rate, double now_ms);

/* Times a second: from the first to the last of the second before `now_ms`. 0 where there are not two. */
double live_rate_of(const struct live_rate *rate, double now_ms);

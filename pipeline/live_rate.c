#include "pipeline/live_rate.h"

#define SECOND_MS 1000.0

void live_rate_add(struct live_rate *rate, double now_ms)
{
    rate->at_ms[rate->count++ % LIVE_RATE_KEPT] = now_ms;
}

double live_rate_of(const struct live_rate *rate, double now_ms)
{
    long long kept = rate->count < LIVE_RATE_KEPT ? rate->count : LIVE_RATE_KEPT;
    double    first = 0, last = 0;
    long long seen = 0;

    for (long long i = rate->count - 1; i >= rate->count - kept; i--) {
        double at = rate->at_ms[i % LIVE_RATE_KEPT];
        /* One more than the second has, where things are slow: one in two seconds is 0.5 a second. */
        if (now_ms - at > SECOND_MS && seen != 1)
            break;
        if (now_ms - at > 4 * SECOND_MS)
            break;
        if (seen++ == 0)
            last = at;
        first = at;
    }
    return seen >= 2 && last > first ? (double)(seen - 1) * SECOND_MS / (last - first) : 0;
}

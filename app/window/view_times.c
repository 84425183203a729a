#include "app/window/view_times.h"

#include <stdlib.h>
#include <string.h>

void view_times_note(struct view_times *times, double build_ms, double answer_ms)
{
    times->build[times->count++ % VIEW_FRAMES] = (float)build_ms;
    if (answer_ms >= 0)
        times->answer[times->answers++ % VIEW_FRAMES] = (float)answer_ms;
}

static int by_size(const void *a, const void *b)
{
    float one = *(const float *)a, other = *(const float *)b;
    return (one > other) - (one < other);
}

static double percentile(const float values[VIEW_FRAMES], size_t count, double part)
{
    float sorted[VIEW_FRAMES];
    count = count < VIEW_FRAMES ? count : VIEW_FRAMES;
    if (!count)
        return 0;
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return (double)sorted[(size_t)((double)(count - 1) * part)];
}

double view_times_build(const struct view_times *times, double part)
{
    return percentile(times->build, times->count, part);
}

double view_times_answer(const struct view_times *times, double part)
{
    return percentile(times->answer, times->answers, part);
}

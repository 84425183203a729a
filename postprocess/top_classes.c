#include "postprocess/top_classes.h"

#include <float.h>
#include <math.h>

int are_probabilities(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= 0))
            return 0;
        sum += (double)values[i];
    }
    return fabs(sum - 1) < 0.01;
}

static float finite_or_least(float value)
{
    return isfinite(value) ? value : -FLT_MAX;
}

/* Inserts a class into the best so far: `used` of at most `top`. Returns how many there are then. */
static size_t insert(struct class_score *out, size_t used, size_t top, struct class_score item)
{
    size_t at = used;
    while (at > 0 && out[at - 1].score < item.score)
        at--;
    if (at >= top)
        return used;
    if (used < top)
        used++;
    for (size_t i = used - 1; i > at; i--)
        out[i] = out[i - 1];
    out[at] = item;
    return used;
}

size_t top_classes(struct class_score *out, size_t top, const float *values, size_t count, int logits)
{
    size_t used = 0;
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        used = insert(out, used, top,
                      (struct class_score){.class_index = (int)i, .score = finite_or_least(values[i])});
    if (!logits || !used)
        return used;
    const double most = (double)out[0].score; /* subtracted, so that no exponential overflows */
    for (size_t i = 0; i < count; i++)
        sum += exp((double)finite_or_least(values[i]) - most);
    for (size_t i = 0; i < used; i++)
        out[i].score = (float)(exp((double)out[i].score - most) / sum);
    return used;
}

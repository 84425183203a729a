#include "postprocess/yolo.h"

#include <math.h>

/* Both branches raise e to a negative number only: nothing overflows, and small scores keep their digits,
 * which 1 / (1 + e^-x) loses for very negative x. */
float yolo_sigmoid(float x)
{
    if (x >= 0)
        return 1 / (1 + expf(-x));
    float power = expf(x);
    return power / (1 + power);
}

/* yolo_sigmoid() is off by at most two units in the last place (2^-23 relative); with this its results over
 * a threshold have true values over the lowered one. */
static const double sigmoid_slack = 1 - 0x1p-21;

float yolo_logit_floor(double threshold)
{
    if (threshold <= 0)
        return -INFINITY;
    if (threshold >= 1)
        return INFINITY;
    double lowered = threshold * sigmoid_slack;
    float  logit = (float)log(lowered / (1 - lowered));
    return nextafterf(logit, -INFINITY); /* (float) may have rounded up */
}

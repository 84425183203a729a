#include "pipeline/transparency.h"

#include <math.h>

#define LEAST_OPACITY                                                                                        \
    (1.0F / 16) /* below it, the mean colour is blended in: nothing is divided by a smaller one */

static float opacity(float alpha)
{
    return fminf(fmaxf(alpha / 255, 0), 1);
}

/* Of what is to be seen; 0 where that is nothing. */
static float mean_colour(const float *colour, const float *alpha, size_t count)
{
    double colours = 0, opacities = 0;
    for (size_t i = 0; i < count; i++) {
        colours += (double)colour[i];
        opacities += (double)opacity(alpha[i]);
    }
    return opacities > 0 ? fminf(fmaxf((float)(colours / opacities), 0), 255) : 0;
}

/* The straight colour of one that was multiplied by `part`. */
static float straight(float colour, float part, float mean)
{
    if (part >= 1)
        return colour;
    float within = fminf(fmaxf(colour, 0), 255 * part); /* bicubic overshoots colours and alpha alike */
    return part >= LEAST_OPACITY ? within / part : within / LEAST_OPACITY + mean * (1 - part / LEAST_OPACITY);
}

void transparency_straighten(float *planes, int colours, size_t count)
{
    const float *alpha = planes + (size_t)colours * count;
    for (int c = 0; c < colours; c++) {
        float *colour = planes + (size_t)c * count;
        float  mean = mean_colour(colour, alpha, count);
        for (size_t i = 0; i < count; i++)
            colour[i] = straight(colour[i], opacity(alpha[i]), mean);
    }
}

void transparency_multiply(float *planes, int colours, size_t count)
{
    const float *alpha = planes + (size_t)colours * count;
    for (int c = 0; c < colours; c++)
        for (size_t i = 0; i < count; i++)
            planes[(size_t)c * count + i] *= opacity(alpha[i]);
}

/* pipeline/transparency.h: what a net sees of a picture with alpha. */
#pragma once

#include <stddef.h>

/* Colours that were multiplied by (alpha / 255) become straight ones for the net, which would otherwise take
 * the picture's outline for an edge of its colours, sharpen it, and leave a dark fringe there. Where next to
 * nothing is to be seen, the mean colour of the picture takes their place. planes[colours + 1][count], alpha
 * last, 0..255; what bicubic left outside of that counts as its end. */
void transparency_straighten(float *planes, int colours, size_t count);

/* The way back: multiplies the colours by (alpha / 255). */
void transparency_multiply(float *planes, int colours, size_t count);

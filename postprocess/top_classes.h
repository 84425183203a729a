/* postprocess/top_classes.h: what a classifier's numbers say. */
#pragma once

#include <stddef.h>

struct class_score {
    int   class_index;
    float score; /* a probability, 0..1 */
};

/* Whether the numbers look like probabilities: none under 0, their sum 1 within a hundredth. */
int are_probabilities(const float *values, size_t count);

/* Writes the best min(top, count) classes, best first, to `out`; of equal values the lower index is first.
 * Logits become probabilities by softmax over all of them; numbers that are not finite are the least. Returns
 * how many. */
size_t top_classes(struct class_score *out, size_t top, const float *values, size_t count, int logits);

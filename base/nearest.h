/* base/nearest.h: the name that was probably meant, for messages about unknown ones. */
#pragma once

#include <stddef.h>

enum { NEAREST_MAX_LENGTH = 64 }; /* longer words are near to nothing */

/* How many single letters were inserted, left out, replaced, or swapped with their neighbour between `a` and
 * `b` (Damerau-Levenshtein in its restricted form: a swapped pair is not edited again). Upper and lower case
 * and '-' and '_' are the same. The length of the longer one when that is over NEAREST_MAX_LENGTH. */
size_t nearest_distance(const char *a, const char *b);

/* The best candidate so far. Start with nearest_start(word). */
struct nearest {
    const char *word;
    const char *best; /* NULL: nothing is near enough to be meant */
    size_t      distance;
};

struct nearest nearest_start(const char *word);

/* Takes `candidate` where it is nearer than all before it. Near enough is a third of the word's length,
 * at least one letter; or a candidate that the word begins (three letters or more). */
void nearest_offer(struct nearest *nearest, const char *candidate);

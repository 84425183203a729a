/* tests/config/mutate.h: deterministic damage to valid inputs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The next of a row of numbers that is the same at each run (splitmix64, Steele et al. 2014). */
uint64_t mutate_random(uint64_t *state);

/* Damages `data` of *size bytes (capacity bytes of room): flips, overwrites, removes, repeats, or puts in a
 * word of `words` (ended by NULL). */
void mutate(uint8_t *data, size_t *size, size_t capacity, const char *const *words, uint64_t *state);

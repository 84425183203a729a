/* config/settings_guard.h: what libconfig must not be given, found before it is. For this room only. */
#pragma once

#include <stddef.h>

enum { SETTINGS_MAX_DEPTH = 16 }; /* groups, lists and arrays within each other */

/* Looks through a text of `size` bytes (with a 0 behind it) for
 *   - nesting over SETTINGS_MAX_DEPTH: libconfig goes down by recursion when it frees;
 *   - @include: a card is data from elsewhere and must not read other files;
 *   - whole numbers over 32 bits without an L, over 64 with one: libconfig 1.5 wraps them without a word,
 *     so that memory = 4294967296 would be no limit at all;
 *   - bytes of value zero: libconfig would take them for the end.
 * Returns the sentence that says so and sets *line (from 1), or NULL. */
const char *settings_guard(const char *text, size_t size, int *line);

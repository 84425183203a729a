/* media/gif_codes.h: GIF's LZW codes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gif_codes_end { GIF_CODES_WHOLE, GIF_CODES_TRUNCATED, GIF_CODES_DAMAGED };

/* Decodes `count` palette numbers from the sub-blocks at `data` (a length, so many bytes; 0 ends them).
 * `bits` is the size of a palette number, 1..8. */
enum gif_codes_end gif_read_codes(uint8_t *indices, size_t count, const uint8_t *data, size_t size,
                                  unsigned bits);

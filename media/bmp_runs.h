/* media/bmp_runs.h: the run lengths of bitmaps with a palette. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes runs of 8- or 4-bit palette numbers to indices[height][width], bottom row first; what the runs
 * leave out stays as it is. False when they end before their end mark or lead outside the picture. */
bool bmp_read_runs(uint8_t *indices, size_t width, size_t height, const uint8_t *data, size_t size,
                   unsigned bits);

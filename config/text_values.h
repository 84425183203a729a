/* config/text_values.h: numbers, sizes and shapes as people write them. All of them take the whole text or
 * nothing, whatever the locale, and leave the destination alone when they return false. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "42", "-7". False for anything else, and outside of int64_t. */
bool text_to_whole(int64_t *out, const char *text);

/* "0.25", ".5", "-1e-3"; false also for nan, inf, hexadecimal, and what overflows a double. */
bool text_to_real(double *out, const char *text);

/* "4096", "512M", "1.5GiB", "2 GB": K, M, G, T are powers of 1024, with or without i and B behind them.
 * False when negative or not under 2^63. */
bool text_to_bytes(uint64_t *out, const char *text);

/* "500M", "20k", "1000": powers of 1000. */
bool text_to_amount(uint64_t *out, const char *text);

/* "640x480" (or with an X, or the sign ×); both sides from 1 on. */
bool text_to_extent(int *width, int *height, const char *text);

/* "2/8": 1 <= index <= count. */
bool text_to_shard(int *index, int *count, const char *text);

/* base/bytes.h: a growing block of bytes, also used for text. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start with {0}; release with bytes_free(). After a failed append `failed` is set, the contents stay
 * as they were and all later appends do nothing: check once, at the end. */
struct bytes {
    uint8_t *data; /* NULL while empty; text is always followed by a 0 that `size` does not count */
    size_t   size;
    size_t   capacity;
    bool     failed; /* out of memory */
};

bool bytes_append(struct bytes *bytes, const void *data, size_t size);
bool bytes_append_text(struct bytes *bytes, const char *text);
bool bytes_append_format(struct bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for `size` more bytes without counting them. */
bool bytes_reserve(struct bytes *bytes, size_t size);

/* The contents as text, never NULL. Valid until the next append. */
const char *bytes_text(const struct bytes *bytes);

/* Forgets the contents, keeps the memory. */
void bytes_clear(struct bytes *bytes);

/* Releases and sets to {0}. */
void bytes_free(struct bytes *bytes);

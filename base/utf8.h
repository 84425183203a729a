/* base/utf8.h: text that came from outside. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether bytes are UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF). */
bool utf8_is_valid(const void *bytes, size_t length);

/* pipeline/json_text.h: texts of any origin as JSON strings. */
#pragma once

#include <jansson.h>

/* Bytes that are no UTF-8 become U+FFFD. NULL when memory ran out. */
json_t *json_text(const char *text);

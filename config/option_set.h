/* config/option_set.h: puts a value, wherever it comes from, into its field. For this room only. */
#pragma once

#include "config/option_table.h"

/* A value as the command line (always text) or a file gives it. */
struct option_value {
    enum { VALUE_TEXT, VALUE_WHOLE, VALUE_REAL, VALUE_SWITCH, VALUE_ITEMS } kind;
    const char        *key; /* in a file: "detect.conf", for messages; NULL on the command line */
    const char        *text;
    int64_t            whole;
    double             real;
    bool               on;    /* a flag, or an optional argument that was left out */
    const char *const *items; /* [item_count] */
    size_t             item_count;
};

/* Checks `value` and stores it; `origin` (kept by the options, or static) says where it was written and is
 * the subject of errors: BSR_EUSAGE; BSR_ENOMEM. */
bsr_status option_set(struct options *options, const struct option_row *row, const struct option_value *value,
                      const char *origin, struct bsr_error *err);

/* `bytes` of memory that live as long as the options, or NULL. */
void *options_keep(struct options *options, size_t bytes);

/* A copy of the first `length` bytes of `text`, with a 0 behind them, kept likewise. */
char *options_keep_text(struct options *options, const char *text, size_t length);

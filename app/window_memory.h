/* app/window_memory.h: how a window was left, for the next time. */
#pragma once

#include "config/options.h"

/* Writes these options as they are now to the file that options_parse() reads before the command line. Where
 * there is no place for it, it does nothing. BSR_EIO, BSR_ENOMEM. */
bsr_status window_memory_write(const struct options *now, const enum option_id *ids, size_t count,
                               struct bsr_error *err);

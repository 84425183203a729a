/* config/config_file.h: options from a libconfig file. For this room only. */
#pragma once

#include "config/options.h"

/* Sets what the file says; of its groups, all are checked but only that of options->command is taken, after
 * the keys at the top. Errors as settings_read(); unknown keys name the nearest. */
bsr_status config_file_apply(struct options *options, const char *path, struct bsr_error *err);

/* The person's own file: $XDG_CONFIG_HOME/besra/besra.cfg, else ~/.config/besra/besra.cfg. *path is the
 * caller's (mem_free); NULL when neither variable is set to a full path. BSR_ENOMEM. */
bsr_status config_file_own(char **path, struct bsr_error *err);

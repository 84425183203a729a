/* config/settings.h: libconfig files, read with suspicion. For this room only. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <libconfig.h>
#include <stdbool.h>

enum { SETTINGS_MAX_BYTES = 1 << 20 };

/* Reads and parses `path`; release with config_destroy(). BSR_EUSAGE with "path:line" for what libconfig or
 * settings_guard() refuses; BSR_EMISSING, BSR_EIO, BSR_ELIMIT over SETTINGS_MAX_BYTES. libconfig itself does
 * not survive running out of memory; with this limit it asks for some 50 MB at most. */
bsr_status settings_read(config_t *out, const char *path, struct bsr_error *err);

/* Fills *err with "path:line" as its subject. `key` (may be NULL) stands before the sentence. */
bsr_status settings_fail(const char *path, const config_setting_t *at, struct bsr_error *err,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "input.scale": the names down to this setting, in `space`. */
const char *settings_key(const config_setting_t *setting, char *space, size_t size);

/* The unknown key `at`, with the nearest of `known` (ended by NULL). */
bsr_status settings_fail_unknown(const char *path, const config_setting_t *at, const char *const *known,
                                 struct bsr_error *err);

/* A whole number, also one written with L. */
bool settings_is_whole(const config_setting_t *setting, long long *value);

/* A finite number of any kind. */
bool settings_is_real(const config_setting_t *setting, double *value);

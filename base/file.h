/* base/file.h: whole files in, whole files out; never a half-written one. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

/* Reads all of `path` ("-" is standard input) into *out, at most `limit` bytes.
 * BSR_EMISSING when there is none, BSR_EIO, BSR_ELIMIT, BSR_ENOMEM; *out is then as before. */
bsr_status file_read(struct bytes *out, const char *path, size_t limit, struct bsr_error *err);

/* Writes `path` as a whole or not at all: to a temporary name in the same folder, flushed to the disk
 * when `durable`, then renamed. With `overwrite` false an existing file is BSR_EEXIST, also when it
 * appears meanwhile. "-" is standard output; devices and pipes are written into. BSR_EIO names the cause
 * (full disk, no permission, ...), BSR_ENOMEM. */
bsr_status file_write(const char *path, const void *data, size_t size, bool overwrite, bool durable,
                      struct bsr_error *err);

/* Makes the folder `path` and those above it, where they don't exist. BSR_EIO, BSR_ENOMEM. */
bsr_status file_make_folders(const char *path, struct bsr_error *err);

/* The part of a path behind its last slash. */
const char *file_name(const char *path);

/* Whether something comes before `ending` (".onnx", in letters of any case), and nothing behind it. */
bool file_has_ending(const char *path, const char *ending);

/* Whether both are there and are one, whatever names they are reached by. */
bool file_is_same(const char *a, const char *b);

/* write(2), or the failure that a test asked for: for files that are written piece by piece. */
ssize_t file_write_some(int fd, const void *data, size_t size);

/* Tests: the n-th write from now (1 is the next) fails as on a full disk; 0 ends that. */
void file_fail_write(unsigned n);

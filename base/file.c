#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_uint fail_write; /* 0: never */

void file_fail_write(unsigned n)
{
    atomic_store(&fail_write, n);
}

ssize_t file_write_some(int fd, const void *data, size_t size)
{
    unsigned left = atomic_load(&fail_write);
    while (left && !atomic_compare_exchange_weak(&fail_write, &left, left - 1))
        ; /* another thread wrote meanwhile: `left` is what it left */
    if (left == 1) {
        errno = ENOSPC;
        return -1;
    }
    return write(fd, data, size);
}

const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool file_has_ending(const char *path, const char *ending)
{
    const size_t length = strlen(path), wanted = strlen(ending);
    return length > wanted && strcasecmp(path + length - wanted, ending) == 0;
}

bool file_is_same(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static bsr_status read_all(struct bytes *out, int fd, const char *path, size_t limit, struct bsr_error *err)
{
    enum { CHUNK = 1 << 16 };
    struct stat st;
    bool        known = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (known && (uint64_t)st.st_size > limit)
        return bsr_fail(err, BSR_ELIMIT, path, "%lld bytes, over the limit of %zu", (long long)st.st_size,
                        limit);

    for (;;) {
        size_t room = known && (size_t)st.st_size >= out->size ? (size_t)st.st_size - out->size + 1 : CHUNK;
        if (!bytes_reserve(out, room))
            return bsr_fail_memory(err, path, room);
        ssize_t got = read(fd, out->data + out->size, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return bsr_fail(err, BSR_EIO, path, "can't be read: %s", strerror(errno));
        out->size += (size_t)got;
        out->data[out->size] = '\0';
        if (got == 0)
            return BSR_OK;
        if (out->size > limit)
            return bsr_fail(err, BSR_ELIMIT, path, "over the limit of %zu bytes", limit);
    }
}

bsr_status file_read(struct bytes *out, const char *path, size_t limit, struct bsr_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    int  fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return bsr_fail(err, BSR_EMISSING, path, "no such file");
    if (fd < 0)
        return bsr_fail(err, BSR_EIO, path, "can't be opened: %s", strerror(errno));

    struct bytes read = {0};
    bsr_status   status = read_all(&read, fd, path, limit, err);
    if (!standard)
        close(fd);
    if (status != BSR_OK) {
        bytes_free(&read);
        return status;
    }
    bytes_free(out);
    *out = read;
    return BSR_OK;
}

static bsr_status write_all(int fd, const void *data, size_t size, const char *path, struct bsr_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = file_write_some(fd, (const uint8_t *)data + done, size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return bsr_fail(err, BSR_EIO, path, "can't be written: %s", strerror(errno));
        done += (size_t)wrote;
    }
    return BSR_OK;
}

/* Renames unless `path` exists, without a gap in which another program's file could be lost, where the file
 * system has a way to do so. */
static int rename_to_free_name(const char *temporary, const char *path)
{
    if (link(temporary, path) == 0) {
        unlink(temporary);
        return 0;
    }
    if (errno == EEXIST)
        return -1;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0) /* FAT has no links */
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    struct stat st;
    if (lstat(path, &st) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(temporary, path);
}

/* Gives the finished temporary file its name. */
static bsr_status give_name(const char *temporary, const char *path, bool overwrite, struct bsr_error *err)
{
    if ((overwrite ? rename(temporary, path) : rename_to_free_name(temporary, path)) == 0)
        return BSR_OK;
    if (!overwrite && errno == EEXIST)
        return bsr_fail(err, BSR_EEXIST, path, "exists already");
    return bsr_fail(err, BSR_EIO, path, "can't be renamed to: %s", strerror(errno));
}

static bsr_status write_and_close(int fd, const char *path, const void *data, size_t size, bool durable,
                                  struct bsr_error *err)
{
    bsr_status status = write_all(fd, data, size, path, err);
    if (status == BSR_OK && durable && fsync(fd) != 0)
        status = bsr_fail(err, BSR_EIO, path, "can't be flushed to the disk: %s", strerror(errno));
    if (close(fd) != 0 && status == BSR_OK)
        status = bsr_fail(err, BSR_EIO, path, "can't be written: %s", strerror(errno));
    return status;
}

/* Opens a new file beside `path`, with the mode that any new file gets; its name goes to *name. */
static bsr_status open_temporary(int *out, struct bytes *name, const char *path, struct bsr_error *err)
{
    static atomic_uint number;
    enum { TRIES = 1000 }; /* names left behind by killed processes of the same id */

    for (int i = 0; i < TRIES; i++) {
        bytes_clear(name);
        bytes_append(name, path, (size_t)(file_name(path) - path));
        if (!bytes_append_format(name, ".besra-%ld-%u", (long)getpid(), atomic_fetch_add(&number, 1)))
            return bsr_fail_memory(err, path, strlen(path));
        int fd = open(bytes_text(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            *out = fd;
            return BSR_OK;
        }
        if (errno != EEXIST)
            break;
    }
    return bsr_fail(err, BSR_EIO, path, "can't be written: %s", strerror(errno));
}

/* Devices and pipes ("/dev/null") are written into: a file must not take their place. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bsr_status write_special(const char *path, const void *data, size_t size, struct bsr_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return bsr_fail(err, BSR_EIO, path, "can't be opened: %s", strerror(errno));
    return write_and_close(fd, path, data, size, false, err);
}

bsr_status file_write(const char *path, const void *data, size_t size, bool overwrite, bool durable,
                      struct bsr_error *err)
{
    if (strcmp(path, "-") == 0)
        return write_all(STDOUT_FILENO, data, size, "standard output", err);
    if (is_special(path))
        return write_special(path, data, size, err);
    if (!overwrite && access(path, F_OK) == 0)
        return bsr_fail(err, BSR_EEXIST, path, "exists already");

    struct bytes temporary = {0};
    int          fd = -1;
    bsr_status   status = open_temporary(&fd, &temporary, path, err);
    if (status == BSR_OK) {
        const char *name = bytes_text(&temporary);
        status = write_and_close(fd, path, data, size, durable, err);
        if (status == BSR_OK)
            status = give_name(name, path, overwrite, err);
        if (status != BSR_OK)
            unlink(name);
    }
    bytes_free(&temporary);
    return status;
}

bsr_status file_make_folders(const char *path, struct bsr_error *err)
{
    char *copy = mem_copy_text(path);
    if (!copy)
        return bsr_fail_memory(err, path, strlen(path));

    bsr_status status = BSR_OK;
    for (char *at = copy + 1; status == BSR_OK && copy[0]; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            status = bsr_fail(err, BSR_EIO, path, "the folder can't be made: %s", strerror(errno));
        *at = kept;
        if (!kept)
            break;
    }
    struct stat st;
    if (status == BSR_OK && copy[0] && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
        status = bsr_fail(err, BSR_EIO, path, "is a file, not a folder");
    mem_free(copy);
    return status;
}

/* The bytes of videos: files, pipes, standard input. */
#include "media/video_parts.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 20 }; /* between two looks whether to give up */

bsr_status video_file_open(struct video_file *file, const char *path, struct video_watch *watch,
                           struct bsr_error *err)
{
    struct stat st;
    bool        standard = strcmp(path, "-") == 0;
    /* Not to wait here for whoever will write into a named pipe. */
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return bsr_fail(err, BSR_EMISSING, path, "no such file");
    if (fd < 0)
        return bsr_fail(err, BSR_EIO, path, "can't be opened: %s", strerror(errno));
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        bsr_fail(err, BSR_EIO, path, "can't be opened: %s",
                 S_ISDIR(st.st_mode) ? "a folder" : strerror(errno));
        if (!standard)
            close(fd);
        return BSR_EIO;
    }
    *file = (struct video_file){.fd = fd,
                                .opened = !standard,
                                .seekable = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode),
                                .watch = watch};
    return BSR_OK;
}

bsr_status video_file_create(struct video_file *file, const char *path, struct bsr_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return bsr_fail(err, BSR_EEXIST, path, "exists already");
    if (fd < 0)
        return bsr_fail(err, BSR_EIO, path, "can't be written: %s", strerror(errno));
    *file = (struct video_file){.fd = fd, .opened = true, .seekable = true};
    return BSR_OK;
}

void video_file_close(struct video_file *file)
{
    if (file->opened)
        close(file->fd);
    *file = (struct video_file){.fd = -1};
}

/* Until there is something to read. */
static int wait_for_bytes(struct video_file *file)
{
    for (;;) {
        struct pollfd wanted = {.fd = file->fd, .events = POLLIN};
        if (file->watch && video_watch_over(file->watch))
            return -ECANCELED;
        int ready = poll(&wanted, 1, LOOK_MS);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

int video_file_read(struct video_file *file, uint8_t *data, int size)
{
    for (;;) {
        int failed = wait_for_bytes(file);
        if (failed)
            return failed;
        ssize_t got = read(file->fd, data, (size_t)size);
        if (got >= 0)
            return (int)got;
        if (errno != EINTR && errno != EAGAIN)
            return -errno;
    }
}

int video_file_write(struct video_file *file, const uint8_t *data, int size)
{
    for (int done = 0; done < size;) {
        ssize_t wrote = file_write_some(file->fd, data + done, (size_t)(size - done));
        if (wrote < 0 && errno != EINTR)
            return -errno;
        done += wrote > 0 ? (int)wrote : 0;
    }
    return size;
}

int64_t video_file_seek(struct video_file *file, int64_t offset)
{
    off_t at = lseek(file->fd, offset, SEEK_SET);
    return at < 0 ? -errno : at;
}

int64_t video_file_size(struct video_file *file)
{
    struct stat st;
    return fstat(file->fd, &st) == 0 ? st.st_size : -errno;
}

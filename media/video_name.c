/* What a name stands for, and what a file's first bytes say. */
#include "media/video.h"
#include "media/video_parts.h"

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { CAMERAS = 64, FIRST_BYTES = 512 };

/* "0" .. "63", as the whole of the text; -1: not that. */
static int camera_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits < 1 || digits > 2 || text[digits])
        return -1;
    int number = atoi(text); // NOLINT(cert-err34-c): two digits at most
    return number < CAMERAS ? number : -1;
}

bool video_camera(char device[32], const char *source)
{
    static const char prefix[] = "/dev/video";
    const char       *digits =
        strncmp(source, prefix, sizeof prefix - 1) == 0 ? source + sizeof prefix - 1 : source;
    int number = camera_number(digits);
    if (number < 0)
        return false;
    snprintf(device, 32, "%s%d", prefix, number);
    return true;
}

bool video_is_url(const char *source)
{
    static const char *const schemes[] = {"rtsp://",  "rtsps://", "http://", "https://", "rtmp://",
                                          "rtmps://", "udp://",   "rtp://",  "srt://",   "tcp://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(source, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

bool video_is_pipeline(const char *source)
{
    return strstr(source, " ! ") != NULL;
}

/* What Linux gives a number of Video4Linux's (its list of devices, 81 char). */
static bool is_camera(const char *device)
{
    enum { VIDEO_MAJOR = 81 };
    struct stat st;
    return stat(device, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == VIDEO_MAJOR;
}

static bsr_status fail_camera(const char *device, const char *why, struct bsr_error *err)
{
    struct bytes there = {0};
    for (int i = 0; i < CAMERAS; i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/video%d", i);
        if (is_camera(path))
            bytes_append_format(&there, "%s%s", there.size ? ", " : "", path);
    }
    bsr_fail(err, BSR_EMISSING, device, "%s", why);
    if (there.size)
        bsr_hint(err, "these are there: %s", bytes_text(&there));
    else
        bsr_hint(err, "no camera is connected: there is no /dev/video0 and no other");
    bytes_free(&there);
    return BSR_EMISSING;
}

bsr_status video_check_camera(const char *device, struct bsr_error *err)
{
    if (access(device, F_OK) != 0)
        return fail_camera(device, "there is no such camera", err);
    if (!is_camera(device))
        return fail_camera(device, "is no camera", err);
    if (access(device, R_OK | W_OK) == 0)
        return BSR_OK;
    bsr_fail(err, BSR_EMISSING, device, "this camera can't be used: %s", strerror(errno));
    if (errno == EACCES)
        bsr_hint(err,
                 "cameras belong to the group video: sudo usermod -aG video \"$USER\", and log in again");
    return BSR_EMISSING;
}

/* ---- first bytes ---- */

static bool is_at(const uint8_t *data, size_t size, size_t at, const char *bytes, size_t length)
{
    return size >= at + length && memcmp(data + at, bytes, length) == 0;
}

/* MP4 and QuickTime; their kin of pictures (AVIF, HEIF) say so by the brand. */
static bool is_mp4(const uint8_t *data, size_t size)
{
    static const char *const pictures[] = {"avif", "avis", "heic", "heix", "heim", "heis", "hevc",
                                           "hevx", "mif1", "msf1", "miaf", "crx ", "jxl "};
    static const char *const old[] = {"moov", "mdat", "wide", "pnot", "styp"};
    if (is_at(data, size, 4, "ftyp", 4)) {
        for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
            if (is_at(data, size, 8, pictures[i], 4))
                return false;
        return size >= 12;
    }
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (is_at(data, size, 4, old[i], 4))
            return true;
    return false;
}

/* Packets of `step` bytes, of which each begins with 'G'. */
static bool is_transport(const uint8_t *data, size_t size, size_t offset, size_t step)
{
    for (size_t at = offset; at < offset + 2 * step + 1; at += step)
        if (at >= size || data[at] != 0x47)
            return false;
    return true;
}

bool video_is_container(const uint8_t *data, size_t size)
{
    static const struct {
        const char *bytes;
        size_t      length;
    } magics[] = {
        {"\x1a\x45\xdf\xa3", 4}, /* Matroska, WebM */
        {"FLV\x01", 4},
        {"OggS", 4},
        {"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 8}, /* ASF, WMV */
        {"\x00\x00\x01\xba", 4},                 /* MPEG program stream */
        {"\x00\x00\x01\xb3", 4},                 /* MPEG video alone */
        {"DKIF", 4},                             /* IVF */
        {"YUV4MPEG2", 9},
        {"\x06\x0e\x2b\x34\x02\x05\x01\x01", 8}, /* MXF */
    };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (is_at(data, size, 0, magics[i].bytes, magics[i].length))
            return true;
    return is_mp4(data, size) || (is_at(data, size, 0, "RIFF", 4) && is_at(data, size, 8, "AVI ", 4)) ||
           is_transport(data, size, 0, 188) || is_transport(data, size, 4, 192);
}

bool video_is(const char *name)
{
    char device[32];
    return video_camera(device, name) || video_is_url(name) || video_is_pipeline(name) || video_is_file(name);
}

bool video_is_file(const char *path)
{
    struct stat st;
    uint8_t     first[FIRST_BYTES];
    int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, first, sizeof first) : -1;
    close(fd);
    return size > 0 && video_is_container(first, (size_t)size);
}

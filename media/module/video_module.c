/* besra-video.so: moving pictures by FFmpeg's libav. */
#include "media/module/video_libav.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_line[256];

/* libav calls it from any thread. */
static void keep_line(void *who, int level, const char *format, va_list arguments)
{
    (void)who;
    if (level > AV_LOG_ERROR)
        return;
    char line[sizeof last_line];
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\r\n")] = '\0';
    size_t length = strlen(line);
    while (length && (line[length - 1] == '.' || line[length - 1] == ' '))
        line[--length] = '\0';
    if (length)
        memcpy(last_line, line, sizeof line);
}

void libav_quiet(void)
{
    av_log_set_callback(keep_line);
}

void libav_forget_log(void)
{
    last_line[0] = '\0';
}

bsr_status libav_fail(const struct video_host *host, bsr_status status, int code, const char *what)
{
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    char sentence[512];
    if (code == AVERROR(ENOMEM)) {
        host->explain(host->context, "out of memory");
        return BSR_ENOMEM;
    }
    if (code)
        av_strerror(code, why, sizeof why);
    if (last_line[0] && why[0] && !strstr(last_line, why))
        snprintf(sentence, sizeof sentence, "%s: %s (%s)", what, why, last_line);
    else if (last_line[0] || why[0])
        snprintf(sentence, sizeof sentence, "%s: %s", what, last_line[0] ? last_line : why);
    else
        snprintf(sentence, sizeof sentence, "%s", what);
    host->explain(host->context, sentence);
    return status;
}

static int read_bytes(void *context, uint8_t *data, int size)
{
    const struct video_host *host = context;
    int                      got = host->read(host->context, data, size);
    return got ? got : AVERROR_EOF; /* -errno is AVERROR(errno) */
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int write_bytes(void *context, const uint8_t *data, int size)
#else
static int write_bytes(void *context, uint8_t *data, int size)
#endif
{
    const struct video_host *host = context;
    return host->write(host->context, data, size);
}

static int64_t seek_bytes(void *context, int64_t offset, int whence)
{
    const struct video_host *host = context;
    if ((whence & ~AVSEEK_FORCE) == AVSEEK_SIZE)
        return host->size ? host->size(host->context) : AVERROR(ENOSYS);
    /* libav keeps the position itself and asks for places from the beginning only. */
    return (whence & ~AVSEEK_FORCE) == SEEK_SET ? host->seek(host->context, offset) : AVERROR(EINVAL);
}

AVIOContext *libav_bytes(const struct video_host *host, bool writing)
{
    enum { BUFFER = 1 << 16 };
    uint8_t *buffer = av_malloc(BUFFER);
    if (!buffer)
        return NULL;
    AVIOContext *bytes =
        avio_alloc_context(buffer, BUFFER, writing, (void *)host, writing ? NULL : read_bytes,
                           writing ? write_bytes : NULL, host->seek ? seek_bytes : NULL);
    if (!bytes)
        av_free(buffer);
    return bytes;
}

void libav_bytes_free(AVIOContext **bytes)
{
    if (*bytes)
        av_freep(&(*bytes)->buffer);
    avio_context_free(bytes);
}

BSR_API extern const struct video_module besra_video_module;
const struct video_module                besra_video_module = {
                   .version = VIDEO_MODULE_VERSION,
                   .open = input_open,
                   .next = input_next,
                   .pixels = input_pixels,
                   .seek = input_seek,
                   .close = input_close,
                   .create = output_create,
                   .encoder = output_encoder,
                   .add = output_add,
                   .begin = output_begin,
                   .finish = output_finish,
                   .destroy = output_destroy,
};

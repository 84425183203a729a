/* A file, a stream or a camera is opened: container, stream of video, decoder. */
#include "media/module/video_input.h"

#include <dlfcn.h>
#include <libavdevice/version.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int interrupted(void *context)
{
    const struct video_host *host = context;
    return host->interrupted(host->context);
}

/* A file can't make libav open another one. */
static int refuse(AVFormatContext *format, AVIOContext **out, const char *url, int flags,
                  AVDictionary **options)
{
    (void)format;
    (void)out;
    (void)url;
    (void)flags;
    (void)options;
    return AVERROR(EPERM);
}

static AVFormatContext *make_context(struct video_input *input)
{
    AVFormatContext *format = avformat_alloc_context();
    if (!format)
        return NULL;
    format->interrupt_callback = (AVIOInterruptCB){.callback = interrupted, .opaque = &input->host};
    if (input->device)
        format->flags |= AVFMT_FLAG_NONBLOCK;
    if (!input->host.read)
        return format;
    format->io_open = refuse;
    format->pb = input->bytes = libav_bytes(&input->host, false);
    if (!format->pb) {
        avformat_free_context(format);
        return NULL;
    }
    return format;
}

/* libav's name of the pixels or codec that a camera calls `fourcc`; NULL: not known. */
static const char *camera_format(const char *fourcc)
{
    static const char *const names[][2] = {
        {"MJPG", "mjpeg"},   {"JPEG", "mjpeg"},   {"YUYV", "yuyv422"}, {"YUY2", "yuyv422"},
        {"UYVY", "uyvy422"}, {"NV12", "nv12"},    {"NV21", "nv21"},    {"YU12", "yuv420p"},
        {"I420", "yuv420p"}, {"GREY", "gray"},    {"BGR3", "bgr24"},   {"RGB3", "rgb24"},
        {"H264", "h264"},    {"YV12", "yuv420p"}, {"422P", "yuv422p"}, {"Y16 ", "gray16le"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], fourcc) == 0)
            return names[i][1];
    return NULL;
}

static bsr_status camera_options(AVDictionary **options, const struct video_request *request,
                                 const struct video_host *host)
{
    char text[64];
    if (request->width > 0 && request->height > 0) {
        snprintf(text, sizeof text, "%dx%d", request->width, request->height);
        av_dict_set(options, "video_size", text, 0);
    }
    if (request->fps > 0) {
        AVRational rate = av_d2q(request->fps, 100000);
        snprintf(text, sizeof text, "%d/%d", rate.num, rate.den);
        av_dict_set(options, "framerate", text, 0);
    }
    if (!request->fourcc[0])
        return BSR_OK;
    const char *format = camera_format(request->fourcc);
    if (!format) {
        snprintf(text, sizeof text, "pixels of the kind '%.4s' are not known", request->fourcc);
        return libav_fail(host, BSR_EFORMAT, 0, text);
    }
    av_dict_set(options, "input_format", format, 0);
    return BSR_OK;
}

/* What may be opened over the net, by a playlist from there, too: never a file. */
static const char protocols[] =
    "http,https,httpproxy,tls,tcp,udp,rtp,srtp,rtsp,rtmp,rtmps,rtmpt,rtmpe,srt,crypto,"
    "data";

/* Makes cameras known. Opened only for them: it brings 80 libraries, of windows and sound, and doubles the
 * time that it takes to load this module. Stays open. */
static bsr_status find_cameras(const AVInputFormat **format, const struct video_host *host)
{
    static const char file[] = "libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR);
    static const char package[] = "libavdevice" AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR);
    void             *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void (*make_known)(void) = NULL;
    if (library)
        *(void **)&make_known = dlsym(library, "avdevice_register_all");
    if (!make_known) {
        char text[128];
        snprintf(text, sizeof text, "cameras need the package %s, which is not installed", package);
        return libav_fail(host, BSR_EMISSING, 0, text);
    }
    make_known();
    *format = av_find_input_format("v4l2");
    return *format ? BSR_OK : libav_fail(host, BSR_EMISSING, 0, "this libavdevice knows no cameras");
}

static bsr_status open_options(AVDictionary **options, const AVInputFormat **format,
                               const struct video_request *request, const struct video_host *host)
{
    if (request->device) {
        bsr_status status = find_cameras(format, host);
        return status == BSR_OK ? camera_options(options, request, host) : status;
    }
    if (host->read)
        return BSR_OK;
    av_dict_set(options, "protocol_whitelist", protocols, 0);
    if (strncmp(request->name, "rtsp", 4) == 0)
        av_dict_set(options, "rtsp_flags", "prefer_tcp", 0);
    return BSR_OK;
}

static bsr_status open_container(struct video_input *input, const struct video_request *request)
{
    AVDictionary        *options = NULL;
    const AVInputFormat *format = NULL;
    bsr_status           status = open_options(&options, &format, request, &input->host);
    if (status == BSR_OK && !(input->format = make_context(input)))
        status = libav_fail(&input->host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    if (status == BSR_OK) {
        /* AVInputFormat became const with FFmpeg 5. */
        int  code = avformat_open_input(&input->format, request->name, format, &options);
        bool unreadable = input->host.read && code != AVERROR(EIO);
        if (code < 0)
            status =
                libav_fail(&input->host, unreadable || code == AVERROR_INVALIDDATA ? BSR_EFORMAT : BSR_EIO,
                           code, unreadable ? "not a video that besra can read" : "can't be opened");
    }
    av_dict_free(&options);
    return status;
}

/* Whether the source comes when it likes: what is not a file, but for files on web servers. */
static bool is_live(const struct video_input *input, const char *name)
{
    if (input->device)
        return true;
    if (input->host.read)
        return false;
    bool web = strncmp(name, "http", 4) == 0;
    return !web || (input->format->duration <= 0 && !(input->format->pb && input->format->pb->seekable));
}

/* Looks into the first packets, which costs a live source its first seconds: as few as will do. Where times
 * are made up anyway, and of a camera, all is known that the decoder needs. */
static bsr_status find_streams(struct video_input *input)
{
    if (input->device || (input->live && input->untimed))
        return BSR_OK;
    if (input->live) {
        input->format->max_analyze_duration = 2 * AV_TIME_BASE;
        input->format->fps_probe_size = 3;
    }
    int code = avformat_find_stream_info(input->format, NULL);
    if (code < 0)
        return libav_fail(&input->host, BSR_EFORMAT, code, "not a video that besra can read");
    return BSR_OK;
}

/* Chooses the stream; others are not even read, where the container allows that. Covers of music are no
 * video. */
static bsr_status find_video(struct video_input *input)
{
    int index = av_find_best_stream(input->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (index < 0 || (input->format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC))
        return libav_fail(&input->host, BSR_EFORMAT, 0, "there is no video in it");
    for (unsigned i = 0; i < input->format->nb_streams; i++)
        if ((int)i != index)
            input->format->streams[i]->discard = AVDISCARD_ALL;
    input->stream = input->format->streams[index];
    return BSR_OK;
}

/* One thread: frames that are decoded side by side come late by as many, and the nets have the processors. */
static bsr_status open_decoder(struct video_input *input)
{
    const AVCodecParameters *parameters = input->stream->codecpar;
    const AVCodec           *decoder = avcodec_find_decoder(parameters->codec_id);
    if (!decoder) {
        char text[128];
        snprintf(text, sizeof text, "this libavcodec has no decoder for its video (%s)",
                 avcodec_get_name(parameters->codec_id));
        return libav_fail(&input->host, BSR_EFORMAT, 0, text);
    }
    input->codec = avcodec_alloc_context3(decoder);
    if (!input->codec)
        return libav_fail(&input->host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    int code = avcodec_parameters_to_context(input->codec, parameters);
    input->codec->pkt_timebase = input->stream->time_base;
    input->codec->thread_count = 1;
    if (input->live)
        input->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    if (parameters->codec_id == AV_CODEC_ID_MJPEG)
        input->codec->err_recognition |= AV_EF_EXPLODE; /* half a picture is none */
    if (code >= 0)
        code = avcodec_open2(input->codec, decoder, NULL);
    return code < 0 ? libav_fail(&input->host, BSR_EFORMAT, code, "its video can't be decoded") : BSR_OK;
}

/* "mp4" of "mov,mp4,m4a,3gp,3g2,mj2". */
static void name_format(char *out, size_t size, const struct video_input *input)
{
    const char *name = input->format->iformat->name;
    if (input->device)
        name = "v4l2";
    else if (strncmp(name, "mov,mp4", 7) == 0)
        name = "mp4";
    snprintf(out, size, "%.*s", (int)strcspn(name, ","), name);
}

/* The mean rate is that of which all time stamps are multiples, but for what rounding makes of it. */
static bool is_steady(const AVStream *stream)
{
    const double near = 0.001, mean = av_q2d(stream->avg_frame_rate), real = av_q2d(stream->r_frame_rate);
    return mean > 0 && real > 0 && fabs(mean - real) <= near * real;
}

static void say_what_was_found(struct video_found *found, const struct video_input *input)
{
    const AVStream *stream = input->stream;
    AVRational      rate = av_guess_frame_rate(input->format, input->stream, NULL);
    *found = (struct video_found){.live = input->live, .untimed = input->live && input->untimed};
    if (!found->untimed && rate.num > 0 && rate.den > 0)
        found->fps = av_q2d(rate);
    found->steady = found->fps > 0 && is_steady(stream);
    if (stream->duration > 0 && stream->duration != AV_NOPTS_VALUE)
        found->duration = (double)stream->duration * av_q2d(stream->time_base);
    else if (input->format->duration > 0 && input->format->duration != AV_NOPTS_VALUE)
        found->duration = (double)input->format->duration / AV_TIME_BASE;
    name_format(found->format, sizeof found->format, input);
    snprintf(found->codec, sizeof found->codec, "%s", avcodec_get_name(stream->codecpar->codec_id));
}

static bsr_status open_all(struct video_input *input, const struct video_request *request)
{
    bsr_status status = open_container(input, request);
    if (status != BSR_OK)
        return status;
    input->live = is_live(input, request->name);
    input->untimed = !input->device && (input->format->iformat->flags & AVFMT_NOTIMESTAMPS);
    status = find_streams(input);
    if (status == BSR_OK)
        status = find_video(input);
    if (status == BSR_OK)
        status = open_decoder(input);
    if (status != BSR_OK)
        return status;
    input->packet = av_packet_alloc();
    input->frame = av_frame_alloc();
    if (!input->packet || !input->frame)
        return libav_fail(&input->host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    return BSR_OK;
}

bsr_status input_open(struct video_input **out, struct video_found *found,
                      const struct video_request *request, const struct video_host *host)
{
    libav_quiet();
    libav_forget_log();
    struct video_input *input = host->alloc(1, sizeof *input);
    if (!input)
        return libav_fail(host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    input->host = *host;
    input->device = request->device;
    input->wanted = -INFINITY;
    bsr_status status = open_all(input, request);
    if (status != BSR_OK) {
        input_close(input);
        return status;
    }
    say_what_was_found(found, input);
    *out = input;
    return BSR_OK;
}

void input_close(struct video_input *input)
{
    if (!input)
        return;
    av_packet_free(&input->packet);
    av_frame_free(&input->frame);
    avcodec_free_context(&input->codec);
    avformat_close_input(&input->format);
    libav_bytes_free(&input->bytes);
    sws_freeContext(input->scaler);
    input->host.release(input);
}

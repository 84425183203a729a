/* Packets to frames, frames to pixels. */
#include "media/module/video_input.h"

#include <libavutil/time.h>
#include <math.h>
#include <string.h>

enum {
    MAX_ERRORS = 64, /* packets that can't be read, one after the other, before it is the end */
    PAUSE_US = 2000, /* between two looks whether the camera has a frame */
};

/* Reads the next packet of the video; `ended` instead where there is none left. */
static bsr_status read_packet(struct video_input *input, bool *ended, long long *damaged)
{
    int errors = 0;
    for (;;) {
        av_packet_unref(input->packet);
        int code = av_read_frame(input->format, input->packet);
        input->arrived_ms = input->host.clock_ms();
        bool ours = code >= 0 && input->packet->stream_index == input->stream->index;
        if (ours && input->astray)
            input->astray = !(input->packet->flags & AV_PKT_FLAG_KEY);
        if (ours && !input->astray)
            return BSR_OK;
        if (input->host.interrupted(input->host.context))
            return libav_fail(&input->host, BSR_ECANCELED, AVERROR_EXIT, "can't be read");
        if (code >= 0)
            continue;
        if (code == AVERROR(EAGAIN)) {
            av_usleep(PAUSE_US);
            continue;
        }
        if (code == AVERROR_INVALIDDATA && errors < MAX_ERRORS) {
            *damaged += errors++ == 0;
            continue;
        }
        AVIOContext *bytes = input->format->pb;
        if (code == AVERROR_EOF && bytes && bytes->error < 0 && bytes->error != AVERROR_EOF)
            code = bytes->error; /* some demuxers call every failure the end */
        if (code == AVERROR(EIO) && input->live && bytes && avio_size(bytes) < 0)
            code = AVERROR_EOF; /* to libav 5 a server that hangs up is early also where no length was
                                   promised */
        if (code != AVERROR_EOF && code != AVERROR_INVALIDDATA)
            return libav_fail(&input->host, code == AVERROR(ENOMEM) ? BSR_ENOMEM : BSR_EIO, code,
                              "can't be read");
        *ended = true;
        return BSR_OK;
    }
}

/* Whether the container tells the time of each frame; others tell it of some, and libav guesses the rest. */
static bool tells_times(const struct video_input *input)
{
    const char *name = input->format->iformat->name;
    return strncmp(name, "mov,mp4", 7) == 0 || strncmp(name, "matroska", 8) == 0;
}

/* On the way to the frame that is wanted those before it are decoded only as far as others need them. */
static void spare_decoder(struct video_input *input, bool ended)
{
    const double    margin = 0.01; /* seconds: time stamps are rounded */
    const AVPacket *packet = input->packet;
    bool            early = false;

    if (!ended && packet->pts != AV_NOPTS_VALUE && tells_times(input))
        early = (double)packet->pts * av_q2d(input->stream->time_base) < input->wanted - margin;
    if (input->codec->codec_descriptor->props & AV_CODEC_PROP_INTRA_ONLY)
        early = false;
    input->codec->skip_frame = early ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
}

/* Gives the decoder more to do. */
static bsr_status feed(struct video_input *input, long long *damaged)
{
    bool       ended = false;
    bsr_status status = read_packet(input, &ended, damaged);
    if (status != BSR_OK)
        return status;
    /* Behind a key frame that isn't the first of all, libav 5's H.264 keeps the last frames back as if they
     * were damaged, although those before them were not. */
    if (ended && input->whole)
        input->codec->flags2 |= AV_CODEC_FLAG2_SHOW_ALL;
    spare_decoder(input, ended);
    int code = avcodec_send_packet(input->codec, ended ? NULL : input->packet);
    input->ended = ended;
    if (code == AVERROR(ENOMEM))
        return libav_fail(&input->host, BSR_ENOMEM, code, "");
    if (code < 0 && !ended)
        ++*damaged;
    input->owed = code >= 0 && !ended && (input->codec->codec_descriptor->props & AV_CODEC_PROP_INTRA_ONLY);
    return BSR_OK;
}

static bool is_whole(const AVFrame *frame)
{
    return !(frame->flags & AV_FRAME_FLAG_CORRUPT) && !frame->decode_error_flags && frame->width > 0 &&
           frame->height > 0;
}

bsr_status input_next(struct video_input *input, struct video_decoded *frame, bool *end, long long *damaged)
{
    libav_forget_log();
    for (;;) {
        int code = avcodec_receive_frame(input->codec, input->frame);
        if (code != AVERROR(EAGAIN))
            input->owed = false;
        if (code == 0 && is_whole(input->frame))
            break;
        if (code == AVERROR(ENOMEM))
            return libav_fail(&input->host, BSR_ENOMEM, code, "");
        if (code == AVERROR_EOF || (code < 0 && input->ended)) {
            *end = true;
            return BSR_OK;
        }
        if (code == AVERROR(EAGAIN)) {
            *damaged += input->owed;
            bsr_status status = feed(input, damaged);
            if (status != BSR_OK)
                return status;
        } else {
            ++*damaged;
        }
    }
    int64_t stamp = input->frame->best_effort_timestamp;
    input->whole = true;
    frame->width = input->frame->width;
    frame->height = input->frame->height;
    frame->orientation = libav_orientation(input->stream, input->frame);
    if (input->live && input->untimed)
        frame->time = input->arrived_ms / 1e3;
    else
        frame->time = stamp == AV_NOPTS_VALUE ? NAN : (double)stamp * av_q2d(input->stream->time_base);
    frame->arrived_ms = input->arrived_ms;
    return BSR_OK;
}

bsr_status input_pixels(struct video_input *input, uint8_t *bgr, size_t stride)
{
    return libav_to_bgr(&input->scaler, &input->host, input->frame,
                        input->codec->codec_id == AV_CODEC_ID_MJPEG, bgr, stride);
}

/* By bytes, or by the first time stamp where a container is not to be read by bytes. */
static int seek_to_beginning(struct video_input *input)
{
    int64_t first = input->stream->start_time == AV_NOPTS_VALUE ? 0 : input->stream->start_time;
    int     code = av_seek_frame(input->format, -1, 0, AVSEEK_FLAG_BYTE);
    if (code < 0)
        code = avformat_seek_file(input->format, input->stream->index, INT64_MIN, first, first, 0);
    return code;
}

bsr_status input_seek(struct video_input *input, double from, double wanted)
{
    libav_forget_log();
    bool    beginning = !(from > -INFINITY);
    double  ticks = beginning ? 0 : floor(from / av_q2d(input->stream->time_base));
    int64_t stamp = ticks > -9e18 && ticks < 9e18 ? (int64_t)ticks : 0;
    int     code = AVERROR(ESPIPE);
    bool    possible = !input->live && input->format->pb && input->format->pb->seekable;
    if (possible && !input->untimed && !beginning)
        code = avformat_seek_file(input->format, input->stream->index, INT64_MIN, stamp, stamp, 0);
    input->astray = code >= 0;
    if (possible && code < 0) /* without an index: from the beginning, which is always before `time` */
        code = seek_to_beginning(input);
    if (code < 0)
        return libav_fail(&input->host, BSR_EFORMAT, code, "can't be read from another place");
    avcodec_flush_buffers(input->codec);
    input->codec->flags2 &= ~AV_CODEC_FLAG2_SHOW_ALL;
    input->ended = input->whole = false;
    input->wanted = wanted;
    return BSR_OK;
}

/* Frames to packets to a file. What is encoded waits in a list: before the file begins as much as is to be
 * held, behind that one packet, since how long it is shown is known only when the next one comes. */
#include "media/module/video_libav.h"

#include <libavutil/opt.h>
#include <stdio.h>
#include <string.h>

static const AVRational tick = {1, VIDEO_TICKS};

struct video_output {
    struct video_host  host;
    AVFormatContext   *format;
    AVIOContext       *bytes;
    AVCodecContext    *codec;
    AVStream          *stream;
    AVFrame           *frame;
    AVPacket          *packet;
    struct SwsContext *scaler;
    AVPacket         **list; /* a ring; `capacity` is a power of two */
    size_t             head, count, capacity;
    int64_t            hold, key, base; /* ticks; `base`: of the file's beginning */
    bool               begun, keyed, based;
};

/* ---- the encoder ---- */

static void set_x264(AVCodecContext *codec, const struct video_encoding *encoding)
{
    char crf[32];
    /* x264's scale ends at 51, and at 16 the eye sees no difference any more. */
    snprintf(crf, sizeof crf, "%.2f", 51 - 0.35 * encoding->quality);
    /* 8 ms of a core for a frame of 1280 x 720 instead of the 16 of superfast and 25 of veryfast, for files
     * that are no larger at the same crf and as good by SSIM (0.9447, 0.9450, 0.9458). */
    av_opt_set(codec->priv_data, "preset", "ultrafast", 0);
    av_opt_set(codec->priv_data, "tune", "zerolatency", 0);
    av_opt_set(codec->priv_data, "crf", crf, 0);
    av_opt_set(codec->priv_data, "forced-idr", "1", 0);
}

static void set_encoder(AVCodecContext *codec, const struct video_encoding *encoding)
{
    bool   hd = libav_is_hd(encoding->width, encoding->height);
    double bits = (double)encoding->width * encoding->height * 3 * encoding->quality / 80;
    codec->width = encoding->width;
    codec->height = encoding->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->framerate = (AVRational){30, 1}; /* a hint: frames have their own times */
    codec->gop_size = 600;                  /* never reached: key frames come by time */
    codec->max_b_frames = 0;
    codec->thread_count = encoding->threads;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->colorspace = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    codec->color_primaries = hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    codec->color_trc = hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    codec->time_base = tick;
    if (codec->codec_id == AV_CODEC_ID_MPEG4) {
        codec->time_base = (AVRational){1, 30000}; /* 16 bits is what the format has for it */
        codec->flags |= AV_CODEC_FLAG_QSCALE;
        codec->global_quality = FF_QP2LAMBDA * (1 + (100 - encoding->quality) / 4);
    } else if (strcmp(codec->codec->name, "libx264") == 0) {
        set_x264(codec, encoding);
    } else {
        codec->bit_rate = bits < 1e8 ? (int64_t)bits : 100000000;
    }
}

static int open_encoder(struct video_output *output, const struct video_encoding *encoding, const char *name)
{
    const AVCodec *encoder = avcodec_find_encoder_by_name(name);
    if (!encoder || encoder->type != AVMEDIA_TYPE_VIDEO)
        return AVERROR_ENCODER_NOT_FOUND;
    output->codec = avcodec_alloc_context3(encoder);
    if (!output->codec)
        return AVERROR(ENOMEM);
    set_encoder(output->codec, encoding);
    int code = avcodec_open2(output->codec, encoder, NULL);
    if (code < 0)
        avcodec_free_context(&output->codec);
    return code;
}

/* Best first. All but the first are for libav's that were built without x264. */
static bsr_status find_encoder(struct video_output *output, const struct video_encoding *encoding)
{
    static const char *const names[] = {"libx264", "libopenh264", "h264_nvenc", "h264_qsv", "mpeg4"};
    int                      code = AVERROR_ENCODER_NOT_FOUND;
    if (encoding->encoder)
        code = open_encoder(output, encoding, encoding->encoder);
    for (size_t i = 0; !encoding->encoder && code < 0 && i < sizeof names / sizeof *names; i++)
        code = open_encoder(output, encoding, names[i]);
    if (code == AVERROR_ENCODER_NOT_FOUND)
        return libav_fail(&output->host, BSR_EMISSING, 0, "this libavcodec has no encoder for it");
    return code < 0 ? libav_fail(&output->host, BSR_ERANGE, code, "can't be encoded") : BSR_OK;
}

static bsr_status make_frame(struct video_output *output)
{
    output->packet = av_packet_alloc();
    output->frame = av_frame_alloc();
    if (!output->packet || !output->frame)
        return libav_fail(&output->host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    output->frame->format = output->codec->pix_fmt;
    output->frame->width = output->codec->width;
    output->frame->height = output->codec->height;
    output->frame->colorspace = output->codec->colorspace;
    output->frame->color_range = output->codec->color_range;
    int code = av_frame_get_buffer(output->frame, 0);
    return code < 0 ? libav_fail(&output->host, BSR_ENOMEM, code, "can't be encoded") : BSR_OK;
}

/* ---- the file ---- */

static bsr_status make_file(struct video_output *output, const char *format)
{
    int code = avformat_alloc_output_context2(&output->format, NULL, format, NULL);
    if (code < 0)
        return libav_fail(&output->host, BSR_EMISSING, code, "this libavformat can't write it");
    output->bytes = libav_bytes(&output->host, true);
    output->stream = avformat_new_stream(output->format, NULL);
    if (!output->bytes || !output->stream)
        return libav_fail(&output->host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    output->format->pb = output->bytes;
    output->format->flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_CUSTOM_IO;
    output->stream->time_base = tick;
    code = avcodec_parameters_from_context(output->stream->codecpar, output->codec);
    return code < 0 ? libav_fail(&output->host, BSR_ENOMEM, code, "can't be written") : BSR_OK;
}

bsr_status output_create(struct video_output **out, const struct video_encoding *encoding,
                         const struct video_host *host)
{
    libav_quiet();
    libav_forget_log();
    struct video_output *output = host->alloc(1, sizeof *output);
    if (!output)
        return libav_fail(host, BSR_ENOMEM, AVERROR(ENOMEM), "");
    output->host = *host;
    output->hold = (int64_t)(encoding->hold * VIDEO_TICKS);
    bsr_status status = find_encoder(output, encoding);
    if (status == BSR_OK)
        status = make_frame(output);
    if (status == BSR_OK)
        status = make_file(output, encoding->format);
    if (status != BSR_OK) {
        output_destroy(output);
        return status;
    }
    *out = output;
    return BSR_OK;
}

const char *output_encoder(const struct video_output *output)
{
    return output->codec->codec->name;
}

/* ---- the list ---- */

static AVPacket **item(struct video_output *output, size_t i)
{
    return &output->list[(output->head + i) & (output->capacity - 1)];
}

static void drop_first(struct video_output *output)
{
    av_packet_free(item(output, 0));
    output->head = (output->head + 1) & (output->capacity - 1);
    output->count--;
}

static bool make_room(struct video_output *output)
{
    if (output->count < output->capacity)
        return true;
    size_t     capacity = output->capacity ? 2 * output->capacity : 64;
    AVPacket **list = output->host.alloc(capacity, sizeof(void *));
    if (!list)
        return false;
    for (size_t i = 0; i < output->count; i++)
        list[i] = *item(output, i);
    output->host.release(output->list);
    output->list = list;
    output->capacity = capacity;
    output->head = 0;
    return true;
}

/* Forgets what lies before the last key frame that still leaves all that is to be held. */
static void forget_old(struct video_output *output)
{
    int64_t oldest = (*item(output, output->count - 1))->pts - output->hold;
    size_t  first = 0;
    for (size_t i = 1; i < output->count && (*item(output, i))->pts <= oldest; i++)
        if ((*item(output, i))->flags & AV_PKT_FLAG_KEY)
            first = i;
    for (; first > 0; first--)
        drop_first(output);
}

/* Writes the first packet of the list, shown until `until`. */
static bsr_status write_first(struct video_output *output, int64_t until)
{
    AVPacket *packet = *item(output, 0);
    if (!output->based)
        output->base = packet->pts;
    output->based = true;
    packet->duration = until > packet->pts ? until - packet->pts : 1;
    packet->pts -= output->base;
    packet->dts = packet->pts;
    packet->stream_index = 0;
    av_packet_rescale_ts(packet, tick, output->stream->time_base);
    int code = av_write_frame(output->format, packet);
    if (code >= 0 && output->bytes->error < 0)
        code = output->bytes->error;
    drop_first(output);
    return code < 0 ? libav_fail(&output->host, BSR_EIO, code, "can't be written") : BSR_OK;
}

static bsr_status write_known(struct video_output *output)
{
    bsr_status status = BSR_OK;
    while (status == BSR_OK && output->count > 1)
        status = write_first(output, (*item(output, 1))->pts);
    return status;
}

/* Takes over what the encoder has ready. */
static bsr_status take_packets(struct video_output *output)
{
    for (;;) {
        int code = avcodec_receive_packet(output->codec, output->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return BSR_OK;
        AVPacket *packet = code < 0 || !make_room(output) ? NULL : av_packet_clone(output->packet);
        if (code >= 0)
            av_packet_unref(output->packet);
        if (!packet)
            return libav_fail(&output->host, BSR_EIO, code < 0 ? code : AVERROR(ENOMEM), "can't be encoded");
        av_packet_rescale_ts(packet, output->codec->time_base, tick);
        output->count++;
        *item(output, output->count - 1) = packet;
        if (!output->begun)
            forget_old(output);
        bsr_status status = output->begun ? write_known(output) : BSR_OK;
        if (status != BSR_OK)
            return status;
    }
}

/* ---- what is called ---- */

bsr_status output_add(struct video_output *output, const uint8_t *bgr, size_t stride, int64_t ticks)
{
    libav_forget_log();
    int code = av_frame_make_writable(output->frame);
    if (code < 0)
        return libav_fail(&output->host, BSR_ENOMEM, code, "can't be encoded");
    bsr_status status = libav_from_bgr(&output->scaler, &output->host, output->frame, bgr, stride);
    if (status != BSR_OK)
        return status;
    bool key = !output->keyed || ticks - output->key >= VIDEO_TICKS;
    if (key)
        output->key = ticks;
    output->keyed = true;
    output->frame->pts = av_rescale_q(ticks, tick, output->codec->time_base);
    output->frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    code = avcodec_send_frame(output->codec, output->frame);
    return code < 0 ? libav_fail(&output->host, BSR_EIO, code, "can't be encoded") : take_packets(output);
}

bsr_status output_begin(struct video_output *output)
{
    libav_forget_log();
    AVDictionary *options = NULL;
    /* mp4: a fragment a second, each complete in itself; matroska: two clusters a second. */
    av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    av_dict_set_int(&options, "video_track_timescale", VIDEO_TICKS, 0);
    av_dict_set_int(&options, "cluster_time_limit", 500, 0);
    int code = avformat_write_header(output->format, &options);
    av_dict_free(&options);
    if (code >= 0 && output->bytes->error < 0)
        code = output->bytes->error;
    if (code < 0)
        return libav_fail(&output->host, BSR_EIO, code, "can't be written");
    output->begun = true;
    return write_known(output);
}

bsr_status output_finish(struct video_output *output, int64_t end_ticks)
{
    libav_forget_log();
    int        code = avcodec_send_frame(output->codec, NULL);
    bsr_status status = code < 0 && code != AVERROR_EOF
                            ? libav_fail(&output->host, BSR_EIO, code, "can't be encoded")
                            : take_packets(output);
    while (status == BSR_OK && output->count > 0)
        status = write_first(output, output->count > 1 ? (*item(output, 1))->pts : end_ticks);
    if (status != BSR_OK)
        return status;
    code = av_write_trailer(output->format);
    avio_flush(output->bytes);
    if (code >= 0 && output->bytes->error < 0)
        code = output->bytes->error;
    return code < 0 ? libav_fail(&output->host, BSR_EIO, code, "can't be written") : BSR_OK;
}

void output_destroy(struct video_output *output)
{
    if (!output)
        return;
    while (output->count)
        drop_first(output);
    output->host.release(output->list);
    av_packet_free(&output->packet);
    av_frame_free(&output->frame);
    avcodec_free_context(&output->codec);
    avformat_free_context(output->format);
    libav_bytes_free(&output->bytes);
    sws_freeContext(output->scaler);
    output->host.release(output);
}

#include "tests/media/video_encode.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { TICKS = 90000 };

struct encoding {
    AVFormatContext *format;
    AVCodecContext  *codec;
    AVStream        *stream;
    AVPacket        *packet;
};

static AVFrame *make_frame(int number, double time)
{
    AVFrame         *frame = av_frame_alloc();
    struct bsr_image image = clip_draw(number);

    assert_non_null(frame);
    frame->width = CLIP_WIDTH;
    frame->height = CLIP_HEIGHT;
    frame->format = AV_PIX_FMT_YUV420P;
    frame->pts = llround(time * TICKS);
    assert_true(av_frame_get_buffer(frame, 0) >= 0);
    for (int y = 0; y < CLIP_HEIGHT; y++)
        for (int x = 0; x < CLIP_WIDTH; x++)
            frame->data[0][y * frame->linesize[0] + x] = image_row(&image, y)[3 * (size_t)x];
    for (int plane = 1; plane < 3; plane++)
        memset(frame->data[plane], 128, (size_t)frame->linesize[plane] * CLIP_HEIGHT / 2);
    image_free(&image);
    return frame;
}

static void encode(struct encoding *encoding, const AVFrame *frame)
{
    assert_true(avcodec_send_frame(encoding->codec, frame) >= 0);
    while (avcodec_receive_packet(encoding->codec, encoding->packet) >= 0) {
        if (!encoding->packet->duration) /* or an .mp4 ends before its last frame */
            encoding->packet->duration = av_rescale_q(1, (AVRational){1, 25}, encoding->codec->time_base);
        av_packet_rescale_ts(encoding->packet, encoding->codec->time_base, encoding->stream->time_base);
        encoding->packet->stream_index = 0;
        assert_true(av_interleaved_write_frame(encoding->format, encoding->packet) >= 0);
    }
}

static void open_encoder(struct encoding *encoding, const AVCodec *encoder, const struct clip_encoding *how)
{
    double each = clip_time(1, how->fps);

    encoding->codec = avcodec_alloc_context3(encoder);
    assert_non_null(encoding->codec);
    encoding->codec->width = CLIP_WIDTH;
    encoding->codec->height = CLIP_HEIGHT;
    encoding->codec->pix_fmt = AV_PIX_FMT_YUV420P;
    encoding->codec->framerate = av_d2q(1 / each, 1000);
    /* what has no ticks of its own counts frames */
    encoding->codec->time_base = how->fps > 0 ? av_inv_q(encoding->codec->framerate) : (AVRational){1, TICKS};
    encoding->codec->global_quality = FF_QP2LAMBDA * 2;
    encoding->codec->flags |= AV_CODEC_FLAG_QSCALE;
    encoding->codec->thread_count = 1;
    if (encoding->format->oformat->flags & AVFMT_GLOBALHEADER)
        encoding->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary *options = NULL;
    assert_true(av_dict_parse_string(&options, how->options, "=", ":", 0) >= 0);
    assert_int_equal(avcodec_open2(encoding->codec, encoder, &options), 0);
    assert_int_equal(av_dict_count(options), 0); /* all were understood */
    av_dict_free(&options);
}

bool clip_encode(const char *path, const struct clip_encoding *how)
{
    struct encoding encoding = {.packet = av_packet_alloc()};
    const AVCodec  *encoder = avcodec_find_encoder_by_name(how->encoder);

    if (!encoder || avformat_alloc_output_context2(&encoding.format, NULL, NULL, path) < 0) {
        print_message("SKIPPED: this libav doesn't write %s by %s\n", path, how->encoder);
        av_packet_free(&encoding.packet);
        return false;
    }
    open_encoder(&encoding, encoder, how);
    encoding.stream = avformat_new_stream(encoding.format, NULL);
    assert_non_null(encoding.stream);
    assert_true(avcodec_parameters_from_context(encoding.stream->codecpar, encoding.codec) >= 0);
    encoding.stream->time_base = encoding.codec->time_base;
    if (how->fps > 0)
        encoding.stream->avg_frame_rate = encoding.codec->framerate;
    assert_true(avio_open(&encoding.format->pb, path, AVIO_FLAG_WRITE) >= 0);
    assert_true(avformat_write_header(encoding.format, NULL) >= 0);
    for (int i = 0; i < how->count; i++) {
        AVFrame *frame = make_frame(i, clip_time(i, how->fps));
        frame->pts = av_rescale_q(frame->pts, (AVRational){1, TICKS}, encoding.codec->time_base);
        encode(&encoding, frame);
        av_frame_free(&frame);
    }
    encode(&encoding, NULL);
    assert_int_equal(av_write_trailer(encoding.format), 0);
    assert_true(avio_closep(&encoding.format->pb) >= 0);
    avformat_free_context(encoding.format);
    avcodec_free_context(&encoding.codec);
    av_packet_free(&encoding.packet);
    return true;
}

/* Between libav's pictures and 8-bit BGR rows: matrix and range of the colours, and which way is up. */
#include "media/module/video_libav.h"

#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
#include <math.h>

bool libav_is_hd(int width, int height)
{
    return width >= 1280 || height > 576;
}

/* One of SWS_CS_*. What is not said is guessed as players do: JPEG is BT.601, large pictures are BT.709. */
static int matrix_of(const AVFrame *frame, bool jpeg)
{
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
        return SWS_CS_ITU709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return SWS_CS_ITU601;
    case AVCOL_SPC_FCC:
        return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
        return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return SWS_CS_BT2020;
    default:
        return !jpeg && libav_is_hd(frame->width, frame->height) ? SWS_CS_ITU709 : SWS_CS_ITU601;
    }
}

/* The old formats of full range, which swscale warns of, by their new names. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format, bool *full)
{
    static const struct {
        enum AVPixelFormat old, plain;
    } formats[] = {
        {AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P}, {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
        {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P}, {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
        {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].old == format) {
            *full = true;
            return formats[i].plain;
        }
    }
    return format;
}

bsr_status libav_to_bgr(struct SwsContext **scaler, const struct video_host *host, const AVFrame *frame,
                        bool jpeg, uint8_t *bgr, size_t stride)
{
    bool               full = frame->color_range == AVCOL_RANGE_JPEG;
    enum AVPixelFormat format = plain_format((enum AVPixelFormat)frame->format, &full);
    if (!sws_isSupportedInput(format))
        return libav_fail(host, BSR_EFORMAT, 0, "its pixels are of a kind that besra doesn't read");
    struct SwsContext *same =
        sws_getCachedContext(*scaler, frame->width, frame->height, format, frame->width, frame->height,
                             AV_PIX_FMT_BGR24, SWS_BILINEAR, NULL, NULL, NULL);
    *scaler = same;
    if (!same)
        return libav_fail(host, BSR_ENOMEM, 0, "its pixels can't be converted");
    sws_setColorspaceDetails(same, sws_getCoefficients(matrix_of(frame, jpeg)), full,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    uint8_t *planes[4] = {bgr};
    int      strides[4] = {(int)stride};
    int rows = sws_scale(same, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, planes,
                         strides);
    return rows == frame->height ? BSR_OK
                                 : libav_fail(host, BSR_EDECODE, rows, "its pixels can't be converted");
}

bsr_status libav_from_bgr(struct SwsContext **scaler, const struct video_host *host, AVFrame *frame,
                          const uint8_t *bgr, size_t stride)
{
    *scaler = sws_getCachedContext(*scaler, frame->width, frame->height, AV_PIX_FMT_BGR24, frame->width,
                                   frame->height, (enum AVPixelFormat)frame->format, SWS_BILINEAR, NULL, NULL,
                                   NULL);
    if (!*scaler)
        return libav_fail(host, BSR_ENOMEM, 0, "pixels can't be converted");
    sws_setColorspaceDetails(*scaler, sws_getCoefficients(SWS_CS_DEFAULT), 1,
                             sws_getCoefficients(matrix_of(frame, false)), 0, 0, 1 << 16, 1 << 16);
    const uint8_t *planes[4] = {bgr};
    int            strides[4] = {(int)stride};
    int            rows = sws_scale(*scaler, planes, strides, 0, frame->height, frame->data, frame->linesize);
    return rows == frame->height ? BSR_OK : libav_fail(host, BSR_EIO, rows, "pixels can't be converted");
}

#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 100)
static const int32_t *stream_matrix(const AVStream *stream)
{
    const AVPacketSideData *data = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data->data : NULL;
}
#else
static const int32_t *stream_matrix(const AVStream *stream)
{
    size_t         size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data : NULL;
}
#endif

/* The matrix takes (x, y) to (a x + c y, b x + d y), up to its scale; quarter turns only, others are left. */
int libav_orientation(const AVStream *stream, const AVFrame *frame)
{
    const AVFrameSideData *own = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    const int32_t *matrix = own && own->size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)own->data
                                                                    : stream_matrix(stream);
    if (!matrix)
        return 1;
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    if (fabs(b) + fabs(c) <= 0.01 * (fabs(a) + fabs(d))) /* x stays x */
        return a >= 0 ? (d >= 0 ? 1 : 4) : (d >= 0 ? 2 : 3);
    if (fabs(a) + fabs(d) <= 0.01 * (fabs(b) + fabs(c))) /* x becomes y */
        return b >= 0 ? (c >= 0 ? 5 : 6) : (c >= 0 ? 8 : 7);
    return 1;
}

/* WebP in and out, by libwebp (the pixels) and libwebpmux (the container: profile, EXIF, frames). Of an
 * animation the first frame is read. */
#include "base/alloc.h"
#include "media/convert.h"
#include "media/exif.h"
#include "media/picture_codec.h"

#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

/* ---- the container -------------------------------------------------------------------------- */

struct container {
    WebPMux              *mux;
    WebPMuxFrameInfo      frame;    /* the first; its bitstream is to be released */
    WebPBitstreamFeatures features; /* of the frame */
    int                   width, height, channels;
    const uint8_t        *exif; /* TIFF header first; NULL: none */
    size_t                exif_size;
};

static void close_container(struct container *container)
{
    WebPDataClear(&container->frame.bitstream);
    WebPMuxDelete(container->mux);
}

static bsr_status fail_damaged(const struct picture_source *source, const char *why, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EDECODE, source->name, "damaged WebP: %s", why);
}

/* The size that the file claims for itself: "RIFF", then what follows. */
static bsr_status check_whole(const struct picture_source *source, struct bsr_error *err)
{
    const uint8_t *data = source->data;
    size_t         claimed =
        8 + ((size_t)data[4] | (size_t)data[5] << 8 | (size_t)data[6] << 16 | (size_t)data[7] << 24);
    if (claimed > source->size)
        return bsr_fail(err, BSR_EDECODE, source->name, "truncated WebP: it ends at byte %zu of %zu",
                        source->size, claimed);
    return BSR_OK;
}

static bsr_status open_frame(struct container *container, const struct picture_source *source,
                             struct bsr_error *err)
{
    WebPData     whole = {.bytes = source->data, .size = source->size};
    WebPData     exif;
    WebPMuxError error;
    container->mux = WebPMuxCreate(&whole, 0);
    if (!container->mux)
        return fail_damaged(source, "its parts don't fit together", err);
    error = WebPMuxGetFrame(container->mux, 1, &container->frame);
    if (error == WEBP_MUX_MEMORY_ERROR)
        return bsr_fail(err, BSR_ENOMEM, source->name, "out of memory");
    if (error != WEBP_MUX_OK ||
        WebPMuxGetCanvasSize(container->mux, &container->width, &container->height) != WEBP_MUX_OK)
        return fail_damaged(source, "no frame in it", err);
    if (WebPGetFeatures(container->frame.bitstream.bytes, container->frame.bitstream.size,
                        &container->features) != VP8_STATUS_OK)
        return fail_damaged(source, "its frame has no header", err);
    if (WebPMuxGetChunk(container->mux, "EXIF", &exif) == WEBP_MUX_OK) {
        container->exif_size = exif.size;
        container->exif = exif_header(exif.bytes, &container->exif_size);
    }
    return BSR_OK;
}

/* Opens it and checks all sizes. Release with close_container(), also after a failure. */
static bsr_status open_container(struct container *container, const struct picture_source *source,
                                 struct bsr_error *err)
{
    *container = (struct container){0};
    bsr_status status = check_whole(source, err);
    if (status == BSR_OK)
        status = open_frame(container, source, err);
    if (status == BSR_OK)
        status = picture_check_size(source, (uint64_t)container->width, (uint64_t)container->height, err);
    if (status != BSR_OK)
        return status;

    const WebPMuxFrameInfo *frame = &container->frame;
    if (frame->x_offset < 0 || frame->y_offset < 0 ||
        container->features.width > container->width - frame->x_offset ||
        container->features.height > container->height - frame->y_offset)
        return fail_damaged(source, "its frame lies outside it", err);
    bool whole =
        container->features.width == container->width && container->features.height == container->height;
    container->channels = container->features.has_alpha || !whole ? 4 : 3;
    return BSR_OK;
}

static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    struct container container;
    bsr_status       status = open_container(&container, source, err);
    if (status == BSR_OK) {
        facts->width = container.width;
        facts->height = container.height;
        facts->channels = container.channels;
        facts->depth = 8;
        facts->orientation = exif_orientation(container.exif, container.exif_size);
    }
    close_container(&container);
    return status;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bsr_status fail_decoding(VP8StatusCode code, const struct picture_source *source,
                                struct bsr_error *err)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return bsr_fail(err, BSR_ENOMEM, source->name, "out of memory");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return bsr_fail(err, BSR_EFORMAT, source->name, "a kind of WebP that libwebp doesn't read");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return fail_damaged(source, "its pixels end too early", err);
    default:
        return fail_damaged(source, "its pixels can't be decoded", err);
    }
}

/* Decodes the frame to its place; what it doesn't cover stays transparent. */
static bsr_status decode_frame(struct decoded *decoded, const struct container *container,
                               const struct picture_source *source, struct bsr_error *err)
{
    struct bsr_image *image = &decoded->image;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return bsr_fail(err, BSR_EMISSING, source->name,
                        "libwebp is another version than besra was built with");
    if (container->features.width != container->width || container->features.height != container->height)
        for (int y = 0; y < image->height; y++)
            memset(image_row(image, y), 0, image->stride);

    uint8_t *first = image_row(image, container->frame.y_offset) +
                     (size_t)container->frame.x_offset * image_pixel_size(image);
    size_t rows = (size_t)(image->height - container->frame.y_offset - 1) * image->stride;
    config.output.colorspace = image->channels == 4 ? MODE_BGRA : MODE_BGR;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = first;
    config.output.u.RGBA.stride = (int)image->stride;
    config.output.u.RGBA.size = rows + (size_t)container->features.width * image_pixel_size(image);
    VP8StatusCode code =
        WebPDecode(container->frame.bitstream.bytes, container->frame.bitstream.size, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? BSR_OK : fail_decoding(code, source, err);
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct container container;
    WebPData         icc;
    bsr_status       status = open_container(&container, source, err);
    if (status == BSR_OK && container.exif)
        status = decoded_set_exif(decoded, source, container.exif, container.exif_size, err);
    if (status == BSR_OK && WebPMuxGetChunk(container.mux, "ICCP", &icc) == WEBP_MUX_OK)
        status = decoded_set_icc(decoded, source, icc.bytes, icc.size, err);
    if (status == BSR_OK)
        status =
            decoded_alloc(decoded, source, container.width, container.height, container.channels, 8, err);
    if (status == BSR_OK)
        status = decode_frame(decoded, &container, source, err);
    close_container(&container);
    return status;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int write_bytes(const uint8_t *data, size_t size, const WebPPicture *webp)
{
    return bytes_append(webp->custom_ptr, data, size);
}

/* The encoder's own ARGB rows: 0xAARRGGBB. */
static void import_row(uint32_t *argb, const struct bsr_image *image, const uint8_t *row)
{
    size_t channels = (size_t)image->channels;
    bool   colour = channels >= 3, alpha = channels % 2 == 0;
    for (size_t x = 0; x < (size_t)image->width; x++, row += channels)
        argb[x] = (alpha ? (uint32_t)row[channels - 1] : 0xFFu) << 24 | (uint32_t)row[colour ? 2 : 0] << 16 |
                  (uint32_t)row[colour ? 1 : 0] << 8 | row[0];
}

static bool import_picture(WebPPicture *webp, const struct bsr_image *image)
{
    uint8_t *row = mem_alloc((size_t)image->width * (size_t)image->channels);
    if (!row || !WebPPictureAlloc(webp)) {
        mem_free(row);
        return false;
    }
    for (int y = 0; y < image->height; y++) {
        convert_row_to_8(row, image, y);
        import_row(webp->argb + (ptrdiff_t)y * webp->argb_stride, image, row);
    }
    mem_free(row);
    return true;
}

static bsr_status encode_pixels(struct bytes *out, const struct bsr_image *image, int quality,
                                struct bsr_error *err)
{
    WebPConfig  config;
    WebPPicture webp;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&webp))
        return bsr_fail(err, BSR_EMISSING, NULL, "libwebp is another version than besra was built with");
    config.lossless = quality == 100;
    config.exact = 1; /* colours below full transparency are the picture's too */
    config.quality = config.lossless ? 75 : (float)quality; /* lossless: effort */
    webp.use_argb = 1;
    webp.width = image->width;
    webp.height = image->height;
    webp.writer = write_bytes;
    webp.custom_ptr = out;

    bsr_status status = BSR_OK;
    if (!import_picture(&webp, image))
        status = bsr_fail_memory(err, NULL, (size_t)image->width * (size_t)image->height * 4);
    else if (!WebPEncode(&config, &webp))
        status = webp.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
                         webp.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY || out->failed
                     ? bsr_fail(err, BSR_ENOMEM, NULL, "out of memory")
                     : bsr_fail(err, BSR_ELIMIT, NULL, "can't be encoded as WebP (libwebp's error %d)",
                                (int)webp.error_code);
    WebPPictureFree(&webp);
    return status;
}

/* Puts the encoded picture with its profile and EXIF block into one container. */
static bsr_status add_blocks(struct bytes *out, const struct bytes *pixels, const struct picture *picture,
                             struct bsr_error *err)
{
    WebPData   icc = {.bytes = picture->icc.data, .size = picture->icc.size};
    WebPData   exif = {.bytes = picture->exif.data, .size = picture->exif.size};
    WebPData   image = {.bytes = pixels->data, .size = pixels->size};
    WebPData   whole = {0};
    bsr_status status = BSR_OK;
    WebPMux   *mux = WebPMuxNew();
    if (!mux || WebPMuxSetImage(mux, &image, 0) != WEBP_MUX_OK ||
        (icc.size && WebPMuxSetChunk(mux, "ICCP", &icc, 0) != WEBP_MUX_OK) ||
        (exif.size && WebPMuxSetChunk(mux, "EXIF", &exif, 0) != WEBP_MUX_OK) ||
        WebPMuxAssemble(mux, &whole) != WEBP_MUX_OK || !bytes_append(out, whole.bytes, whole.size))
        status = bsr_fail_memory(err, NULL, pixels->size);
    WebPDataClear(&whole);
    WebPMuxDelete(mux);
    return status;
}

static bsr_status encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err)
{
    const struct bsr_image *image = &picture->image;
    if (image->width > WEBP_MAX_DIMENSION || image->height > WEBP_MAX_DIMENSION)
        return bsr_fail(err, BSR_ELIMIT, NULL, "%d x %d pixels: WebP's sides are %d at most", image->width,
                        image->height, WEBP_MAX_DIMENSION);
    if (!picture->icc.size && !picture->exif.size)
        return encode_pixels(out, image, quality, err);

    struct bytes pixels = {0};
    bsr_status   status = encode_pixels(&pixels, image, quality, err);
    if (status == BSR_OK)
        status = add_blocks(out, &pixels, picture, err);
    bytes_free(&pixels);
    return status;
}

const struct picture_codec webp_codec = {.title = "WebP", .probe = probe, .decode = decode, .encode = encode};

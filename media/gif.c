#include "media/gif.h"

#include "base/alloc.h"

#include <gif_lib.h>
#include <string.h>

/* 12 bits stand for at most some 4,000 pixels; the most wasteful encoder writes two codes of 9 bits for each.
 * More is a flood of clear codes, and the library takes a microsecond over each. */
enum { MAX_PIXELS_A_BYTE = 4096, MAX_BYTES_A_PIXEL = 3, SPARE_BYTES = 16384 };

static const char bad_code_size[] = "codes of an impossible size";

/* The library goes from record to record; before a frame's pixels are asked for it keeps no more than its
 * palettes. */
struct gif_reader {
    const struct picture_source *source;
    size_t                       at, end; /* bytes read, bytes that may be read */
    bool                         ended;   /* more was asked for */
    GifFileType                 *gif;
    const ColorMapObject        *palette;
    int                          width, height; /* of the picture; gif->Image is the frame in it */
    int                          clear;         /* palette number, or NO_TRANSPARENT_COLOR */
};

bool gif_is(const struct picture_source *source)
{
    return source->size >= 6 && memcmp(source->data, "GIF8", 4) == 0;
}

/* ---- failures, bytes ------------------------------------------------------------------------ */

static bsr_status fail_damaged(const struct gif_reader *reader, const char *why, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EDECODE, reader->source->name, "damaged GIF: %s (at byte %zu of %zu)", why,
                    reader->at, reader->source->size);
}

/* What the library failed with. Of bytes that were all there it says "read failed" only when it refuses the
 * size of the codes. */
static bsr_status fail(const struct gif_reader *reader, int error, struct bsr_error *err)
{
    if (reader->ended && reader->end < reader->source->size)
        return fail_damaged(reader, "more codes than its pixels can need", err);
    if (reader->ended)
        return bsr_fail(err, BSR_EDECODE, reader->source->name, "truncated GIF: it ends at byte %zu",
                        reader->source->size);
    if (error == D_GIF_ERR_NOT_ENOUGH_MEM)
        return bsr_fail(err, BSR_ENOMEM, reader->source->name, "out of memory");
    const char *why = error == D_GIF_ERR_READ_FAILED ? bad_code_size : GifErrorString(error);
    return fail_damaged(reader, why ? why : "its pixels can't be decoded", err);
}

static int read_bytes(GifFileType *gif, GifByteType *data, int size)
{
    struct gif_reader *reader = gif->UserData;
    size_t             left = reader->end - reader->at;
    if ((size_t)size > left) {
        reader->ended = true;
        size = (int)left;
    }
    memcpy(data, reader->source->data + reader->at, (size_t)size);
    reader->at += (size_t)size;
    return size;
}

/* ---- to the first frame --------------------------------------------------------------------- */

/* An extension's blocks; the first of a graphic control extension tells the transparent colour. */
static bool read_extension(struct gif_reader *reader)
{
    int          label;
    GifByteType *block; /* its length first; NULL behind the last */
    if (DGifGetExtension(reader->gif, &label, &block) != GIF_OK)
        return false;
    GraphicsControlBlock control;
    if (label == GRAPHICS_EXT_FUNC_CODE && block &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
        reader->clear = control.TransparentColor;
    while (block)
        if (DGifGetExtensionNext(reader->gif, &block) != GIF_OK)
            return false;
    return true;
}

static bsr_status find_frame(struct gif_reader *reader, struct bsr_error *err)
{
    GifRecordType record;
    while (DGifGetRecordType(reader->gif, &record) == GIF_OK) {
        if (record == TERMINATE_RECORD_TYPE)
            return fail_damaged(reader, "no frame in it", err);
        if (record == IMAGE_DESC_RECORD_TYPE && DGifGetImageDesc(reader->gif) == GIF_OK)
            return BSR_OK;
        if (record == IMAGE_DESC_RECORD_TYPE || !read_extension(reader))
            break;
    }
    return fail(reader, reader->gif->Error, err);
}

static bsr_status check_frame(struct gif_reader *reader, struct bsr_error *err)
{
    const GifFileType  *gif = reader->gif;
    const GifImageDesc *frame = &gif->Image;
    reader->palette = frame->ColorMap ? frame->ColorMap : gif->SColorMap;
    if (!reader->palette)
        return fail_damaged(reader, "no palette", err);
    reader->width = gif->SWidth;
    reader->height = gif->SHeight;
    if (!reader->width || !reader->height) { /* some writers leave it to the frame */
        reader->width = frame->Left + frame->Width;
        reader->height = frame->Top + frame->Height;
    }
    if (!frame->Width || !frame->Height || frame->Left + frame->Width > reader->width ||
        frame->Top + frame->Height > reader->height)
        return fail_damaged(reader, "its frame lies outside it", err);
    if (!reader->source->data[reader->at - 1]) /* read last; the library itself refuses what is over 8 */
        return fail_damaged(reader, bad_code_size, err);
    uint64_t width = (uint64_t)reader->width, height = (uint64_t)reader->height;
    return picture_check_claim(reader->source, width, height, width * height, MAX_PIXELS_A_BYTE, err);
}

/* To where the first frame's pixels begin. close_reader() is the caller's either way. */
static bsr_status open_reader(struct gif_reader *reader, const struct picture_source *source,
                              struct bsr_error *err)
{
    *reader = (struct gif_reader){.source = source, .end = source->size, .clear = NO_TRANSPARENT_COLOR};
    reader->gif = DGifOpen(reader, read_bytes, NULL);
    if (!reader->gif) /* gif_is() has seen the signature */
        return fail(reader, D_GIF_ERR_NOT_ENOUGH_MEM, err);
    bsr_status status = find_frame(reader, err);
    return status == BSR_OK ? check_frame(reader, err) : status;
}

static void close_reader(struct gif_reader *reader)
{
    if (reader->gif)
        DGifCloseFile(reader->gif, NULL);
}

static bool covers_all(const struct gif_reader *reader)
{
    return reader->gif->Image.Width == reader->width && reader->gif->Image.Height == reader->height;
}

static int count_channels(const struct gif_reader *reader)
{
    return reader->clear != NO_TRANSPARENT_COLOR || !covers_all(reader) ? 4 : 3;
}

bsr_status gif_probe(struct picture_facts *facts, const struct picture_source *source, struct bsr_error *err)
{
    struct gif_reader reader;
    bsr_status        status = open_reader(&reader, source, err);
    if (status == BSR_OK) {
        facts->width = reader.width;
        facts->height = reader.height;
        facts->channels = count_channels(&reader);
        facts->depth = 8;
    }
    close_reader(&reader);
    return status;
}

/* ---- pixels --------------------------------------------------------------------------------- */

static void place_row(const struct bsr_image *image, const struct gif_reader *reader, int y,
                      const GifPixelType *indices)
{
    const GifImageDesc   *frame = &reader->gif->Image;
    const ColorMapObject *palette = reader->palette;
    size_t                channels = (size_t)image->channels;
    uint8_t              *dst = image_row(image, frame->Top + y) + (size_t)frame->Left * channels;
    for (int x = 0; x < frame->Width; x++, dst += channels) {
        const GifColorType *colour = &palette->Colors[indices[x] < palette->ColorCount ? indices[x] : 0];
        dst[0] = colour->Blue;
        dst[1] = colour->Green;
        dst[2] = colour->Red;
        if (channels == 4)
            dst[3] = indices[x] == reader->clear ? 0 : 255;
    }
}

/* Interlaced rows come in four passes (GIF89a, appendix E). `line` holds a row of the frame. */
static bsr_status read_rows(const struct bsr_image *image, struct gif_reader *reader, GifPixelType *line,
                            struct bsr_error *err)
{
    static const int    starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    const GifImageDesc *frame = &reader->gif->Image;
    int                 passes = frame->Interlace ? 4 : 1;
    for (int pass = 0; pass < passes; pass++)
        for (int y = starts[pass]; y < frame->Height; y += frame->Interlace ? steps[pass] : 1) {
            if (DGifGetLine(reader->gif, line, frame->Width) != GIF_OK)
                return fail(reader, reader->gif->Error, err);
            place_row(image, reader, y, line);
        }
    return BSR_OK;
}

static void limit_codes(struct gif_reader *reader)
{
    const GifImageDesc *frame = &reader->gif->Image;
    size_t              most = (size_t)frame->Width * (size_t)frame->Height * MAX_BYTES_A_PIXEL + SPARE_BYTES;
    if (most < reader->end - reader->at)
        reader->end = reader->at + most;
}

static bsr_status decode_frame(struct decoded *decoded, struct gif_reader *reader, struct bsr_error *err)
{
    bsr_status status =
        decoded_alloc(decoded, reader->source, reader->width, reader->height, count_channels(reader), 8, err);
    if (status != BSR_OK)
        return status;
    size_t        width = (size_t)reader->gif->Image.Width;
    GifPixelType *line = mem_alloc(width);
    if (!line)
        return bsr_fail_memory(err, reader->source->name, width);
    for (int y = 0; !covers_all(reader) && y < reader->height; y++)
        memset(image_row(&decoded->image, y), 0, decoded->image.stride);
    limit_codes(reader);
    status = read_rows(&decoded->image, reader, line, err);
    mem_free(line);
    return status;
}

bsr_status gif_decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct gif_reader reader;
    bsr_status        status = open_reader(&reader, source, err);
    if (status == BSR_OK)
        status = decode_frame(decoded, &reader, err);
    close_reader(&reader);
    return status;
}

#include "media/gif.h"

#include "base/alloc.h"
#include "media/gif_codes.h"

#include <string.h>

/* GIF89a specification, sections 18 to 26. */
enum { FILE_HEADER = 13, FRAME_HEADER = 9, EXTENSION = 0x21, FRAME = 0x2C, GRAPHIC_CONTROL = 0xF9 };

/* 12 bits stand for at most some 4,000 pixels. */
enum { MAX_PIXELS_A_BYTE = 4096 };

struct gif_frame {
    unsigned       width, height; /* of the picture */
    unsigned       x, y, frame_width, frame_height;
    bool           interlaced, clear; /* `clear_index` is transparent */
    uint8_t        clear_index;
    const uint8_t *palette; /* RGB */
    unsigned       colours; /* 0: no palette at all */
    unsigned       bits;    /* of a palette number */
    size_t         codes;   /* where they begin */
};

static unsigned get_16(const uint8_t *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

bool gif_is(const struct picture_source *source)
{
    return source->size >= 6 && memcmp(source->data, "GIF8", 4) == 0;
}

static bsr_status fail_truncated(const struct picture_source *source, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EDECODE, source->name, "truncated GIF: it ends at byte %zu", source->size);
}

static bsr_status fail_damaged(const struct picture_source *source, const char *why, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EDECODE, source->name, "damaged GIF: %s", why);
}

/* ---- to the first frame --------------------------------------------------------------------- */

/* A palette behind a header whose `flags` announce one; *at is moved behind it. False: truncated. */
static bool read_palette(struct gif_frame *frame, const struct picture_source *source, size_t *at,
                         unsigned flags)
{
    if (!(flags & 0x80))
        return true;
    unsigned colours = 2u << (flags & 7);
    if (source->size - *at < (size_t)colours * 3)
        return false;
    frame->palette = source->data + *at;
    frame->colours = colours;
    *at += (size_t)colours * 3;
    return true;
}

/* An extension's sub-blocks; of those the one that tells the transparent colour is read. */
static bool read_extension(struct gif_frame *frame, const struct picture_source *source, size_t *at)
{
    if (source->size - *at < 1)
        return false;
    unsigned label = source->data[(*at)++];
    while (*at < source->size) {
        size_t length = source->data[(*at)++];
        if (!length)
            return true;
        if (source->size - *at < length)
            return false;
        if (label == GRAPHIC_CONTROL && length >= 4) {
            frame->clear = source->data[*at] & 1;
            frame->clear_index = source->data[*at + 3];
        }
        *at += length;
    }
    return false;
}

static bsr_status read_frame_header(struct gif_frame *frame, const struct picture_source *source, size_t at,
                                    struct bsr_error *err)
{
    if (source->size - at < FRAME_HEADER)
        return fail_truncated(source, err);
    const uint8_t *data = source->data + at;
    frame->x = get_16(data);
    frame->y = get_16(data + 2);
    frame->frame_width = get_16(data + 4);
    frame->frame_height = get_16(data + 6);
    frame->interlaced = data[8] & 0x40;
    at += FRAME_HEADER;
    if (!read_palette(frame, source, &at, data[8]) || source->size - at < 1)
        return fail_truncated(source, err);
    frame->bits = source->data[at];
    frame->codes = at + 1;
    if (frame->bits < 1 || frame->bits > 8)
        return fail_damaged(source, "codes of an impossible size", err);
    if (!frame->colours)
        return fail_damaged(source, "no palette", err);
    if (!frame->width || !frame->height) { /* some writers leave it to the frame */
        frame->width = frame->x + frame->frame_width;
        frame->height = frame->y + frame->frame_height;
    }
    if (!frame->frame_width || !frame->frame_height || frame->x + frame->frame_width > frame->width ||
        frame->y + frame->frame_height > frame->height)
        return fail_damaged(source, "its frame lies outside it", err);
    return BSR_OK;
}

static bsr_status find_frame(struct gif_frame *frame, const struct picture_source *source,
                             struct bsr_error *err)
{
    if (source->size < FILE_HEADER)
        return fail_truncated(source, err);
    *frame = (struct gif_frame){.width = get_16(source->data + 6), .height = get_16(source->data + 8)};
    size_t at = FILE_HEADER;
    if (!read_palette(frame, source, &at, source->data[10]))
        return fail_truncated(source, err);
    while (at < source->size) {
        unsigned kind = source->data[at++];
        if (kind == FRAME) {
            bsr_status status = read_frame_header(frame, source, at, err);
            uint64_t   pixels = (uint64_t)frame->width * frame->height;
            return status != BSR_OK ? status
                                    : picture_check_claim(source, frame->width, frame->height, pixels,
                                                          MAX_PIXELS_A_BYTE, err);
        }
        if (kind != EXTENSION)
            return fail_damaged(source, "no frame in it", err);
        if (!read_extension(frame, source, &at))
            break;
    }
    return fail_truncated(source, err);
}

static bool covers_all(const struct gif_frame *frame)
{
    return frame->frame_width == frame->width && frame->frame_height == frame->height;
}

static int count_channels(const struct gif_frame *frame)
{
    return frame->clear || !covers_all(frame) ? 4 : 3;
}

bsr_status gif_probe(struct picture_facts *facts, const struct picture_source *source, struct bsr_error *err)
{
    struct gif_frame frame = {0};
    bsr_status       status = find_frame(&frame, source, err);
    if (status != BSR_OK)
        return status;
    facts->width = (int)frame.width;
    facts->height = (int)frame.height;
    facts->channels = count_channels(&frame);
    facts->depth = 8;
    return BSR_OK;
}

/* ---- pixels --------------------------------------------------------------------------------- */

static void place_row(const struct bsr_image *image, const struct gif_frame *frame, unsigned y,
                      const uint8_t *indices)
{
    size_t   channels = (size_t)image->channels;
    uint8_t *dst = image_row(image, (int)(frame->y + y)) + frame->x * channels;
    for (unsigned x = 0; x < frame->frame_width; x++, dst += channels) {
        unsigned       index = indices[x] < frame->colours ? indices[x] : 0;
        const uint8_t *colour = frame->palette + 3 * (size_t)index;
        dst[0] = colour[2];
        dst[1] = colour[1];
        dst[2] = colour[0];
        if (channels == 4)
            dst[3] = frame->clear && indices[x] == frame->clear_index ? 0 : 255;
    }
}

/* Interlaced rows come in four passes (appendix E). */
static void place_rows(const struct bsr_image *image, const struct gif_frame *frame, const uint8_t *indices)
{
    static const unsigned starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    unsigned              passes = frame->interlaced ? 4 : 1;
    for (unsigned pass = 0; pass < passes; pass++)
        for (unsigned y = starts[pass]; y < frame->frame_height; y += frame->interlaced ? steps[pass] : 1) {
            place_row(image, frame, y, indices);
            indices += frame->frame_width;
        }
}

bsr_status gif_decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct gif_frame frame = {0};
    bsr_status       status = find_frame(&frame, source, err);
    if (status == BSR_OK)
        status = decoded_alloc(decoded, source, (int)frame.width, (int)frame.height, count_channels(&frame),
                               8, err);
    if (status != BSR_OK)
        return status;

    size_t   count = (size_t)frame.frame_width * frame.frame_height;
    uint8_t *indices = mem_alloc(count);
    if (!indices)
        return bsr_fail_memory(err, source->name, count);
    for (int y = 0; !covers_all(&frame) && y < decoded->image.height; y++)
        memset(image_row(&decoded->image, y), 0, decoded->image.stride);
    switch (
        gif_read_codes(indices, count, source->data + frame.codes, source->size - frame.codes, frame.bits)) {
    case GIF_CODES_WHOLE:
        place_rows(&decoded->image, &frame, indices);
        break;
    case GIF_CODES_TRUNCATED:
        status = fail_truncated(source, err);
        break;
    case GIF_CODES_DAMAGED:
        status = fail_damaged(source, "its pixels can't be decoded", err);
        break;
    }
    mem_free(indices);
    return status;
}

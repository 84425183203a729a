/* The portable any-maps of netpbm, P1 to P6, in and out (P5 and P6), by hand. */
#include "media/picture_codec.h"

#include "base/alloc.h"
#include "media/convert.h"

struct pnm_reader {
    const struct picture_source *source;
    size_t                       at;
    uint32_t                     width, height, most; /* the largest value */
    bool                         text, bits, colour;
};

static bsr_status fail_truncated(const struct pnm_reader *reader, uint64_t whole, struct bsr_error *err)
{
    const struct picture_source *source = reader->source;
    if (whole)
        return bsr_fail(err, BSR_EDECODE, source->name, "truncated PNM: it ends at byte %zu of %llu",
                        source->size, (unsigned long long)whole);
    return bsr_fail(err, BSR_EDECODE, source->name, "truncated PNM: it ends at byte %zu", source->size);
}

/* ---- header --------------------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* White space, and comments to the end of their line. */
static void skip_space(struct pnm_reader *reader)
{
    const struct picture_source *source = reader->source;
    bool                         comment = false;
    for (; reader->at < source->size; reader->at++) {
        uint8_t c = source->data[reader->at];
        if (comment)
            comment = c != '\n' && c != '\r';
        else if (c == '#')
            comment = true;
        else if (!is_space(c))
            return;
    }
}

/* A decimal number up to 10^8; larger ones are read as that, and refused for it later. */
static bsr_status read_number(struct pnm_reader *reader, uint32_t *out, struct bsr_error *err)
{
    enum { MOST = 100 * 1000 * 1000 };
    const struct picture_source *source = reader->source;
    uint32_t                     value = 0;
    skip_space(reader);
    if (reader->at >= source->size)
        return fail_truncated(reader, 0, err);
    if (!is_digit(source->data[reader->at]))
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged PNM: no number at byte %zu", reader->at);
    for (; reader->at < source->size && is_digit(source->data[reader->at]); reader->at++)
        value = value >= MOST / 10 ? MOST : value * 10 + (source->data[reader->at] - '0');
    *out = value;
    return BSR_OK;
}

static unsigned count_channels(const struct pnm_reader *reader)
{
    return reader->colour ? 3 : 1;
}

static size_t row_bytes(const struct pnm_reader *reader)
{
    if (reader->bits)
        return ((size_t)reader->width + 7) / 8;
    return (size_t)reader->width * count_channels(reader) * (reader->most > 255 ? 2 : 1);
}

static bsr_status check_claim(const struct pnm_reader *reader, struct bsr_error *err)
{
    const struct picture_source *source = reader->source;
    uint64_t                     samples = (uint64_t)reader->width * reader->height * count_channels(reader);
    bsr_status                   status = picture_check_size(source, reader->width, reader->height, err);
    if (status != BSR_OK)
        return status;
    if (reader->text) /* a digit at least for each */
        return samples > source->size - reader->at ? fail_truncated(reader, 0, err) : BSR_OK;
    uint64_t whole = reader->at + (uint64_t)row_bytes(reader) * reader->height;
    return whole > source->size ? fail_truncated(reader, whole, err) : BSR_OK;
}

static bsr_status read_header(struct pnm_reader *reader, const struct picture_source *source,
                              struct bsr_error *err)
{
    unsigned kind = source->data[1] - '0'; /* 1..6: picture_sniff() looked */
    *reader = (struct pnm_reader){.source = source,
                                  .at = 2,
                                  .most = 1,
                                  .text = kind <= 3,
                                  .bits = kind == 1 || kind == 4,
                                  .colour = kind == 3 || kind == 6};
    bsr_status status = read_number(reader, &reader->width, err);
    if (status == BSR_OK)
        status = read_number(reader, &reader->height, err);
    if (status == BSR_OK && !reader->bits)
        status = read_number(reader, &reader->most, err);
    if (status != BSR_OK)
        return status;
    if (reader->most < 1 || reader->most > 65535)
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged PNM: a largest value of %u (1 to 65535)",
                        reader->most);
    if (reader->at >= source->size)
        return fail_truncated(reader, 0, err);
    reader->at++; /* one white space, and only one, before binary data */
    return check_claim(reader, err);
}

static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    struct pnm_reader reader;
    bsr_status        status = read_header(&reader, source, err);
    if (status != BSR_OK)
        return status;
    facts->width = (int)reader.width;
    facts->height = (int)reader.height;
    facts->channels = (int)count_channels(&reader);
    facts->depth = reader.most > 255 ? 16 : 8;
    return BSR_OK;
}

/* ---- pixels --------------------------------------------------------------------------------- */

/* Digits of a plain bitmap may stand without white space between them. */
static bsr_status read_bit(struct pnm_reader *reader, uint32_t *out, struct bsr_error *err)
{
    const struct picture_source *source = reader->source;
    skip_space(reader);
    if (reader->at >= source->size)
        return fail_truncated(reader, 0, err);
    if (source->data[reader->at] != '0' && source->data[reader->at] != '1')
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged PNM: no bit at byte %zu", reader->at);
    *out = (uint32_t)(source->data[reader->at++] - '0');
    return BSR_OK;
}

static uint32_t binary_sample(const struct pnm_reader *reader, size_t i)
{
    const uint8_t *at = reader->source->data + reader->at;
    if (reader->bits)
        return at[i / 8] >> (7 - i % 8) & 1;
    return reader->most > 255 ? (uint32_t)at[2 * i] << 8 | at[2 * i + 1] : at[i];
}

/* The value spread over the depth, rounded; in a bitmap 1 is black. */
static uint32_t scaled(const struct pnm_reader *reader, uint32_t value)
{
    uint64_t full = reader->most > 255 ? 65535 : 255;
    if (value > reader->most)
        value = reader->most;
    if (reader->bits)
        value = 1 - value;
    return (uint32_t)((value * full + reader->most / 2) / reader->most);
}

static bsr_status read_row(struct pnm_reader *reader, const struct bsr_image *image, int y,
                           struct bsr_error *err)
{
    uint8_t  *row = image_row(image, y);
    uint16_t *row16 = (uint16_t *)(void *)row;
    size_t    channels = count_channels(reader), count = (size_t)reader->width * channels;
    for (size_t i = 0; i < count; i++) {
        uint32_t   value = 0;
        bsr_status status = BSR_OK;
        if (!reader->text)
            value = binary_sample(reader, i);
        else
            status = reader->bits ? read_bit(reader, &value, err) : read_number(reader, &value, err);
        if (status != BSR_OK)
            return status;
        value = scaled(reader, value);
        size_t at = channels == 3 ? i - i % 3 + (2 - i % 3) : i;
        if (image->depth == 8)
            row[at] = (uint8_t)value;
        else
            row16[at] = (uint16_t)value;
    }
    if (!reader->text)
        reader->at += row_bytes(reader);
    return BSR_OK;
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct pnm_reader reader;
    bsr_status        status = read_header(&reader, source, err);
    if (status == BSR_OK)
        status = decoded_alloc(decoded, source, (int)reader.width, (int)reader.height,
                               (int)count_channels(&reader), reader.most > 255 ? 16 : 8, err);
    for (int y = 0; status == BSR_OK && y < decoded->image.height; y++)
        status = read_row(&reader, &decoded->image, y, err);
    return status;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Binary, from the highest byte down. */
static void append_row_16(struct bytes *out, const uint16_t *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[2] = {(uint8_t)(row[i] >> 8), (uint8_t)row[i]};
        bytes_append(out, bytes, sizeof bytes);
    }
}

static void append_row(struct bytes *out, const struct bsr_image *image, int y, uint16_t *row)
{
    size_t width = (size_t)image->width, channels = image->channels >= 3 ? 3 : 1;
    if (image->depth == 16) {
        convert_row_opaque_16(row, image, y);
        if (channels == 3)
            convert_swap_rb_16(row, row, width, 3);
        append_row_16(out, row, width * channels);
        return;
    }
    uint8_t *row8 = (uint8_t *)row;
    convert_row_opaque_8(row8, image, y);
    if (channels == 3)
        convert_swap_rb_8(row8, row8, width, 3);
    bytes_append(out, row8, width * channels);
}

static bsr_status encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err)
{
    (void)quality;
    const struct bsr_image *image = &picture->image;
    size_t                  size = (size_t)image->width * 3 * sizeof(uint16_t);
    uint16_t               *row = mem_alloc(size);
    if (!row)
        return bsr_fail_memory(err, NULL, size);
    bytes_append_format(out, "P%c\n%d %d\n%d\n", image->channels >= 3 ? '6' : '5', image->width,
                        image->height, image->depth == 16 ? 65535 : 255);
    for (int y = 0; y < image->height; y++)
        append_row(out, image, y, row);
    mem_free(row);
    return out->failed ? bsr_fail_memory(err, NULL, size * (size_t)image->height) : BSR_OK;
}

const struct picture_codec pnm_codec = {.title = "PNM", .probe = probe, .decode = decode, .encode = encode};

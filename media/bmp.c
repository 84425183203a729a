/* Windows and OS/2 bitmaps in and out, by hand: 1, 4, 8, 16, 24 and 32 bits, run lengths, bit masks. */
#include "media/picture_codec.h"

#include "base/alloc.h"
#include "media/bmp_runs.h"
#include "media/convert.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, V4_HEADER = 108 };
enum { PLAIN = 0, RUNS_OF_8 = 1, RUNS_OF_4 = 2, MASKS = 3, MASKS_AND_ALPHA = 6 };

struct bmp_header {
    uint32_t width, height;
    bool     top_down;
    unsigned bits, compression;
    uint32_t masks[4]; /* blue, green, red, alpha; for 16 and 32 bits */
    uint64_t pixels;   /* where they begin in the file */
    size_t   row_size; /* bytes, padded to 4 */
    bool     grey;     /* all of the palette is */
    uint8_t  palette[256][3];
};

static unsigned get_16(const uint8_t *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static uint32_t get_32(const uint8_t *at)
{
    return get_16(at) | (uint32_t)get_16(at + 2) << 16;
}

static bsr_status fail_truncated(const struct picture_source *source, uint64_t whole, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EDECODE, source->name, "truncated BMP: it ends at byte %zu of %llu",
                    source->size, (unsigned long long)whole);
}

/* ---- header --------------------------------------------------------------------------------- */

static bsr_status check_kind(const struct bmp_header *header, const struct picture_source *source,
                             struct bsr_error *err)
{
    unsigned bits = header->bits;
    bool     known = false;
    switch (header->compression) {
    case PLAIN:
        known = bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        break;
    case RUNS_OF_8:
        known = bits == 8 && !header->top_down;
        break;
    case RUNS_OF_4:
        known = bits == 4 && !header->top_down;
        break;
    case MASKS:
    case MASKS_AND_ALPHA:
        known = bits == 16 || bits == 32;
        break;
    default:
        break;
    }
    return known ? BSR_OK
                 : bsr_fail(err, BSR_EFORMAT, source->name,
                            "a kind of BMP that besra doesn't read: %u bits, compression %u", bits,
                            header->compression);
}

/* `dib` is the size of the second header. Masks stand behind the 40 bytes of the common one, in it or not. */
static bsr_status read_masks(struct bmp_header *header, const struct picture_source *source, size_t dib,
                             struct bsr_error *err)
{
    static const uint32_t masks_555[4] = {0x1F, 0x1F << 5, 0x1F << 10, 0};
    const uint8_t        *at = source->data + FILE_HEADER + INFO_HEADER;
    if (header->compression != MASKS && header->compression != MASKS_AND_ALPHA) {
        memcpy(header->masks, masks_555, sizeof masks_555); /* 32 bits without masks are read as BGR */
        return BSR_OK;
    }
    bool   alpha = dib >= 56 || header->compression == MASKS_AND_ALPHA;
    size_t size = alpha ? 16 : 12;
    if (dib < INFO_HEADER || source->size < FILE_HEADER + INFO_HEADER + size)
        return fail_truncated(source, FILE_HEADER + INFO_HEADER + size, err);
    header->masks[0] = get_32(at + 8);
    header->masks[1] = get_32(at + 4);
    header->masks[2] = get_32(at);
    header->masks[3] = alpha ? get_32(at + 12) : 0;
    return BSR_OK;
}

static bsr_status read_palette(struct bmp_header *header, const struct picture_source *source, size_t dib,
                               struct bsr_error *err)
{
    if (header->bits > 8)
        return BSR_OK;
    size_t entry = dib == CORE_HEADER ? 3 : 4, most = (size_t)1 << header->bits, count = most;
    if (dib >= INFO_HEADER && get_32(source->data + 46))
        count = get_32(source->data + 46);
    if (count > most)
        count = most;
    if (source->size < FILE_HEADER + dib + count * entry)
        return fail_truncated(source, FILE_HEADER + dib + count * entry, err);

    const uint8_t *at = source->data + FILE_HEADER + dib;
    header->grey = true;
    for (size_t i = 0; i < count; i++, at += entry) {
        memcpy(header->palette[i], at, 3);
        header->grey = header->grey && at[0] == at[1] && at[1] == at[2];
    }
    return BSR_OK;
}

/* The size as each kind of header has it; a negative height means rows from the top. */
static bsr_status read_size(struct bmp_header *header, const struct picture_source *source, size_t dib,
                            struct bsr_error *err)
{
    const uint8_t *at = source->data + FILE_HEADER + 4;
    size_t need = FILE_HEADER + (dib == CORE_HEADER ? (size_t)CORE_HEADER : dib < INFO_HEADER ? 16 : dib);
    if (source->size < need)
        return fail_truncated(source, need, err);
    if (dib == CORE_HEADER) {
        header->width = get_16(at);
        header->height = get_16(at + 2);
        header->bits = get_16(at + 6);
        return BSR_OK;
    }
    header->width = get_32(at);
    header->height = get_32(at + 4);
    header->bits = get_16(at + 10);
    header->compression = dib < INFO_HEADER ? (unsigned)PLAIN : get_32(at + 12);
    if (header->height > INT32_MAX) {
        header->top_down = true;
        header->height = 0u - header->height;
    }
    return BSR_OK;
}

static bsr_status read_header(struct bmp_header *header, const struct picture_source *source,
                              struct bsr_error *err)
{
    size_t dib = get_32(source->data + FILE_HEADER); /* 12..124: picture_sniff() looked */
    *header = (struct bmp_header){.pixels = get_32(source->data + 10)};
    bsr_status status = read_size(header, source, dib, err);
    if (status == BSR_OK)
        status = check_kind(header, source, err);
    if (status == BSR_OK)
        status = picture_check_size(source, header->width, header->height, err);
    if (status == BSR_OK)
        status = read_masks(header, source, dib, err);
    if (status == BSR_OK)
        status = read_palette(header, source, dib, err);
    if (status != BSR_OK)
        return status;

    header->row_size = ((size_t)header->width * header->bits + 31) / 32 * 4;
    uint64_t whole = header->pixels + (uint64_t)header->row_size * header->height;
    bool     runs = header->compression == RUNS_OF_8 || header->compression == RUNS_OF_4;
    if (!runs && whole > source->size)
        return fail_truncated(source, whole, err);
    /* two bytes make at most 255 pixels */
    return runs ? picture_check_claim(source, header->width, header->height,
                                      (uint64_t)header->width * header->height, 256, err)
                : BSR_OK;
}

static int count_channels(const struct bmp_header *header)
{
    if (header->bits <= 8)
        return header->grey ? 1 : 3;
    return header->bits != 24 && header->masks[3] ? 4 : 3;
}

static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    struct bmp_header header;
    bsr_status        status = read_header(&header, source, err);
    if (status != BSR_OK)
        return status;
    facts->width = (int)header.width;
    facts->height = (int)header.height;
    facts->channels = count_channels(&header);
    facts->depth = 8;
    return BSR_OK;
}

/* ---- pixels --------------------------------------------------------------------------------- */

static void place_palette(uint8_t *dst, const struct bmp_header *header, const uint8_t *row, unsigned bits)
{
    size_t channels = header->grey ? 1 : 3;
    for (size_t x = 0; x < header->width; x++, dst += channels) {
        size_t   at = x * bits;
        unsigned index = row[at / 8] >> (8 - bits - at % 8) & ((1u << bits) - 1);
        memcpy(dst, header->palette[index], channels);
    }
}

/* A masked value spread over 0..255. */
static uint8_t masked(uint32_t pixel, uint32_t mask)
{
    if (!mask)
        return 0;
    unsigned shift = (unsigned)__builtin_ctz(mask);
    uint64_t most = mask >> shift, value = (pixel & mask) >> shift;
    return (uint8_t)((value * 255 + most / 2) / most);
}

static void place_masked(uint8_t *dst, const struct bmp_header *header, const uint8_t *row)
{
    size_t channels = header->masks[3] ? 4 : 3;
    for (size_t x = 0; x < header->width; x++)
        for (size_t c = 0; c < channels; c++)
            *dst++ = masked(header->bits == 16 ? get_16(row + 2 * x) : get_32(row + 4 * x), header->masks[c]);
}

static void place_row(uint8_t *dst, const struct bmp_header *header, const uint8_t *row)
{
    if (header->bits <= 8)
        place_palette(dst, header, row, header->bits);
    else if (header->bits == 24)
        memcpy(dst, row, (size_t)header->width * 3);
    else if (header->bits == 32 && header->compression == PLAIN)
        for (size_t x = 0; x < header->width; x++)
            memcpy(dst + 3 * x, row + 4 * x, 3);
    else
        place_masked(dst, header, row);
}

static bsr_status place_runs(const struct bsr_image *image, const struct bmp_header *header,
                             const struct picture_source *source, struct bsr_error *err)
{
    size_t   count = (size_t)header->width * header->height;
    uint8_t *indices = mem_alloc_zeroed(count, 1);
    if (!indices)
        return bsr_fail_memory(err, source->name, count);

    size_t start = header->pixels < source->size ? (size_t)header->pixels : source->size;
    bool   whole = bmp_read_runs(indices, header->width, header->height, source->data + start,
                                 source->size - start, header->bits);
    if (whole)
        for (uint32_t y = 0; y < header->height; y++)
            place_palette(image_row(image, (int)(header->height - 1 - y)), header,
                          indices + (size_t)y * header->width, 8);
    mem_free(indices);
    return whole ? BSR_OK
                 : bsr_fail(err, BSR_EDECODE, source->name,
                            "damaged or truncated BMP: its %zu bytes end before its pixels do", source->size);
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct bmp_header header;
    bsr_status        status = read_header(&header, source, err);
    if (status == BSR_OK)
        status = decoded_alloc(decoded, source, (int)header.width, (int)header.height,
                               count_channels(&header), 8, err);
    if (status != BSR_OK)
        return status;
    if (header.compression == RUNS_OF_8 || header.compression == RUNS_OF_4)
        return place_runs(&decoded->image, &header, source, err);
    for (uint32_t y = 0; y < header.height; y++) {
        uint32_t stored = header.top_down ? y : header.height - 1 - y;
        place_row(image_row(&decoded->image, (int)y), &header,
                  source->data + header.pixels + (size_t)stored * header.row_size);
    }
    return BSR_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void append_16(struct bytes *out, unsigned value)
{
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    bytes_append(out, bytes, sizeof bytes);
}

static void append_32(struct bytes *out, uint32_t value)
{
    append_16(out, value & 0xFFFF);
    append_16(out, value >> 16);
}

static void append_header(struct bytes *out, const struct bsr_image *image, unsigned bits, uint32_t size)
{
    bool     alpha = bits == 32;
    uint32_t dib = alpha ? V4_HEADER : INFO_HEADER, palette = bits == 8 ? 256 * 4 : 0;
    bytes_append_text(out, "BM");
    append_32(out, FILE_HEADER + dib + palette + size);
    append_32(out, 0);
    append_32(out, FILE_HEADER + dib + palette);
    append_32(out, dib);
    append_32(out, (uint32_t)image->width);
    append_32(out, (uint32_t)image->height);
    append_16(out, 1);
    append_16(out, bits);
    append_32(out, alpha ? MASKS : PLAIN);
    append_32(out, size);
    append_32(out, 2835); /* pixels a metre: 72 an inch */
    append_32(out, 2835);
    append_32(out, bits == 8 ? 256 : 0);
    append_32(out, 0);
    for (unsigned i = 0; bits == 8 && i < 256; i++)
        append_32(out, i * 0x010101);
    if (!alpha)
        return;
    append_32(out, 0x00FF0000);
    append_32(out, 0x0000FF00);
    append_32(out, 0x000000FF);
    append_32(out, 0xFF000000);
    bytes_append(out, "BGRs", 4); /* LCS_sRGB, the other way round as all numbers here */
    for (int i = 0; i < 48; i++)
        bytes_append(out, "", 1);
}

/* Grey with alpha has no kind of its own. */
static void spread_grey_alpha(uint8_t *row, int width)
{
    for (size_t x = (size_t)width; x-- > 0;) {
        uint8_t grey = row[2 * x], alpha = row[2 * x + 1];
        row[4 * x] = row[4 * x + 1] = row[4 * x + 2] = grey;
        row[4 * x + 3] = alpha;
    }
}

static bsr_status encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err)
{
    (void)quality;
    const struct bsr_image *image = &picture->image;
    unsigned                bits = image->channels == 1 ? 8 : image->channels == 3 ? 24 : 32;
    size_t                  row_size = ((size_t)image->width * bits + 31) / 32 * 4;
    uint64_t                size = (uint64_t)row_size * (uint64_t)image->height;
    if (size > UINT32_MAX - 2048)
        return bsr_fail(err, BSR_ELIMIT, NULL, "%d x %d pixels: a BMP ends at 4 GB", image->width,
                        image->height);
    uint8_t *row = mem_alloc_zeroed(1, row_size);
    if (!row)
        return bsr_fail_memory(err, NULL, row_size);

    append_header(out, image, bits, (uint32_t)size);
    bytes_reserve(out, (size_t)size);
    for (int y = image->height - 1; y >= 0; y--) {
        convert_row_to_8(row, image, y);
        if (image->channels == 2)
            spread_grey_alpha(row, image->width);
        bytes_append(out, row, row_size);
    }
    mem_free(row);
    return out->failed ? bsr_fail_memory(err, NULL, (size_t)size) : BSR_OK;
}

const struct picture_codec bmp_codec = {.title = "BMP", .probe = probe, .decode = decode, .encode = encode};

/* PNG in, by libpng. All kinds become 8- or 16-bit grey or BGR, with alpha where the file has any. gAMA, cHRM
 * and sRGB chunks say what sRGB pictures are anyhow (or lie): only an embedded profile counts. png_write.c
 * has the way out. */
#include "media/png.h"

#include "base/alloc.h"
#include "media/exif.h"
#include "media/picture_codec.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

/* Deflate makes at most 1,032 bytes of one. */
enum { MAX_DEFLATE_RATIO = 1032 };

struct png_reader {
    png_structp                  png;
    png_infop                    info;
    jmp_buf                      escape; /* where the library's failures go; `status` says what it was */
    bsr_status                   status;
    size_t                       at; /* bytes read */
    unsigned                     row;
    const struct picture_source *source;
    struct picture_facts        *facts;   /* what a probe fills, */
    struct decoded              *decoded; /* or a decoder */
    struct bsr_error            *err;
};

/* ---- failures, memory, bytes ---------------------------------------------------------------- */

static _Noreturn void leave(struct png_reader *reader, bsr_status status)
{
    reader->status = status;
    longjmp(reader->escape, 1);
}

static _Noreturn void on_error(png_structp png, png_const_charp why)
{
    struct png_reader *reader = png_get_error_ptr(png);
    bsr_status         status = strstr(why, "memory") ? BSR_ENOMEM : BSR_EDECODE;
    if (status == BSR_ENOMEM)
        bsr_fail(reader->err, status, reader->source->name, "out of memory");
    else
        bsr_fail(reader->err, status, reader->source->name, "damaged PNG: %s (at byte %zu of %zu)", why,
                 reader->at, reader->source->size);
    leave(reader, status);
}

static void on_warning(png_structp png, png_const_charp why)
{
    (void)png;
    (void)why; /* the library warns of what it can put right */
}

static png_voidp allocate(png_structp png, png_alloc_size_t size)
{
    (void)png;
    return mem_alloc(size);
}

static void release(png_structp png, png_voidp block)
{
    (void)png;
    mem_free(block);
}

static void read_bytes(png_structp png, png_bytep data, size_t size)
{
    struct png_reader           *reader = png_get_io_ptr(png);
    const struct picture_source *source = reader->source;
    if (size > source->size - reader->at) {
        bsr_fail(reader->err, BSR_EDECODE, source->name,
                 "truncated PNG: it ends at byte %zu, in row %u of %u", source->size, reader->row,
                 png_get_image_height(png, reader->info));
        leave(reader, BSR_EDECODE);
    }
    memcpy(data, source->data + reader->at, size);
    reader->at += size;
}

/* ---- header --------------------------------------------------------------------------------- */

/* The eXIf chunk, wherever it stands: libpng itself tells of it only when it comes before the pixels.
 * Returns its data and sets *size, or NULL. */
static const uint8_t *find_exif(const struct picture_source *source, size_t *size)
{
    enum { SIGNATURE = 8, CHUNK = 12 }; /* a chunk: length, type, data, checksum */
    const uint8_t *at = source->data + SIGNATURE;
    size_t         left = source->size - SIGNATURE;
    while (left >= CHUNK) {
        size_t length = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        if (length > left - CHUNK)
            break;
        if (memcmp(at + 4, "eXIf", 4) == 0) {
            *size = length;
            return at + 8;
        }
        at += length + CHUNK;
        left -= length + CHUNK;
    }
    return NULL;
}

static void read_header(struct png_reader *reader)
{
    reader->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning, NULL,
                                           allocate, release);
    reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
    if (!reader->info)
        leave(reader, bsr_fail(reader->err, BSR_ENOMEM, reader->source->name, "out of memory"));
    png_set_read_fn(reader->png, reader, read_bytes);
    png_set_user_limits(reader->png, 0x7FFFFFFF, 0x7FFFFFFF); /* ours come next, and say more */
    png_read_info(reader->png, reader->info);

    uint64_t   width = png_get_image_width(reader->png, reader->info);
    uint64_t   height = png_get_image_height(reader->png, reader->info);
    uint64_t   bytes = png_get_rowbytes(reader->png, reader->info) * height;
    bsr_status status =
        picture_check_claim(reader->source, width, height, bytes, MAX_DEFLATE_RATIO, reader->err);
    if (status != BSR_OK)
        leave(reader, status);
}

static int count_channels(const struct png_reader *reader)
{
    int  type = png_get_color_type(reader->png, reader->info);
    bool alpha = type & PNG_COLOR_MASK_ALPHA || png_get_valid(reader->png, reader->info, PNG_INFO_tRNS);
    return (type & PNG_COLOR_MASK_COLOR ? 3 : 1) + (alpha ? 1 : 0);
}

static int result_depth(const struct png_reader *reader)
{
    return png_get_bit_depth(reader->png, reader->info) == 16 ? 16 : 8;
}

static void probe_png(struct png_reader *reader)
{
    read_header(reader);
    size_t         size = 0;
    const uint8_t *exif = find_exif(reader->source, &size);
    exif = exif ? exif_header(exif, &size) : NULL;
    *reader->facts = (struct picture_facts){
        .format = reader->facts->format,
        .width = (int)png_get_image_width(reader->png, reader->info),
        .height = (int)png_get_image_height(reader->png, reader->info),
        .channels = count_channels(reader),
        .depth = result_depth(reader),
        .orientation = exif_orientation(exif, size),
    };
}

/* ---- pixels --------------------------------------------------------------------------------- */

static void copy_blocks(struct png_reader *reader)
{
    size_t         exif_size = 0;
    const uint8_t *exif = find_exif(reader->source, &exif_size);
    bsr_status     status = BSR_OK;
    if (exif)
        status = decoded_set_exif(reader->decoded, reader->source, exif, exif_size, reader->err);

    png_charp   name;
    png_bytep   icc;
    png_uint_32 icc_size;
    int         method;
    if (status == BSR_OK &&
        png_get_iCCP(reader->png, reader->info, &name, &method, &icc, &icc_size) == PNG_INFO_iCCP)
        status = decoded_set_icc(reader->decoded, reader->source, icc, icc_size, reader->err);
    if (status != BSR_OK)
        leave(reader, status);
}

static void set_transformations(struct png_reader *reader)
{
    png_set_expand(reader->png); /* palettes, fewer than 8 bits, a transparent colour */
    png_set_bgr(reader->png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    png_set_swap(reader->png);
#endif
}

static void decode_png(struct png_reader *reader)
{
    read_header(reader);
    copy_blocks(reader);
    int channels = count_channels(reader), depth = result_depth(reader);
    set_transformations(reader);
    int passes = png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);

    struct bsr_image *image = &reader->decoded->image;
    bsr_status        status =
        decoded_alloc(reader->decoded, reader->source, (int)png_get_image_width(reader->png, reader->info),
                      (int)png_get_image_height(reader->png, reader->info), channels, depth, reader->err);
    if (status != BSR_OK)
        leave(reader, status);
    if (png_get_rowbytes(reader->png, reader->info) > image->stride)
        png_error(reader->png, "rows are longer than they should be");

    for (int pass = 0; pass < passes; pass++)
        for (reader->row = 0; reader->row < (unsigned)image->height; reader->row++)
            png_read_row(reader->png, image_row(image, (int)reader->row), NULL);
    png_read_end(reader->png, NULL);
}

/* Runs a step with somewhere to land for the library's failures. The steps keep nothing of their own that
 * would have to be released: all of it hangs on the reader. */
static bsr_status run(struct png_reader *reader, void (*step)(struct png_reader *reader))
{
    if (setjmp(reader->escape) == 0) {
        step(reader);
        reader->status = BSR_OK;
    }
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    return reader->status;
}

static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    struct png_reader reader = {.source = source, .facts = facts, .err = err};
    return run(&reader, probe_png);
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct png_reader reader = {.source = source, .decoded = decoded, .err = err};
    return run(&reader, decode_png);
}

const struct picture_codec png_codec = {
    .title = "PNG", .probe = probe, .decode = decode, .encode = png_encode};

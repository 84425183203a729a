/* TIFF in, by libtiff: the first picture of a file, of strips or tiles, in all layouts of samples that
 * tiff_layout.c knows. An EXIF directory inside the TIFF is not carried along: its offsets are those of the
 * file. tiff_write.c has the way out. */
#include "media/tiff.h"

#include "base/alloc.h"

struct tiff_reader {
    struct tiff_memory           memory;
    TIFF                        *tiff;
    struct tiff_layout           layout;
    const struct picture_source *source;
};

static bsr_status fail_damaged(const struct tiff_reader *reader, uint32_t row, struct bsr_error *err)
{
    const char *why = reader->memory.why[0] ? reader->memory.why : "its pixels can't be decoded";
    return bsr_fail(err, BSR_EDECODE, reader->source->name, "damaged or truncated TIFF, in row %u of %u: %s",
                    row, reader->layout.height, why);
}

static bsr_status open_reader(struct tiff_reader *reader, const struct picture_source *source,
                              struct bsr_error *err)
{
    *reader = (struct tiff_reader){.memory = {.data = source->data, .size = source->size}, .source = source};
    bsr_status status = tiff_check_directory(source, err);
    if (status != BSR_OK)
        return status;
    reader->tiff = tiff_open(&reader->memory, "rm");
    if (!reader->tiff)
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged or truncated TIFF (%zu bytes): %s",
                        source->size, reader->memory.why[0] ? reader->memory.why : "no directory");
    return tiff_read_layout(&reader->layout, reader->tiff, source, err);
}

static void close_reader(struct tiff_reader *reader)
{
    if (reader->tiff)
        TIFFClose(reader->tiff);
}

static bsr_status probe(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err)
{
    struct tiff_reader reader;
    bsr_status         status = open_reader(&reader, source, err);
    if (status == BSR_OK) {
        facts->width = (int)reader.layout.width;
        facts->height = (int)reader.layout.height;
        facts->channels = reader.layout.channels;
        facts->depth = reader.layout.depth;
        facts->orientation = reader.layout.orientation;
    }
    close_reader(&reader);
    return status;
}

/* ---- pixels --------------------------------------------------------------------------------- */

/* A buffer of the library's size for a row or a tile; nothing in it is undefined, whatever is missing. */
static bsr_status make_buffer(uint8_t **buffer, const struct tiff_reader *reader, uint64_t size,
                              uint64_t need, struct bsr_error *err)
{
    const uint64_t most = (uint64_t)1 << 30;
    if (size < need || size > most)
        return bsr_fail(err, BSR_EDECODE, reader->source->name, "damaged TIFF: rows or tiles of %llu bytes",
                        (unsigned long long)size);
    *buffer = mem_alloc_zeroed(1, (size_t)size);
    return *buffer ? BSR_OK : bsr_fail_memory(err, reader->source->name, (size_t)size);
}

static unsigned count_planes(const struct tiff_layout *layout)
{
    return layout->separate ? layout->colours + (layout->alpha ? 1 : 0) : 1;
}

static uint64_t row_bytes(const struct tiff_layout *layout, uint64_t pixels)
{
    return (pixels * layout->bits * (layout->separate ? 1 : layout->samples) + 7) / 8;
}

static bsr_status read_strips(struct tiff_reader *reader, const struct bsr_image *image,
                              struct bsr_error *err)
{
    const struct tiff_layout *layout = &reader->layout;
    uint8_t                  *row = NULL;
    bsr_status                status =
        make_buffer(&row, reader, TIFFScanlineSize64(reader->tiff), row_bytes(layout, layout->width), err);
    for (unsigned plane = 0; status == BSR_OK && plane < count_planes(layout); plane++)
        for (uint32_t y = 0; status == BSR_OK && y < layout->height; y++) {
            if (TIFFReadScanline(reader->tiff, row, y, (uint16_t)plane) != 1 || reader->memory.damaged)
                status = fail_damaged(reader, y, err);
            else
                tiff_place_row(image, layout, 0, (int)y, layout->width, row,
                               layout->separate ? (int)plane : -1);
        }
    mem_free(row);
    return status;
}

struct tile_grid {
    uint32_t width, height; /* of a tile */
    size_t   row_size;      /* bytes of a tile's row */
    tmsize_t size;
};

static bsr_status read_tile(struct tiff_reader *reader, const struct bsr_image *image,
                            const struct tile_grid *grid, uint8_t *tile, uint32_t x, uint32_t y,
                            unsigned plane, struct bsr_error *err)
{
    const struct tiff_layout *layout = &reader->layout;
    uint32_t                  number = TIFFComputeTile(reader->tiff, x, y, 0, (uint16_t)plane);
    if (TIFFReadEncodedTile(reader->tiff, number, tile, grid->size) != grid->size || reader->memory.damaged)
        return fail_damaged(reader, y, err);
    size_t count = layout->width - x < grid->width ? layout->width - x : grid->width;
    for (uint32_t row = 0; row < grid->height && row < layout->height - y; row++)
        tiff_place_row(image, layout, x, (int)(y + row), count, tile + row * grid->row_size,
                       layout->separate ? (int)plane : -1);
    return BSR_OK;
}

static bsr_status read_tiles(struct tiff_reader *reader, const struct bsr_image *image, struct bsr_error *err)
{
    const struct tiff_layout *layout = &reader->layout;
    struct tile_grid          grid = {0};
    uint8_t                  *tile = NULL;
    TIFFGetField(reader->tiff, TIFFTAG_TILEWIDTH, &grid.width);
    TIFFGetField(reader->tiff, TIFFTAG_TILELENGTH, &grid.height);
    if (!grid.width || !grid.height)
        return bsr_fail(err, BSR_EDECODE, reader->source->name, "damaged TIFF: tiles of no size");

    grid.size = TIFFTileSize(reader->tiff);
    grid.row_size = (size_t)TIFFTileRowSize64(reader->tiff);
    uint64_t   need = row_bytes(layout, grid.width);
    bsr_status status = grid.row_size < need || grid.row_size > SIZE_MAX / grid.height
                            ? fail_damaged(reader, 0, err)
                            : make_buffer(&tile, reader, grid.size < 0 ? 0 : (uint64_t)grid.size,
                                          grid.row_size * grid.height, err);
    for (unsigned plane = 0; status == BSR_OK && plane < count_planes(layout); plane++)
        for (uint32_t y = 0; status == BSR_OK && y < layout->height; y += grid.height)
            for (uint32_t x = 0; status == BSR_OK && x < layout->width; x += grid.width)
                status = read_tile(reader, image, &grid, tile, x, y, plane, err);
    mem_free(tile);
    return status;
}

/* Rare colours, as libtiff turns them into RGB itself. */
static bsr_status read_by_library(struct tiff_reader *reader, const struct bsr_image *image,
                                  struct bsr_error *err)
{
    size_t    width = (size_t)image->width;
    uint32_t *raster = mem_alloc_zeroed(width * (size_t)image->height, sizeof *raster);
    if (!raster)
        return bsr_fail_memory(err, reader->source->name, width * (size_t)image->height * sizeof *raster);
    /* the file's own orientation: nothing is turned here, all of it later */
    bsr_status status = BSR_OK;
    if (TIFFReadRGBAImageOriented(reader->tiff, reader->layout.width, reader->layout.height, raster,
                                  reader->layout.orientation, 1) != 1 ||
        reader->memory.damaged)
        status = fail_damaged(reader, 0, err);
    for (int y = 0; status == BSR_OK && y < image->height; y++) {
        uint8_t *row = image_row(image, y);
        for (size_t x = 0; x < width; x++) {
            uint32_t pixel = raster[(size_t)y * width + x];
            row[3 * x] = (uint8_t)TIFFGetB(pixel);
            row[3 * x + 1] = (uint8_t)TIFFGetG(pixel);
            row[3 * x + 2] = (uint8_t)TIFFGetR(pixel);
        }
    }
    mem_free(raster);
    return status;
}

static bsr_status read_pixels(struct tiff_reader *reader, struct decoded *decoded, struct bsr_error *err)
{
    const struct tiff_layout *layout = &reader->layout;
    decoded->cmyk = layout->colours == 4;
    decoded->orientation = layout->orientation;
    bsr_status status = decoded_alloc(decoded, reader->source, (int)layout->width, (int)layout->height,
                                      decoded->cmyk ? 4 : layout->channels, layout->depth, err);
    if (status != BSR_OK)
        return status;
    if (layout->by_library)
        return read_by_library(reader, &decoded->image, err);
    status = TIFFIsTiled(reader->tiff) ? read_tiles(reader, &decoded->image, err)
                                       : read_strips(reader, &decoded->image, err);
    if (status == BSR_OK && layout->associated)
        tiff_make_alpha_straight(&decoded->image);
    return status;
}

static bsr_status decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err)
{
    struct tiff_reader reader;
    uint32_t           size = 0;
    void              *icc = NULL;
    bsr_status         status = open_reader(&reader, source, err);
    if (status == BSR_OK && TIFFGetField(reader.tiff, TIFFTAG_ICCPROFILE, &size, &icc) == 1)
        status = decoded_set_icc(decoded, source, icc, size, err);
    if (status == BSR_OK)
        status = read_pixels(&reader, decoded, err);
    close_reader(&reader);
    return status;
}

const struct picture_codec tiff_codec = {
    .title = "TIFF", .probe = probe, .decode = decode, .encode = tiff_encode};

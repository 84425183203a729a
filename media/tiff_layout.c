#include "media/tiff.h"

/* Colours and some extra samples; a row of more would be a way to ask for gigabytes. */
enum { MAX_SAMPLES = 16 };

static unsigned get_short(TIFF *tiff, uint32_t tag, unsigned otherwise)
{
    uint16_t value;
    return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

static bsr_status refuse(const struct picture_source *source, struct bsr_error *err, const char *what,
                         unsigned number)
{
    return bsr_fail(err, BSR_EFORMAT, source->name, "a kind of TIFF that besra doesn't read: %s (%u)", what,
                    number);
}

/* The most bytes of pixels that one byte of the file can stand for. */
static uint64_t best_ratio(unsigned compression)
{
    switch (compression) {
    case COMPRESSION_NONE:
        return 1;
    case COMPRESSION_PACKBITS:
        return 64; /* two bytes for a run of 128 */
    case COMPRESSION_LZW:
        return 4096; /* 12 bits for the longest string, of about 4,000 */
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
        return 1032;
    default:
        return UINT64_MAX;
    }
}

static bsr_status read_colours(struct tiff_layout *layout, TIFF *tiff, unsigned compression,
                               const struct picture_source *source, struct bsr_error *err)
{
    unsigned photometric = get_short(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        layout->white_is_0 = photometric == PHOTOMETRIC_MINISWHITE;
        layout->colours = 1;
        return BSR_OK;
    case PHOTOMETRIC_RGB:
        layout->colours = 3;
        return BSR_OK;
    case PHOTOMETRIC_PALETTE:
        layout->palette = true;
        layout->colours = 1;
        return layout->bits <= 8 ? BSR_OK : refuse(source, err, "a palette of 16 bits", layout->bits);
    case PHOTOMETRIC_SEPARATED:
        layout->colours = 4;
        return get_short(tiff, TIFFTAG_INKSET, INKSET_CMYK) == INKSET_CMYK
                   ? BSR_OK
                   : refuse(source, err, "inks other than CMYK", layout->samples);
    case PHOTOMETRIC_YCBCR:
        layout->colours = 3;
        layout->by_library = compression != COMPRESSION_JPEG;
        if (!layout->by_library)
            TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        return BSR_OK;
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
        layout->colours = layout->samples < 3 ? layout->samples : 3;
        layout->by_library = true;
        return BSR_OK;
    default:
        return refuse(source, err, "photometric interpretation", photometric);
    }
}

/* Behind the colours: opacity, when it says so, or when it says nothing at all (as many writers do). */
static void read_alpha(struct tiff_layout *layout, TIFF *tiff)
{
    uint16_t  count = 0;
    uint16_t *kinds = NULL;
    if (layout->samples <= layout->colours || layout->colours == 4 || layout->palette || layout->by_library)
        return;
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 1 || !count) {
        layout->alpha = layout->samples == layout->colours + 1;
        return;
    }
    layout->associated = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    layout->alpha = layout->associated || kinds[0] == EXTRASAMPLE_UNASSALPHA;
}

/* The map has 16 bits a colour, made from 8 either by << 8 or by * 257: >> 8 undoes both. */
static bsr_status read_palette(struct tiff_layout *layout, TIFF *tiff, const struct picture_source *source,
                               struct bsr_error *err)
{
    uint16_t *red, *green, *blue;
    if (!layout->palette)
        return BSR_OK;
    if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue) != 1)
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged TIFF: no palette");
    for (unsigned i = 0; i < 1u << layout->bits; i++) {
        layout->colour_map[i][0] = (uint8_t)(blue[i] >> 8);
        layout->colour_map[i][1] = (uint8_t)(green[i] >> 8);
        layout->colour_map[i][2] = (uint8_t)(red[i] >> 8);
    }
    return BSR_OK;
}

static bsr_status check_samples(const struct tiff_layout *layout, TIFF *tiff,
                                const struct picture_source *source, struct bsr_error *err)
{
    unsigned kind = get_short(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    char     why[1024] = "";
    if (layout->by_library) {
        if (TIFFRGBAImageOK(tiff, why))
            return BSR_OK;
        return bsr_fail(err, BSR_EFORMAT, source->name, "a kind of TIFF that besra doesn't read: %s", why);
    }
    if (kind != SAMPLEFORMAT_UINT && kind != SAMPLEFORMAT_VOID)
        return refuse(source, err, "samples that are no positive whole numbers, of so many bits",
                      layout->bits);
    if (layout->bits != 8 && layout->bits != 16 &&
        !(layout->colours == 1 && layout->samples == 1 &&
          (layout->bits == 1 || layout->bits == 2 || layout->bits == 4)))
        return refuse(source, err, "bits of a sample", layout->bits);
    if (layout->samples < layout->colours)
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged TIFF: %u samples for %u colours",
                        layout->samples, layout->colours);
    return BSR_OK;
}

bsr_status tiff_read_layout(struct tiff_layout *layout, TIFF *tiff, const struct picture_source *source,
                            struct bsr_error *err)
{
    unsigned compression = get_short(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    *layout = (struct tiff_layout){
        .bits = get_short(tiff, TIFFTAG_BITSPERSAMPLE, 1),
        .samples = get_short(tiff, TIFFTAG_SAMPLESPERPIXEL, 1),
        .separate = get_short(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE,
        .orientation = (int)get_short(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT),
    };
    if (layout->orientation < 1 || layout->orientation > 8)
        layout->orientation = ORIENTATION_TOPLEFT;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout->width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout->height);
    if (layout->samples < 1 || layout->samples > MAX_SAMPLES)
        return refuse(source, err, "samples of a pixel", layout->samples);
    if (!TIFFIsCODECConfigured((uint16_t)compression))
        return refuse(source, err, "compression", compression);

    bsr_status status = read_colours(layout, tiff, compression, source, err);
    if (status == BSR_OK)
        status = check_samples(layout, tiff, source, err);
    if (status == BSR_OK)
        status = read_palette(layout, tiff, source, err);
    if (status != BSR_OK)
        return status;
    read_alpha(layout, tiff);
    layout->depth = layout->bits == 16 && !layout->by_library ? 16 : 8;
    layout->channels = layout->by_library || layout->palette || layout->colours == 4
                           ? 3
                           : (int)layout->colours + (layout->alpha ? 1 : 0);
    uint64_t row = ((uint64_t)layout->width * layout->bits * layout->samples + 7) / 8;
    uint64_t ratio = layout->by_library ? UINT64_MAX : best_ratio(compression);
    return picture_check_claim(source, layout->width, layout->height, row * layout->height, ratio, err);
}

#include "media/picture.h"

#include "base/alloc.h"
#include "media/convert.h"
#include "media/exif.h"
#include "media/picture_codec.h"
#include "media/profile.h"

static const struct picture_codec *const codecs[] = {
    [PICTURE_JPEG] = &jpeg_codec, [PICTURE_PNG] = &png_codec, [PICTURE_WEBP] = &webp_codec,
    [PICTURE_TIFF] = &tiff_codec, [PICTURE_BMP] = &bmp_codec, [PICTURE_PNM] = &pnm_codec,
    [PICTURE_RARE] = &rare_codec,
};

/* ---- what the codecs share ------------------------------------------------------------------ */

void decoded_free(struct decoded *decoded)
{
    image_free(&decoded->image);
    bytes_free(&decoded->icc);
    bytes_free(&decoded->exif);
}

bsr_status picture_check_size(const struct picture_source *source, uint64_t width, uint64_t height,
                              struct bsr_error *err)
{
    if (!width || !height)
        return bsr_fail(err, BSR_EDECODE, source->name, "damaged: claims %llu x %llu pixels",
                        (unsigned long long)width, (unsigned long long)height);
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return bsr_fail(err, BSR_ELIMIT, source->name,
                        "claims %llu x %llu pixels, over the limit of %d for a side",
                        (unsigned long long)width, (unsigned long long)height, IMAGE_MAX_SIDE);
    if (width * height > source->max_pixels) {
        bsr_fail(err, BSR_ELIMIT, source->name, "claims %llu x %llu pixels, over the limit of %llu",
                 (unsigned long long)width, (unsigned long long)height,
                 (unsigned long long)source->max_pixels);
        bsr_hint(err, "raise the limit with --max-pixels if the picture is to be trusted");
        return BSR_ELIMIT;
    }
    return BSR_OK;
}

bsr_status picture_check_claim(const struct picture_source *source, uint64_t width, uint64_t height,
                               uint64_t bytes, uint64_t ratio, struct bsr_error *err)
{
    bsr_status status = picture_check_size(source, width, height, err);
    if (status == BSR_OK && bytes / ratio > source->size)
        return bsr_fail(err, BSR_EDECODE, source->name, "truncated: %llu x %llu pixels can't be in %zu bytes",
                        (unsigned long long)width, (unsigned long long)height, source->size);
    return status;
}

bsr_status decoded_alloc(struct decoded *decoded, const struct picture_source *source, int width, int height,
                         int channels, int depth, struct bsr_error *err)
{
    bsr_status status = image_alloc(&decoded->image, width, height, channels, depth, err);
    if (status != BSR_OK)
        bsr_error_set_subject(err, source->name ? source->name : "");
    return status;
}

static bsr_status set_block(struct bytes *block, const struct picture_source *source, const void *data,
                            size_t size, struct bsr_error *err)
{
    bytes_clear(block);
    return bytes_append(block, data, size) ? BSR_OK : bsr_fail_memory(err, source->name, size);
}

bsr_status decoded_set_icc(struct decoded *decoded, const struct picture_source *source, const void *data,
                           size_t size, struct bsr_error *err)
{
    return set_block(&decoded->icc, source, data, size, err);
}

bsr_status decoded_set_exif(struct decoded *decoded, const struct picture_source *source, const void *data,
                            size_t size, struct bsr_error *err)
{
    const uint8_t *header = exif_header(data, &size);
    if (!header)
        return BSR_OK;
    decoded->orientation = exif_orientation(header, size);
    return set_block(&decoded->exif, source, header, size, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* NULL, and *err filled, when the bytes are no picture. */
static const struct picture_codec *find_codec(enum picture_format format, const struct picture_source *source,
                                              struct bsr_error *err)
{
    if (format != PICTURE_UNKNOWN)
        return codecs[format];
    const char *looks = source->data ? picture_looks_like(source->data, source->size) : NULL;
    if (!source->data || !source->size)
        bsr_fail(err, BSR_EFORMAT, source->name, "not a picture: it is empty");
    else if (looks)
        bsr_fail(err, BSR_EFORMAT, source->name, "not a picture that besra reads: it looks like %s", looks);
    else
        bsr_fail(err, BSR_EFORMAT, source->name, "not a picture, or of a format that besra doesn't know");
    bsr_hint(err, "besra reads JPEG, PNG, WebP, TIFF, BMP and PNM, and others through OpenCV");
    return NULL;
}

static struct picture_source make_source(const uint8_t *data, size_t size,
                                         const struct picture_limits *limits, const char *name)
{
    uint64_t max_pixels = limits && limits->max_pixels ? limits->max_pixels : PICTURE_MAX_PIXELS;
    return (struct picture_source){
        .data = data, .size = size, .name = name, .max_pixels = max_pixels, .times = 1};
}

bsr_status picture_probe(struct picture_facts *out, const uint8_t *data, size_t size,
                         const struct picture_limits *limits, const char *name, struct bsr_error *err)
{
    struct picture_source       source = make_source(data, size, limits, name);
    struct picture_facts        facts = {.format = picture_sniff(data, size), .orientation = 1};
    const struct picture_codec *codec = find_codec(facts.format, &source, err);
    bsr_status                  status = codec ? codec->probe(&facts, &source, err) : BSR_EFORMAT;
    if (status == BSR_OK)
        *out = facts;
    return status;
}

/* Colours and layout as the purpose wants them; the profile goes where it no longer says the truth. */
static bsr_status convert_colours(struct decoded *decoded, enum picture_purpose purpose,
                                  struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    if (purpose == PICTURE_FOR_NET || decoded->cmyk) {
        status = profile_to_srgb(&decoded->image, decoded->cmyk, &decoded->icc, err);
        decoded->cmyk = false;
        bytes_free(&decoded->icc);
    }
    if (purpose == PICTURE_FOR_NET_AS_STORED && decoded->image.channels < 3)
        bytes_free(&decoded->icc); /* of grey; the picture is to become BGR */
    if (status == BSR_OK && purpose != PICTURE_FOR_EDIT)
        status = convert_to_bgr8(&decoded->image, err);
    return status;
}

/* Of the upright picture. */
static struct image_reduction reduction_of(const struct decoded *decoded)
{
    const struct bsr_image *stored = &decoded->image;
    return decoded->times > 1
               ? convert_reduction_upright(decoded->times, decoded->width, decoded->height,
                                           decoded->orientation)
               : convert_reduction_upright(1, stored->width, stored->height, decoded->orientation);
}

bsr_status picture_decode_reduced(struct picture *out, const uint8_t *data, size_t size, int times,
                                  enum picture_purpose purpose, const struct picture_limits *limits,
                                  const char *name, struct bsr_error *err)
{
    struct picture_source       source = make_source(data, size, limits, name);
    enum picture_format         format = picture_sniff(data, size);
    struct decoded              decoded = {.orientation = 1};
    const struct picture_codec *codec = find_codec(format, &source, err);
    struct image_reduction      reduction = {.times = 1};
    if (!codec)
        return BSR_EFORMAT;
    if (times != 1 && times != 2 && times != 4 && times != 8)
        return bsr_fail(err, BSR_ERANGE, name, "can't be decoded %d times smaller (1, 2, 4 or 8)", times);

    source.times = times;
    bsr_status status = codec->decode(&decoded, &source, err);
    if (status == BSR_OK) {
        reduction = reduction_of(&decoded);
        status = convert_colours(&decoded, purpose, err);
        if (status == BSR_OK)
            status = convert_upright(&decoded.image, decoded.orientation, err);
        if (status != BSR_OK)
            bsr_error_set_subject(err, name ? name : "");
    }
    if (status != BSR_OK) {
        decoded_free(&decoded);
        return status;
    }
    exif_reset_orientation(decoded.exif.data, decoded.exif.size);
    *out = (struct picture){.image = decoded.image,
                            .format = format,
                            .icc = decoded.icc,
                            .exif = decoded.exif,
                            .reduction = reduction};
    return BSR_OK;
}

bsr_status picture_decode(struct picture *out, const uint8_t *data, size_t size, enum picture_purpose purpose,
                          const struct picture_limits *limits, const char *name, struct bsr_error *err)
{
    return picture_decode_reduced(out, data, size, 1, purpose, limits, name, err);
}

void picture_free(struct picture *picture)
{
    image_free(&picture->image);
    bytes_free(&picture->icc);
    bytes_free(&picture->exif);
    *picture = (struct picture){0};
}

/* ---- writing -------------------------------------------------------------------------------- */

/* The EXIF block of the picture as it is to be written: upright and of this size. */
static bool copy_exif(struct bytes *copy, const struct picture *picture)
{
    if (!picture->exif.size)
        return true;
    if (!bytes_append(copy, picture->exif.data, picture->exif.size))
        return false;
    exif_reset_orientation(copy->data, copy->size);
    exif_set_size(copy->data, copy->size, picture->image.width, picture->image.height);
    return true;
}

bsr_status picture_encode(struct bytes *out, const struct picture *picture, enum picture_format format,
                          int quality, struct bsr_error *err)
{
    const struct picture_codec *codec =
        format > PICTURE_UNKNOWN && format <= PICTURE_RARE ? codecs[format] : NULL;
    if (!codec || !codec->encode)
        return bsr_fail(err, BSR_EFORMAT, NULL, "besra doesn't write this format");
    if (quality < 1 || quality > 100)
        return bsr_fail(err, BSR_ERANGE, NULL, "a quality of %d (1 to 100)", quality);

    struct picture written = *picture; /* shares all but the EXIF block */
    struct bytes   encoded = {0};
    written.exif = (struct bytes){0};
    bsr_status status = copy_exif(&written.exif, picture) ? codec->encode(&encoded, &written, quality, err)
                                                          : bsr_fail_memory(err, NULL, picture->exif.size);
    if (status == BSR_OK && !out->data && !out->failed) {
        *out = encoded;
        encoded = (struct bytes){0};
    } else if (status == BSR_OK && !bytes_append(out, encoded.data, encoded.size)) {
        status = bsr_fail_memory(err, NULL, encoded.size);
    }
    bytes_free(&encoded);
    bytes_free(&written.exif);
    return status;
}

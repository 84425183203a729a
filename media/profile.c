#include "media/profile.h"

#include "base/alloc.h"
#include "media/profile_matrix.h"

#include <lcms2.h>
#include <math.h>

/* Nothing that is not valid ICC data would be larger; press profiles have some megabytes. */
enum { MAX_PROFILE = 64 << 20 };

/* ---- is it sRGB? ---------------------------------------------------------------------------- */

/* IEC 61966-2-1: the light of an encoded value, both 0..1. */
static double srgb_light(double v)
{
    v = fmin(fmax(v, 0), 1);
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* Whether a curve is sRGB's to within half a step of 8 bits, everywhere. */
static bool is_srgb_curve(const cmsToneCurve *curve)
{
    if (!curve)
        return false;
    for (int i = 0; i <= 255; i++) {
        double light = cmsEvalToneCurveFloat(curve, (cmsFloat32Number)(i / 255.0));
        if (!(light >= srgb_light((i - 0.5) / 255) - 1e-6 && light <= srgb_light((i + 0.5) / 255) + 1e-6))
            return false;
    }
    return true;
}

static bool is_primary(const cmsCIEXYZ *primary, double x, double y, double z)
{
    const double tolerance = 0.002; /* vendors round and adapt to D50 in their own ways */
    return primary && fabs(primary->X - x) < tolerance && fabs(primary->Y - y) < tolerance &&
           fabs(primary->Z - z) < tolerance;
}

/* Tables come before curves and primaries, where a profile has both. */
static bool has_tables(cmsHPROFILE profile)
{
    static const cmsTagSignature tags[] = {cmsSigAToB0Tag, cmsSigAToB1Tag, cmsSigDToB0Tag, cmsSigDToB1Tag};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (cmsIsTag(profile, tags[i]))
            return true;
    return false;
}

static bool is_srgb(cmsHPROFILE profile)
{
    if (has_tables(profile))
        return false;
    if (cmsGetColorSpace(profile) == cmsSigGrayData)
        return is_srgb_curve(cmsReadTag(profile, cmsSigGrayTRCTag));
    return cmsGetColorSpace(profile) == cmsSigRgbData &&
           is_primary(cmsReadTag(profile, cmsSigRedColorantTag), 0.4360, 0.2225, 0.0139) &&
           is_primary(cmsReadTag(profile, cmsSigGreenColorantTag), 0.3851, 0.7169, 0.0971) &&
           is_primary(cmsReadTag(profile, cmsSigBlueColorantTag), 0.1431, 0.0606, 0.7141) &&
           is_srgb_curve(cmsReadTag(profile, cmsSigRedTRCTag)) &&
           is_srgb_curve(cmsReadTag(profile, cmsSigGreenTRCTag)) &&
           is_srgb_curve(cmsReadTag(profile, cmsSigBlueTRCTag));
}

/* ---- whose colours does it describe?
 * ----------------------------------------------------------------------------- */

/* Device links, abstract and named-colour profiles say nothing about a picture's own colours. */
static bool describes_pictures(cmsHPROFILE profile)
{
    switch (cmsGetDeviceClass(profile)) {
    case cmsSigInputClass:
    case cmsSigDisplayClass:
    case cmsSigOutputClass:
    case cmsSigColorSpaceClass:
        return true;
    default:
        return false;
    }
}

static bool matches(cmsHPROFILE profile, const struct bsr_image *image, bool cmyk)
{
    cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    if (cmyk)
        return space == cmsSigCmykData;
    return image->channels <= 2 ? space == cmsSigGrayData : space == cmsSigRgbData;
}

/* ---- by curves and primaries ---------------------------------------------------------------- */

static void fill_light(float *light, size_t count, const cmsToneCurve *curve)
{
    for (size_t i = 0; i < count; i++) {
        float value = cmsEvalToneCurveFloat(curve, (cmsFloat32Number)i / (cmsFloat32Number)(count - 1));
        light[i] = value > 0 ? fminf(value, 1) : 0; /* 0 also for not-a-number */
    }
}

static bool read_primaries(cmsHPROFILE profile, struct profile_matrix *matrix)
{
    static const cmsTagSignature tags[3] = {cmsSigRedColorantTag, cmsSigGreenColorantTag,
                                            cmsSigBlueColorantTag};
    double                       primaries[3][3];
    for (int i = 0; i < 3; i++) {
        const cmsCIEXYZ *primary = cmsReadTag(profile, tags[i]);
        if (!primary)
            return false;
        primaries[0][i] = primary->X;
        primaries[1][i] = primary->Y;
        primaries[2][i] = primary->Z;
    }
    profile_matrix_from_primaries(matrix, primaries);
    return true;
}

/* Sets *done when that is all there is in the profile, and the picture was converted. */
static bsr_status convert_by_matrix(cmsHPROFILE profile, struct bsr_image *image, bool *done,
                                    struct bsr_error *err)
{
    static const cmsTagSignature rgb[3] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
    const bool                   grey = image->channels <= 2;
    const size_t                 count = (size_t)1 << image->depth, curves = grey ? 1 : 3;
    struct profile_matrix        matrix = {.light = {NULL}};
    if (has_tables(profile) || (!grey && !read_primaries(profile, &matrix)))
        return BSR_OK;

    float *light = mem_alloc(curves * count * sizeof *light);
    if (!light)
        return bsr_fail_memory(err, NULL, curves * count * sizeof *light);
    bool complete = true;
    for (size_t i = 0; i < curves; i++) {
        const cmsToneCurve *curve = cmsReadTag(profile, grey ? cmsSigGrayTRCTag : rgb[i]);
        matrix.light[i] = light + i * count;
        complete = complete && curve;
        if (curve)
            fill_light(light + i * count, count, curve);
    }
    if (complete)
        profile_matrix_apply(&matrix, image);
    mem_free(light);
    *done = complete;
    return BSR_OK;
}

/* ---- by Little CMS -------------------------------------------------------------------------- */

/* Its word for the picture's pixels: `space` is a PT_ code. */
static cmsUInt32Number pixel_type(int space, int colours, bool alpha, int depth)
{
    return COLORSPACE_SH((cmsUInt32Number)space) | CHANNELS_SH((cmsUInt32Number)colours) |
           EXTRA_SH((cmsUInt32Number)alpha) | BYTES_SH((cmsUInt32Number)depth / 8) |
           (space == PT_RGB ? DOSWAP_SH(1) | (alpha ? SWAPFIRST_SH(1) : 0) : 0);
}

static cmsHTRANSFORM make_transform(cmsContext context, cmsHPROFILE from, const struct bsr_image *image,
                                    bool cmyk)
{
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(context);
    if (!srgb)
        return NULL;
    bool            alpha = !cmyk && image->channels == 4;
    cmsUInt32Number flags = cmsFLAGS_BLACKPOINTCOMPENSATION | (alpha ? cmsFLAGS_COPY_ALPHA : 0);
    cmsUInt32Number in = pixel_type(cmyk ? PT_CMYK : PT_RGB, cmyk ? 4 : 3, alpha, image->depth);
    cmsUInt32Number out = pixel_type(PT_RGB, 3, alpha, image->depth);
    cmsHTRANSFORM   transform =
        cmsCreateTransformTHR(context, from, in, srgb, out, INTENT_RELATIVE_COLORIMETRIC, flags);
    cmsCloseProfile(srgb);
    return transform;
}

/* RGB in place, CMYK to a new picture of three channels. */
static bsr_status apply(cmsHTRANSFORM transform, struct bsr_image *image, bool cmyk, struct bsr_error *err)
{
    struct bsr_image made = *image;
    if (cmyk) {
        bsr_status status = image_alloc(&made, image->width, image->height, 3, image->depth, err);
        if (status != BSR_OK)
            return status;
    }
    for (int y = 0; y < image->height; y++)
        cmsDoTransform(transform, image_row(image, y), image_row(&made, y), (cmsUInt32Number)image->width);
    if (cmyk)
        image_free(image);
    *image = made;
    return BSR_OK;
}

static bsr_status convert_by_tables(cmsContext context, cmsHPROFILE profile, struct bsr_image *image,
                                    bool cmyk, bool *done, struct bsr_error *err)
{
    cmsHTRANSFORM transform = make_transform(context, profile, image, cmyk);
    if (!transform)
        return BSR_OK;
    bsr_status status = apply(transform, image, cmyk, err);
    cmsDeleteTransform(transform);
    *done = status == BSR_OK;
    return status;
}

/* Sets *done when the picture was converted; otherwise there was nothing to do, or nothing to go by. */
static bsr_status convert_by_profile(struct bsr_image *image, bool cmyk, const struct bytes *icc, bool *done,
                                     struct bsr_error *err)
{
    cmsContext context = cmsCreateContext(NULL, NULL);
    if (!context)
        return bsr_fail_memory(err, NULL, 0);

    bsr_status  status = BSR_OK;
    cmsHPROFILE profile = cmsOpenProfileFromMemTHR(context, icc->data, (cmsUInt32Number)icc->size);
    if (profile && describes_pictures(profile) && matches(profile, image, cmyk) && !is_srgb(profile)) {
        if (!cmyk)
            status = convert_by_matrix(profile, image, done, err);
        if (status == BSR_OK && !*done && (cmyk || image->channels >= 3))
            status = convert_by_tables(context, profile, image, cmyk, done, err);
    }
    if (profile)
        cmsCloseProfile(profile);
    cmsDeleteContext(context);
    return status;
}

/* Light that passes both the ink and the black: (max - ink) * (max - black) / max, rounded. */
static bsr_status convert_plain_cmyk(struct bsr_image *image, struct bsr_error *err)
{
    struct bsr_image made;
    bsr_status       status = image_alloc(&made, image->width, image->height, 3, image->depth, err);
    if (status != BSR_OK)
        return status;
    for (int y = 0; y < image->height; y++) {
        const uint8_t  *ink = image_row(image, y);
        uint8_t        *bgr = image_row(&made, y);
        const uint16_t *ink16 = (const uint16_t *)(const void *)ink;
        uint16_t       *bgr16 = (uint16_t *)(void *)bgr;
        for (size_t x = 0; x < (size_t)image->width; x++)
            for (size_t c = 0; c < 3; c++) {
                if (image->depth == 8)
                    bgr[3 * x + 2 - c] =
                        (uint8_t)(((255u - ink[4 * x + c]) * (255u - ink[4 * x + 3]) + 127) / 255);
                else
                    bgr16[3 * x + 2 - c] =
                        (uint16_t)(((65535u - ink16[4 * x + c]) * (65535u - ink16[4 * x + 3]) + 32767u) /
                                   65535u);
            }
    }
    image_free(image);
    *image = made;
    return BSR_OK;
}

bsr_status profile_to_srgb(struct bsr_image *image, bool cmyk, const struct bytes *icc, struct bsr_error *err)
{
    bool done = false;
    if (icc->size >= 128 && icc->size <= MAX_PROFILE) {
        bsr_status status = convert_by_profile(image, cmyk, icc, &done, err);
        if (status != BSR_OK)
            return status;
    }
    return cmyk && !done ? convert_plain_cmyk(image, err) : BSR_OK;
}

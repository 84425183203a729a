/* What bytes are, by their first few. */
#include "media/picture_codec.h"

#include <string.h>
#include <strings.h>

struct signature {
    size_t      at;
    size_t      size;
    const char *bytes;
    const char *title;
};
#define SIGNATURE(at, bytes, title)                                                                          \
    {                                                                                                        \
        at, sizeof(bytes) - 1, bytes, title                                                                  \
    }

/* Read by the module for rare formats, as far as the OpenCV installed can. */
static const struct signature rare_signatures[] = {
    SIGNATURE(0, "GIF87a", "GIF"),
    SIGNATURE(0, "GIF89a", "GIF"),
    SIGNATURE(4, "ftypavif", "AVIF"),
    SIGNATURE(4, "ftypavis", "AVIF"),
    SIGNATURE(0, "\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    SIGNATURE(0, "\xff\x4f\xff\x51", "JPEG 2000"),
    SIGNATURE(0, "\x76\x2f\x31\x01", "OpenEXR"),
    SIGNATURE(0, "#?RADIANCE", "Radiance HDR"),
    SIGNATURE(0, "#?RGBE", "Radiance HDR"),
    SIGNATURE(0, "\x59\xa6\x6a\x95", "Sun raster"),
    SIGNATURE(0, "P7\n", "PAM"),
    SIGNATURE(0, "PF\n", "PFM"),
    SIGNATURE(0, "Pf\n", "PFM"),
};

/* Met where pictures are looked for; named so that the person sees at once what went wrong. */
static const struct signature other_signatures[] = {
    SIGNATURE(4, "ftyphei", "an HEIC picture"),
    SIGNATURE(4, "ftyphev", "an HEIC picture"),
    SIGNATURE(4, "ftypmif1", "an HEIC picture"),
    SIGNATURE(4, "ftypmsf1", "an HEIC picture"),
    SIGNATURE(4, "ftypcrx", "a Canon raw picture"),
    SIGNATURE(0, "\xff\x0a", "a JPEG XL picture"),
    SIGNATURE(0, "\0\0\0\x0cJXL ", "a JPEG XL picture"),
    SIGNATURE(0, "8BPS", "a Photoshop document"),
    SIGNATURE(0, "gimp xcf", "a GIMP document"),
    SIGNATURE(0, "\0\0\1\0", "an icon"),
    SIGNATURE(0, "<svg", "an SVG drawing"),
    SIGNATURE(0, "<?xml", "an XML file"),
    SIGNATURE(0, "<!DOCTYPE", "a web page"),
    SIGNATURE(0, "<!doctype", "a web page"),
    SIGNATURE(0, "<html", "a web page"),
    SIGNATURE(0, "%PDF", "a PDF document"),
    SIGNATURE(0, "%!PS", "a PostScript document"),
    SIGNATURE(0, "PK\3\4", "a ZIP archive"),
    SIGNATURE(0, "\x1f\x8b", "a gzip archive"),
    SIGNATURE(0,
              "\xfd"
              "7zXZ",
              "an xz archive"),
    SIGNATURE(0, "7z\xbc\xaf", "a 7-Zip archive"),
    SIGNATURE(0, "Rar!", "a RAR archive"),
    SIGNATURE(4, "ftyp", "a video"),
    SIGNATURE(0, "\x1a\x45\xdf\xa3", "a video"),
    SIGNATURE(8, "AVI ", "a video"),
    SIGNATURE(8, "WAVE", "a sound"),
    SIGNATURE(0, "OggS", "a sound or video"),
    SIGNATURE(0, "ID3", "a sound"),
    SIGNATURE(0, "fLaC", "a sound"),
    SIGNATURE(0,
              "\x7f"
              "ELF",
              "a program"),
    SIGNATURE(0, "MZ", "a Windows program"),
    SIGNATURE(0, "\x93NUMPY", "a NumPy array"),
    SIGNATURE(0, "{", "a JSON file"),
};

static const char *find_title(const struct signature *list, size_t count, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (size >= list[i].at + list[i].size && memcmp(data + list[i].at, list[i].bytes, list[i].size) == 0)
            return list[i].title;
    return NULL;
}

const char *picture_rare_title(const uint8_t *data, size_t size)
{
    return find_title(rare_signatures, sizeof rare_signatures / sizeof *rare_signatures, data, size);
}

const char *picture_looks_like(const uint8_t *data, size_t size)
{
    return find_title(other_signatures, sizeof other_signatures / sizeof *other_signatures, data, size);
}

static bool starts_with(const uint8_t *data, size_t size, const char *bytes, size_t count)
{
    return size >= count && memcmp(data, bytes, count) == 0;
}

/* "BM" alone is a common beginning: the size of the second header must be one that exists. */
static bool is_bmp(const uint8_t *data, size_t size)
{
    static const uint8_t header_sizes[] = {12, 16, 40, 52, 56, 64, 108, 124};
    if (!starts_with(data, size, "BM", 2) || size < 18 || data[15] || data[16] || data[17])
        return false;
    return memchr(header_sizes, data[14], sizeof header_sizes) != NULL;
}

static bool is_pnm(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '6' &&
           strchr("\t\n\v\f\r #", data[2]) && data[2];
}

enum picture_format picture_sniff(const uint8_t *data, size_t size)
{
    if (!data)
        return PICTURE_UNKNOWN;
    if (starts_with(data, size, "\xff\xd8\xff", 3))
        return PICTURE_JPEG;
    if (starts_with(data, size, "\x89PNG\r\n\x1a\n", 8))
        return PICTURE_PNG;
    if (starts_with(data, size, "RIFF", 4) && size >= 12 && memcmp(data + 8, "WEBP", 4) == 0)
        return PICTURE_WEBP;
    if (starts_with(data, size, "II*\0", 4) || starts_with(data, size, "MM\0*", 4) ||
        starts_with(data, size, "II+\0", 4) || starts_with(data, size, "MM\0+", 4))
        return PICTURE_TIFF;
    if (is_bmp(data, size))
        return PICTURE_BMP;
    if (is_pnm(data, size))
        return PICTURE_PNM;
    return picture_rare_title(data, size) ? PICTURE_RARE : PICTURE_UNKNOWN;
}

/* The first name of a format is the one that its files are given. */
static const struct {
    const char         *name;
    enum picture_format format;
} names[] = {
    {"jpg", PICTURE_JPEG},  {"jpeg", PICTURE_JPEG}, {"png", PICTURE_PNG}, {"webp", PICTURE_WEBP},
    {"tiff", PICTURE_TIFF}, {"tif", PICTURE_TIFF},  {"bmp", PICTURE_BMP}, {"ppm", PICTURE_PNM},
    {"pgm", PICTURE_PNM},   {"pnm", PICTURE_PNM},
};

const char *picture_format_extension(enum picture_format format)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].format == format)
            return names[i].name;
    return NULL;
}

enum picture_format picture_format_from_name(const char *name)
{
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].format;
    return PICTURE_UNKNOWN;
}

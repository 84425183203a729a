#include "media/tiff.h"

/* TIFF 6.0, section 2, and BigTIFF, which has the same with wider numbers. */
struct tiff_numbers {
    const uint8_t *data;
    bool           big_endian;
    unsigned       count_size, entry_size, offset_size; /* bytes */
};

static uint64_t get_number(const struct tiff_numbers *numbers, uint64_t at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | numbers->data[at + (numbers->big_endian ? i : bytes - 1 - i)];
    return value;
}

static uint64_t type_size(uint64_t type)
{
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

static bool is_needed(uint64_t tag)
{
    switch (tag) {
    case TIFFTAG_BITSPERSAMPLE:
    case TIFFTAG_STRIPOFFSETS:
    case TIFFTAG_STRIPBYTECOUNTS:
    case TIFFTAG_COLORMAP:
    case TIFFTAG_TILEOFFSETS:
    case TIFFTAG_TILEBYTECOUNTS:
    case TIFFTAG_EXTRASAMPLES:
    case TIFFTAG_ICCPROFILE:
        return true;
    default:
        return false;
    }
}

/* Where the file must at least reach for this entry. */
static uint64_t entry_end(const struct tiff_numbers *numbers, uint64_t at)
{
    uint64_t size = type_size(get_number(numbers, at + 2, 2));
    uint64_t count = get_number(numbers, at + 4, numbers->offset_size);
    if (!is_needed(get_number(numbers, at, 2)) || !size || count <= numbers->offset_size / size)
        return 0;
    uint64_t offset = get_number(numbers, at + 4 + numbers->offset_size, numbers->offset_size);
    return count > (UINT64_MAX - offset) / size ? UINT64_MAX : offset + count * size;
}

/* A side of the picture: 0 where the entry is none, or not one whole number. */
static uint64_t entry_side(const struct tiff_numbers *numbers, uint64_t at, unsigned tag)
{
    uint64_t type = get_number(numbers, at + 2, 2);
    bool     is_whole =
        type == TIFF_SHORT || type == TIFF_LONG || (type == TIFF_LONG8 && numbers->offset_size == 8);
    if (get_number(numbers, at, 2) != tag || !is_whole ||
        get_number(numbers, at + 4, numbers->offset_size) != 1)
        return 0;
    return get_number(numbers, at + 4 + numbers->offset_size, (unsigned)type_size(type));
}

/* What is over the limit is said before the library sees it: some versions then find no directory at all. */
static bsr_status check_sides(const struct tiff_numbers *numbers, uint64_t at, uint64_t count,
                              const struct picture_source *source, struct bsr_error *err)
{
    uint64_t width = 0, height = 0;
    for (; count; count--, at += numbers->entry_size) {
        width = width ? width : entry_side(numbers, at, TIFFTAG_IMAGEWIDTH);
        height = height ? height : entry_side(numbers, at, TIFFTAG_IMAGELENGTH);
    }
    return width && height ? picture_check_size(source, width, height, err) : BSR_OK;
}

bsr_status tiff_check_directory(const struct picture_source *source, struct bsr_error *err)
{
    enum { CLASSIC_HEADER = 8, BIG_HEADER = 16 };
    const struct tiff_numbers  classic = {source->data, source->data[0] == 'M', 2, 12, 4};
    const struct tiff_numbers  big = {source->data, source->data[0] == 'M', 8, 20, 8};
    bool                       is_big = source->data[2] == '+' || source->data[3] == '+';
    const struct tiff_numbers *numbers = is_big ? &big : &classic;
    uint64_t                   size = source->size, need = is_big ? BIG_HEADER : CLASSIC_HEADER;
    if (size < need)
        return bsr_fail(err, BSR_EDECODE, source->name, "truncated TIFF: it ends at byte %zu", source->size);

    uint64_t at = get_number(numbers, is_big ? 8 : 4, numbers->offset_size), count = 0;
    if (at > size || size - at < numbers->count_size)
        need = at > UINT64_MAX - numbers->count_size ? at : at + numbers->count_size;
    else
        count = get_number(numbers, at, numbers->count_size);
    at += numbers->count_size;
    const uint64_t first = at;
    for (uint64_t i = 0; i < count && need <= size; i++, at += numbers->entry_size) {
        need = at + numbers->entry_size;
        uint64_t end = need <= size ? entry_end(numbers, at) : need;
        need = end > need ? end : need;
    }
    if (need <= size && at + numbers->offset_size > size)
        need = at + numbers->offset_size; /* where the next directory is */
    if (need > size)
        return bsr_fail(err, BSR_EDECODE, source->name,
                        "truncated TIFF: it ends at byte %llu of %llu at least", (unsigned long long)size,
                        (unsigned long long)need);
    return check_sides(numbers, first, count, source, err);
}

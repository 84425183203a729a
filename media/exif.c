#include "media/exif.h"

#include <string.h>

/* TIFF 6.0, section 2: a header, then directories of 12-byte entries {tag, type, count, value}. */
enum { HEADER_SIZE = 8, ENTRY_SIZE = 12, TYPE_SHORT = 3, TYPE_LONG = 4 };
enum {
    TAG_WIDTH = 0x0100,
    TAG_HEIGHT = 0x0101,
    TAG_ORIENTATION = 0x0112,
    TAG_EXIF_DIRECTORY = 0x8769,
    TAG_PIXEL_X = 0xA002,
    TAG_PIXEL_Y = 0xA003
};

static bool is_big_endian(const uint8_t *block)
{
    return block[0] == 'M';
}

static uint32_t get_number(const uint8_t *block, size_t at, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | block[at + (is_big_endian(block) ? i : bytes - 1 - i)];
    return value;
}

static void put_number(uint8_t *block, size_t at, unsigned bytes, uint32_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        block[at + (is_big_endian(block) ? bytes - 1 - i : i)] = (uint8_t)(value >> 8 * i);
}

static bool is_block(const uint8_t *block, size_t size)
{
    return size >= HEADER_SIZE && (memcmp(block, "II*", 4) == 0 || memcmp(block, "MM\0*", 4) == 0);
}

/* Where the entry of `tag` is in the directory at `at`, or 0: no entry can be there. */
static size_t find_entry(const uint8_t *block, size_t size, size_t at, unsigned tag)
{
    if (at < HEADER_SIZE || size < 2 || at > size - 2)
        return 0;
    size_t count = get_number(block, at, 2);
    size_t room = (size - at - 2) / ENTRY_SIZE;
    for (size_t i = 0; i < count && i < room; i++) {
        size_t entry = at + 2 + i * ENTRY_SIZE;
        if (get_number(block, entry, 2) == tag)
            return entry;
    }
    return 0;
}

/* The bytes of an entry's number, when it holds one SHORT or LONG; else 0. */
static unsigned number_size(const uint8_t *block, size_t entry)
{
    unsigned type = get_number(block, entry + 2, 2);
    if (get_number(block, entry + 4, 4) != 1)
        return 0;
    return type == TYPE_SHORT ? 2 : type == TYPE_LONG ? 4 : 0;
}

static size_t first_directory(const uint8_t *block)
{
    return get_number(block, 4, 4);
}

static void set_entry(uint8_t *block, size_t size, size_t directory, unsigned tag, uint32_t value)
{
    size_t   entry = find_entry(block, size, directory, tag);
    unsigned bytes = entry ? number_size(block, entry) : 0;
    if (bytes)
        put_number(block, entry + 8, bytes, value);
}

const uint8_t *exif_header(const uint8_t *block, size_t *size)
{
    static const uint8_t prefix[6] = "Exif\0";
    size_t skip = *size >= sizeof prefix && memcmp(block, prefix, sizeof prefix) == 0 ? sizeof prefix : 0;
    if (!block || !is_block(block + skip, *size - skip))
        return NULL;
    *size -= skip;
    return block + skip;
}

int exif_orientation(const uint8_t *block, size_t size)
{
    if (!block || !is_block(block, size))
        return 1;
    size_t   entry = find_entry(block, size, first_directory(block), TAG_ORIENTATION);
    unsigned bytes = entry ? number_size(block, entry) : 0;
    uint32_t value = bytes ? get_number(block, entry + 8, bytes) : 1;
    return value >= 1 && value <= 8 ? (int)value : 1;
}

void exif_reset_orientation(uint8_t *block, size_t size)
{
    if (block && is_block(block, size))
        set_entry(block, size, first_directory(block), TAG_ORIENTATION, 1);
}

void exif_set_size(uint8_t *block, size_t size, int width, int height)
{
    if (!block || !is_block(block, size))
        return;
    size_t first = first_directory(block);
    set_entry(block, size, first, TAG_WIDTH, (uint32_t)width);
    set_entry(block, size, first, TAG_HEIGHT, (uint32_t)height);

    size_t entry = find_entry(block, size, first, TAG_EXIF_DIRECTORY);
    if (!entry || number_size(block, entry) != 4)
        return;
    size_t exif = get_number(block, entry + 8, 4);
    set_entry(block, size, exif, TAG_PIXEL_X, (uint32_t)width);
    set_entry(block, size, exif, TAG_PIXEL_Y, (uint32_t)height);
}

#include "media/tiff.h"

#include <stdio.h>
#include <string.h>

/* ---- libtiff's view of a file --------------------------------------------------------------- */

static size_t end_of(const struct tiff_memory *memory)
{
    return memory->out ? memory->out->size - memory->start : memory->size;
}

static const uint8_t *contents_of(const struct tiff_memory *memory)
{
    return memory->out ? memory->out->data + memory->start : memory->data;
}

static tmsize_t read_at(thandle_t handle, void *buffer, tmsize_t size)
{
    struct tiff_memory *memory = handle;
    size_t              end = end_of(memory);
    size_t              left = memory->at < end ? end - memory->at : 0;
    size_t              count = size < 0 ? 0 : (size_t)size < left ? (size_t)size : left;
    if (count)
        memcpy(buffer, contents_of(memory) + memory->at, count);
    memory->at += count;
    return (tmsize_t)count;
}

/* Fills up to `at` with zeroes: the library may write behind the end. */
static bool fill_gap(struct tiff_memory *memory)
{
    static const uint8_t zeroes[256];
    while (memory->at > end_of(memory)) {
        size_t gap = memory->at - end_of(memory);
        if (!bytes_append(memory->out, zeroes, gap < sizeof zeroes ? gap : sizeof zeroes))
            return false;
    }
    return true;
}

static tmsize_t write_at(thandle_t handle, void *buffer, tmsize_t size)
{
    struct tiff_memory *memory = handle;
    if (!memory->out || size < 0 || !fill_gap(memory))
        return 0;
    size_t count = (size_t)size, over = end_of(memory) - memory->at;
    size_t inside = count < over ? count : over;
    if (inside)
        memcpy(memory->out->data + memory->start + memory->at, buffer, inside);
    if (!bytes_append(memory->out, (const uint8_t *)buffer + inside, count - inside))
        return 0;
    memory->at += count;
    return size;
}

static toff_t seek_to(thandle_t handle, toff_t offset, int whence)
{
    struct tiff_memory *memory = handle;
    uint64_t            from = whence == SEEK_CUR ? memory->at : whence == SEEK_END ? end_of(memory) : 0;
    memory->at = (size_t)(from + offset); /* unsigned: negative offsets wrap to what they mean */
    return memory->at;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return end_of(handle);
}

/* ---- its messages --------------------------------------------------------------------------- */

/* Of several messages the first says the cause. Many begin with the file's name, which is empty here, and a
 * colon. */
static void keep_first(struct tiff_memory *memory, const char *format, va_list args)
{
    if (memory->why[0])
        return;
    vsnprintf(memory->why, sizeof memory->why, format, args);
    size_t skip = strspn(memory->why, ": ");
    memmove(memory->why, memory->why + skip, strlen(memory->why + skip) + 1);
}

static int on_error(TIFF *tiff, void *context, const char *module, const char *format, va_list args)
{
    struct tiff_memory *memory = context;
    (void)tiff;
    (void)module;
    keep_first(memory, format, args);
    return 1; /* dealt with: not to the terminal */
}

/* Most warnings are about tags that nobody misses. Missing JPEG data is worth more than that. */
static int on_warning(TIFF *tiff, void *context, const char *module, const char *format, va_list args)
{
    struct tiff_memory *memory = context;
    (void)tiff;
    if (module && strcmp(module, "JPEGLib") == 0) {
        memory->damaged = true;
        keep_first(memory, format, args);
    }
    return 1;
}

TIFF *tiff_open(struct tiff_memory *memory, const char *mode)
{
    /* What the library may want at once for a file of this size: its tables are no larger than the file, its
     * buffers hold a row or a tile. */
    const tmsize_t   most = (tmsize_t)((size_t)512 << 20) + (tmsize_t)memory->size;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, most);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, memory);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, memory);
    TIFF *tiff = TIFFClientOpenExt("", mode, memory, read_at, write_at, seek_to, close_nothing, size_of, NULL,
                                   NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

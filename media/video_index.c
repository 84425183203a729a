/* Fragments of an .mp4 are read: which frames, how long, where. */
#include "media/video_index.h"

#include "media/video_box.h"
#include "media/video_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a second of video needs is a thousandth of this. */
enum { MAX_HEADER = 16 << 20, MAX_SAMPLES = 100 << 20 };

static bool read_at(int fd, uint8_t *data, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* The size of the box at `offset` of a file of `size` bytes; 0 when it isn't whole. */
static uint64_t box_at(int fd, uint64_t offset, uint64_t size, uint32_t *type)
{
    uint8_t header[16];
    if (size - offset < 8 || !read_at(fd, header, 8, offset))
        return 0;
    uint64_t length = box_u32(header);
    *type = box_u32(header + 4);
    if (length == 1 && size - offset >= 16 && read_at(fd, header, 16, offset))
        length = box_u64(header + 8);
    return length >= 8 && length <= size - offset ? length : 0;
}

static bool load(struct bytes *out, int fd, uint64_t offset, uint64_t size)
{
    bytes_clear(out);
    if (size > MAX_HEADER || !bytes_reserve(out, (size_t)size) ||
        !read_at(fd, out->data, (size_t)size, offset))
        return false;
    out->size = (size_t)size;
    return true;
}

/* ---- a fragment ---- */

/* What holds for samples that don't say it themselves. */
struct defaults {
    uint32_t duration, size, flags;
    bool     relative; /* offsets count from the moof */
};

static bool read_defaults(struct defaults *defaults, const struct box *tfhd)
{
    if (tfhd->size < 8)
        return false;
    uint32_t flags = box_u32(tfhd->data);
    size_t   at = 8;
    uint32_t values[3] = {0};
    if (flags & 0x01)
        at += 8; /* base data offset */
    if (flags & 0x02)
        at += 4; /* sample description */
    for (unsigned i = 0; i < 3; i++) {
        if (!(flags & 0x08u << i))
            continue;
        if (tfhd->size < at + 4)
            return false;
        values[i] = box_u32(tfhd->data + at);
        at += 4;
    }
    *defaults = (struct defaults){values[0], values[1], values[2], (flags & 0x020000) && !(flags & 0x01)};
    return true;
}

/* Flags of a sample: bit 16 says that it is no key frame. */
static bool read_run(struct video_index *index, const struct box *trun, const struct defaults *defaults,
                     uint64_t moof_offset)
{
    if (trun->size < 12)
        return false;
    uint32_t flags = box_u32(trun->data), count = box_u32(trun->data + 4), first = defaults->flags;
    size_t   at = 12, each = 0;
    if (!(flags & 0x01)) /* where its data is */
        return false;
    struct video_run run = {.offset = moof_offset + box_u32(trun->data + 8), .count = count};
    if (flags & 0x04) {
        if (trun->size < 16)
            return false;
        first = box_u32(trun->data + 12);
        at += 4;
    }
    for (unsigned bit = 0x100; bit <= 0x800; bit <<= 1)
        each += flags & bit ? 4 : 0;
    if (count > MAX_SAMPLES / sizeof(struct video_sample) || count * each > trun->size - at)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t values[3] = {defaults->duration, defaults->size, i == 0 ? first : defaults->flags};
        for (unsigned k = 0; k < 3; k++) {
            if (!(flags & 0x100u << k))
                continue;
            values[k] = box_u32(trun->data + at);
            at += 4;
        }
        at += flags & 0x800 ? 4 : 0;
        struct video_sample sample = {values[0], values[1], !(values[2] & 0x10000)};
        if (index->samples.size > MAX_SAMPLES || !bytes_append(&index->samples, &sample, sizeof sample))
            return false;
        index->ticks += sample.duration;
    }
    return count == 0 || bytes_append(&index->runs, &run, sizeof run);
}

static bool read_fragment(struct video_index *index, const struct bytes *moof, uint64_t offset)
{
    const struct box whole = {.data = moof->data + 8, .size = moof->size - 8};
    const struct box traf = box_find(&whole, BOX_TYPE('t', 'r', 'a', 'f'));
    const struct box tfhd = box_find(&traf, BOX_TYPE('t', 'f', 'h', 'd'));
    struct defaults  defaults;
    struct box       box;
    if (!tfhd.data || !read_defaults(&defaults, &tfhd) || !defaults.relative)
        return false;
    for (size_t at = 0; box_next(&box, traf.data, traf.size, &at);)
        if (box.type == BOX_TYPE('t', 'r', 'u', 'n') && !read_run(index, &box, &defaults, offset))
            return false;
    return true;
}

/* ---- the file ---- */

/* Goes through the boxes of the file; false where one is not understood. */
static bool walk(struct video_index *index, struct bytes *moof, int fd, uint64_t size)
{
    uint32_t type;
    uint64_t length, moof_offset = 0;
    for (uint64_t at = 0; (length = box_at(fd, at, size, &type)) > 0; at += length) {
        if (type == BOX_TYPE('m', 'o', 'o', 'v') && !index->moov.size) {
            if (length < 16 || !load(&index->moov, fd, at, length))
                return false;
            index->moov_offset = at;
            index->end = at + length;
        } else if (type == BOX_TYPE('m', 'o', 'o', 'f')) {
            if (!load(moof, fd, at, length))
                return false;
            moof_offset = at;
        } else if (type == BOX_TYPE('m', 'd', 'a', 't') && moof->size && index->moov.size) {
            if (!read_fragment(index, moof, moof_offset))
                return false;
            bytes_clear(moof);
            index->end = at + length;
        }
    }
    return index->moov.size > 0;
}

bsr_status video_index_read(struct video_index *index, int fd, struct bsr_error *err)
{
    struct stat  st;
    struct bytes moof = {0};
    *index = (struct video_index){0};
    if (fstat(fd, &st) != 0)
        return bsr_fail(err, BSR_EIO, NULL, "can't be read: %s", strerror(errno));
    bool understood = walk(index, &moof, fd, (uint64_t)st.st_size);
    bool failed = moof.failed || index->moov.failed || index->samples.failed || index->runs.failed;
    bytes_free(&moof);
    if (failed)
        return bsr_fail_memory(err, NULL, index->samples.size);
    if (!understood || !index->runs.size)
        return bsr_fail(err, BSR_EFORMAT, NULL, "it has no fragments that an index can be made of");
    return BSR_OK;
}

void video_index_free(struct video_index *index)
{
    bytes_free(&index->samples);
    bytes_free(&index->runs);
    bytes_free(&index->moov);
}

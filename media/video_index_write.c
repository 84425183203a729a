/* The index of an .mp4: the first `moov`, which says what kind of video it is, with tables of its frames. */
#include "media/video_index.h"

#include "base/file.h"
#include "media/video_box.h"
#include "media/video_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void put_u32(struct bytes *out, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};
    bytes_append(out, bytes, sizeof bytes);
}

static void put_u64(struct bytes *out, uint64_t value)
{
    put_u32(out, (uint32_t)(value >> 32));
    put_u32(out, (uint32_t)value);
}

static void set_u32(struct bytes *out, size_t at, uint32_t value)
{
    for (unsigned i = 0; !out->failed && i < 4; i++)
        out->data[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Returns where the box begins, for end_box(). */
static size_t begin_box(struct bytes *out, uint32_t type)
{
    size_t at = out->size;
    put_u32(out, 0);
    put_u32(out, type);
    return at;
}

static void end_box(struct bytes *out, size_t at)
{
    set_u32(out, at, (uint32_t)(out->size - at));
}

static void copy_box(struct bytes *out, const struct box *box)
{
    size_t at = begin_box(out, box->type);
    bytes_append(out, box->data, box->size);
    end_box(out, at);
}

/* ---- the tables ---- */

static const struct video_sample *samples_of(const struct video_index *index, size_t *count)
{
    *count = index->samples.size / sizeof(struct video_sample);
    return (const struct video_sample *)(const void *)index->samples.data;
}

/* How long frames are shown, equal ones together. */
static void put_durations(struct bytes *out, const struct video_index *index)
{
    size_t                     count, box = begin_box(out, BOX_TYPE('s', 't', 't', 's')), entries = 0;
    const struct video_sample *samples = samples_of(index, &count);
    put_u32(out, 0);
    put_u32(out, 0);
    for (size_t i = 0, same; i < count; i += same) {
        for (same = 1; i + same < count && samples[i + same].duration == samples[i].duration; same++)
            ;
        put_u32(out, (uint32_t)same);
        put_u32(out, samples[i].duration);
        entries++;
    }
    set_u32(out, box + 12, (uint32_t)entries);
    end_box(out, box);
}

static void put_keys(struct bytes *out, const struct video_index *index)
{
    size_t                     count, box = begin_box(out, BOX_TYPE('s', 't', 's', 's')), entries = 0;
    const struct video_sample *samples = samples_of(index, &count);
    put_u32(out, 0);
    put_u32(out, 0);
    for (size_t i = 0; i < count; i++) {
        if (!samples[i].key)
            continue;
        put_u32(out, (uint32_t)i + 1);
        entries++;
    }
    set_u32(out, box + 12, (uint32_t)entries);
    end_box(out, box);
}

static void put_sizes(struct bytes *out, const struct video_index *index)
{
    size_t                     count, box = begin_box(out, BOX_TYPE('s', 't', 's', 'z'));
    const struct video_sample *samples = samples_of(index, &count);
    put_u32(out, 0);
    put_u32(out, 0);
    put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_u32(out, samples[i].size);
    end_box(out, box);
}

/* How many frames lie together, and where. */
static void put_places(struct bytes *out, const struct video_index *index)
{
    const struct video_run *runs = (const struct video_run *)(const void *)index->runs.data;
    size_t                  count = index->runs.size / sizeof *runs, entries = 0;
    size_t                  box = begin_box(out, BOX_TYPE('s', 't', 's', 'c'));
    put_u32(out, 0);
    put_u32(out, 0);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && runs[i].count == runs[i - 1].count)
            continue;
        put_u32(out, (uint32_t)i + 1);
        put_u32(out, runs[i].count);
        put_u32(out, 1); /* the first description */
        entries++;
    }
    set_u32(out, box + 12, (uint32_t)entries);
    end_box(out, box);

    box = begin_box(out, BOX_TYPE('c', 'o', '6', '4'));
    put_u32(out, 0);
    put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_u64(out, runs[i].offset);
    end_box(out, box);
}

/* ---- the headers ---- */

/* mvhd, tkhd and mdhd: version, flags, two dates, `words` of u32, a duration, and more. Of version 0 they
 * become version 1, whose dates and durations have 64 bits. */
static bool put_header(struct bytes *out, const struct box *box, size_t words, uint64_t duration)
{
    size_t tail = 16 + 4 * words;
    if (box->size < tail || box->data[0] != 0)
        return false;
    size_t at = begin_box(out, box->type);
    put_u32(out, box_u32(box->data) | 1u << 24);
    put_u64(out, box_u32(box->data + 4));
    put_u64(out, box_u32(box->data + 8));
    bytes_append(out, box->data + 12, 4 * words);
    put_u64(out, duration);
    bytes_append(out, box->data + tail, box->size - tail);
    end_box(out, at);
    return true;
}

static uint64_t rescale(uint64_t ticks, uint32_t to, uint32_t from)
{
    return ticks / from * to + ticks % from * to / from;
}

/* The units of a second that an mvhd or mdhd counts in. */
static uint32_t timescale_of(const struct box *header)
{
    return header->data && header->size >= 20 ? box_u32(header->data + 12) : 0;
}

struct scales {
    uint32_t movie, media;
};

/* Copies the boxes of `in`, with the tables and durations of `index`. */
static bool put_contents(struct bytes *out, const struct box *in, const struct video_index *index,
                         struct scales scales)
{
    struct box box;
    uint64_t   movie_time = rescale(index->ticks, scales.movie, scales.media);
    bool       ok = true;
    for (size_t at = 0; ok && box_next(&box, in->data, in->size, &at);) {
        size_t begin = out->size;
        switch (box.type) {
        case BOX_TYPE('m', 'v', 'h', 'd'):
            ok = put_header(out, &box, 1, movie_time);
            break;
        case BOX_TYPE('t', 'k', 'h', 'd'):
            ok = put_header(out, &box, 2, movie_time);
            break;
        case BOX_TYPE('m', 'd', 'h', 'd'):
            ok = put_header(out, &box, 1, index->ticks);
            break;
        case BOX_TYPE('t', 'r', 'a', 'k'):
        case BOX_TYPE('m', 'd', 'i', 'a'):
        case BOX_TYPE('m', 'i', 'n', 'f'):
            begin_box(out, box.type);
            ok = put_contents(out, &box, index, scales); // NOLINT(misc-no-recursion): three deep
            end_box(out, begin);
            break;
        case BOX_TYPE('s', 't', 'b', 'l'): {
            const struct box what = box_find(&box, BOX_TYPE('s', 't', 's', 'd'));
            ok = what.data != NULL;
            begin_box(out, box.type);
            if (ok)
                copy_box(out, &what);
            put_durations(out, index);
            put_keys(out, index);
            put_places(out, index);
            put_sizes(out, index);
            end_box(out, begin);
            break;
        }
        case BOX_TYPE('m', 'v', 'e', 'x'): /* there are fragments: not any more */
        case BOX_TYPE('e', 'd', 't', 's'): /* begins at 0 */
            break;
        default:
            copy_box(out, &box);
        }
    }
    return ok;
}

bsr_status video_index_build(struct bytes *moov, const struct video_index *index, struct bsr_error *err)
{
    const struct box    whole = {.data = index->moov.data + 8, .size = index->moov.size - 8};
    const struct box    mvhd = box_find(&whole, BOX_TYPE('m', 'v', 'h', 'd'));
    const struct box    trak = box_find(&whole, BOX_TYPE('t', 'r', 'a', 'k'));
    const struct box    mdia = box_find(&trak, BOX_TYPE('m', 'd', 'i', 'a'));
    const struct box    mdhd = box_find(&mdia, BOX_TYPE('m', 'd', 'h', 'd'));
    const struct scales scales = {timescale_of(&mvhd), timescale_of(&mdhd)};
    bool                ok = scales.movie && scales.media;
    size_t              at = begin_box(moov, BOX_TYPE('m', 'o', 'o', 'v'));
    ok = ok && put_contents(moov, &whole, index, scales);
    end_box(moov, at);
    if (moov->failed)
        return bsr_fail_memory(err, NULL, moov->size);
    return ok ? BSR_OK : bsr_fail(err, BSR_EFORMAT, NULL, "its header is of an unknown kind");
}

/* ---- the file ---- */

static bool write_at(int fd, const uint8_t *data, size_t size, uint64_t offset)
{
    struct video_file file = {.fd = fd};
    return video_file_seek(&file, (int64_t)offset) >= 0 &&
           video_file_write(&file, data, (int)size) == (int)size;
}

static bsr_status append(int fd, const struct video_index *index, const struct bytes *moov,
                         struct bsr_error *err)
{
    struct bytes header = {0};
    put_u32(&header, 1);
    put_u32(&header, BOX_TYPE('m', 'd', 'a', 't'));
    put_u64(&header, index->end - index->moov_offset);
    bsr_status status = header.failed ? bsr_fail_memory(err, NULL, 16) : BSR_OK;
    /* The tables must be on the disk before the file says that they are what counts. */
    if (status == BSR_OK && (!write_at(fd, moov->data, moov->size, index->end) || fdatasync(fd) != 0 ||
                             !write_at(fd, header.data, header.size, index->moov_offset))) {
        status = bsr_fail(err, BSR_EIO, NULL, "can't be written: %s", strerror(errno));
        if (ftruncate(fd, (off_t)index->end) != 0)
            bsr_hint(err, "nor can its end be cut off: %s", strerror(errno));
    }
    bytes_free(&header);
    return status;
}

bsr_status video_index_file(int fd, struct bsr_error *err)
{
    struct video_index index;
    struct bytes       moov = {0};
    bsr_status         status = video_index_read(&index, fd, err);
    if (status == BSR_OK && ftruncate(fd, (off_t)index.end) != 0)
        status = bsr_fail(err, BSR_EIO, NULL, "can't be cut off: %s", strerror(errno));
    if (status == BSR_OK)
        status = video_index_build(&moov, &index, err);
    if (status == BSR_OK && moov.size > INT32_MAX)
        status = bsr_fail(err, BSR_ELIMIT, NULL, "it has too many frames for an index");
    if (status == BSR_OK)
        status = append(fd, &index, &moov, err);
    bytes_free(&moov);
    video_index_free(&index);
    return status;
}

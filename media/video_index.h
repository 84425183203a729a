/* media/video_index.h: the index of an .mp4 that was written in fragments.
 *
 * While it is written each second is a fragment (`moof`, `mdat`) that tells what is in it, so that a file
 * that was cut off plays. Finished, it gets what players seek by: a `moov` with the tables of all frames is
 * appended, and then, in one write of 16 bytes, the header of the first `moov` becomes that of one `mdat`
 * around all fragments. Before that write it is a file of fragments, behind it a plain one; there is nothing
 * in between. (FFmpeg 7.1 and newer can do this themselves: movflags=hybrid_fragmented.) ISO/IEC 14496-12. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

/* One frame, and where those lie that are in one run. */
struct video_sample {
    uint32_t duration, size;
    bool     key;
};
struct video_run {
    uint64_t offset; /* of its first byte in the file */
    uint32_t count;
};

/* What the fragments of a file say. Release with video_index_free(). */
struct video_index {
    struct bytes samples, runs; /* struct video_sample, struct video_run */
    struct bytes moov;          /* the first, with its header */
    uint64_t     moov_offset;
    uint64_t     end; /* of the last whole fragment */
    uint64_t     ticks;
};

/* Reads the fragments of one track from `fd`, up to one that isn't whole. BSR_EFORMAT (no such file),
 * BSR_ENOMEM, BSR_EIO. *index is to be released also on failure. */
bsr_status video_index_read(struct video_index *index, int fd, struct bsr_error *err);
/* The `moov` with the tables. BSR_EFORMAT, BSR_ENOMEM. */
bsr_status video_index_build(struct bytes *moov, const struct video_index *index, struct bsr_error *err);
void       video_index_free(struct video_index *index);

/* All of it. On failure the file plays as it did; what was cut off in the middle of a fragment is gone. */
bsr_status video_index_file(int fd, struct bsr_error *err);

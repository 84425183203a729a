/* tests/media/video_clips.h: small videos whose frames tell their number, in black and white blocks. */
#pragma once

#include "base/bytes.h"
#include "media/video.h"

enum { CLIP_WIDTH = 160, CLIP_HEIGHT = 120, CLIP_NUMBERS = 4096 };

/* A folder of the test's own below /tmp; setup and teardown of a group. */
int         clip_make_folder(void **state);
int         clip_remove_folder(void **state);
const char *clip_path(const char *name); /* valid until the eighth call from now */

/* Draws frame `number`, 0 .. CLIP_NUMBERS - 1, and reads it again: -1 where that is none. */
struct bsr_image clip_draw(int number);
int              clip_number(const struct bsr_image *image);

/* The moments of frames: at `fps`, or irregular where that is 0 (5 to 120 ms apart). */
double clip_time(int number, double fps);

/* Writes `count` frames to `path`, the last one shown as long as the one before it. */
void clip_write(const char *path, int count, double fps);

/* Opens a file, and reads the next frame of one, which must be there. */
struct video_reader *clip_open(const char *path);
struct video_frame   clip_next(struct video_reader *reader);

/* What is in a file of which all frames are in order; reads all of it. */
struct clip_seen {
    int    count, first, last; /* the numbers of the first and the last frame */
    double end;                /* the time of the last */
    double duration;
};
struct clip_seen clip_see(const char *path);

/* Turns an .mp4 of clip_write()'s as phones do: the matrix in the track's header, here in the index of our
 * own file. */
void clip_turn(const char *path, const int32_t matrix[4]);

/* Appends frame `number` as a JPEG of `width` x `height` (0: the clip's size, which tells its number). */
void clip_append_jpeg(struct bytes *out, int number, int width, int height);

/* Writes what is in memory. */
void clip_save(const char *path, const void *data, size_t size);

/* Skips aloud where there is no module. */
void clip_need_module(void);

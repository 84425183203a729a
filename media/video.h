/* media/video.h: moving pictures in and out: files, streams and cameras to frames with the times at which
 * they were taken; frames to files that play as fast as they were taken. Stands on FFmpeg's libav, which is
 * in the module besra-video.so and opened when it is first needed (media/module.h). Pipelines of GStreamer's
 * are read by besra-video-gstreamer.so, on OpenCV's videoio. */
#pragma once

#include "base/image.h"

#include <stdatomic.h>
#include <stdbool.h>

/* ---- in ----------------------------------------------------------------------------------------- */

struct video_options {
    int    width, height; /* what a camera is asked for; 0: its own. Files and streams are as they are */
    double fps;           /* the same */
    char   fourcc[5];     /* "MJPG", "YUYV"; empty: any */
    int    timeout_ms;    /* the longest that opening, and waiting for a frame, may take; 0: for ever */
    const atomic_bool
        *stop; /* once true, opening and reading end with BSR_ECANCELED; outlives the reader. NULL: never */
};

struct video_facts {
    int    width, height;
    double fps;        /* nominal; 0: not known. Never used for time: frames have their own */
    double duration;   /* seconds; 0: not known, or endless */
    bool   steady;     /* each frame is shown as long as any other: numbers and times tell the same */
    bool   live;       /* a camera or a stream: can't wait for us */
    char   format[32]; /* "mp4", "v4l2", "rtsp", "mpjpeg" */
    char   codec[32];  /* "h264", "mjpeg" */
};

struct video_frame {
    struct bsr_image image; /* 8-bit BGR, the reader's until its next read */
    double           time;  /* seconds since the first frame, by the source's time stamps; never goes back */
    double           arrived_ms; /* clock_ms() when it was received, before it was decoded */
    long long        number;     /* 0 for the first */
};

/* A source of frames, for one thread at a time. */
struct video_reader;

/* Opens a camera ("0", "/dev/video2"), a stream ("rtsp://", "http://", "https://", "rtmp://", "udp://",
 * "srt://"), a pipeline of GStreamer's (elements with " ! " between them), a file, or standard input ("-":
 * any container that can be read without seeking). Turned pictures of phones are upright. Release with
 * video_close(). BSR_EMISSING (the module, the device), BSR_EIO (the file, the server; the sentence says
 * which and why), BSR_EFORMAT (no video in it), BSR_ECANCELED, BSR_ELIMIT (larger than IMAGE_MAX_SIDE),
 * BSR_EDECODE (nothing but damaged frames), BSR_ENOMEM; where `timeout_ms` ran out BSR_EIO that says so. */
bsr_status video_open(struct video_reader **out, const char *source, const struct video_options *options,
                      struct bsr_error *err);
void       video_close(struct video_reader *reader);

const struct video_facts *video_facts(const struct video_reader *reader);

/* The next frame; *end instead when there is none left. A damaged frame is passed over (counted in *damaged,
 * which may be NULL). BSR_EIO (a read that failed or took too long), BSR_EDECODE (nothing but damaged
 * frames), BSR_ECANCELED, BSR_ENOMEM. After an error the reader can only be closed. */
bsr_status video_read(struct video_reader *reader, struct video_frame *out, bool *end, long long *damaged,
                      struct bsr_error *err);

/* Goes to the first frame at or behind `time` seconds; its number is how many nominal frames fit before it.
 * BSR_EFORMAT where the source can't, and stays where it is. */
bsr_status video_seek(struct video_reader *reader, double time, struct bsr_error *err);

/* Whether `name` is a source that only video_open() can read: a camera, a URL, a pipeline, or a file whose
 * first bytes are a container's of video (GIF and pictures are not). Opens no module. */
bool video_is(const char *name);

/* Whether `path` is a regular file that begins as a container of video does. Opens no module. */
bool video_is_file(const char *path);

/* ---- out ---------------------------------------------------------------------------------------- */

struct video_writer_options {
    int    width, height; /* of all frames, even numbers or rounded down to them */
    int    quality;       /* 1..100; 0: 80 */
    double hold;          /* seconds of what came last that are kept, encoded, before video_writer_begin() */
    bool   held;          /* writes nothing until video_writer_begin() */
    int    threads;       /* of the encoder; 0: 1 */
    /* libav's name of one; NULL: H.264 by the best there is, MPEG-4 where there is none. */
    const char *encoder;
};

/* A file that is being recorded, for one thread at a time. */
struct video_writer;

/* "libx264": by what it is encoded. */
const char *video_writer_encoder(const struct video_writer *writer);

/* Begins an .mp4 (H.264 in fragments, so that it plays also when it was cut off; closed, it gets an index) or
 * .mkv by the name's end. Nothing is
 * written over: BSR_EEXIST. BSR_EMISSING (the module, an encoder), BSR_EFORMAT (another ending), BSR_ERANGE
 * (the size), BSR_EIO. */
bsr_status video_writer_open(struct video_writer **out, const char *path,
                             const struct video_writer_options *options, struct bsr_error *err);

/* A frame (8-bit BGR of the writer's size) that was taken at `time` seconds, later than the one before: that
 * is how long it will be shown, at whatever speed frames come. BSR_EIO (disk full: what was written stays
 * playable), BSR_ERANGE, BSR_ENOMEM. */
bsr_status video_writer_add(struct video_writer *writer, const struct bsr_image *image, double time,
                            struct bsr_error *err);

/* From here on what is held, and what comes, goes to the file: with the last `hold` seconds, from a key frame
 * on. */
bsr_status video_writer_begin(struct video_writer *writer, struct bsr_error *err);

/* Ends the file, its last frame shown until `end_time`; where nothing began, there is none. Releases the
 * writer also on failure. */
bsr_status video_writer_close(struct video_writer *writer, double end_time, struct bsr_error *err);

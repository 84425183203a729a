/* media/module/video.h: what besra and its module for moving pictures say to each other. Plain C on both
 * sides; the module links nothing of besra's, opens no file of the user's and keeps no clock: bytes of files
 * go through the host, names of streams and devices are the module's to open. */
#pragma once

#include "besra.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Both sides must have been built for the same. */
enum { VIDEO_MODULE_VERSION = 2 };

struct video_host {
    void *context;
    /* Zeroed memory, or NULL. */
    void *(*alloc)(size_t count, size_t size);
    void (*release)(void *block);
    double (*clock_ms)(void);
    /* Asked while the module waits: true when it has to give up. What it returns then doesn't matter. */
    bool (*interrupted)(void *context);
    /* Says why a function fails; `why` is copied. */
    void (*explain)(void *context, const char *why);
    /* The bytes of a file. All return -errno on failure; read() 0 at the end. NULL where the module opens
     * the source itself, or the file has no such thing. */
    int (*read)(void *context, uint8_t *data, int size);
    int (*write)(void *context, const uint8_t *data, int size);
    int64_t (*seek)(void *context, int64_t offset); /* from the beginning */
    int64_t (*size)(void *context);
};

/* What is to be opened. */
struct video_request {
    const char *name;   /* of the file (only its ending is looked at), the stream or the device */
    bool        device; /* a camera */
    int         width, height;
    double      fps;
    char        fourcc[5];
};

/* What was found. */
struct video_found {
    double fps, duration; /* 0: not known */
    bool   live;
    bool   steady;  /* the rate is the same all the way, as far as the container says */
    bool   untimed; /* it has no time stamps of its own: when a frame arrived is its time */
    char   format[32], codec[32];
};

struct video_decoded {
    int    width, height; /* as it is stored */
    int    orientation;   /* EXIF's 1..8: how it is to be turned */
    double time;          /* seconds, from any beginning; not a number where it has none */
    double arrived_ms;
};

/* How a file is to be written. */
struct video_encoding {
    const char *format;  /* libav's: "mp4", "matroska" */
    const char *encoder; /* NULL: H.264 by the best there is */
    int         width, height;
    int         quality; /* 1..100 */
    int         threads;
    double      hold; /* seconds */
};

struct video_input;
struct video_output;

/* BSR_OK, or what video.h says of the function of the same name. No function may be called after one of the
 * same object failed, but the last one. */
struct video_module {
    int version;

    bsr_status (*open)(struct video_input **out, struct video_found *found,
                       const struct video_request *request, const struct video_host *host);
    /* Decodes the next frame. *damaged is added to. */
    bsr_status (*next)(struct video_input *input, struct video_decoded *frame, bool *end, long long *damaged);
    /* Writes the frame that next() decoded as 8-bit BGR. */
    bsr_status (*pixels)(struct video_input *input, uint8_t *bgr, size_t stride);
    /* Goes to a place at or before `from` (in next()'s seconds) where decoding can begin, or a little behind
     * where the container has no index; -INFINITY: to the very beginning. Frames before `wanted` are not
     * looked at: those that no other frame needs may be left out. */
    bsr_status (*seek)(struct video_input *input, double from, double wanted);
    void (*close)(struct video_input *input);

    /* Opens the encoder; nothing is written yet. */
    bsr_status (*create)(struct video_output **out, const struct video_encoding *encoding,
                         const struct video_host *host);
    const char *(*encoder)(const struct video_output *output);
    /* `ticks` of 1/90000 s, more than those of the frame before. */
    bsr_status (*add)(struct video_output *output, const uint8_t *bgr, size_t stride, int64_t ticks);
    /* From here on it is written, first of all what is held. */
    bsr_status (*begin)(struct video_output *output);
    bsr_status (*finish)(struct video_output *output, int64_t end_ticks);
    void (*destroy)(struct video_output *output);
};

enum { VIDEO_TICKS = 90000 }; /* a second */

#define VIDEO_MODULE_SYMBOL "besra_video_module"

#ifdef __cplusplus
}
#endif

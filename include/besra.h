/* besra.h: find objects in pictures and enlarge pictures with exported ONNX models.
 *
 * The library comes in three tiers; take the first that does what you need.
 *
 *   1. one call    bsr_detect_file(), bsr_upscale_file(): a model's name, a picture's path, done.
 *   2. a model     bsr_model_open(), then bsr_detect() or bsr_upscale() on pictures in memory.
 *   3. a stream    bsr_stream_open(), bsr_stream_push(): many pictures through all processors,
 *                  results in the order of the pictures.
 *
 * A complete example, as docs/example.c builds it (cc example.c $(pkg-config --cflags --libs besra)):
 *
 *     struct bsr_error err;
 *     struct bsr_detections found;
 *     if (bsr_detect_file("cards", "table.jpg", NULL, &found, &err) != BSR_OK) {
 *         fprintf(stderr, "%s: %s\n", err.subject, err.message);
 *         return 1;
 *     }
 *     for (size_t i = 0; i < found.count; i++)
 *         printf("%s %.2f\n", found.items[i].name, found.items[i].score);
 *     bsr_detections_free(&found);
 *
 * Conventions: a fallible function returns a bsr_status, BSR_OK (0) or a negative code, and fills
 * *err when it fails (err may be NULL). Out-parameters are untouched on failure. Nothing is printed,
 * nothing exits, no exception leaves the library. Files and models may be hostile: every length in
 * them is checked. One model may be used by one thread at a time; different models by different ones.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BSR_API __attribute__((visibility("default")))
#else
#define BSR_API
#endif

/* ---- words that all of besra shares ------------------------------------------------------- */

/* Code, name in records, sentence. The only list of error codes. */
#define BSR_STATUS_LIST(X)                                                                                   \
    X(BSR_OK, 0, "ok", "no error")                                                                           \
    X(BSR_ENOMEM, -1, "memory", "out of memory")                                                             \
    X(BSR_EBUDGET, -2, "budget", "would not fit the memory budget")                                          \
    X(BSR_EUSAGE, -3, "usage", "wrong usage or configuration")                                               \
    X(BSR_EIO, -4, "io", "reading or writing failed")                                                        \
    X(BSR_EDECODE, -5, "decode", "damaged picture")                                                          \
    X(BSR_EFORMAT, -6, "format", "unknown or unsupported format")                                            \
    X(BSR_ELIMIT, -7, "limit", "over a limit")                                                               \
    X(BSR_EMODEL, -8, "model", "the model can't be used")                                                    \
    X(BSR_EENGINE, -9, "engine", "the net failed to run")                                                    \
    X(BSR_EMISSING, -10, "missing", "something needed is not installed or not there")                        \
    X(BSR_EEXIST, -11, "exists", "the output exists already")                                                \
    X(BSR_ERANGE, -12, "range", "a value is out of range")                                                   \
    X(BSR_ECANCELED, -13, "canceled", "interrupted")

enum {
#define BSR_STATUS_ENUM(code, value, name, text) code = (value),
    BSR_STATUS_LIST(BSR_STATUS_ENUM)
#undef BSR_STATUS_ENUM
};

/* BSR_OK or a negative code of BSR_STATUS_LIST. */
typedef int bsr_status;

/* What went wrong, as sentences for the person who meets it. Holds no memory of its own. */
struct bsr_error {
    bsr_status code;
    char       subject[512]; /* who: "a.jpg", a layer's name; may be empty */
    char       message[512]; /* what and why, no full stop at the end */
    char       hint[256];    /* what to do; may be empty */
};

/* A picture in memory: rows from the top, channels interleaved. */
struct bsr_image {
    void  *data;
    size_t stride;   /* bytes from one row to the next */
    int    width;    /* pixels, 1..65535 */
    int    height;   /* pixels, 1..65535 */
    int    channels; /* 1 grey, 2 grey and alpha, 3 BGR, 4 BGRA; alpha is straight */
    int    depth;    /* bits a channel: 8, or 16 in the machine's byte order */
};

/* "decode" for BSR_EDECODE, and so on; "unknown" for a number that is no code. */
BSR_API const char *bsr_status_name(bsr_status status);

/* besra's version, "0.1.0". */
BSR_API const char *bsr_version(void);

/* ---- what is found -------------------------------------------------------------------------- */

/* A box on the upright picture, in pixels, clipped to it; x2 and y2 exclusive, unrounded. */
struct bsr_detection {
    double      x1, y1, x2, y2;
    double      score;       /* 0..1 */
    int         class_index; /* 0 .. classes - 1 */
    const char *name;        /* of the class, UTF-8; the list's */
};

/* Best first. Release with bsr_detections_free(). */
struct bsr_detections {
    struct bsr_detection *items;
    size_t                count;
    int                   width, height; /* of the upright picture */
};

BSR_API void bsr_detections_free(struct bsr_detections *detections);

/* Releases an image that besra made and sets it to {0}. */
BSR_API void bsr_image_free(struct bsr_image *image);

/* ---- tier 1: one call ----------------------------------------------------------------------- */

/* How to look. Take bsr_detect_options_default() and change what differs. */
struct bsr_detect_options {
    double confidence;     /* least score, 0..1; negative: as the model's card says */
    double iou;            /* boxes of a class that overlap more are one, 0..1; negative: as the card says */
    int    max_detections; /* 0: as the card says */
    int    agnostic;       /* boxes of different classes that overlap are one, too; 0: as the card says */
    int    size;           /* side of the net's input in pixels; 0: as the card says */
    int    letterbox;      /* 0: as the card says, 1: rect, 2: square */
    int    threads;        /* 0: all processors */
};
BSR_API struct bsr_detect_options bsr_detect_options_default(void);

/* Finds objects in the picture file `path` (JPEG, PNG, WebP, TIFF, BMP, PNM) with `model`: a card's name, a
 * card
 * (.cfg) or an .onnx. `options` may be NULL. Opens the model anew at each call. */
BSR_API bsr_status bsr_detect_file(const char *model, const char *path,
                                   const struct bsr_detect_options *options, struct bsr_detections *out,
                                   struct bsr_error *err);

/* Enlarges the picture file `path` by `factor` (any real number from 1 on) and writes it to `output`, in the
 * format that its name ends in; an existing file is replaced, as a whole or not at all. */
BSR_API bsr_status bsr_upscale_file(const char *model, const char *path, double factor, const char *output,
                                    struct bsr_error *err);

/* ---- tier 2: a model ------------------------------------------------------------------------ */

/* A loaded model with its buffers. For one thread at a time. */
struct bsr_model;

/* Opens a model to find objects with. `options` may be NULL. Release with bsr_model_close(). */
BSR_API bsr_status bsr_model_open_detect(struct bsr_model **out, const char *model,
                                         const struct bsr_detect_options *options, struct bsr_error *err);

/* Opens a model to enlarge pictures with; `threads` 0: all processors. Release with bsr_model_close(). */
BSR_API bsr_status bsr_model_open_upscale(struct bsr_model **out, const char *model, int threads,
                                          struct bsr_error *err);
BSR_API void       bsr_model_close(struct bsr_model *model);

/* Reads a picture as detection sees it: upright, 8-bit sRGB BGR. Release with bsr_image_free(). */
BSR_API bsr_status bsr_image_read(struct bsr_image *out, const char *path, struct bsr_error *err);

/* Finds objects in an 8-bit BGR picture. */
BSR_API bsr_status bsr_detect(struct bsr_model *model, const struct bsr_image *image,
                              struct bsr_detections *out, struct bsr_error *err);

/* Enlarges a picture of 1 to 4 channels of 8 or 16 bits; *out has the same. Release it with bsr_image_free().
 */
BSR_API bsr_status bsr_upscale(struct bsr_model *model, const struct bsr_image *image, double factor,
                               struct bsr_image *out, struct bsr_error *err);

/* ---- tier 3: a stream ----------------------------------------------------------------------- */

/* Many pictures through a net a processor. Results come in the order in which pictures were pushed, one call
 * at a time, from any thread. `detections` and `err` (NULL when all went well) are valid during the call
 * only. */
typedef void bsr_stream_result(void *context, uint64_t number, const struct bsr_detections *detections,
                               const struct bsr_error *err);

struct bsr_stream;

/* Release with bsr_stream_close(). */
BSR_API bsr_status bsr_stream_open(struct bsr_stream **out, const char *model,
                                   const struct bsr_detect_options *options, bsr_stream_result *result,
                                   void *context, struct bsr_error *err);

/* Takes a copy of an 8-bit BGR picture; waits while too many are under way. Numbers count from 0. */
BSR_API bsr_status bsr_stream_push(struct bsr_stream *stream, const struct bsr_image *image,
                                   struct bsr_error *err);

/* Waits until every result was delivered. */
BSR_API void bsr_stream_drain(struct bsr_stream *stream);

/* Drains, then releases. */
BSR_API void bsr_stream_close(struct bsr_stream *stream);

#ifdef __cplusplus
}
#endif

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

#ifdef __cplusplus
}
#endif

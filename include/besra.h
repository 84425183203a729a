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
    X(BSR_ECANCELED, -13, "canceled", "interrupted")                                                         \
    X(BSR_EVALUES, -14, "values", "depends on values that are not known yet")

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

/* ---- tensors ---------------------------------------------------------------------------------- */

/* Element types, numbered as ONNX's TensorProto.DataType. */
#define BSR_TYPE_LIST(X)                                                                                     \
    X(BSR_F32, 1, 4, "f32")                                                                                  \
    X(BSR_U8, 2, 1, "u8")                                                                                    \
    X(BSR_I8, 3, 1, "i8")                                                                                    \
    X(BSR_U16, 4, 2, "u16")                                                                                  \
    X(BSR_I16, 5, 2, "i16")                                                                                  \
    X(BSR_I32, 6, 4, "i32")                                                                                  \
    X(BSR_I64, 7, 8, "i64")                                                                                  \
    X(BSR_BOOL, 9, 1, "bool") /* bytes of 0 and 1 */                                                         \
    X(BSR_F16, 10, 2, "f16")                                                                                 \
    X(BSR_F64, 11, 8, "f64")                                                                                 \
    X(BSR_U32, 12, 4, "u32")                                                                                 \
    X(BSR_U64, 13, 8, "u64")                                                                                 \
    X(BSR_BF16, 16, 2, "bf16")

enum {
#define BSR_TYPE_ENUM(type, value, bytes, name) type = (value),
    BSR_TYPE_LIST(BSR_TYPE_ENUM)
#undef BSR_TYPE_ENUM
};

enum { BSR_MAX_DIMS = 8 };

/* A block of numbers, row-major, without gaps, in the machine's byte order. Any side may be 0. */
struct bsr_tensor {
    void   *data;
    int     type; /* one of BSR_TYPE_LIST */
    int     dims; /* 0 (a scalar) .. BSR_MAX_DIMS */
    int64_t shape[BSR_MAX_DIMS];
};

/* ---- operators of one's own --------------------------------------------------------------------- */

/* A node of a graph, as its operator sees it: attributes. Those that the node lacks are `otherwise`, or NULL.
 */
struct bsr_node;
BSR_API const char *bsr_node_name(const struct bsr_node *node);
BSR_API int64_t     bsr_node_opset(const struct bsr_node *node); /* the version of the operator's domain */
BSR_API int64_t     bsr_node_int(const struct bsr_node *node, const char *attribute, int64_t otherwise);
BSR_API float       bsr_node_float(const struct bsr_node *node, const char *attribute, float otherwise);
BSR_API const char *bsr_node_text(const struct bsr_node *node, const char *attribute, const char *otherwise);
BSR_API const int64_t *bsr_node_ints(const struct bsr_node *node, const char *attribute, int *count);
BSR_API const float   *bsr_node_floats(const struct bsr_node *node, const char *attribute, int *count);
BSR_API const struct bsr_tensor *bsr_node_tensor(const struct bsr_node *node, const char *attribute);

/* What an operator is called with. An input that the node leaves out is NULL. */
struct bsr_call {
    const struct bsr_node          *node;
    const struct bsr_tensor *const *inputs;
    int                             input_count;
    struct bsr_tensor              *outputs;
    int output_count; /* as many as the node names, also where nothing reads one */
};

/* An operator: two functions that may be called from several threads at once.
 *
 * shape() sets type, dims and shape of the outputs from those of the inputs. It is called before any number
 * is known: inputs[i]->data is NULL then, but for inputs that are constants of the graph. Where the
 * shape depends on a number that is not there, it returns bsr_needs_values(err); it is then called again when
 * the numbers are there.
 * run() fills the data of the outputs, which the caller has allocated at the size that shape() said, from
 * inputs that all have their data. Inputs are never changed; outputs never overlap them. Both return BSR_OK
 * or fail with bsr_operator_fail(). */
struct bsr_operator {
    const char *name; /* "domain.Type", as "custom.MyAdd"; "Type" alone is ONNX's own */
    bsr_status (*shape)(const struct bsr_call *call, struct bsr_error *err);
    bsr_status (*run)(const struct bsr_call *call, struct bsr_error *err);
};

/* Fills *err with a sentence (printf's way) and returns BSR_EMODEL. */
BSR_API bsr_status bsr_operator_fail(struct bsr_error *err, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
BSR_API bsr_status bsr_needs_values(struct bsr_error *err);

/* Makes an operator known to all models opened after it, before besra's own of the same name. `op` and its
 * name must live as long as the program. BSR_EUSAGE for a name that is no name, BSR_EEXIST when it was
 * registered before. */
BSR_API bsr_status bsr_operator_register(const struct bsr_operator *op, struct bsr_error *err);

/* Opens a plugin, a shared object that defines
 *     const int bsr_plugin_abi = BSR_PLUGIN_ABI;
 *     bsr_status bsr_plugin_register(struct bsr_error *err);      // calls bsr_operator_register()
 * as --ops does. BSR_EMISSING, BSR_EUSAGE for one without these or of another ABI. */
#define BSR_PLUGIN_ABI 1
BSR_API bsr_status bsr_plugin_load(const char *path, struct bsr_error *err);

/* ---- building a model ---------------------------------------------------------------------------- */

/* A model in the making: inputs, weights and nodes are added, each gets a value's name back, which later
 * nodes read. A perceptron of two layers, with weights w1[300][784], b1[300], w2[10][300], b2[10]:
 *
 *     struct bsr_build *b;
 *     if (bsr_build_open(&b, "mlp", 0, &err) != BSR_OK)
 *         return fail(&err);
 *     const struct bsr_attribute turned[] = {bsr_attribute_int("transB", 1), {0}};
 *     const char *x  = bsr_build_input(b, "x", BSR_F32, 2, (const int64_t[]){1, 784});
 *     const char *w1 = bsr_build_weight(b, "w1", &w1_tensor), *b1 = bsr_build_weight(b, "b1", &b1_tensor);
 *     const char *w2 = bsr_build_weight(b, "w2", &w2_tensor), *b2 = bsr_build_weight(b, "b2", &b2_tensor);
 *     const char *h  = bsr_build_node(b, "Gemm", (const char *[]){x, w1, b1, NULL}, turned);
 *     const char *r  = bsr_build_node(b, "Relu", (const char *[]){h, NULL}, NULL);
 *     const char *y  = bsr_build_node(b, "Gemm", (const char *[]){r, w2, b2, NULL}, turned);
 *     bsr_build_output(b, y, "scores");
 *     bsr_status status = bsr_build_write(b, "mlp.onnx", &err);
 *     bsr_build_close(b);
 *
 * The first failure stays: all later calls do nothing and return NULL, and bsr_build_write() returns it;
 * asking once, at the end, is enough. Shapes are computed and checked as each node is added, so that the
 * failure is of the node that doesn't fit. Names returned are the builder's, until it is closed. */
struct bsr_build;

/* An attribute of a node. Take bsr_attribute_int() and the like; {0} ends a list of them. */
struct bsr_attribute {
    const char *name;
    int kind; /* 1: f, 2: i, 3: text, 4: tensor, 6: floats, 7: ints, as ONNX's AttributeProto.AttributeType */
    int count; /* of floats or ints */
    int64_t                  i;
    float                    f;
    const char              *text;
    const int64_t           *ints;
    const float             *floats;
    const struct bsr_tensor *tensor;
};
BSR_API struct bsr_attribute bsr_attribute_int(const char *name, int64_t value);
BSR_API struct bsr_attribute bsr_attribute_float(const char *name, float value);
BSR_API struct bsr_attribute bsr_attribute_text(const char *name, const char *value);
BSR_API struct bsr_attribute bsr_attribute_ints(const char *name, int count, const int64_t *values);
BSR_API struct bsr_attribute bsr_attribute_floats(const char *name, int count, const float *values);
BSR_API struct bsr_attribute bsr_attribute_tensor(const char *name, const struct bsr_tensor *value);

/* A new model; `name` is its graph's. `opset` is the version of ONNX's operators that it is written in (7 to
 * 22); 0: 17. Release with bsr_build_close(). */
BSR_API bsr_status bsr_build_open(struct bsr_build **out, const char *name, int opset, struct bsr_error *err);
BSR_API void       bsr_build_close(struct bsr_build *build);

/* An input; a side of -1 is any size (nodes that read it are then checked only when the model is opened). */
BSR_API const char *bsr_build_input(struct bsr_build *build, const char *name, int type, int dims,
                                    const int64_t *shape);

/* A constant; copies the numbers. With bsr_build_store_f16() before it, one of f32 is kept as f16 in the
 * file, half as large and rounded to 11 bits, and becomes f32 again before it is used. */
BSR_API const char *bsr_build_weight(struct bsr_build *build, const char *name,
                                     const struct bsr_tensor *value);
BSR_API void        bsr_build_store_f16(struct bsr_build *build);

/* A node: `op` is "Type" or "domain.Type", `inputs` ends with NULL, "" leaves one out; `attributes` (may be
 * NULL) ends with {0}. Returns its output, of a name made up. */
BSR_API const char *bsr_build_node(struct bsr_build *build, const char *op, const char *const *inputs,
                                   const struct bsr_attribute *attributes);

/* The same with a name (may be NULL) and outputs (ended by NULL) of your own. Returns the first. */
BSR_API const char *bsr_build_named_node(struct bsr_build *build, const char *op, const char *name,
                                         const char *const *inputs, const char *const *outputs,
                                         const struct bsr_attribute *attributes);

/* The type and shape of a value, where they are known by now: *out's data is NULL but for weights. 0: they
 * are not, or there is no such value. */
BSR_API int bsr_build_shape(const struct bsr_build *build, const char *value, struct bsr_tensor *out);

/* Makes a value an output of the model; `name` (may be NULL) is its new name. */
BSR_API void bsr_build_output(struct bsr_build *build, const char *value, const char *name);

/* An entry of the metadata ("names", "stride", "author"). */
BSR_API void bsr_build_metadata(struct bsr_build *build, const char *key, const char *value);

/* Writes the model to `path`, as a whole or not at all; an existing file is replaced. Returns the first
 * failure of all calls so far. The builder may be written from again. */
BSR_API bsr_status bsr_build_write(struct bsr_build *build, const char *path, struct bsr_error *err);

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

#include "pipeline/build_weights.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/npy.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bsr_status weight_fail_at(const char *path, int line, struct bsr_error *err, bsr_status status,
                          const char *format, ...)
{
    char         sentence[512];
    struct bytes place = {0};
    va_list      list;

    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    bytes_append_format(&place, "%s:%d", path, line);
    bsr_fail(err, status, place.failed ? path : bytes_text(&place), "%s", sentence);
    bytes_free(&place);
    return status;
}

static bsr_status refuse(const struct weight_maker *maker, const struct weight_wish *wish,
                         struct bsr_error *err, const char *what)
{
    return weight_fail_at(maker->path, wish->line, err, BSR_EUSAGE, "%s: %s", wish->name, what);
}

/* ---- shapes
 * ----------------------------------------------------------------------------------------------------- */

/* Whether a shape is what is asked for; -1 is any side. */
static bool fits(const struct bsr_tensor *shape, const struct bsr_tensor *asked)
{
    bool fine = asked->dims < 0 || asked->dims == shape->dims;
    for (int i = 0; fine && i < asked->dims; i++)
        fine = asked->shape[i] < 0 || asked->shape[i] == shape->shape[i];
    return fine;
}

static bool is_known(const struct bsr_tensor *shape)
{
    for (int i = 0; i < shape->dims; i++)
        if (shape->shape[i] < 0)
            return false;
    return shape->dims >= 0;
}

static bsr_status check_shape(const struct weight_maker *maker, const struct bsr_tensor *shape,
                              const struct weight_wish *wish, struct bsr_error *err)
{
    if (fits(shape, &wish->tensor))
        return BSR_OK;
    return weight_fail_at(maker->path, wish->line, err, BSR_EUSAGE,
                          "%s: the shape %s is not what is asked for: %s", wish->name,
                          tensor_shape_text(shape).text, tensor_shape_text(&wish->tensor).text);
}

/* The shape that the source tells, or that is asked for; dims -1: neither says it all. */
static struct bsr_tensor shape_of(const struct net_source *source, const struct weight_wish *wish)
{
    struct bsr_tensor shape = wish->tensor;

    if (source->dims >= 0) {
        shape.dims = source->dims;
        memcpy(shape.shape, source->shape, sizeof shape.shape);
    }
    if (source->type || !shape.type)
        shape.type = source->type ? source->type : BSR_F32;
    shape.data = NULL;
    if (!is_known(&shape))
        shape.dims = -1;
    return shape;
}

/* Allocates within the budget. */
static bsr_status allocate(struct bsr_tensor *tensor, struct weight_maker *maker,
                           const struct weight_wish *wish, struct bsr_error *err)
{
    bsr_status status = check_shape(maker, tensor, wish, err);
    if (status != BSR_OK)
        return status;
    if (tensor_bytes(tensor) > maker->room) {
        weight_fail_at(maker->path, wish->line, err, BSR_ELIMIT, "%s: with its %s the weights are too large",
                       wish->name, tensor_shape_text(tensor).text);
        return BSR_ELIMIT;
    }
    maker->room -= tensor_bytes(tensor);
    return tensor_alloc(tensor, err);
}

/* ---- files
 * ------------------------------------------------------------------------------------------------------ */

static bool is_npy(const char *path)
{
    size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

static bsr_status parse_raw(struct bsr_tensor *out, struct weight_maker *maker,
                            const struct net_source *source, const struct bytes *bytes,
                            const struct weight_wish *wish, struct bsr_error *err)
{
    struct bsr_tensor tensor = shape_of(source, wish);
    if (tensor.dims < 0)
        return refuse(maker, wish, err,
                      "raw numbers need a shape: { file = \"w.bin\"; shape = [64, 3, 9, 9]; }");
    if (tensor_bytes(&tensor) != bytes->size)
        return weight_fail_at(maker->path, wish->line, err, BSR_EUSAGE,
                              "%s: %s is of %zu bytes, %s numbers of %s are %zu", wish->name,
                              file_name(source->file), bytes->size, tensor_shape_text(&tensor).text,
                              tensor_type_name(tensor.type), tensor_bytes(&tensor));
    bsr_status status = allocate(&tensor, maker, wish, err);
    if (status != BSR_OK)
        return status;
    if (bytes->size)
        memcpy(tensor.data, bytes->data, bytes->size);
    for (size_t i = 0; tensor.type == BSR_BOOL && i < bytes->size; i++)
        ((uint8_t *)tensor.data)[i] = ((uint8_t *)tensor.data)[i] != 0;
    *out = tensor;
    return BSR_OK;
}

static bsr_status parse_npy(struct bsr_tensor *out, struct weight_maker *maker,
                            const struct net_source *source, const struct bytes *bytes,
                            const struct weight_wish *wish, struct bsr_error *err)
{
    struct bsr_tensor tensor = {0};
    bsr_status        status = npy_read(&tensor, bytes->data, bytes->size, source->file, err);
    if (status != BSR_OK)
        return status;

    struct weight_wish told = *wish;
    told.tensor.dims = source->dims;
    memcpy(told.tensor.shape, source->shape, sizeof told.tensor.shape);
    status = check_shape(maker, &tensor, &told, err);
    if (status == BSR_OK)
        status = check_shape(maker, &tensor, wish, err);
    if (status == BSR_OK && tensor_bytes(&tensor) > maker->room)
        status = refuse(maker, wish, err, "with it the weights are too large");
    if (status != BSR_OK) {
        tensor_free(&tensor);
        return status;
    }
    maker->room -= tensor_bytes(&tensor);
    *out = tensor;
    return BSR_OK;
}

static bsr_status read_file(struct bsr_tensor *out, struct weight_maker *maker,
                            const struct net_source *source, const struct weight_wish *wish,
                            struct bsr_error *err)
{
    enum { NPY_HEADER = 1 << 16 };
    struct bytes bytes = {0};
    bsr_status   status = file_read(&bytes, source->file, maker->room + NPY_HEADER, err);

    if (status == BSR_OK && is_npy(source->file))
        status = parse_npy(out, maker, source, &bytes, wish, err);
    else if (status == BSR_OK)
        status = parse_raw(out, maker, source, &bytes, wish, err);
    if (status != BSR_OK && status != BSR_EUSAGE)
        bsr_hint(err, "%s:%d names it, for %s", file_name(maker->path), wish->line, wish->name);
    bytes_free(&bytes);
    return status;
}

/* ---- numbers written down, and random ones
 * ------------------------------------------------------------------------ */

static bsr_status write_values(struct bsr_tensor *out, struct weight_maker *maker,
                               const struct net_source *source, const struct weight_wish *wish,
                               struct bsr_error *err)
{
    struct bsr_tensor tensor = shape_of(source, wish);
    bool              one = source->kind == NET_FILL;

    if (tensor.dims < 0) {
        tensor.dims = one ? 0 : 1;
        tensor.shape[0] = source->value_count;
    }
    if (!one && tensor_count(&tensor) != (size_t)source->value_count)
        return weight_fail_at(maker->path, wish->line, err, BSR_EUSAGE, "%s: %d numbers for the shape %s",
                              wish->name, source->value_count, tensor_shape_text(&tensor).text);
    bsr_status status = allocate(&tensor, maker, wish, err);
    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < tensor_count(&tensor); i++)
        tensor_set(&tensor, i, source->values[one ? 0 : i]);
    *out = tensor;
    return BSR_OK;
}

/* splitmix64 (Steele, Lea, Flood 2014); -1 .. 1. */
static double next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (double)(int64_t)(z ^ z >> 31) / 9223372036854775808.0;
}

/* Uniform within sqrt(6 / inputs of an output): He et al. 2015, "Delving Deep into Rectifiers", for layers of
 * [outputs][inputs]... as those of Conv and Gemm (transB) are. */
static bsr_status make_random(struct bsr_tensor *out, struct weight_maker *maker,
                              const struct net_source *source, const struct weight_wish *wish,
                              struct bsr_error *err)
{
    struct bsr_tensor tensor = shape_of(source, wish);
    if (tensor.dims < 0)
        return refuse(maker, wish, err,
                      "its shape is not known: fix the sizes of the input, or give weights of a shape");
    bsr_status status = allocate(&tensor, maker, wish, err);
    if (status != BSR_OK)
        return status;
    size_t count = tensor_count(&tensor);
    double inputs = tensor.dims > 1 && tensor.shape[0] > 0 ? (double)count / (double)tensor.shape[0] : 1;
    double bound = inputs > 0 ? sqrt(6 / inputs) : 1;
    for (size_t i = 0; i < count; i++)
        tensor_set(&tensor, i, bound * next_random(&maker->random));
    *out = tensor;
    return BSR_OK;
}

/* ---- all
 * ---------------------------------------------------------------------------------------------------------
 */

/* Numbers of another type than asked for (NumPy's own floats are f64). */
static bsr_status convert(struct bsr_tensor *tensor, int type, struct bsr_error *err)
{
    struct bsr_tensor converted = {0};
    bsr_status        status = tensor_convert(&converted, tensor, type, err);
    if (status != BSR_OK)
        return status;
    tensor_free(tensor);
    *tensor = converted;
    return BSR_OK;
}

bsr_status weight_make(struct bsr_tensor *out, struct weight_maker *maker, const struct net_source *source,
                       const struct weight_wish *wish, struct bsr_error *err)
{
    struct bsr_tensor tensor = {0};
    bsr_status        status;

    if (source->kind == NET_FILE)
        status = read_file(&tensor, maker, source, wish, err);
    else if (source->kind == NET_NOT_GIVEN)
        status = make_random(&tensor, maker, source, wish, err);
    else
        status = write_values(&tensor, maker, source, wish, err);
    int type = wish->tensor.type ? wish->tensor.type : source->type;
    if (status == BSR_OK && type && tensor.type != type)
        status = convert(&tensor, type, err);
    if (status == BSR_OK)
        *out = tensor;
    else
        tensor_free(&tensor);
    return status;
}

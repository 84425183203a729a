/* oneDNN's C API in both its forms: version 2 has descriptions as structs, version 3 behind pointers. */
#include "engine/kernels/onednn.h"

#include "base/alloc.h"

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { DIMS = 4, ALIGNMENT = 64 };

/* Of the OpenMP that oneDNN runs on; a compiler's own omp.h may belong to another. */
int  omp_get_max_threads(void);
void omp_set_num_threads(int threads);

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t       desc;
typedef const_dnnl_memory_desc_t desc_view;

static desc_view view(const desc *made)
{
    return *made;
}

static bool make_desc(desc *out, const dnnl_dims_t dims, int count, dnnl_data_type_t type,
                      dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(out, count, dims, type, tag) == dnnl_success;
}

static bool make_strided(desc *out, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(out, DIMS, dims, dnnl_f32, strides) == dnnl_success;
}

static void drop_desc(desc *made)
{
    if (*made)
        dnnl_memory_desc_destroy(*made);
}

static bool describe_conv(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const desc made[DIMS],
                          const dnnl_dims_t strides, const dnnl_dims_t dilates, const dnnl_dims_t none,
                          const_dnnl_primitive_attr_t attr)
{
    return dnnl_convolution_forward_primitive_desc_create(
               out, engine, dnnl_forward_inference, dnnl_convolution_direct, made[0], made[1], made[2],
               made[3], strides, dilates, none, none, attr) == dnnl_success;
}
#else
typedef dnnl_memory_desc_t        desc;
typedef const dnnl_memory_desc_t *desc_view;

static desc_view view(const desc *made)
{
    return made;
}

static bool make_desc(desc *out, const dnnl_dims_t dims, int count, dnnl_data_type_t type,
                      dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(out, count, dims, type, tag) == dnnl_success;
}

static bool make_strided(desc *out, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_init_by_strides(out, DIMS, dims, dnnl_f32, strides) == dnnl_success;
}

static void drop_desc(desc *made)
{
    (void)made;
}

static bool describe_conv(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const desc made[DIMS],
                          const dnnl_dims_t strides, const dnnl_dims_t dilates, const dnnl_dims_t none,
                          const_dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t conv;
    return dnnl_dilated_convolution_forward_desc_init(&conv, dnnl_forward_inference, dnnl_convolution_direct,
                                                      &made[0], &made[1], &made[2], &made[3], strides,
                                                      dilates, none, none) == dnnl_success &&
           dnnl_primitive_desc_create(out, &conv, attr, engine, NULL) == dnnl_success;
}
#endif

struct onednn_conv {
    struct onednn_shape   shape;
    int                   in_rows, in_width;
    dnnl_primitive_desc_t described;
    dnnl_primitive_t      conv, round;
    desc                  lying_in, packed_in; /* where the map has it; bf16 [y][x][input], without gaps */
};

static dnnl_engine_t  processor; /* NULL: there is none to be had */
static pthread_once_t processor_once = PTHREAD_ONCE_INIT;

static void open_processor(void)
{
    if (dnnl_engine_create(&processor, dnnl_cpu, 0) != dnnl_success)
        processor = NULL;
}

static dnnl_engine_t engine_of_processor(void)
{
    pthread_once(&processor_once, open_processor);
    return processor;
}

bool onednn_is_there(void)
{
    return true;
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void drop_primitive(dnnl_primitive_t primitive)
{
    if (primitive)
        dnnl_primitive_destroy(primitive);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* The descriptions of input, weights, bias and output. */
static bool describe(struct onednn_conv *made)
{
    const struct onednn_shape *shape = &made->shape;
    const dnnl_dims_t          in = {1, shape->inputs, made->in_rows, made->in_width};
    const dnnl_dims_t          weights = {shape->outputs, shape->inputs, shape->kernel[0], shape->kernel[1]};
    const dnnl_dims_t          bias = {shape->outputs}, out = {1, shape->outputs, shape->rows, shape->width};
    const dnnl_dims_t          strides = {shape->stride[0], shape->stride[1]}, none = {0, 0};
    const dnnl_dims_t          dilates = {shape->dilation[0] - 1, shape->dilation[1] - 1};
    desc                       all[DIMS];
    dnnl_primitive_attr_t      attr = NULL;

    memset(all, 0, sizeof all);
    bool good = make_desc(&all[0], in, DIMS, dnnl_bf16, dnnl_nhwc) &&
                make_desc(&all[1], weights, DIMS, dnnl_bf16, dnnl_format_tag_any) &&
                make_desc(&all[2], bias, 1, dnnl_f32, dnnl_a) &&
                make_desc(&all[3], out, DIMS, dnnl_f32, dnnl_nhwc) &&
                dnnl_primitive_attr_create(&attr) == dnnl_success &&
                dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success &&
                describe_conv(&made->described, engine_of_processor(), all, strides, dilates, none, attr);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    for (int i = 0; i < DIMS; i++)
        drop_desc(&all[i]);
    return good;
}

/* Its reference code, which is right and takes a thousand times as long, is not wanted. */
static bool is_compiled(const struct onednn_conv *made)
{
    const char *name = NULL;
    return dnnl_primitive_desc_query(made->described, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
           name && !strstr(name, "ref");
}

/* What copies from one description to another, with rounding. */
static bool make_reorder(dnnl_primitive_t *out, desc_view from, desc_view to)
{
    dnnl_primitive_desc_t described = NULL;
    bool good = dnnl_reorder_primitive_desc_create(&described, from, processor, to, processor, NULL) ==
                    dnnl_success &&
                dnnl_primitive_create(out, described) == dnnl_success;
    if (described)
        dnnl_primitive_desc_destroy(described);
    return good;
}

static bool make_rounding(struct onednn_conv *made)
{
    const struct onednn_shape *shape = &made->shape;
    const dnnl_dims_t          dims = {1, shape->inputs, made->in_rows, made->in_width};
    const dnnl_dims_t          strides = {shape->row * made->in_rows, 1, shape->row, shape->pixel};

    return make_desc(&made->packed_in, dims, DIMS, dnnl_bf16, dnnl_nhwc) &&
           make_strided(&made->lying_in, dims, strides) &&
           make_reorder(&made->round, view(&made->lying_in), view(&made->packed_in));
}

bool onednn_make(struct onednn_conv **out, const struct onednn_shape *shape)
{
    struct onednn_conv *made = engine_of_processor() ? mem_alloc_zeroed(1, sizeof *made) : NULL;
    if (!made)
        return false;
    made->shape = *shape;
    made->in_rows = (shape->rows - 1) * shape->stride[0] + (shape->kernel[0] - 1) * shape->dilation[0] + 1;
    made->in_width = (shape->width - 1) * shape->stride[1] + (shape->kernel[1] - 1) * shape->dilation[1] + 1;
    if (!describe(made) || !is_compiled(made) || !make_rounding(made) ||
        dnnl_primitive_create(&made->conv, made->described) != dnnl_success) {
        onednn_free(made);
        return false;
    }
    *out = made;
    return true;
}

void onednn_free(struct onednn_conv *conv)
{
    if (!conv)
        return;
    drop_primitive(conv->conv);
    drop_primitive(conv->round);
    if (conv->described)
        dnnl_primitive_desc_destroy(conv->described);
    drop_desc(&conv->lying_in);
    drop_desc(&conv->packed_in);
    mem_free(conv);
}

static desc_view part(const struct onednn_conv *conv, dnnl_query_t which)
{
    return dnnl_primitive_desc_query_md(conv->described, which, 0);
}

size_t onednn_weight_bytes(const struct onednn_conv *conv)
{
    return dnnl_memory_desc_get_size(part(conv, dnnl_query_weights_md));
}

bool onednn_weights_match(const struct onednn_conv *conv, const struct onednn_conv *other)
{
    return dnnl_memory_desc_equal(part(conv, dnnl_query_weights_md), part(other, dnnl_query_weights_md));
}

static size_t in_bytes(const struct onednn_conv *conv)
{
    return whole_lines(dnnl_memory_desc_get_size(view(&conv->packed_in)));
}

size_t onednn_scratch_bytes(const struct onednn_conv *conv)
{
    return in_bytes(conv) + whole_lines(dnnl_memory_desc_get_size(part(conv, dnnl_query_scratchpad_md)));
}

/* ---- running --------------------------------------------------------------------------------- */

/* One primitive, run by this thread alone: besra's threads share the work among themselves. */
static bool execute(dnnl_primitive_t primitive, const dnnl_exec_arg_t *args, int count)
{
    const int     threads = omp_get_max_threads();
    dnnl_stream_t stream = NULL;

    if (dnnl_stream_create(&stream, processor, dnnl_stream_default_flags) != dnnl_success)
        return false;
    omp_set_num_threads(1);
    bool good = dnnl_primitive_execute(primitive, stream, count, args) == dnnl_success &&
                dnnl_stream_wait(stream) == dnnl_success;
    omp_set_num_threads(threads);
    dnnl_stream_destroy(stream);
    return good;
}

static bool wrap(dnnl_memory_t *out, desc_view described, void *data)
{
    return dnnl_memory_create(out, described, processor, data) == dnnl_success;
}

static void unwrap(dnnl_memory_t memory)
{
    if (memory)
        dnnl_memory_destroy(memory);
}

/* oneDNN takes what is only read, too, as what may be written to. */
static bool reorder(dnnl_primitive_t primitive, desc_view from, const void *data, desc_view to, void *out)
{
    dnnl_memory_t source = NULL, target = NULL;
    void         *readable;

    memcpy(&readable, &data, sizeof readable);
    bool good = wrap(&source, from, readable) && wrap(&target, to, out);
    if (good) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
        good = execute(primitive, args, 2);
    }
    unwrap(source);
    unwrap(target);
    return good;
}

static bool reorder_once(desc_view from, const void *data, desc_view to, void *out)
{
    dnnl_primitive_t primitive = NULL;
    bool             good = make_reorder(&primitive, from, to) && reorder(primitive, from, data, to, out);

    drop_primitive(primitive);
    return good;
}

bool onednn_pack(const struct onednn_conv *conv, const float *weights, void *to)
{
    const struct onednn_shape *shape = &conv->shape;
    const dnnl_dims_t          dims = {shape->outputs, shape->inputs, shape->kernel[0], shape->kernel[1]};
    desc                       plain;

    memset(&plain, 0, sizeof plain);
    bool good = make_desc(&plain, dims, DIMS, dnnl_f32, dnnl_oihw) &&
                reorder_once(view(&plain), weights, part(conv, dnnl_query_weights_md), to);
    drop_desc(&plain);
    return good;
}

bool onednn_repack(const struct onednn_conv *from, const void *weights, const struct onednn_conv *to,
                   void *out)
{
    return reorder_once(part(from, dnnl_query_weights_md), weights, part(to, dnnl_query_weights_md), out);
}

/* A convolution's parts in the order of its arguments. */
enum { SOURCE, WEIGHTS, BIAS, PAD, TARGET, PARTS };

static const struct {
    int          arg;
    dnnl_query_t described;
} parts[PARTS] = {
    [SOURCE] = {DNNL_ARG_SRC, dnnl_query_src_md},    [WEIGHTS] = {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
    [BIAS] = {DNNL_ARG_BIAS, dnnl_query_weights_md}, [PAD] = {DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md},
    [TARGET] = {DNNL_ARG_DST, dnnl_query_dst_md},
};

bool onednn_run(const struct onednn_conv *conv, const float *in, const void *weights, const float *bias,
                char *scratch, float *out)
{
    void           *data[PARTS] = {[SOURCE] = scratch, [PAD] = scratch + in_bytes(conv), [TARGET] = out};
    dnnl_exec_arg_t args[PARTS] = {{.arg = 0}};
    bool            good = reorder(conv->round, view(&conv->lying_in), in, view(&conv->packed_in), scratch);

    memcpy(&data[WEIGHTS], &weights, sizeof weights);
    memcpy(&data[BIAS], &bias, sizeof bias);
    for (int i = 0; i < PARTS; i++) {
        args[i].arg = parts[i].arg;
        good = good &&
               wrap(&args[i].memory,
                    dnnl_primitive_desc_query_md(conv->described, parts[i].described, i == BIAS), data[i]);
    }
    good = good && execute(conv->conv, args, PARTS);
    for (int i = 0; i < PARTS; i++)
        unwrap(args[i].memory);
    return good;
}

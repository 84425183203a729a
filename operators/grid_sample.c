/* GridSample: elements at places that a grid says, in maps [N][C][H][W] or volumes [N][C][D][H][W]
 * (Jaderberg et al., "Spatial Transformer Networks", 2015; PyTorch's grid_sample). */
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>
#include <string.h>

enum { AXES_MAX = 3, TAPS_MAX = 64 };

enum sample_mode { SAMPLE_NEAREST, SAMPLE_LINEAR, SAMPLE_CUBIC };
enum sample_padding { PADDING_ZEROS, PADDING_BORDER, PADDING_REFLECTION };

struct sampler {
    enum sample_mode    mode;
    enum sample_padding padding;
    bool                align_corners;
    int                 axes;
    int64_t             in[AXES_MAX]; /* sides of x, the slowest first */
};

static int index_of(const char *text, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

static bsr_status sampler_read(struct sampler *out, const struct bsr_call *call, struct bsr_error *err)
{
    /* the names of opset 16 and those of 20 on */
    static const char *const modes[] = {"nearest", "linear", "cubic", "", "bilinear", "bicubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    const struct bsr_tensor *x = call->inputs[0], *grid = call->inputs[1];
    const char              *mode = bsr_node_text(call->node, "mode", "linear");
    const char              *padding = bsr_node_text(call->node, "padding_mode", "zeros");
    int                      mode_index = index_of(mode, modes, 6);
    int                      padding_index = index_of(padding, paddings, 3);
    struct sampler           sampler = {.axes = x->dims - 2,
                                        .align_corners = bsr_node_int(call->node, "align_corners", 0) != 0};

    if (mode_index < 0 || mode_index == 3 || padding_index < 0)
        return call_refuse(err, "mode %s with padding %s is not known", mode, padding);
    sampler.mode = (enum sample_mode)(mode_index % 3);
    if (mode_index > 3)
        sampler.mode = mode_index == 4 ? SAMPLE_LINEAR : SAMPLE_CUBIC;
    sampler.padding = (enum sample_padding)padding_index;
    if (sampler.axes < 2 || sampler.axes > AXES_MAX || grid->dims != x->dims ||
        grid->shape[grid->dims - 1] != sampler.axes || grid->shape[0] != x->shape[0])
        return call_refuse(err, "a grid of shape %s does not fit an input of shape %s",
                           tensor_shape_text(grid).text, tensor_shape_text(x).text);
    if (!type_is_float(grid->type) || (!type_is_float(x->type) && sampler.mode != SAMPLE_NEAREST))
        return call_refuse(err, "it can't sample %s at places of %s", tensor_type_name(x->type),
                           tensor_type_name(grid->type));
    if (sampler.mode == SAMPLE_CUBIC && sampler.axes != 2)
        return call_refuse(err, "cubic sampling is for maps only, not for %s", tensor_shape_text(x).text);
    for (int i = 0; i < sampler.axes; i++) {
        sampler.in[i] = x->shape[2 + i];
        if (sampler.in[i] < 1 || sampler.in[i] > INT32_MAX)
            return call_refuse(err, "a side of %lld is out of range", (long long)sampler.in[i]);
    }
    *out = sampler;
    return BSR_OK;
}

static bsr_status sample_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct sampler sampler;
    int64_t        shape[2 + AXES_MAX];
    bsr_status     status = call_expect(call, 2, 2, err);

    if (status != BSR_OK || (status = sampler_read(&sampler, call, err)) != BSR_OK)
        return status;
    shape[0] = call->inputs[0]->shape[0];
    shape[1] = call->inputs[0]->shape[1];
    for (int i = 0; i < sampler.axes; i++)
        shape[2 + i] = call->inputs[1]->shape[1 + i];
    return call_set(call, 0, call->inputs[0]->type, 2 + sampler.axes, shape, err);
}

/* Into low..high and back again at its ends, as often as needed. */
static double reflect(double x, double low, double high)
{
    double range = high - low;

    if (!(range > 0))
        return low;
    double away = fabs(x - low), turns = floor(away / range), rest = away - turns * range;
    return fmod(turns, 2) == 0 ? low + rest : high - rest;
}

static double clamp(double x, int64_t length)
{
    return x > 0 ? x < (double)(length - 1) ? x : (double)(length - 1) : 0;
}

/* A place in elements, brought inside where the padding asks for that. */
static double pad(const struct sampler *s, double x, int64_t length)
{
    if (s->padding == PADDING_ZEROS)
        return x;
    if (s->padding == PADDING_REFLECTION)
        x = s->align_corners ? reflect(x, 0, (double)(length - 1)) : reflect(x, -0.5, (double)length - 0.5);
    return clamp(x, length);
}

/* -1..1 to elements: the corners are the centres of the outermost elements (align_corners) or their edges. */
static double place(const struct sampler *s, double value, int64_t length)
{
    double n = (double)length;
    return s->align_corners ? (value + 1) / 2 * (n - 1) : ((value + 1) * n - 1) / 2;
}

/* What a place reads along one axis: up to four elements; those outside have no weight. */
struct axis_taps {
    int     count;
    int64_t at[4];
    double  weight[4];
};

/* Infinity is only far away. */
static double bounded(double x)
{
    const double far = 0x1p40;
    return x > -far ? x < far ? x : far : -far;
}

static void set_tap(struct axis_taps *taps, int n, double at, double weight, int64_t length)
{
    bool inside = at >= 0 && at < (double)length;
    taps->at[n] = inside ? (int64_t)at : 0;
    taps->weight[n] = inside ? weight : 0;
}

/* Keys' kernel with a = -0.75, as PyTorch has it. */
static double cubic_weight(double x)
{
    const double a = -0.75;
    x = fabs(x);
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

static void find_axis(struct axis_taps *taps, const struct sampler *s, double value, int64_t length)
{
    double x = bounded(place(s, value, length));
    double low = floor(x);

    if (s->mode == SAMPLE_CUBIC) { /* the padding is applied to each of the four */
        taps->count = 4;
        for (int i = 0; i < 4; i++) {
            double at = low - 1 + i;
            set_tap(taps, i, pad(s, at, length), cubic_weight(at - x), length);
        }
        return;
    }
    x = pad(s, x, length);
    low = floor(x);
    taps->count = s->mode == SAMPLE_LINEAR ? 2 : 1;
    if (s->mode == SAMPLE_LINEAR) {
        set_tap(taps, 0, low, 1 - (x - low), length);
        set_tap(taps, 1, low + 1, x - low, length);
    } else {
        set_tap(taps, 0, nearbyint(x), 1, length);
    }
}

/* All axes together: `count` elements of a plane and their weights. */
struct taps {
    int    count;
    size_t at[TAPS_MAX];
    double weight[TAPS_MAX];
};

/* Each tap so far becomes one for each of the axis; from the last on, so that none is overwritten unread. */
static void multiply_taps(struct taps *taps, const struct axis_taps *axis, size_t length)
{
    for (int t = taps->count - 1; t >= 0; t--) {
        size_t at = taps->at[t] * length;
        double weight = taps->weight[t];
        for (int k = 0; k < axis->count; k++) {
            taps->at[t * axis->count + k] = at + (size_t)axis->at[k];
            taps->weight[t * axis->count + k] = weight * axis->weight[k];
        }
    }
    taps->count *= axis->count;
}

/* Elements without weight are not multiplied: they may be infinite. */
static void drop_weightless(struct taps *taps)
{
    int count = 0;

    for (int t = 0; t < taps->count; t++) {
        if (taps->weight[t] == 0)
            continue;
        taps->at[count] = taps->at[t];
        taps->weight[count++] = taps->weight[t];
    }
    taps->count = count;
}

static void find_taps(struct taps *taps, const struct sampler *s, const struct bsr_tensor *grid, size_t point)
{
    struct axis_taps axis;

    taps->count = 1;
    taps->at[0] = 0;
    taps->weight[0] = 1;
    for (int i = 0; i < s->axes; i++) {
        /* the grid's coordinates are x, y(, z): the innermost axis first */
        double value = tensor_get(grid, point * (size_t)s->axes + (size_t)(s->axes - 1 - i));
        find_axis(&axis, s, isnan(value) ? -1 : value, s->in[i]);
        multiply_taps(taps, &axis, (size_t)s->in[i]);
    }
    drop_weightless(taps);
}

static void set_sample(struct bsr_tensor *y, size_t out, const struct bsr_tensor *x, size_t plane,
                       const struct taps *taps)
{
    double sum = 0;

    if (x->type == BSR_F32) {
        const float *values = (const float *)x->data + plane;
        for (int t = 0; t < taps->count; t++)
            sum += taps->weight[t] * (double)values[taps->at[t]];
        ((float *)y->data)[out] = (float)sum;
        return;
    }
    if (!type_is_float(x->type) && taps->count == 1) { /* nearest: also of 64-bit numbers */
        size_t size = tensor_type_size(x->type);
        memcpy((uint8_t *)y->data + out * size, (const uint8_t *)x->data + (plane + taps->at[0]) * size,
               size);
        return;
    }
    for (int t = 0; t < taps->count; t++)
        sum += taps->weight[t] * tensor_get(x, plane + taps->at[t]);
    tensor_set(y, out, sum);
}

static bsr_status sample_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *grid = call->inputs[1];
    struct bsr_tensor       *y = &call->outputs[0];
    struct sampler           sampler;
    bsr_status               status = sampler_read(&sampler, call, err);

    if (status != BSR_OK || !tensor_count(y))
        return status;
    size_t batch = (size_t)x->shape[0], channels = (size_t)x->shape[1], plane = 1;
    for (int i = 0; i < sampler.axes; i++)
        plane *= (size_t)sampler.in[i];
    size_t points = tensor_count(y) / batch / channels;
    for (size_t n = 0; n < batch; n++)
        for (size_t point = 0; point < points; point++) {
            struct taps taps;
            find_taps(&taps, &sampler, grid, n * points + point);
            for (size_t c = 0; c < channels; c++)
                set_sample(y, (n * channels + c) * points + point, x, (n * channels + c) * plane, &taps);
        }
    return BSR_OK;
}

static const struct bsr_operator list[] = {
    {"GridSample", sample_shape, sample_run},
};
const struct operator_group operators_grid_sample = OPERATOR_GROUP(list);

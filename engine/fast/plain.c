/* Plain forms of the operations of simple.h, for as long as there are no others: weak. */
#include "engine/kernels/simple.h"

#include <math.h>
#include <string.h>

#define WEAK __attribute__((weak))

static float act(float x, struct activation a)
{
    switch (a.kind) {
    case ACTIVATION_CLAMP:
        return fminf(fmaxf(x, a.a), a.b);
    case ACTIVATION_LEAKY:
        return x < 0 ? a.a * x : x;
    case ACTIVATION_SILU:
        return x / (1 + expf(-x));
    case ACTIVATION_SIGMOID:
        return 1 / (1 + expf(-x));
    case ACTIVATION_HARD_SIGMOID:
        return fminf(fmaxf(a.a * x + a.b, 0), 1);
    case ACTIVATION_HARD_SWISH:
        return x * fminf(fmaxf(x / 6 + 0.5F, 0), 1);
    case ACTIVATION_TANH:
        return tanhf(x);
    case ACTIVATION_ELU:
        return x < 0 ? a.a * expm1f(x) : x;
    case ACTIVATION_GELU:
        return x / 2 * (1 + erff(x * 0.70710678F));
    case ACTIVATION_MISH:
        return x * tanhf(x > 30 ? x : log1pf(expf(x)));
    case ACTIVATION_EXP:
        return expf(x);
    case ACTIVATION_SQRT:
        return sqrtf(x);
    case ACTIVATION_ABS:
        return fabsf(x);
    default:
        return x;
    }
}

static void setup(struct op *op, op_run *run, const char *what, const struct map *in, const struct map *out,
                  int units)
{
    memset(op, 0, sizeof *op);
    op->run = run;
    op->what = what;
    op->units = units;
    if (in)
        op->in = *in;
    if (out)
        op->out = *out;
}

static void pad(const struct op *op, int y, int x)
{
    for (int c = op->out.channels; c < map_padded(op->out.channels); c++)
        map_at(&op->out, y, x)[c] = 0;
}

#define EACH_PIXEL                                                                                           \
    for (int y = first; y < last; y++)                                                                       \
        for (int x = 0; x < op->out.width; x++)

static void run_from(const struct op *op, int first, int last, void *scratch)
{
    const float *p = op->weights;
    int ch = op->numbers[0], h = op->numbers[1], w = op->numbers[2], b = op->numbers[3], s = op->numbers[4];

    (void)scratch;
    EACH_PIXEL
    {
        float *o = map_at(&op->out, y, x);
        for (int by = 0; by < b; by++)
            for (int bx = 0; bx < b; bx++)
                for (int c = 0; c < ch; c++) {
                    int iy = y * b + by - s, ix = x * b + bx - s;
                    o[(by * b + bx) * ch + c] =
                        iy >= 0 && ix >= 0 && iy < h && ix < w
                            ? p[((size_t)c * (size_t)h + (size_t)iy) * (size_t)w + (size_t)ix]
                            : 0;
                }
        pad(op, y, x);
    }
}

WEAK void op_from_planes(struct op *op, const float *planes, int channels, int height, int width,
                         const struct map *out, int block, int shift)
{
    setup(op, run_from, "from planes", NULL, out, out->height);
    op->weights = planes;
    op->numbers[0] = channels;
    op->numbers[1] = height;
    op->numbers[2] = width;
    op->numbers[3] = block;
    op->numbers[4] = shift;
}

static void run_to(const struct op *op, int first, int last, void *scratch)
{
    float *p = (float *)(size_t)op->weights;

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int c = 0; c < op->in.channels; c++)
            for (int x = 0; x < op->in.width; x++)
                p[((size_t)c * (size_t)op->in.height + (size_t)y) * (size_t)op->in.width + (size_t)x] =
                    map_at(&op->in, y, x)[c];
}

WEAK void op_to_planes(struct op *op, const struct map *in, float *planes)
{
    setup(op, run_to, "to planes", in, NULL, in->height);
    op->weights = planes;
}

static void run_copy(const struct op *op, int first, int last, void *scratch)
{
    (void)scratch;
    EACH_PIXEL
    memcpy(map_at(&op->out, y, x), map_at(&op->in, y, x), (size_t)op->out.channels * sizeof(float));
}

WEAK void op_copy(struct op *op, const struct map *in, const struct map *out)
{
    setup(op, run_copy, "copy", in, out, out->height);
}

static void run_activate(const struct op *op, int first, int last, void *scratch)
{
    const float *slopes = op->weights;

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++) {
            float v = map_at(&op->in, y, x)[c];
            map_at(&op->out, y, x)[c] = op->finish.activation.kind == ACTIVATION_PRELU
                                            ? (v < 0 ? slopes[c] * v : v)
                                            : act(v, op->finish.activation);
        }
        pad(op, y, x);
    }
}

WEAK void op_activate(struct op *op, const struct map *in, const struct map *out,
                      struct activation activation, const float *slopes)
{
    setup(op, run_activate, "activate", in, out, out->height);
    op->finish.activation = activation;
    op->weights = slopes;
}

static void run_binary(const struct op *op, int first, int last, void *scratch)
{
    const struct map *o = &op->other;

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++) {
            float a = map_at(&op->in, y, x)[c];
            float b = map_at(o, o->height == 1 ? 0 : y, o->width == 1 ? 0 : x)[o->channels == 1 ? 0 : c];
            if (op->numbers[1]) {
                float t = a;
                a = b;
                b = t;
            }
            float r = 0;
            switch (op->numbers[0]) {
            case BINARY_ADD:
                r = a + b;
                break;
            case BINARY_SUB:
                r = a - b;
                break;
            case BINARY_MUL:
                r = a * b;
                break;
            case BINARY_DIV:
                r = a / b;
                break;
            case BINARY_MAX:
                r = a > b ? a : b;
                break;
            default:
                r = a < b ? a : b;
                break;
            }
            map_at(&op->out, y, x)[c] = act(r, op->finish.activation);
        }
        pad(op, y, x);
    }
}

WEAK void op_binary(struct op *op, enum binary_kind kind, const struct map *in, const struct map *other,
                    const struct map *out, bool reversed, struct activation activation)
{
    setup(op, run_binary, "binary", in, out, out->height);
    op->other = *other;
    op->numbers[0] = (int)kind;
    op->numbers[1] = reversed;
    op->finish.activation = activation;
}

static void run_scale(const struct op *op, int first, int last, void *scratch)
{
    const float *scale = op->weights, *shift = op->other.data;

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++)
            map_at(&op->out, y, x)[c] =
                act(map_at(&op->in, y, x)[c] * scale[c] + shift[c], op->finish.activation);
        pad(op, y, x);
    }
}

WEAK void op_scale(struct op *op, const struct map *in, const struct map *out, const float *scale,
                   const float *shift, struct activation activation)
{
    setup(op, run_scale, "scale", in, out, out->height);
    op->weights = scale;
    op->other.data = (float *)(size_t)shift;
    op->finish.activation = activation;
}

static void run_softmax(const struct op *op, int first, int last, void *scratch)
{
    (void)scratch;
    EACH_PIXEL
    {
        const float *in = map_at(&op->in, y, x);
        float       *out = map_at(&op->out, y, x), most = in[0], sum = 0;
        for (int c = 1; c < op->out.channels; c++)
            most = in[c] > most ? in[c] : most;
        for (int c = 0; c < op->out.channels; c++)
            sum += out[c] = expf(in[c] - most);
        for (int c = 0; c < op->out.channels; c++)
            out[c] /= sum;
        pad(op, y, x);
    }
}

WEAK void op_softmax(struct op *op, const struct map *in, const struct map *out)
{
    setup(op, run_softmax, "softmax", in, out, out->height);
}

static void run_pool(const struct op *op, int first, int last, void *scratch)
{
    const int *n = op->numbers; /* kernel, stride, dilation, pad top, left, kind, bottom, right */

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++) {
            float most = -INFINITY, sum = 0;
            int   seen = 0, counted = 0;
            for (int ky = 0; ky < n[0]; ky++)
                for (int kx = 0; kx < n[1]; kx++) {
                    int iy = y * n[2] + ky * n[4] - n[6], ix = x * n[3] + kx * n[5] - n[7];
                    counted += iy < op->in.height + n[9] && ix < op->in.width + n[10];
                    if (iy < 0 || ix < 0 || iy >= op->in.height || ix >= op->in.width)
                        continue;
                    float v = map_at(&op->in, iy, ix)[c];
                    most = v > most ? v : most;
                    sum += v;
                    seen++;
                }
            map_at(&op->out, y, x)[c] =
                n[8] == POOL_MAX ? most : sum / (float)(n[8] == POOL_AVERAGE ? seen : counted);
        }
        pad(op, y, x);
    }
}

WEAK void op_pool(struct op *op, enum pool_kind kind, const struct pool_shape *s, const struct map *in,
                  const struct map *out)
{
    setup(op, run_pool, "pool", in, out, out->height);
    int n[11] = {s->kernel[0], s->kernel[1], s->stride[0], s->stride[1], s->dilation[0], s->dilation[1],
                 s->pad[0],    s->pad[1],    (int)kind,    s->pad[2],    s->pad[3]};
    memcpy(op->numbers, n, sizeof n);
}

WEAK void op_global_pool(struct op *op, enum pool_kind kind, const struct map *in, const struct map *out)
{
    struct pool_shape s = {{in->height, in->width}, {1, 1}, {1, 1}, {0, 0, 0, 0}};
    op_pool(op, kind, &s, in, out);
    op->what = "global pool";
}

static void run_nearest(const struct op *op, int first, int last, void *scratch)
{
    int f = op->numbers[0];

    (void)scratch;
    EACH_PIXEL
    memcpy(map_at(&op->out, y, x), map_at(&op->in, y / f, x / f),
           (size_t)map_padded(op->out.channels) * sizeof(float));
}

WEAK void op_enlarge_nearest(struct op *op, const struct map *in, const struct map *out, int factor)
{
    setup(op, run_nearest, "nearest", in, out, out->height);
    op->numbers[0] = factor;
}

static float place(int o, int in, int out, int how)
{
    float at = how == LINEAR_ASYMMETRIC      ? (float)o * (float)in / (float)out
               : how == LINEAR_ALIGN_CORNERS ? (float)o * (float)(in - 1) / (float)(out - 1)
                                             : ((float)o + 0.5F) * (float)in / (float)out - 0.5F;
    return fminf(fmaxf(at, 0), (float)(in - 1));
}

static void run_linear(const struct op *op, int first, int last, void *scratch)
{
    (void)scratch;
    EACH_PIXEL
    {
        float fy = place(y, op->in.height, op->out.height, op->numbers[0]),
              fx = place(x, op->in.width, op->out.width, op->numbers[0]);
        int y0 = (int)fy, x0 = (int)fx, y1 = y0 + (y0 + 1 < op->in.height), x1 = x0 + (x0 + 1 < op->in.width);
        fy -= (float)y0;
        fx -= (float)x0;
        for (int c = 0; c < op->out.channels; c++)
            map_at(&op->out, y, x)[c] =
                (1 - fy) * ((1 - fx) * map_at(&op->in, y0, x0)[c] + fx * map_at(&op->in, y0, x1)[c]) +
                fy * ((1 - fx) * map_at(&op->in, y1, x0)[c] + fx * map_at(&op->in, y1, x1)[c]);
        pad(op, y, x);
    }
}

WEAK void op_enlarge_linear(struct op *op, const struct map *in, const struct map *out, int coordinates)
{
    setup(op, run_linear, "linear", in, out, out->height);
    op->numbers[0] = coordinates;
}

static void run_depth(const struct op *op, int first, int last, void *scratch)
{
    int b = op->numbers[0];

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++) {
            int at = y % b * b + x % b;
            map_at(&op->out, y, x)[c] =
                map_at(&op->in, y / b, x / b)[op->numbers[1] ? c * b * b + at : at * op->out.channels + c];
        }
        pad(op, y, x);
    }
}

WEAK void op_depth_to_space(struct op *op, const struct map *in, const struct map *out, int block, bool crd)
{
    setup(op, run_depth, "depth to space", in, out, out->height);
    op->numbers[0] = block;
    op->numbers[1] = crd;
}

static void run_space(const struct op *op, int first, int last, void *scratch)
{
    int b = op->numbers[0], n = op->in.channels;

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++)
            map_at(&op->out, y, x)[c] = map_at(&op->in, y * b + c / n / b, x * b + c / n % b)[c % n];
        pad(op, y, x);
    }
}

WEAK void op_space_to_depth(struct op *op, const struct map *in, const struct map *out, int block)
{
    setup(op, run_space, "space to depth", in, out, out->height);
    op->numbers[0] = block;
}

static void run_pick(const struct op *op, int first, int last, void *scratch)
{
    const int *order = op->weights;

    (void)scratch;
    EACH_PIXEL
    {
        for (int c = 0; c < op->out.channels; c++)
            map_at(&op->out, y, x)[c] = map_at(&op->in, y, x)[order[c]];
        pad(op, y, x);
    }
}

WEAK void op_pick_channels(struct op *op, const struct map *in, const struct map *out, const int *order)
{
    setup(op, run_pick, "pick", in, out, out->height);
    op->weights = order;
}

static void run_clear(const struct op *op, int first, int last, void *scratch)
{
    const int *h = op->numbers;

    (void)scratch;
    for (int y = first - h[0]; y < last - h[0]; y++)
        for (int x = -h[1]; x < op->out.width + h[3]; x++)
            if (y < 0 || y >= op->out.height || x < 0 || x >= op->out.width)
                memset(map_at(&op->out, y, x), 0, (size_t)map_padded(op->out.channels) * sizeof(float));
}

WEAK void op_clear_halo(struct op *op, const struct map *map, const int halo[4])
{
    setup(op, run_clear, "clear halo", NULL, map, map->height + halo[0] + halo[2]);
    memcpy(op->numbers, halo, 4 * sizeof *halo);
}

/* What is computed pixel by pixel. */
#include "engine/kernels/simple_op.h"

/* Runs a line that was made for row 0 on other rows; in[1] moves on by `other_row`. */
static void run_rows(const struct op *op, struct line *line, ptrdiff_t in_row, ptrdiff_t other_row, int first,
                     int last)
{
    line->in[0] += first * in_row;
    if (line->in[1])
        line->in[1] += first * other_row;
    line->out += first * op->out.row;
    for (int y = first; y < last; y++) {
        op->lines->line(line);
        line->in[0] += in_row;
        if (line->in[1])
            line->in[1] += other_row;
        line->out += op->out.row;
    }
}

static struct line line_of(const struct op *op)
{
    return (struct line){.kind = LINE_SAME,
                         .in = {op->in.data},
                         .in_pixel = {op->in.pixel},
                         .out = op->out.data,
                         .out_pixel = op->out.pixel,
                         .pixels = op->out.width,
                         .channels = op->out.channels,
                         .activation = op->finish.activation};
}

/* ---- of one map --------------------------------------------------------------------------------- */

static void run_activate(const struct op *op, int first, int last, void *scratch)
{
    struct line line = line_of(op);

    (void)scratch;
    if (op->weights) {
        line.kind = LINE_LEAKY;
        line.in[1] = op->weights;
        line.activation.kind = ACTIVATION_NONE;
    }
    run_rows(op, &line, op->in.row, 0, first, last);
}

void op_activate(struct op *op, const struct map *in, const struct map *out, struct activation activation,
                 const float *slopes)
{
    *op = simple_op(run_activate, "activation", in, out);
    op->finish.activation = activation;
    op->weights = activation.kind == ACTIVATION_PRELU ? slopes : NULL;
}

static void run_scale(const struct op *op, int first, int last, void *scratch)
{
    struct line line = line_of(op);

    (void)scratch;
    line.kind = LINE_SCALE;
    line.in[1] = op->weights;
    line.in[2] = op->other.data;
    run_rows(op, &line, op->in.row, 0, first, last);
}

void op_scale(struct op *op, const struct map *in, const struct map *out, const float *scale,
              const float *shift, struct activation activation)
{
    *op = simple_op(run_scale, "scale", in, out);
    op->weights = scale;
    op->other.data = (float *)(size_t)shift; /* only read */
    op->finish.activation = activation;
}

static void run_softmax(const struct op *op, int first, int last, void *scratch)
{
    struct line line = line_of(op);

    (void)scratch;
    for (int y = first; y < last; y++) {
        line.in[0] = map_at(&op->in, y, 0);
        line.out = map_at(&op->out, y, 0);
        op->lines->softmax(&line);
    }
}

void op_softmax(struct op *op, const struct map *in, const struct map *out)
{
    *op = simple_op(run_softmax, "softmax", in, out);
}

/* ---- of two ------------------------------------------------------------------------------------- */

enum { KIND, REVERSED }; /* op.numbers */

static void run_binary(const struct op *op, int first, int last, void *scratch)
{
    const struct map *other = &op->other;
    struct line       line = line_of(op);
    const bool        spread = other->width == 1 && op->out.width > 1;
    const ptrdiff_t   other_row = other->height == 1 ? 0 : other->row;
    const int         second = !op->numbers[REVERSED];

    (void)scratch;
    line.kind = (enum line_kind)op->numbers[KIND];
    line.in[!second] = op->in.data;
    line.in_pixel[!second] = op->in.pixel;
    line.in[second] = other->data;
    line.in_pixel[second] = spread ? 0 : other->pixel;
    line.single[second] = other->channels == 1 && op->out.channels > 1;
    run_rows(op, &line, second ? op->in.row : other_row, second ? other_row : op->in.row, first, last);
}

void op_binary(struct op *op, enum binary_kind kind, const struct map *in, const struct map *other,
               const struct map *out, bool reversed, struct activation activation)
{
    static const enum line_kind kinds[BINARY_KINDS] = {
        [BINARY_ADD] = LINE_ADD, [BINARY_SUB] = LINE_SUB, [BINARY_MUL] = LINE_MUL,
        [BINARY_DIV] = LINE_DIV, [BINARY_MAX] = LINE_MAX, [BINARY_MIN] = LINE_MIN};

    *op = simple_op(run_binary, "binary", in, out);
    op->other = *other;
    op->numbers[KIND] = (int)kinds[kind];
    op->numbers[REVERSED] = reversed;
    op->finish.activation = activation;
}

/* RNN, GRU, LSTM: shapes, and the way through the steps. */
#include "operators/recurrent.h"

#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/gemm.h"
#include "operators/registry.h"
#include "operators/shadow.h"

#include <string.h>

static const int64_t SIDE_MAX = INT32_MAX;

static bsr_status expect_shape(const struct bsr_tensor *tensor, const char *what, int dims, size_t a,
                               size_t b, size_t c, int type, struct bsr_error *err)
{
    int64_t sides[] = {(int64_t)a, (int64_t)b, (int64_t)c};

    if (tensor && (tensor->type != type || tensor->dims != dims ||
                   memcmp(tensor->shape, sides, (size_t)dims * sizeof *sides) != 0))
        return call_refuse(err, "its %s is %s of shape %s, which does not fit the weights", what,
                           tensor_type_name(tensor->type), tensor_shape_text(tensor).text);
    return BSR_OK;
}

static bsr_status read_direction(struct recurrent *plan, const struct bsr_node *node, struct bsr_error *err)
{
    const char *direction = bsr_node_text(node, "direction", "forward");

    plan->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    plan->is_reverse = strcmp(direction, "reverse") == 0;
    if (plan->directions == 1 && !plan->is_reverse && strcmp(direction, "forward") != 0)
        return call_refuse(err, "direction is %s (forward, reverse, bidirectional)", direction);
    return BSR_OK;
}

static bsr_status read_sides(struct recurrent *plan, struct bsr_error *err)
{
    const struct bsr_tensor *x = plan->x, *w = plan->w, *r = plan->r;

    if (x->dims != 3 || w->dims != 3 || r->dims != 3 || !type_is_float(x->type) || w->type != x->type ||
        r->type != x->type)
        return call_refuse(err, "an input of shape %s with weights of shapes %s and %s",
                           tensor_shape_text(x).text, tensor_shape_text(w).text, tensor_shape_text(r).text);
    for (int i = 0; i < 3; i++)
        if (x->shape[i] < 0 || x->shape[i] > SIDE_MAX || r->shape[i] < 1 || r->shape[i] > SIDE_MAX)
            return call_refuse(err, "a side of %lld by %lld is out of range", (long long)x->shape[i],
                               (long long)r->shape[i]);
    plan->steps = (size_t)x->shape[plan->batch_first];
    plan->batch = (size_t)x->shape[!plan->batch_first];
    plan->inputs = (size_t)x->shape[2];
    plan->hidden = (size_t)r->shape[2];
    return BSR_OK;
}

static bsr_status check_shapes(const struct recurrent *p, struct bsr_error *err)
{
    size_t     wide = p->gates * p->hidden, d = p->directions;
    size_t     first = p->batch_first ? p->batch : d, second = p->batch_first ? d : p->batch;
    int        type = p->x->type;
    bsr_status status = expect_shape(p->w, "second input", 3, d, wide, p->inputs, type, err);

    if (status == BSR_OK)
        status = expect_shape(p->r, "third input", 3, d, wide, p->hidden, type, err);
    if (status == BSR_OK)
        status = expect_shape(p->bias, "bias", 2, d, 2 * wide, 0, type, err);
    if (status == BSR_OK)
        status = expect_shape(p->lengths, "sequence_lens", 1, p->batch, 0, 0, BSR_I32, err);
    if (status == BSR_OK)
        status = expect_shape(p->first_hidden, "initial_h", 3, first, second, p->hidden, type, err);
    if (status == BSR_OK)
        status = expect_shape(p->first_state, "initial_c", 3, first, second, p->hidden, type, err);
    if (status == BSR_OK)
        status = expect_shape(p->peepholes, "P", 2, d, 3 * p->hidden, 0, type, err);
    return status;
}

static bsr_status recurrent_read(struct recurrent *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_node *node = call->node;
    struct recurrent       plan = {
              .cell = strcmp(node->type, "LSTM") == 0  ? CELL_LSTM
                      : strcmp(node->type, "GRU") == 0 ? CELL_GRU
                                                       : CELL_RNN,
              .batch_first = bsr_node_int(node, "layout", 0) != 0,
              .linear_before_reset = bsr_node_int(node, "linear_before_reset", 0) != 0,
              .input_forget = bsr_node_int(node, "input_forget", 0) != 0,
              .clip = (double)bsr_node_float(node, "clip", 0),
              .x = call->inputs[0],
              .w = call->inputs[1],
              .r = call->inputs[2],
              .bias = call_input(call, 3),
              .lengths = call_input(call, 4),
              .first_hidden = call_input(call, 5),
    };
    bsr_status status;

    plan.gates = plan.cell == CELL_LSTM ? 4 : plan.cell == CELL_GRU ? 3 : 1;
    if (plan.cell == CELL_LSTM) {
        plan.first_state = call_input(call, 6);
        plan.peepholes = call_input(call, 7);
    }
    if ((status = read_direction(&plan, node, err)) != BSR_OK ||
        (status = read_sides(&plan, err)) != BSR_OK || (status = check_shapes(&plan, err)) != BSR_OK ||
        (status = activations_read(&plan, node, err)) != BSR_OK)
        return status;
    if (bsr_node_int(node, "hidden_size", (int64_t)plan.hidden) != (int64_t)plan.hidden)
        return call_refuse(err, "hidden_size is %lld where the weights have %zu",
                           (long long)bsr_node_int(node, "hidden_size", 0), plan.hidden);
    *out = plan;
    return BSR_OK;
}

static bsr_status recurrent_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct recurrent plan;
    bsr_status       status = call_expect(call, 3, 8, err);

    if (status != BSR_OK || (status = recurrent_read(&plan, call, err)) != BSR_OK)
        return status;
    if (call->output_count > (plan.cell == CELL_LSTM ? 3 : 2))
        return call_refuse(err, "it has %d outputs", call->output_count);
    int64_t steps = (int64_t)plan.steps, batch = (int64_t)plan.batch, d = (int64_t)plan.directions;
    int64_t hidden = (int64_t)plan.hidden;
    int64_t all[2][4] = {{steps, d, batch, hidden}, {batch, steps, d, hidden}};
    int64_t last[2][3] = {{d, batch, hidden}, {batch, d, hidden}};
    status = call_set(call, 0, plan.x->type, 4, all[plan.batch_first], err);
    for (int i = 1; status == BSR_OK && i < call->output_count; i++)
        status = call_set(call, i, plan.x->type, 3, last[plan.batch_first], err);
    return status;
}

/* ---- the way through the steps --------------------------------------------------------------------- */

struct work {
    struct recurrent_step step;
    double               *weights, *recurrent; /* transposed */
    double               *x;                   /* [batch][inputs] of a step */
    double               *block;               /* all other arrays */
};

static void work_free(struct work *work)
{
    mem_free(work->weights);
    mem_free(work->recurrent);
    mem_free(work->block);
}

static const double *part_of(const struct bsr_tensor *tensor, size_t direction, size_t size)
{
    return tensor ? (const double *)tensor->data + direction * size : NULL;
}

static bsr_status work_make(struct work *work, const struct recurrent *p, size_t direction,
                            struct bsr_error *err)
{
    size_t     wide = p->gates * p->hidden, units = p->batch * p->hidden;
    size_t     count = p->batch * p->inputs + 2 * p->batch * wide + 4 * units;
    void      *weights = NULL, *recurrent = NULL;
    bsr_status status = gemm_transpose(&weights, part_of(p->w, direction, wide * p->inputs), wide, p->inputs,
                                       sizeof(double), err);

    if (status == BSR_OK)
        status = gemm_transpose(&recurrent, part_of(p->r, direction, wide * p->hidden), wide, p->hidden,
                                sizeof(double), err);
    work->weights = weights;
    work->recurrent = recurrent;
    work->block = status == BSR_OK ? mem_alloc_zeroed(count, sizeof(double)) : NULL;
    if (status == BSR_OK && !work->block)
        status = bsr_fail_memory(err, NULL, count * sizeof(double));
    if (status != BSR_OK)
        return status;
    work->x = work->block;
    work->step = (struct recurrent_step){.plan = p,
                                         .activations = &p->activations[direction],
                                         .peepholes = part_of(p->peepholes, direction, 3 * p->hidden),
                                         .recurrent = recurrent,
                                         .recurrent_bias = part_of(p->bias, direction, 2 * wide)};
    struct recurrent_step *s = &work->step;
    s->recurrent_bias += s->recurrent_bias ? wide : 0;
    s->from_input = work->x + p->batch * p->inputs;
    s->from_hidden = s->from_input + p->batch * wide;
    s->hidden = s->from_hidden + p->batch * wide;
    s->state = s->hidden + units;
    s->next = s->state + units;
    s->scratch = s->next + units;
    return BSR_OK;
}

/* Row `n` of the batch of [directions][batch][hidden], or [batch][directions][hidden]. */
static size_t row_of(const struct recurrent *p, size_t direction, size_t n)
{
    return (p->batch_first ? n * p->directions + direction : direction * p->batch + n) * p->hidden;
}

static size_t length_of(const struct recurrent *p, size_t n)
{
    return p->lengths ? (size_t)((const int32_t *)p->lengths->data)[n] : p->steps;
}

/* out[batch][wide] = bias + in[batch][depth] * weights[depth][wide]. */
static void multiply(double *out, const double *in, const double *weights, const double *bias, size_t batch,
                     size_t depth, size_t wide)
{
    for (size_t i = 0; i < batch * wide; i++)
        out[i] = bias ? bias[i % wide] : 0;
    gemm_find(BSR_F64)(out, wide, in, depth, weights, wide, batch, wide, depth);
}

/* Step n of a sequence is its n-th element, or its n-th from the end. */
static void take_step(struct work *work, const struct bsr_call *call, size_t direction, size_t n)
{
    const struct recurrent *p = work->step.plan;
    struct recurrent_step  *s = &work->step;
    bool                    reverse = direction == 1 || p->is_reverse;
    size_t                  wide = p->gates * p->hidden, row = p->hidden * sizeof(double);
    double                 *y = call->outputs[0].data;

    for (size_t b = 0; b < p->batch; b++) {
        size_t length = length_of(p, b), at = reverse && n < length ? length - 1 - n : n;
        size_t from = (p->batch_first ? b * p->steps + at : at * p->batch + b) * p->inputs;
        memcpy(work->x + b * p->inputs, (const double *)p->x->data + from, p->inputs * sizeof(double));
    }
    multiply(s->from_input, work->x, work->weights, part_of(p->bias, direction, 2 * wide), p->batch,
             p->inputs, wide);
    multiply(s->from_hidden, s->hidden, work->recurrent, s->recurrent_bias, p->batch, p->hidden, wide);
    recurrent_step(s);
    for (size_t b = 0; b < p->batch; b++) {
        size_t length = length_of(p, b), at = reverse && n < length ? length - 1 - n : n;
        size_t to = p->batch_first ? (b * p->steps + at) * p->directions + direction
                                   : (at * p->directions + direction) * p->batch + b;
        if (n >= length) {
            memset(y + to * p->hidden, 0, row);
            continue;
        }
        memcpy(s->hidden + b * p->hidden, s->next + b * p->hidden, row);
        if (p->cell == CELL_LSTM)
            memcpy(s->state + b * p->hidden, s->scratch + b * p->hidden, row);
        memcpy(y + to * p->hidden, s->next + b * p->hidden, row);
    }
}

static bsr_status run_direction(const struct bsr_call *call, const struct recurrent *p, size_t direction,
                                struct bsr_error *err)
{
    struct work work = {0};
    size_t      row = p->hidden * sizeof(double);
    bsr_status  status = work_make(&work, p, direction, err);

    for (size_t b = 0; status == BSR_OK && b < p->batch; b++) {
        size_t from = row_of(p, direction, b);
        if (p->first_hidden)
            memcpy(work.step.hidden + b * p->hidden, (const double *)p->first_hidden->data + from, row);
        if (p->first_state)
            memcpy(work.step.state + b * p->hidden, (const double *)p->first_state->data + from, row);
    }
    for (size_t n = 0; status == BSR_OK && n < p->steps; n++)
        take_step(&work, call, direction, n);
    for (size_t b = 0; status == BSR_OK && b < p->batch; b++) {
        size_t to = row_of(p, direction, b);
        if (call->output_count > 1)
            memcpy((double *)call->outputs[1].data + to, work.step.hidden + b * p->hidden, row);
        if (call->output_count > 2)
            memcpy((double *)call->outputs[2].data + to, work.step.state + b * p->hidden, row);
    }
    work_free(&work);
    return status;
}

static bsr_status recurrent_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    struct recurrent plan;
    bsr_status       status = recurrent_read(&plan, call, err);

    if (status != BSR_OK || !plan.batch)
        return status;
    for (size_t b = 0; plan.lengths && b < plan.batch; b++) {
        int32_t length = ((const int32_t *)plan.lengths->data)[b];
        if (length < 0 || (size_t)length > plan.steps)
            return call_refuse(err, "a sequence is %d long (0 to %zu)", (int)length, plan.steps);
    }
    for (size_t d = 0; status == BSR_OK && d < plan.directions; d++)
        status = run_direction(call, &plan, d, err);
    return status;
}

static bsr_status recurrent_run(const struct bsr_call *call, struct bsr_error *err)
{
    return shadow_run(call, BSR_F64, recurrent_run_wide, err);
}

static const struct bsr_operator list[] = {
    {"RNN", recurrent_shape, recurrent_run},
    {"GRU", recurrent_shape, recurrent_run},
    {"LSTM", recurrent_shape, recurrent_run},
};
const struct operator_group operators_recurrent = OPERATOR_GROUP(list);

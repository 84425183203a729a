/* One step of RNN, GRU and LSTM, as the formulas in ONNX's description of them. */
#include "operators/gemm.h"
#include "operators/recurrent.h"

#include <string.h>

static double activate(const struct recurrent_step *step, int n, double x)
{
    const struct activation *activation = &step->activations->of[n];
    double                   clip = step->plan->clip;

    if (clip > 0)
        x = x > clip ? clip : x < -clip ? -clip : x;
    return activation->function(x, activation->alpha, activation->beta);
}

static void step_rnn(const struct recurrent_step *s)
{
    size_t count = s->plan->batch * s->plan->hidden;

    for (size_t i = 0; i < count; i++)
        s->next[i] = activate(s, 0, s->from_input[i] + s->from_hidden[i]);
}

/* The hidden gate's part of h R where the reset gate comes first: (r * h) R + bias, to scratch. */
static void reset_first(const struct recurrent_step *s)
{
    size_t hidden = s->plan->hidden, wide = 3 * hidden, count = s->plan->batch * hidden;

    for (size_t i = 0; i < count; i++) { /* next is not in use yet: r * h */
        size_t gate = i / hidden * wide + hidden + i % hidden;
        s->next[i] = activate(s, 0, s->from_input[gate] + s->from_hidden[gate]) * s->hidden[i];
        s->scratch[i] = s->recurrent_bias ? s->recurrent_bias[2 * hidden + i % hidden] : 0;
    }
    gemm_find(BSR_F64)(s->scratch, hidden, s->next, hidden, s->recurrent + 2 * hidden, wide, s->plan->batch,
                       hidden, hidden);
}

static void step_gru(const struct recurrent_step *s)
{
    size_t hidden = s->plan->hidden, count = s->plan->batch * hidden;

    if (!s->plan->linear_before_reset)
        reset_first(s);
    for (size_t i = 0; i < count; i++) {
        size_t gate = i / hidden * 3 * hidden + i % hidden;
        double update = activate(s, 0, s->from_input[gate] + s->from_hidden[gate]), part = s->scratch[i];
        if (s->plan->linear_before_reset)
            part = activate(s, 0, s->from_input[gate + hidden] + s->from_hidden[gate + hidden]) *
                   s->from_hidden[gate + 2 * hidden];
        double fresh = activate(s, 1, s->from_input[gate + 2 * hidden] + part);
        s->next[i] = (1 - update) * fresh + update * s->hidden[i];
    }
}

static void step_lstm(const struct recurrent_step *s)
{
    size_t hidden = s->plan->hidden, count = s->plan->batch * hidden;

    for (size_t i = 0; i < count; i++) {
        size_t unit = i % hidden, gate = i / hidden * 4 * hidden + unit;
        double gates[4], peep[3] = {0};
        for (size_t g = 0; g < 4; g++)
            gates[g] = s->from_input[gate + g * hidden] + s->from_hidden[gate + g * hidden];
        for (size_t g = 0; s->peepholes && g < 3; g++)
            peep[g] = s->peepholes[g * hidden + unit];
        double input = activate(s, 0, gates[0] + peep[0] * s->state[i]);
        double forget = s->plan->input_forget ? 1 - input : activate(s, 0, gates[2] + peep[2] * s->state[i]);
        double state = forget * s->state[i] + input * activate(s, 1, gates[3]);
        s->next[i] = activate(s, 0, gates[1] + peep[1] * state) * activate(s, 2, state);
        s->scratch[i] = state;
    }
}

void recurrent_step(const struct recurrent_step *step)
{
    switch (step->plan->cell) {
    case CELL_RNN:
        step_rnn(step);
        break;
    case CELL_GRU:
        step_gru(step);
        break;
    default:
        step_lstm(step);
    }
}

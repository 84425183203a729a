/* operators/recurrent.h: what RNN, GRU and LSTM have in common. All floats are f64 here (shadow.h). */
#pragma once

#include "operators/call.h"

enum recurrent_cell { CELL_RNN, CELL_GRU, CELL_LSTM };
enum { RECURRENT_DIRECTIONS = 2, RECURRENT_ACTIVATIONS = 3 };

struct activation {
    double (*function)(double x, double alpha, double beta);
    double alpha, beta;
};

/* The activations of a direction, in ONNX's order: f, g, h. */
struct activations {
    struct activation of[RECURRENT_ACTIVATIONS];
};

struct recurrent {
    enum recurrent_cell cell;
    size_t              gates; /* 1, 3 (z r h), 4 (i o f c) */
    size_t              steps, batch, inputs, hidden, directions;
    bool                batch_first; /* layout 1 */
    bool                is_reverse;  /* of the first direction; the second is always */
    bool                linear_before_reset, input_forget;
    double              clip; /* 0: none */
    struct activations  activations[RECURRENT_DIRECTIONS];
    /* x, weights [directions][gates * hidden][inputs], recurrent weights, and what may be NULL */
    const struct bsr_tensor *x, *w, *r, *bias, *lengths, *first_hidden, *first_state, *peepholes;
};

/* Names, alphas and betas from the node, or the defaults. BSR_EMODEL for unknown names. */
bsr_status activations_read(struct recurrent *plan, const struct bsr_node *node, struct bsr_error *err);

/* What a step of one direction works on, rows of the batch one behind the other. */
struct recurrent_step {
    const struct recurrent   *plan;
    const struct activations *activations;
    const double             *peepholes;      /* [3][hidden] (i o f), or NULL */
    const double             *recurrent;      /* [hidden][gates * hidden] */
    const double             *recurrent_bias; /* [gates * hidden], or NULL */
    double                   *from_input;     /* [batch][gates * hidden]: x W + bias */
    double                   *from_hidden;    /* [batch][gates * hidden]: h R + bias */
    double                   *hidden, *state; /* [batch][hidden] */
    double                   *next;           /* [batch][hidden]: what hidden becomes */
    double                   *scratch;        /* [batch][hidden] */
};

/* The step itself: from_input and from_hidden to next (and state). */
void recurrent_step(const struct recurrent_step *step);

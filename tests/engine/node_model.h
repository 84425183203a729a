/* tests/engine/node_model.h: an .onnx of one node, out of one line of text.
 *
 *     "Conv-11 x:1x2x7x8 w=4x2x3x3 b=4 | pads=[1,1,1,1] strides=[2,2] | 1"
 *
 * The operator and the version of the operator set ("custom.MyAdd-1": a domain); inputs; attributes; how many
 * outputs (1 where it is left out). Inputs:
 *     x:1x2x3          an input of the graph, f32
 *     x:i64:2x3        of another type
 *     w=4x2x3x3        a constant of f32 random numbers
 *     w=(0.5,1)        a constant of these, one dimension; (7) has one element, =0.5 is a scalar
 *     i=[1,-1]         a constant of whole numbers (i64), one dimension
 *     _                left out
 * Attributes: a=1 a whole number, a=1.5 a float, a=[1,2] and a=[1.5,2.0] lists of these, a='text'. */
#pragma once

#include "base/bytes.h"
#include "engine/engine.h"

enum { NODE_MODEL_INPUTS = 4 };

/* How numbers are drawn. */
enum node_numbers {
    NUMBERS_AROUND_ZERO, /* -2 .. 2 */
    NUMBERS_POSITIVE,    /* 0.1 .. 2.1 */
    NUMBERS_UNIT,        /* -0.9 .. 0.9 */
    NUMBERS_EXTREME,     /* among them 0, 1e-3, 30, 100, 1e4, 1e30, of both signs */
};

/* The model and what to feed it. Release with node_model_free(). */
struct node_model {
    struct bytes        onnx;
    struct engine_value inputs[NODE_MODEL_INPUTS];
    int                 input_count;
    char                names[NODE_MODEL_INPUTS][8];
};

/* Fails the test where the text is none. The names in *model are its own: it can't be moved. */
void node_model_make(struct node_model *model, const char *text, enum node_numbers numbers);
void node_model_free(struct node_model *model);

/* tests/operators/text_case.h: calls of operators written as text, so that a case is a row of a table.
 *
 *     {"Slice", 13, "axes=[1]", "f32[2,3] 0..; i64[1] 1; i64[1] 3; -", "f32[2,2] 1 2 4 5", "x[:, 1:3]"}
 *
 * Attributes: name=1 (an int), 1.5 (a float: it has a point), word, [1,2] (ints), [1.0,2.0] (floats),
 * {A,B} (words), <f32[1] 5> (a tensor). Inputs: a tensor each, "-" for one left out; "0.." counts up from 0.
 * Outputs: the same, or "! part of the sentence" that refuses it. */
#pragma once

#include "operators/registry.h"

struct operator_case {
    const char *name;
    int         opset;
    const char *attributes, *inputs, *outputs;
    const char
        *how; /* where the outputs are from: NumPy on x, y, z (the inputs in their order), or in words */
};

enum { TEXT_CASE_MAX = 20 }; /* attributes, inputs, outputs */

/* A case that can be called, and changed. Don't move it: parts point at each other. */
struct text_call {
    const struct bsr_operator *op;
    struct bsr_node            node;
    struct attribute           attributes[TEXT_CASE_MAX];
    struct bsr_tensor          inputs[TEXT_CASE_MAX], expected[TEXT_CASE_MAX], outputs[TEXT_CASE_MAX];
    const struct bsr_tensor   *pointers[TEXT_CASE_MAX]; /* to inputs, or NULL */
    struct bsr_call            call;
    const char                *refusal; /* NULL where it is to run */
};

/* Fails the test for a row that can't be read. Release with text_call_close(). */
struct text_call *text_call_open(const struct operator_case *row);
void              text_call_close(struct text_call *text);

/* shape(), room for the outputs (at most `most` bytes each, else BSR_ELIMIT), run(). */
bsr_status text_call_run(struct text_call *text, size_t most, struct bsr_error *err);

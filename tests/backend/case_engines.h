/* tests/backend/case_engines.h: the two ways to run a case's model. Private to node_case.c. */
#pragma once

#include "onnx/model.h"
#include "tests/backend/node_case.h"

enum { CASE_MAX_TENSORS = 64 };

/* The input_N.pb or output_N.pb of one data set. */
struct case_tensors {
    struct bsr_tensor items[CASE_MAX_TENSORS];
    int               count;
};

void case_free_tensors(struct case_tensors *tensors);

/* The model, opened for one engine. */
struct case_runner {
    const struct onnx_model *model;
    struct evaluator        *evaluator; /* one of these two */
    struct engine           *engine;
};

/* `data` is the model's file. `runner->model` is set before. Close what was opened, also after a failure. */
bsr_status case_open(struct case_runner *runner, enum case_engine engine, const struct bytes *data,
                     struct bsr_error *err);
void       case_close(struct case_runner *runner);

/* Runs and compares. `inputs` may be changed. */
struct verdict case_run_set(const struct case_runner *runner, struct case_tensors *inputs,
                            const struct case_tensors *expected);

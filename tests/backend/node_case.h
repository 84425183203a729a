/* tests/backend/node_case.h: one folder of ONNX's node tests: model.onnx, and in test_data_set_N the
 * input_N.pb and the output_N.pb that it must give. */
#pragma once

#include "tests/backend/verdict.h"

enum case_engine { CASE_BESRA, CASE_OPENCV, CASE_ENGINES };

/* What the case is about. */
struct case_about {
    char    name[128]; /* of the operator: "Conv", "ai.onnx.ml.Binarizer" */
    int64_t opset;     /* of its domain */
    bool    only_f32;  /* all floats of its inputs and outputs are f32, and there are some */
};

/* A case "NAME_expanded..." (a function's body written out) is about the operator of case NAME; others about
 * their only node's. False when there is no model to be read. */
bool case_describe(struct case_about *out, const char *folder);

/* Runs all data sets of the case in this process. */
struct verdict case_run(const char *folder, enum case_engine engine);

/* app/eval_detect_show.h: what a detector's evaluation came to, for people and for programs. */
#pragma once

#include "app/eval.h"
#include "pipeline/eval_detect.h"

/* Where `at` is the limits at which pictures were judged. Exit codes. */
int eval_detect_print(const struct run *run, const struct eval_detect *eval,
                      const struct eval_detection *result, const struct confusion_limits *at);
int eval_detect_json(const struct run *run, const struct eval_detect *eval,
                     const struct eval_detection *result, const struct confusion_limits *at);

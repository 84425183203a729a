/* app/eval.h: what the commands below `eval` have in common. */
#pragma once

#include "app/run.h"
#include "app/tables.h"

/* Whether --truth was given; says so when not. */
bool eval_has_truth(const struct options *options, const char *kind);

/* Writes a drawing (released, also on failure) as `name` into the folder of --plots. An exit code. */
int eval_write_plot(const struct run *run, const char *name, struct bytes *svg);

/* An object with what was run on what, to be added to; NULL when memory ran out. */
json_t *eval_json(const struct run *run, size_t pictures);

/* Adds `value` (taken over, also on failure); sets *object to NULL, released, when memory ran out. */
void eval_put(json_t **object, const char *key, json_t *value);

/* The code of the run, unless showing what it came to failed. */
int eval_exit_code(int run_code, int show_code);

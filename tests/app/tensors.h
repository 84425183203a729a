/* tests/app/tensors.h: tensors in files, for the tests of `besra model`, and what is expected of them. */
#pragma once

#include "base/tensor.h"
#include "tests/app/scenes.h"

/* The tests' own models (make_models.py). */
#define MODELS "$SOURCE/tests/app/data/"

/* Writes numbers as a tensor to `path`: a .npy, or a .pb by its extension. */
void tensor_save(const char *path, int type, int dims, const int64_t *shape, const double *values);

/* Reads a .npy or .pb; release with tensor_free(). Ends the test where it can't. */
struct bsr_tensor tensor_load(const char *path);

/* Ends the test unless the file holds this type and just these numbers, or these up to `tolerance`. */
void expect_numbers(const char *path, int type, size_t count, const double *values, double tolerance);

/* Unless both files hold the same type and shape, and numbers not further apart than `tolerance`. */
void expect_near(const char *path, const char *other, double tolerance);

/* Runs a command that has to end with `code`, saying nothing on standard error but what has `part` in it
 * (NULL: nothing is asked). Returns what it printed, to be freed. */
char *run_expecting(int code, const char *part, const char *command, ...)
    __attribute__((format(printf, 3, 4)));

/* The JSON that a command, which has to succeed, prints, and nothing beside it; release with json_decref().
 */
json_t *run_json(const char *command, ...) __attribute__((format(printf, 1, 2)));

/* What is at a path of keys and indices: "outputs.0.shape"; NULL: nothing. The object's own. */
const json_t *json_at(const json_t *object, const char *path);

/* Ends the test unless there is `text` written as JSON: "[1, 3]", "null", "\"f32\"". */
void expect_json(const json_t *object, const char *path, const char *text);
void expect_real(const json_t *object, const char *path, double value, double tolerance);

/* The folder models/tutorial of the reference material as $TUTORIAL for commands; skips the test, aloud,
 * without it. */
void tutorial_enter(void);

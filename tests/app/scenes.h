/* tests/app/scenes.h: pictures for the program, in which the tests' own detector (data/berries.cfg,
 * make_models.py) finds what can be worked out by hand, and what is expected of a run. Each test has a
 * scratch folder of its own as the current folder. */
#pragma once

#include "media/picture.h"
#include "tests/app/run_program.h"

#include <jansson.h>

/* A scene is a grey picture of 64 x 64 with a red square, x 16 to 32, y 16 to 32, and a green one, x 32 to
 * 48, y 32 to 48. The detector finds each as its very square: a berry (class 0) and a green leaf (class 1),
 * with a score of sigmoid(3) * sigmoid(8) = 0.9523 * 0.9997 each. */
enum { SCENE_SIDE = 64 };
#define SCENE_SCORE 0.95225

/* For cmocka_unit_test_setup_teardown(): makes the scratch folder current, and the models of the tests and of
 * the source tree known. */
int scratch_enter(void **state);
int scratch_leave(void **state);

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

/* Writes a scene to `path`, in the format that its extension names. */
void scene_write(const char *path);

void           text_write(const char *path, const char *text);
void           picture_write(const char *path, const struct picture *picture);
struct picture picture_read(const char *path); /* for editing; release with picture_free() */

/* Writes the first `size` bytes of `from` to `to`; size 0: the first half. */
void file_cut(const char *from, const char *to, size_t size);

/* Ends the test, with what the run said, unless it ended with `code`. */
void expect_code(const struct run_result *run, int code);

/* Unless `text` has `part` in it (or hasn't). */
void expect_part(const char *text, const char *part);
void expect_no_part(const char *text, const char *part);

/* Unless `folder` holds just these files, hidden ones and those in its folders included: "a.png\nb/c.png\n",
 * in the order of strcmp. */
void expect_files(const char *folder, const char *files);

/* Unless two files are the same to the byte. */
void expect_same_file(const char *path, const char *other);

/* The n-th line of records, parsed; the caller releases it. */
json_t *record_read(const char *lines, size_t index);
size_t  record_count(const char *lines);

/* Unless the record is the one of a scene: all fields of the reference, nothing else, and both finds. */
void expect_scene_record(const json_t *record, const char *source);

/* Unless the object's keys are these, in this order: "source width height". */
void expect_keys(const json_t *object, const char *keys);

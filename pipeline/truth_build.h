/* pipeline/truth_build.h: what the readers of truths have in common: they gather pictures, boxes and classes
 * of their own, which become the model's at the end. For the files truth*.c only. */
#pragma once

#include "pipeline/truth.h"

#define TRUTH_MAX_BYTES ((size_t)1 << 30) /* of a file; COCO's train2017 has 0.45 GB */

struct truth_build {
    struct truth_picture *pictures; /* [sources] */
    size_t                sources;
    struct bytes          boxes;      /* struct truth_raw */
    struct bytes          names;      /* of the truth's own classes, each ended by 0 */
    int                   name_count; /* 0: classes are only numbers */
    bool                  numbered;   /* classes have an order that may be the model's */
};

/* A box with its class in the truth's own numbers. */
struct truth_raw {
    size_t           source;
    struct truth_box box;
};

bsr_status truth_build_open(struct truth_build *build, size_t sources, struct bsr_error *err);
void       truth_build_close(struct truth_build *build);

/* Adds a class. BSR_ELIMIT over TRUTH_MAX_CLASSES, BSR_ENOMEM. */
bsr_status truth_build_add_name(struct truth_build *build, const char *name, struct bsr_error *err);

/* The number of the class of this name, which is added where it is new. */
bsr_status truth_build_find_name(int *index, struct truth_build *build, const char *name,
                                 struct bsr_error *err);

bsr_status truth_build_add_box(struct truth_build *build, size_t source, const struct truth_box *box,
                               struct bsr_error *err);

/* Turns what was gathered into a truth in the model's classes; `path` is for messages. */
bsr_status truth_build_finish(struct truth *out, const struct truth_build *build, const char *path,
                              const struct truth_classes *classes, struct bytes *notes,
                              struct bsr_error *err);

/* The readers: they fill a build that is open. */
bsr_status truth_read_coco(struct truth_build *build, const char *path, const struct sources *sources,
                           struct bytes *notes, struct bsr_error *err);
bsr_status truth_read_folder(struct truth_build *build, const char *path, const struct sources *sources,
                             struct bytes *notes, struct bsr_error *err);

/* One picture's file; `path` is for messages. */
bsr_status truth_parse_coco(struct truth_build *build, const char *text, size_t size, const char *path,
                            const struct sources *sources, struct bytes *notes, struct bsr_error *err);
bsr_status truth_parse_yolo(struct truth_build *build, size_t source, const struct bytes *text,
                            const char *path, struct bsr_error *err);
bsr_status truth_parse_voc(struct truth_build *build, size_t source, const struct bytes *text,
                           const char *path, struct bsr_error *err);

/* Whether two names of classes are one: capitals, and blanks, - and _, don't tell them apart. */
bool truth_same_name(const char *a, const char *b);

/* ---- sources by name ---------------------------------------------------------------------- */

/* Which source a truth means by a file's name: the one whose path ends so, else the only one of that last
 * part. */
struct truth_index {
    const struct sources *sources;
    size_t               *order; /* by the last parts of their paths */
};

bsr_status truth_index_open(struct truth_index *index, const struct sources *sources, struct bsr_error *err);
void       truth_index_close(struct truth_index *index);

/* Calls the sources' numbers that `name` means, one after the other: start with *at 0; false behind the last.
 */
bool truth_index_next(const struct truth_index *index, const char *name, size_t *at, size_t *source);

/* pipeline/outputs.h: where the results of each picture go, so that none overwrites another's. */
#pragma once

#include "media/picture.h"
#include "pipeline/sources.h"

/* The names of one picture's results below the output folder. Text belongs to the list. */
struct output_names {
    char *stem;    /* "trip/a", unique in this run: side files are STEM.txt, crops STEM-1.jpg */
    char *picture; /* "trip/a.jpg": unique in this run */
};

/* One entry a source; release with outputs_free(). */
struct outputs {
    struct output_names *items;
    size_t               count;
};

/* Names for all sources. `format` is what pictures are written as; PICTURE_UNKNOWN keeps each one's own
 * (by its extension; JPEG where besra can't write that). Two sources with one stem (a.jpg and a.png) keep
 * their whole names as stems, so that side files differ; sources of one name from different folders get -2,
 * -3 behind it. The same sources always get the same names. BSR_ENOMEM. */
bsr_status outputs_plan(struct outputs *out, const struct sources *sources, enum picture_format format,
                        struct bsr_error *err);

/* Releases what one item holds. */
void outputs_drop(struct output_names *item);
void outputs_free(struct outputs *outputs);

/* Whether `folder` ("" is the current one) can be written into, or made where it isn't there: to be told
 * before work starts, once and not for each picture. Makes nothing. BSR_EIO, BSR_ENOMEM. */
bsr_status outputs_check_folder(const char *folder, struct bsr_error *err);

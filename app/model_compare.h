/* app/model_compare.h: what the two files of `besra model compare` share. */
#pragma once

#include "app/model_file.h"
#include "pipeline/bisect.h"

#include <jansson.h>

/* A comparison from the options to what was found. */
struct comparison {
    const struct options  *options;
    struct model_file      files[2]; /* model NULL: a folder, or the other's serves both */
    struct compare_side    sides[2];
    struct feeds           feeds;
    struct compare_pairs   pairs;
    struct compare_result *results; /* one a pair */
    int                    first;   /* pair where the two part; -1: nowhere */
    struct bisection       bisection;
    bool                   bisected, drawn; /* written as --bisect and --heat say */
};

/* The table, and where they part. */
void comparison_print(const struct comparison *comparison);

/* What --heat and --bisect have written. */
void comparison_print_files(const struct comparison *comparison);

/* The record of --json. NULL when memory ran out. */
json_t *comparison_record(const struct comparison *comparison);

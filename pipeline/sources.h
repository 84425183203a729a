/* pipeline/sources.h: from what the user named (pictures, folders, globs, lists, "-") to a list of pictures.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>

/* One picture to work on. Text belongs to the list. */
struct source {
    char *path;     /* to open; "-" is standard input */
    char *relative; /* below the named folder ("trip/a.jpg"), or the file's name: what output trees mirror */
    bool  named;    /* the user named this very file: a stray file is then an error, not passed over */
};

/* Start with {0}; release with sources_free(). */
struct sources {
    struct source *items;
    size_t         count, capacity;
    size_t         passed_over; /* files in folders that are no pictures */
};

struct source_options {
    bool        recursive; /* go into the folders of a folder */
    const char *list_file; /* a file with a path a line ("-": standard input), or NULL */
    bool        videos;    /* those in folders count, too */
    const char *leave_out; /* a folder that is not gone into (the output's), or NULL */
};

/* Appends what `inputs` name, in their order; the content of a folder in the order of strcmp on its paths.
 * An input is a file, a folder, "-", "@list", a frame of a video ("clip.mp4#t=3.52", still.h), or a glob
 * pattern when no file of that name exists. In a folder
 * files count as pictures by their first bytes. A list has a path a line; empty lines and those that begin
 * with # are left out; its files count as named. What can't be found or read (a file, a folder, a pattern
 * that matches nothing) stays in the list, so that working on it reports it and the rest gets done.
 * BSR_EMISSING and BSR_EIO for a list that can't be read, BSR_ELIMIT for too deep folders, BSR_ENOMEM. */
bsr_status sources_collect(struct sources *out, char *const *inputs, size_t input_count,
                           const struct source_options *options, struct bsr_error *err);

/* Releases what one item holds. */
void sources_drop(struct source *item);
void sources_free(struct sources *sources);

/* pipeline/job.h: what working through a batch of pictures has in common, whatever is done to each. */
#pragma once

#include "base/pool.h"
#include "media/draw.h"
#include "media/picture.h"
#include "pipeline/batch.h"
#include "pipeline/model.h"
#include "pipeline/outputs.h"
#include "pipeline/record.h"
#include "pipeline/sources.h"

/* What is the same for all pictures of a batch. All of it is the caller's. */
struct job {
    const struct model   *model;
    const struct sources *sources;
    const struct outputs *outputs; /* names below `folder`, an entry a source */
    const char           *folder;  /* to write into */
    const char           *file;    /* instead: the one file to write ("-": standard output); or NULL */
    enum picture_format   format;  /* of written pictures; PICTURE_UNKNOWN: as the output's name says */
    int                   quality; /* 1..100 */
    bool                  overwrite;
    bool                  records; /* make a record of each input */
    struct picture_limits limits;
    int                   threads; /* in all */
    int                   workers; /* pictures at a time: 1 gives all threads to the net */
};

/* Workers for `count` pictures: as many as there are threads, and no more than pictures. */
int job_workers(int threads, size_t count);

/* What every worker keeps from picture to picture. */
struct job_worker {
    struct pool       *pool; /* for the steps beside the net, where one worker has all threads; else NULL */
    struct typesetter *typesetter;
    struct bytes       path, text;
};

/* Tells the engine how many threads a net gets. Before the first net is opened. */
void job_share_threads(const struct job *job);

/* Makes the pool, once, where one worker has all threads. */
bsr_status job_worker_open(struct job_worker *worker, const struct job *job, struct bsr_error *err);
void       job_worker_close(struct job_worker *worker);

/* The worker's typesetter, opened when first asked for. */
bsr_status job_worker_typesetter(struct job_worker *worker, struct bsr_error *err);

/* A picture read, checked against the budget and decoded. */
struct loaded {
    struct picture picture;
    int            width, height; /* of the whole picture, upright */
    struct bytes   file;          /* encoded, where the picture was reduced and is wanted as a whole, too */
};

/* Bytes that a picture will take beyond its file, once its facts are known. */
typedef uint64_t job_cost(const struct job *job, const struct picture_facts *facts, const void *context);

/* Reads and decodes input `index`; reserves what `cost` says before decoding. Adds to *timing. Release with
 * loaded_free(). The error's subject is the source's path. */
bsr_status job_load(struct loaded *out, const struct job *job, struct batch *batch, int worker, size_t index,
                    enum picture_purpose purpose, job_cost *cost, const void *context, struct timing *timing,
                    struct bsr_error *err);

/* The same of a frame of a video, where the source's path names one (still.h); *is_frame tells. For
 * job_load_reduced(). */
bsr_status job_load_frame(struct loaded *out, const struct job *job, struct batch *batch, int worker,
                          size_t index, job_cost *cost, const void *context, struct timing *timing,
                          bool *is_frame, struct bsr_error *err);

/* How many times smaller (1, 2, 4 or 8) a picture of width x height (upright) may be decoded. */
typedef int job_reduction(int width, int height, const void *context);

struct job_reading {
    enum picture_purpose purpose;
    job_cost            *cost; /* is given the facts of the picture that will be decoded */
    job_reduction       *reduction;
    const void          *context; /* of both */
    bool                 whole;   /* job_load_whole() will follow */
};

/* job_load() of a picture that may be decoded smaller than it is. */
bsr_status job_load_reduced(struct loaded *out, const struct job *job, struct batch *batch, int worker,
                            size_t index, const struct job_reading *how, struct timing *timing,
                            struct bsr_error *err);

/* Decodes the whole picture in place of a reduced one, with `whole` asked for before. Nothing to do where it
 * wasn't reduced. */
bsr_status job_load_whole(struct loaded *loaded, const struct job *job, size_t index,
                          enum picture_purpose purpose, struct timing *timing, struct bsr_error *err);

/* Releases and sets to {0}. */
void loaded_free(struct loaded *loaded);

/* The path of a result of input `index`: `name` below `below` ("labels", or NULL) in the job's folder.
 * BSR_ENOMEM. */
bsr_status job_path(struct bytes *path, const struct job *job, const char *below, const char *name,
                    struct bsr_error *err);

/* Writes `data` to `path`, making its folders. */
bsr_status job_write(const struct job *job, const char *path, const void *data, size_t size,
                     struct bsr_error *err);

/* Encodes `picture` as the job says and writes it to `path`. */
bsr_status job_write_picture(const struct job *job, const char *path, const struct picture *picture,
                             struct bsr_error *err);

/* The head of input `index`'s record. */
struct record_head job_record_head(const struct job *job, size_t index, const char *task, int width,
                                   int height, const struct timing *timing);

/* Where records are wanted and the input failed: its record with the error. Otherwise nothing. */
void job_record_failure(const struct job *job, size_t index, const char *task, const struct loaded *loaded,
                        struct item_result *result);

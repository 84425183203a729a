/* pipeline/bench.h: how long a model takes: the net alone, and each stage of a picture's way through it. */
#pragma once

#include "pipeline/feeds.h"
#include "pipeline/model.h"

struct bench_options {
    int         threads;
    const char *picture; /* a file to measure the stages on; NULL: noise of the net's size, not decoded */
    double      scale;   /* of nets that enlarge */
    struct model_hints hints; /* with the engine's options */
};

/* Percentiles, milliseconds. */
struct bench_times {
    double min, p50, p90, p99;
};

enum bench_series {
    BENCH_NET, /* alone, all of its outputs, on random numbers */
    BENCH_DECODE,
    BENCH_PRE,
    BENCH_PICTURE_NET, /* as the command has it: less where not all outputs are needed */
    BENCH_POST,
    BENCH_PICTURE, /* all stages together */
    BENCH_SERIES
};

/* A model that is measured. */
struct bench;

/* Opens a model for pictures as detect, upscale or classify would, whichever it is for, and runs it once.
 * What was decided otherwise than asked is appended to *notes. BSR_EMODEL for a model for none of them;
 * errors of model_open() and of the picture. Release with bench_close(). */
bsr_status bench_open(struct bench **out, const char *model, const struct bench_options *options,
                      struct bytes *notes, struct bsr_error *err);

/* Opens any net: `onnx` is borrowed until the bench is closed, `feeds` (of all its inputs) are taken over,
 * also on failure. There are no stages. */
bsr_status bench_open_net(struct bench **out, const struct bytes *onnx, struct feeds *feeds, const char *name,
                          const struct bench_options *options, struct bsr_error *err);
void       bench_close(struct bench *bench);

/* Runs and notes the times. May be called again, in turn with others. Errors of the stages. */
bsr_status bench_run(struct bench *bench, int runs, struct bsr_error *err);

/* Of all runs so far; zeros where there are none. */
struct bench_times bench_times(const struct bench *bench, enum bench_series series);

struct bench_facts {
    enum card_task    task;           /* CARD_TASK_UNKNOWN: none, there are no stages */
    struct bsr_tensor input;          /* of the net alone: the first; without data */
    bool              decoded, srcnn; /* there was a picture to decode; all of the net is besra's SRCNN */
    int               width, height;  /* of the picture */
    double            open_ms;        /* of the model, until the first run had ended */
    uint64_t          peak_bytes;     /* the process's peak then */
    uint64_t          fast_bytes;     /* working memory of the fast regions */
};
struct bench_facts bench_facts(const struct bench *bench);

/* The multiplications of a run of the net alone, as the graph has them. BSR_ENOMEM. */
bsr_status bench_macs(double *macs, const struct bench *bench, struct bsr_error *err);

/* Times the layers of the net alone: *steps (mem_free()), none for SRCNN. Errors of engine_profile(). */
bsr_status bench_layers(struct bench *bench, int runs, struct engine_step **steps, int *count,
                        struct bsr_error *err);

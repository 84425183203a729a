/* tests/pipeline/live_stage.h: rendered sources and recordings that only note what comes, for live video
 * without a camera, a file or a codec. One stage at a time. */
#pragma once

#include "pipeline/live_source.h"

#include <stdio.h>

enum { STAGE_OPENINGS = 8, STAGE_FILES = 8, STAGE_TIMES = 4096 };

/* What one opening of the source does. */
struct stage_opening {
    bsr_status fails;  /* opening it; BSR_OK: it doesn't */
    int        frames; /* and then */
    enum stage_end {
        STAGE_ENDS,
        STAGE_BREAKS, /* BSR_EIO */
        STAGE_HANGS   /* until it is told to stop */
    } then;
    bool   live;
    double fps;           /* of the time stamps; live: and of the clock; 0: 100 */
    int    width, height; /* 0: 64 x 64 */
    /* Whether frame `number` of the opening has a berry on it; NULL: all have. */
    bool (*berry)(int number);
};

/* What became of a file that was recorded. */
struct stage_file {
    char   path[256];
    bool   begun, closed;
    double hold, begin_time, end_time; /* of begin: the newest frame then; -1: at once */
    double times[STAGE_TIMES];
    int    width, height, count;
};

struct stage {
    struct stage_opening openings[STAGE_OPENINGS];
    int                  opening_count, opened, closed;
    struct video_options asked; /* of the newest opening */
    struct stage_file    files[STAGE_FILES];
    int                  file_count;
    double               add_ms;    /* that a frame takes to be recorded */
    int                  add_fails; /* the n-th frame that is recorded; 0: none */
    int                  messages;
    char                 said[65536];
    int                  lines; /* of the record */
    FILE                *record;
    char                *record_text;
    size_t               record_size;
};

extern struct stage       stage;
extern struct live_ground stage_ground; /* waits 5 ms first, 40 at most; steady after a minute */

void stage_begin(void);
void stage_end(void);

/* Grey; a berry is red, in the 16 x 16 pixels from (16, 16) on. */
void stage_render(const struct bsr_image *image, bool berry);

/* The tests' own tiny detector, each frame of a source named "stage", messages and records noted. */
struct live_options stage_options(void);

struct live *stage_open(const struct live_options *options);

/* The n-th line of the record has this text in it. */
bool stage_line_has(int n, const char *text);

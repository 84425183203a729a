#include "app/commands.h"
#include "app/detecting.h"
#include "app/run.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "pipeline/detect_job.h"
#include "pipeline/label.h"

#include <stdlib.h>

enum { CLASSES_SHOWN = 8 }; /* in the summary; the rest are counted together */

static struct detect_job_options job_options(const struct options *options, const struct model *model)
{
    return (struct detect_job_options){
        .detect = detecting_options(options, model),
        .as_stored = detecting_as_stored(options, model),
        .save_image = !options->no_image,
        .save_txt = options->save_txt,
        .save_score = options->save_conf,
        .save_crop = options->save_crop,
        .label = options->label,
        .hide_labels = options->hide_labels,
        .hide_score = options->hide_conf,
        .line_width = options->line_width,
    };
}

struct class_count {
    const char *name;
    size_t      found;
};

static int by_count(const void *a, const void *b)
{
    size_t x = ((const struct class_count *)a)->found, y = ((const struct class_count *)b)->found;
    return (x < y) - (x > y);
}

/* "found 14 objects: 9 person, 4 car, 1 dog". */
static void say_found(const struct detect_job *job, size_t total)
{
    int    classes = 0, present = 0;
    size_t found;
    while (detect_job_class(job, classes, &found))
        classes++;
    struct class_count *counts = mem_alloc_zeroed((size_t)classes, sizeof *counts);
    if (!counts)
        return;
    for (int i = 0; i < classes; i++) {
        const char *name = detect_job_class(job, i, &found);
        if (found)
            counts[present++] = (struct class_count){.name = name, .found = found};
    }
    qsort(counts, (size_t)present, sizeof *counts, by_count);

    struct bytes line = {0};
    bytes_append_format(&line, "found %zu object%s", total, total == 1 ? "" : "s");
    for (int i = 0; i < present && i < CLASSES_SHOWN; i++)
        bytes_append_format(&line, "%s %zu %s", i ? "," : ":", counts[i].found, counts[i].name);
    if (present > CLASSES_SHOWN)
        bytes_append_format(&line, " and %d more classes", present - CLASSES_SHOWN);
    terminal_say("%s", bytes_text(&line));
    bytes_free(&line);
    mem_free(counts);
}

static bool writes_files(const struct detect_job_options *how)
{
    return how->save_image || how->save_txt || how->save_crop;
}

static int detect(struct run *run, const struct options *options)
{
    struct detect_job_options how = job_options(options, &run->model);
    struct detect_job        *job = NULL;
    struct bytes              notes = {0};
    struct bsr_error          err;

    if (label_check(options->label, &err) != BSR_OK)
        return run_fail(&err);
    if (writes_files(&how) && run_check_output(run, &err) != BSR_OK)
        return run_fail(&err);
    if (detect_job_open(&job, &run->job, &how, &notes, &err) != BSR_OK) {
        bytes_free(&notes);
        return run_fail(&err);
    }
    run_say_notes(run, &notes, true);
    int code = run_batch(run, detect_job_work, job);
    if (run->report.done)
        say_found(job, run->report.found);
    if (writes_files(&how))
        run_say_written(run);
    detect_job_close(job);
    bytes_free(&notes);
    return code;
}

int detect_command(const struct options *options)
{
    struct run run;
    int        code = run_open(&run, options, CARD_DETECT, "object");
    if (code == EXIT_DONE)
        code = detect(&run, options);
    run_close(&run);
    return code;
}

#include "app/report.h"

#include "app/interrupt.h"
#include "app/terminal.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    FEW_INPUTS = 12, /* so many get a line each without --verbose */
    PROGRESS_EVERY_MS = 100,
};

/* Cuts off a last line that a kill left without its end. */
static void cut_torn_line(int fd)
{
    char  last;
    off_t size = lseek(fd, 0, SEEK_END), whole = size;
    while (whole > 0 && pread(fd, &last, 1, whole - 1) == 1 && last != '\n')
        whole--;
    if (whole < size && ftruncate(fd, whole) != 0)
        return; /* a line too many; nothing is lost */
}

static FILE *open_records(const struct options *options)
{
    if (strcmp(options->json, "-") == 0)
        return stdout;
    bool goes_on = options->resume && !options->overwrite;
    int  how = goes_on ? O_APPEND : options->overwrite ? O_TRUNC : O_EXCL;
    int  fd = open(options->json, O_RDWR | O_CREAT | O_CLOEXEC | how, 0666);
    if (fd >= 0 && goes_on)
        cut_torn_line(fd);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

bsr_status report_refuse_existing(const char *path, struct bsr_error *err)
{
    bsr_fail(err, BSR_EEXIST, path, "exists already");
    bsr_hint(err, "replace it with --overwrite");
    return BSR_EEXIST;
}

bsr_status report_refuse_records(const struct options *options, int cause, struct bsr_error *err)
{
    return cause == EEXIST ? report_refuse_existing(options->json, err)
                           : bsr_fail(err, BSR_EIO, options->json, "can't be written: %s", strerror(cause));
}

/* A record or a line of each input, rather than what all of them come to. */
static bool tells_each(const struct options *options)
{
    return options->command == COMMAND_DETECT || options->command == COMMAND_UPSCALE ||
           options->command == COMMAND_CLASSIFY;
}

bsr_status report_open(struct report *report, const struct options *options, const struct sources *sources,
                       const char *thing, struct bsr_error *err)
{
    *report = (struct report){.options = options, .sources = sources, .thing = thing, .start = clock_ms()};
    if (options->dry_run || !tells_each(options))
        return BSR_OK;
    if (!options->json) {
        report->records = options->command == COMMAND_CLASSIFY ? stdout : NULL; /* lines for people */
        return BSR_OK;
    }
    report->records = open_records(options);
    return report->records ? BSR_OK : report_refuse_records(options, errno, err);
}

static void write_record(struct report *report, const struct bytes *record)
{
    if (!report->records || report->records_failed || !record->size)
        return;
    if (fwrite(record->data, 1, record->size, report->records) == record->size &&
        fflush(report->records) == 0)
        return;
    report->records_failed = true;
    bsr_fail(&report->records_error, BSR_EIO,
             report->records != stdout ? report->options->json : "standard output",
             "the records can't be written: %s", strerror(errno));
    terminal_error(&report->records_error);
}

static void show_progress(struct report *report, size_t total)
{
    double now = clock_ms(), seconds = (now - report->start) / 1e3;
    size_t finished = report->done + report->failed;
    bool   json = report->options->progress == PROGRESS_JSON;
    double rate = seconds > 0 ? (double)finished / seconds : 0;
    char   line[256], found[64] = "";

    if ((!json && !terminal_shows_progress()) ||
        (now - report->last_progress < PROGRESS_EVERY_MS && finished < total))
        return;
    report->last_progress = now;
    if (json) {
        fprintf(stderr, "{\"done\":%zu,\"total\":%zu,\"found\":%zu,\"failed\":%zu,\"seconds\":%.3f}\n",
                finished, total, report->found, report->failed, seconds);
        return;
    }
    if (report->thing)
        snprintf(found, sizeof found, ", %zu %s%s found", report->found, report->thing,
                 report->found == 1 ? "" : "s");
    snprintf(line, sizeof line, "%zu of %zu pictures, %.1f/s, %.0f s left%s", finished, total, rate,
             rate > 0 ? (double)(total - finished) / rate : 0, found);
    terminal_progress(line);
}

static void add_timing(struct timing *sum, const struct timing *timing)
{
    sum->decode += timing->decode;
    sum->pre += timing->pre;
    sum->net += timing->net;
    sum->post += timing->post;
    sum->encode += timing->encode;
}

static bool options_say_classes(const struct options *options)
{
    return options->command == COMMAND_CLASSIFY;
}

static void say_done(struct report *report, size_t index, const struct item_result *result)
{
    const struct timing *ms = &result->timing;
    bool                 few = report->sources->count <= FEW_INPUTS && tells_each(report->options);
    if (report->options->verbose == 0 && !few)
        return;
    if (options_say_classes(report->options))
        return; /* the line on standard output says it */
    if (report->thing)
        terminal_say("%s: %zu %s%s (%.0f ms)", report->sources->items[index].path, result->found,
                     report->thing, result->found == 1 ? "" : "s",
                     ms->decode + ms->pre + ms->net + ms->post + ms->encode);
    else
        terminal_say("%s: enlarged (%.0f ms)", report->sources->items[index].path,
                     ms->decode + ms->pre + ms->net + ms->post + ms->encode);
}

bool report_item(struct report *report, size_t index, const struct item_result *result)
{
    write_record(report, &result->record);
    if (result->status == BSR_OK) {
        report->done++;
        report->found += result->found;
        add_timing(&report->sum, &result->timing);
        say_done(report, index, result);
    } else {
        report->failed++;
        report->over_budget += result->status == BSR_EBUDGET;
        terminal_error(&result->error);
        report->stopped = report->options->fail_fast;
    }
    show_progress(report, report->sources->count);
    return !report->stopped && !report->records_failed;
}

void report_summary(struct report *report)
{
    double seconds = (clock_ms() - report->start) / 1e3;
    double count = report->done ? (double)report->done : 1;

    terminal_clear_progress();
    if (interrupt_signal) {
        struct bsr_error err;
        bsr_fail(&err, BSR_ECANCELED, NULL, "interrupted: %zu of %zu pictures are done and kept",
                 report->done, report->sources->count);
        terminal_error(&err);
    }
    if (report->records && report->records != stdout && fclose(report->records) != 0 &&
        !report->records_failed) {
        report->records_failed = true;
        bsr_fail(&report->records_error, BSR_EIO, report->options->json, "the records can't be written: %s",
                 strerror(errno));
        terminal_error(&report->records_error);
    }
    if (report->done)
        terminal_say(
            "ms a picture: decode %.1f, prepare %.1f, net %.1f, after the net %.1f, draw and write %.1f",
            report->sum.decode / count, report->sum.pre / count, report->sum.net / count,
            report->sum.post / count, report->sum.encode / count);
    if (report->failed)
        terminal_say("%zu of %zu pictures in %.1f s, %zu failed", report->done, report->sources->count,
                     seconds, report->failed);
    else
        terminal_say("%zu of %zu pictures in %.1f s, %.1f/s", report->done, report->sources->count, seconds,
                     seconds > 0 ? (double)report->done / seconds : 0);
}

int report_exit_code(const struct report *report)
{
    if (interrupt_signal)
        return EXIT_SIGNAL + interrupt_signal;
    if (report->failed && report->failed == report->over_budget)
        return EXIT_OVER_BUDGET;
    return report->failed || report->records_failed ? EXIT_SOME_FAILED : EXIT_DONE;
}

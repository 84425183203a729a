#include "app/live_report.h"

#include "app/terminal.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>

/* ---- progress ------------------------------------------------------------------------------------------ */

/* Of all classes together: a line has no room for each. */
static void append_count(struct bytes *out, struct live *live, const struct live_snapshot *shot, int shape)
{
    const bool        line = shot->shapes[shape].count == 2;
    struct count_row *rows = NULL;
    struct count_row  all = {0};
    size_t            count = 0;

    if (live_counts(live, shape, &rows, &count, NULL) != BSR_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        all.there += rows[i].there;
        all.back += rows[i].back;
        all.inside += rows[i].inside;
    }
    mem_free(rows);
    if (line)
        bytes_append_format(out, ", line %d: %lld there, %lld back", shape + 1, all.there, all.back);
    else
        bytes_append_format(out, ", zone %d: %d inside", shape + 1, all.inside);
}

static void write_line(struct bytes *out, struct live *live, const struct live_snapshot *shot)
{
    const struct live_stats *stats = &shot->stats;

    if (shot->state == LIVE_WAITING || shot->state == LIVE_OPENING) {
        bytes_append_text(out, shot->state == LIVE_OPENING ? "opening" : shot->why);
        return;
    }
    bytes_append_format(out, "%.1f fps, net %.1f, latency %.0f ms, %lld frames, %lld dropped", stats->fps,
                        stats->net_fps, stats->latency_ms, stats->frames, stats->dropped);
    if (shot->recording)
        bytes_append_text(out, ", recording");
    for (int i = 0; i < shot->shape_count; i++)
        append_count(out, live, shot, i);
}

static void write_json(const struct live_snapshot *shot, double seconds)
{
    const struct live_stats *stats = &shot->stats;

    fprintf(
        stderr,
        "{\"frames\":%lld,\"looked\":%lld,\"dropped\":%lld,\"fps\":%.1f,\"net_fps\":%.1f,\"latency_ms\":%.1f,"
        "\"reconnects\":%lld,\"recording\":%s,\"seconds\":%.3f}\n",
        stats->frames, stats->looked, stats->dropped, stats->fps, stats->net_fps, stats->latency_ms,
        stats->reconnects, shot->recording ? "true" : "false", seconds);
}

void live_report_progress(struct live *live, const struct options *options, double began_ms)
{
    const bool   json = options->progress == PROGRESS_JSON;
    struct bytes line = {0};

    if (!json && !terminal_shows_progress())
        return;
    struct live_snapshot shot = live_snapshot(live);
    if (json)
        write_json(&shot, (clock_ms() - began_ms) / 1000);
    else
        write_line(&line, live, &shot);
    live_release(live, &shot);
    if (!json && !line.failed)
        terminal_progress(bytes_text(&line));
    bytes_free(&line);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void say_row(const struct live_snapshot *shot, int shape, const struct count_row *row)
{
    const char *name = shot->class_names[row->class_index];
    if (shot->shapes[shape].count == 2)
        terminal_say("line %d: %s: %lld there, %lld back", shape + 1, name, row->there, row->back);
    else
        terminal_say("zone %d: %s: %lld in, %lld out, %d inside", shape + 1, name, row->there, row->back,
                     row->inside);
}

static void say_counts(struct live *live, const struct live_snapshot *shot)
{
    for (int i = 0; i < shot->shape_count; i++) {
        struct count_row *rows = NULL;
        size_t            count = 0;
        if (live_counts(live, i, &rows, &count, NULL) != BSR_OK)
            return;
        if (count == 0)
            terminal_say("%s %d: nothing", shot->shapes[i].count == 2 ? "line" : "zone", i + 1);
        for (size_t r = 0; r < count; r++)
            say_row(shot, i, &rows[r]);
        mem_free(rows);
    }
}

void live_report_end(struct live *live, double began_ms, bool failed)
{
    struct live_snapshot shot = live_snapshot(live);
    double               seconds = (clock_ms() - began_ms) / 1000;

    if (shot.stats.frames > 0)
        terminal_say("looked at %lld of %lld frames in %.1f s: %.1f a second, %lld dropped",
                     shot.stats.looked, shot.stats.frames, seconds, (double)shot.stats.looked / seconds,
                     shot.stats.dropped);
    else if (!failed)
        terminal_say("no frame came in %.1f s", seconds);
    if (shot.stats.reconnects || shot.stats.damaged || shot.stats.unrecorded)
        terminal_say("opened again %lld times; %lld damaged frames; %lld that the recording had no time for",
                     shot.stats.reconnects, shot.stats.damaged, shot.stats.unrecorded);
    if (shot.stats.frames > 0)
        say_counts(live, &shot);
    live_release(live, &shot);
}

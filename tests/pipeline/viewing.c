#include "tests/pipeline/viewing.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LONGEST_MS 120e3

void require(bsr_status status, const struct bsr_error *err)
{
    if (status != BSR_OK)
        fail_msg("%s: %s", err->subject, err->message);
}

struct viewer *open_viewer(uint64_t memory)
{
    const struct viewer_options options = {.threads = 2, .memory = memory};
    struct viewer              *viewer = NULL;
    struct bsr_error            err = {0};
    require(viewer_open(&viewer, &options, &err), &err);
    return viewer;
}

void add_inputs(struct viewer *viewer, const char *first, const char *second)
{
    char             paths[2][512], *inputs[] = {paths[0], paths[1]};
    struct bsr_error err = {0};

    snprintf(paths[0], sizeof paths[0], "%s", first);
    snprintf(paths[1], sizeof paths[1], "%s", second ? second : "");
    require(viewer_add(viewer, inputs, second ? 2 : 1, false, &err), &err);
}

struct viewer_snapshot wait_for(struct viewer *viewer, wanted_snapshot *wanted)
{
    for (double start = clock_ms(); clock_ms() - start < LONGEST_MS;) {
        struct viewer_snapshot snapshot = viewer_snapshot(viewer);
        if (wanted(&snapshot))
            return snapshot;
        viewer_release(viewer, &snapshot);
        usleep(1000);
    }
    struct viewer_snapshot last = viewer_snapshot(viewer);
    fail_msg("never came: picture %d (%s), result %d (%s), model %d (%s), batch %d (%s)", last.picture_state,
             last.picture_why ? last.picture_why : "", last.result_state,
             last.result_why ? last.result_why : "", last.model_state, last.model_why ? last.model_why : "",
             last.batch_state, last.batch_why ? last.batch_why : "");
    return last;
}

void wait_until(struct viewer *viewer, wanted_snapshot *wanted)
{
    struct viewer_snapshot snapshot = wait_for(viewer, wanted);
    viewer_release(viewer, &snapshot);
}

bool has_picture(const struct viewer_snapshot *snapshot)
{
    return snapshot->picture_state == VIEWER_READY;
}

bool picture_failed(const struct viewer_snapshot *snapshot)
{
    return snapshot->picture_state == VIEWER_FAILED;
}

bool has_result(const struct viewer_snapshot *snapshot)
{
    return snapshot->result_state == VIEWER_READY;
}

bool result_failed(const struct viewer_snapshot *snapshot)
{
    return snapshot->result_state == VIEWER_FAILED;
}

bool has_settled(const struct viewer_snapshot *snapshot)
{
    return has_picture(snapshot) && !snapshot->video.seeking && !snapshot->video.playing;
}

bool has_settled_result(const struct viewer_snapshot *snapshot)
{
    return has_settled(snapshot) && has_result(snapshot);
}

bool has_model(const struct viewer_snapshot *snapshot)
{
    return snapshot->model_state == VIEWER_READY;
}

bool model_failed(const struct viewer_snapshot *snapshot)
{
    return snapshot->model_state == VIEWER_FAILED;
}

void load_model(struct viewer *viewer, const char *name, enum card_task task)
{
    viewer_load_model(viewer, name, task);
    wait_until(viewer, has_model);
}

void make_folder(char path[64])
{
    snprintf(path, 64, "/tmp/besra-viewer-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void remove_folder(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

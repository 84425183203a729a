/* What pipeline/live.h promises of recordings, on rendered sources and writers that note what they are given.
 */
#include "tests/pipeline/live_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What options point to is theirs to change. */
static char berry[] = "berry", leaf[] = "green leaf", plum[] = "plum", zero[] = "0";

static char folder[] = "/tmp/besra-recording-XXXXXX";
static char path[64];

static int enter(void **state)
{
    (void)state;
    stage_begin();
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/film.mp4", folder);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    stage_end();
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static void plays(const struct stage_opening *openings, int count)
{
    memcpy(stage.openings, openings, (size_t)count * sizeof *openings);
    stage.opening_count = count;
}

static struct live_options recording_options(void)
{
    struct live_options options = stage_options();
    options.record_path = path;
    return options;
}

/* Returns what the run came to. */
static bsr_status run(const struct live_options *options, struct live_stats *stats, struct bsr_error *err)
{
    struct live         *live = stage_open(options);
    bsr_status           status = live_wait(live, NULL, err);
    struct live_snapshot shot = live_snapshot(live);
    *stats = shot.stats;
    live_release(live, &shot);
    bsr_status closed = live_close(live, NULL);
    return status != BSR_OK ? status : closed;
}

static void run_fine(const struct live_options *options, struct live_stats *stats)
{
    struct bsr_error err = {0};
    if (run(options, stats, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
}

static bool is_name(const struct stage_file *file, const char *name)
{
    char full[128];
    snprintf(full, sizeof full, "%s/%s", folder, name);
    return strcmp(file->path, full) == 0;
}

static void test_each_frame_of_a_file_is_recorded_at_its_time(void **state)
{
    static const double rates[] = {5, 15, 60};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct live_stats stats;
        stage_end();
        stage_begin();
        plays((struct stage_opening[]){{.frames = 40, .fps = rates[i]}}, 1);
        struct live_options options = recording_options();
        stage.add_ms = 1; /* slower than the net: it waits */
        run_fine(&options, &stats);
        const struct stage_file *file = &stage.files[0];
        assert_int_equal(stage.file_count, 1);
        assert_true(is_name(file, "film.mp4"));
        assert_true(file->begun && file->closed);
        assert_int_equal(file->count, 40);
        assert_int_equal(stats.unrecorded, 0);
        for (int n = 0; n < 40; n++)
            assert_true(file->times[n] > n / rates[i] - 1e-6 && file->times[n] < n / rates[i] + 1e-6);
        assert_true(file->end_time > 40 / rates[i] - 1e-3 && file->end_time < 40 / rates[i] + 1e-3);
    }
}

static void test_a_slow_encoder_makes_nobody_wait(void **state)
{
    struct live_stats stats;
    (void)state;
    plays((struct stage_opening[]){{.frames = 120, .fps = 400, .live = true}}, 1);
    struct live_options options = recording_options();
    stage.add_ms = 30;
    run_fine(&options, &stats);
    const struct stage_file *file = &stage.files[0];
    assert_int_equal(stats.frames, 120);
    assert_true(stats.unrecorded > 0);
    assert_int_equal(file->count + stats.unrecorded, 120);
    assert_true(file->closed && file->end_time >= file->times[file->count - 1]);
}

static bool sighted(int number)
{
    return (number >= 30 && number < 35) || (number >= 90 && number < 92);
}

/* Ten frames a second; something is there at 3.0 to 3.4 s and at 9.0 to 9.1 s. */
static void test_events_are_files_with_what_was_before_and_after(void **state)
{
    struct live_stats stats;
    char             *names[] = {berry};
    (void)state;
    plays((struct stage_opening[]){{.frames = 100, .fps = 10, .berry = sighted}}, 1);
    struct live_options options = recording_options();
    options.record_on = names;
    options.record_on_count = 1;
    options.pre = 1;
    options.post = 2;
    run_fine(&options, &stats);
    assert_int_equal(stage.file_count, 2);
    const struct stage_file *first = &stage.files[0], *second = &stage.files[1];
    assert_true(is_name(first, "film-1.mp4") && is_name(second, "film-2.mp4"));
    assert_true(first->hold == 1 && second->hold == 1);
    assert_true(first->begun && first->closed && second->begun && second->closed);
    assert_true(first->begin_time > 2.85 && first->begin_time < 2.95); /* the one before it */
    assert_true(first->end_time > 5.45 && first->end_time < 5.55);     /* the first beyond 3.4 + 2 */
    assert_true(second->begin_time > 8.85 && second->begin_time < 8.95);
    assert_true(second->end_time > 9.95 && second->end_time < 10.05);
    assert_non_null(strstr(stage.said, "film-1.mp4: recording\n"));
    assert_non_null(strstr(stage.said, "film-1.mp4: recorded\n"));
}

static bool never(int number)
{
    (void)number;
    return false;
}

static void test_where_nothing_is_seen_nothing_begins(void **state)
{
    struct live_stats stats;
    char             *names[] = {zero};
    (void)state;
    plays((struct stage_opening[]){{.frames = 30, .fps = 10, .berry = never}}, 1);
    struct live_options options = recording_options();
    options.record_on = names;
    options.record_on_count = 1;
    run_fine(&options, &stats);
    assert_int_equal(stage.file_count, 1);
    assert_false(stage.files[0].begun);
    assert_true(stage.files[0].closed);
    assert_null(strstr(stage.said, "recorded"));
}

static void test_classes_that_can_not_be_seen_are_refused(void **state)
{
    char            *unknown[] = {plum}, *known[] = {berry}, *other[] = {leaf};
    struct live     *live = NULL;
    struct bsr_error err;
    (void)state;
    struct live_options options = recording_options();
    options.record_on = unknown;
    options.record_on_count = 1;
    assert_int_equal(live_open_on(&live, &options, &stage_ground, &err), BSR_EUSAGE);
    assert_string_equal(err.message,
                        "the model has no class 'plum' (it has 2, from 'berry' to 'green leaf')");
    options.record_on = known;
    options.detect.classes = other;
    options.detect.class_count = 1;
    assert_int_equal(live_open_on(&live, &options, &stage_ground, &err), BSR_EUSAGE);
    assert_string_equal(err.message, "'berry' is not among --classes, so it is never seen");
}

static void test_frames_of_another_size_begin_another_file(void **state)
{
    struct live_stats stats;
    (void)state;
    plays((struct stage_opening[]){{.frames = 5}, {.frames = 5, .width = 96, .height = 64}}, 2);
    struct live_options options = recording_options();
    options.loop = true;
    options.frames = 10;
    run_fine(&options, &stats);
    assert_int_equal(stage.file_count, 2);
    assert_true(is_name(&stage.files[0], "film.mp4") && is_name(&stage.files[1], "film-2.mp4"));
    assert_int_equal(stage.files[0].count, 5);
    assert_int_equal(stage.files[1].count, 5);
    assert_int_equal(stage.files[1].width, 96);
    assert_true(stage.files[0].closed && stage.files[1].closed);
}

/* ---- by hand --------------------------------------------------------------------------------------------
 */

static struct live_snapshot wait_until(struct live *live, bool (*there)(const struct live_snapshot *shot))
{
    enum { PATIENCE = 6000 };
    for (int i = 0; i < PATIENCE; i++) {
        struct live_snapshot shot = live_snapshot(live);
        if (there(&shot))
            return shot;
        live_release(live, &shot);
        usleep(10000);
    }
    fail_msg("waited for too long");
    return (struct live_snapshot){.count = 0};
}

static bool has_frames(const struct live_snapshot *shot)
{
    return shot->frame_number >= 20;
}

static bool is_recording(const struct live_snapshot *shot)
{
    return shot->recording;
}

static bool is_recorded_a_while(const struct live_snapshot *shot)
{
    return shot->recording && shot->recorded > 0.1;
}

static bool is_not_recording(const struct live_snapshot *shot)
{
    return !shot->recording;
}

static void wait_for(struct live *live, bool (*there)(const struct live_snapshot *shot))
{
    struct live_snapshot shot = wait_until(live, there);
    live_release(live, &shot);
}

static void test_it_is_begun_and_ended_by_hand_with_what_was_before(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 100000, .fps = 100, .live = true}}, 1);
    struct live_options options = recording_options();
    options.record_waits = true;
    options.pre = 3;
    struct live *live = stage_open(&options);
    wait_for(live, has_frames);
    assert_int_equal(stage.files[0].begun, 0);
    live_record(live, true);
    struct live_snapshot shot = wait_until(live, is_recorded_a_while);
    assert_non_null(strstr(shot.record_path, "/film-1.mp4"));
    live_release(live, &shot);
    live_record(live, false);
    wait_for(live, is_not_recording);
    live_record(live, true);
    wait_for(live, is_recording);
    assert_int_equal(live_close(live, NULL), BSR_OK);

    assert_int_equal(stage.file_count, 2);
    assert_true(is_name(&stage.files[0], "film-1.mp4") && is_name(&stage.files[1], "film-2.mp4"));
    assert_true(stage.files[0].hold == 3 && stage.files[1].hold == 3);
    assert_true(stage.files[0].begin_time >= 0.1); /* what was held before it is in it */
    assert_true(stage.files[0].times[0] < 0.1);
    assert_true(stage.files[1].begun && stage.files[1].closed);
    assert_non_null(strstr(stage.said, "film-1.mp4: recorded\n"));
}

static void test_without_a_time_before_nothing_is_encoded_in_vain(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 100000, .fps = 100, .live = true}}, 1);
    struct live_options options = recording_options();
    options.record_waits = true;
    struct live *live = stage_open(&options);
    wait_for(live, has_frames);
    live_record(live, true);
    wait_for(live, is_recorded_a_while);
    live_record(live, false);
    wait_for(live, is_not_recording);
    assert_int_equal(live_close(live, NULL), BSR_OK);
    assert_int_equal(stage.file_count, 1);
    assert_true(stage.files[0].times[0] > 0.1); /* nothing from before */
    assert_true(stage.files[0].closed);
}

static void test_what_began_by_itself_is_ended_by_hand_and_begun_again(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 100000, .fps = 100, .live = true}}, 1);
    struct live_options options = recording_options();
    struct live        *live = stage_open(&options);
    wait_for(live, is_recording);
    live_record(live, false);
    wait_for(live, is_not_recording);
    live_record(live, true);
    wait_for(live, is_recording);
    assert_int_equal(live_close(live, NULL), BSR_OK);
    assert_int_equal(stage.file_count, 2);
    assert_true(is_name(&stage.files[0], "film.mp4") && is_name(&stage.files[1], "film-2.mp4"));
}

static void test_it_is_ended_where_no_frame_comes(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 30, .fps = 100, .live = true, .then = STAGE_HANGS}}, 1);
    struct live_options options = recording_options();
    struct live        *live = stage_open(&options);
    wait_for(live, has_frames);
    wait_for(live, is_recording);
    usleep(500 * 1000); /* all frames have come, most likely */
    live_record(live, false);
    wait_for(live, is_not_recording);
    assert_true(stage.files[0].closed);
    assert_int_equal(live_close(live, NULL), BSR_OK);
}

static bool all_the_time(int number)
{
    (void)number;
    return true;
}

/* Ended by hand while the thing is there: it must go before it begins another. */
static void test_things_that_stay_do_not_begin_what_was_ended_by_hand(void **state)
{
    char *names[] = {berry};
    (void)state;
    plays((struct stage_opening[]){{.frames = 100000, .fps = 100, .live = true, .berry = all_the_time}}, 1);
    struct live_options options = recording_options();
    options.record_on = names;
    options.record_on_count = 1;
    options.pre = 1;
    options.post = 1;
    struct live *live = stage_open(&options);
    wait_for(live, is_recording);
    live_record(live, false);
    wait_for(live, is_not_recording);
    for (int i = 0; i < 20; i++) {
        struct live_snapshot shot = live_snapshot(live);
        assert_false(shot.recording);
        live_release(live, &shot);
        usleep(10000);
    }
    live_record(live, true);
    wait_for(live, is_recording);
    assert_int_equal(live_close(live, NULL), BSR_OK);
}

static void test_a_full_disk_ends_the_run(void **state)
{
    struct live_stats stats;
    struct bsr_error  err = {0};
    (void)state;
    plays((struct stage_opening[]){{.frames = 20, .fps = 500, .live = true, .then = STAGE_HANGS}}, 1);
    struct live_options options = recording_options();
    stage.add_fails = 10;
    assert_int_equal(run(&options, &stats, &err), BSR_EIO);
    assert_string_equal(err.message, "no space left on the device");
    assert_true(stage.files[0].closed);
    assert_int_equal(stage.files[0].count, 9);
}

int main(void)
{
#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_each_frame_of_a_file_is_recorded_at_its_time),
        ON_STAGE(test_a_slow_encoder_makes_nobody_wait),
        ON_STAGE(test_events_are_files_with_what_was_before_and_after),
        ON_STAGE(test_where_nothing_is_seen_nothing_begins),
        ON_STAGE(test_classes_that_can_not_be_seen_are_refused),
        ON_STAGE(test_frames_of_another_size_begin_another_file),
        ON_STAGE(test_it_is_begun_and_ended_by_hand_with_what_was_before),
        ON_STAGE(test_without_a_time_before_nothing_is_encoded_in_vain),
        ON_STAGE(test_what_began_by_itself_is_ended_by_hand_and_begun_again),
        ON_STAGE(test_it_is_ended_where_no_frame_comes),
        ON_STAGE(test_things_that_stay_do_not_begin_what_was_ended_by_hand),
        ON_STAGE(test_a_full_disk_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

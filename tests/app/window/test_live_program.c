/* `besra live` itself, from end to end, on an Xvfb: a film, its end, sources that go away or aren't there, by
 * the steps of sessions/. With a sanitizer it has nothing to say. With BESRA_UPDATE_TOUR=1 shots become the
 * pictures of docs/live.md. */
#include "tests/app/stream_stand.h"
#include "tests/app/window/film.h"
#include "tests/app/window/play.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIVE "live --no-config -m cards "

static void test_a_film_is_watched_set_recorded_and_saved(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    if (!film_make("film.mkv"))
        skip();
    struct run_result run = play("live-film", 0,
                                 LIVE "--realtime --loop --track -o gate.mp4 --overlay --json=found.jsonl "
                                      "--count-line 320,40,320,440 film.mkv");
    expect_part(run.err, "looked at");
    run_free(&run);
    expect_shot("tour-live-lens", 1280, 960);
    assert_int_equal(access("besra-live-1.png", F_OK), 0);
    assert_int_equal(access("besra-live-2.png", F_OK), 0);

    struct bytes records = {0};
    assert_int_equal(file_read(&records, "found.jsonl", 64 << 20, NULL), BSR_OK);
    json_t *record = record_read(bytes_text(&records), 0);
    assert_string_equal(json_string_value(json_object_get(record, "task")), "detect");
    json_decref(record);
    bytes_free(&records);
    run = run_shell("\"$BESRA\" live --no-config --headless -m cards gate.mp4"); /* what was recorded plays */
    expect_code(&run, 0);
    run_free(&run);
}

static void test_it_records_by_hand_and_remembers_its_look(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    if (!film_make("film.mkv"))
        skip();
    struct run_result run = play("live-record", 0, "live --realtime --loop -m cards --pre 1 film.mkv");
    expect_shot("recording", 1280, 960);
    expect_part(run.err, "besra-live-1.mp4: recorded");
    expect_part(run.err, "besra-live-2.mp4: recorded");
    run_free(&run);
    run =
        run_shell("\"$BESRA\" live --headless -m cards besra-live-1.mp4 &&"
                  " \"$BESRA\" live --headless -m cards besra-live-2.mp4; cat config/besra/window-live.cfg");
    expect_code(&run, 0);
    expect_part(run.out,
                "live = {\n    theme = \"light\";\n    hide_panel = true;\n    hide_boxes = false;\n");
    expect_part(run.out, "    hide_labels = true;\n    hide_numbers = true;\n    window = \"");
    run_free(&run);
}

static void test_a_film_that_ends_stays_and_can_be_looked_at(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    if (!film_make("film.mkv"))
        skip();
    struct run_result run = play("live-end", 0, LIVE "film.mkv");
    run_free(&run);
    assert_int_equal(access("besra-live-1.png", F_OK), 0);
}

static void test_a_source_that_is_not_there_is_said_in_the_window(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct run_result run = play("live-gone", 0, LIVE "nowhere.mkv");
    run_free(&run);
    run = play("live-gone", 0, LIVE "/dev/video77");
    run_free(&run);
}

static void test_a_camera_that_breaks_off_or_falls_silent_is_waited_for(void **state)
{
    static const struct stand_turn turns[] = {
        {.frames = 20, .fps = 10, .away_ms = 1500}, {.frames = 20, .fps = 10}, {.frames = -1}};
    (void)state;
    NEEDS_DISPLAY();
    assert_int_equal(symlink(BESRA_SOURCE_DIR "/tests/app/data/berries.cfg", "berries.cfg"), 0);
    assert_int_equal(symlink(BESRA_SOURCE_DIR "/tests/app/data/berries.onnx", "berries.onnx"), 0);
    struct stand stand = stand_open(turns, sizeof turns / sizeof *turns);
    char         arguments[128];
    snprintf(arguments, sizeof arguments,
             "live --no-config -m berries.cfg --timeout 1 http://127.0.0.1:%d/stream.mjpg", stand.port);
    struct run_result run = play("live-waiting", 0, arguments);
    run_free(&run);
    stand_close(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAYED(test_a_film_is_watched_set_recorded_and_saved),
        PLAYED(test_it_records_by_hand_and_remembers_its_look),
        PLAYED(test_a_film_that_ends_stays_and_can_be_looked_at),
        PLAYED(test_a_source_that_is_not_there_is_said_in_the_window),
        PLAYED(test_a_camera_that_breaks_off_or_falls_silent_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

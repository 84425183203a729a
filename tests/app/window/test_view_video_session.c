/* A video in the window of `besra view`, with the shipped model and a film of sliding cards: a session from
 * end to end, by keys and pointer. */
#include "app/window/view.h"
#include "base/clock.h"
#include "media/picture.h"
#include "media/video.h"

#include "tests/app/window/harness.h"
#include "tests/app/window/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 640, HEIGHT = 480, FRAMES = 80, FPS = 20 };

#define PATIENCE_MS 120000.0

static struct screen  screen;
static struct view    view;
static struct viewer *viewer;
static char           folder[] = "/tmp/besra-test-view-XXXXXX";

/* ---- the film ------------------------------------------------------------------------------------- */

/* A part of the photograph that slides to the right. False, aloud, without what makes films. */
static bool make_film(void)
{
    const struct video_writer_options how = {.width = WIDTH, .height = HEIGHT, .quality = 95};
    struct bsr_image                  cards;
    struct video_writer              *writer = NULL;
    struct bsr_error                  err;

    assert_non_null(mkdtemp(folder));
    assert_int_equal(bsr_image_read(&cards, BESRA_SOURCE_DIR "/assets/cards/cards-1.jpg", &err), BSR_OK);
    assert_int_equal(chdir(folder), 0); /* so that the line tells a path that is the same everywhere */
    assert_int_equal(symlink(BESRA_SOURCE_DIR "/assets/cards", "cards"), 0);
    bsr_status status = video_writer_open(&writer, "table.mp4", &how, &err);
    for (int i = 0; status == BSR_OK && i < FRAMES; i++) {
        struct bsr_image part = cards;
        part.data = (uint8_t *)cards.data + (size_t)100 * cards.stride + (size_t)(3 * 4 * i);
        part.width = WIDTH;
        part.height = HEIGHT;
        status = video_writer_add(writer, &part, (double)i / FPS, &err);
    }
    if (writer && status == BSR_OK)
        status = video_writer_close(writer, (double)FRAMES / FPS, &err);
    bsr_image_free(&cards);
    if (status == BSR_EMISSING)
        print_message("SKIPPED: %s\n", err.message);
    else
        assert_int_equal(status, BSR_OK);
    return status == BSR_OK;
}

static void remove_film(void)
{
    char command[128];
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* ---- the window ------------------------------------------------------------------------------------ */

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    view_pass(context, event, width, height, scale, now_ms);
}

typedef bool condition(const struct viewer_snapshot *shot);

static bool stands(const struct viewer_snapshot *shot)
{
    return shot->model_state == VIEWER_READY && shot->result_state == VIEWER_READY && !shot->video.playing &&
           !shot->video.seeking;
}

static bool plays_with_boxes(const struct viewer_snapshot *shot)
{
    return shot->video.playing && shot->video.number > 20 && shot->detection_count > 0;
}

/* Frames go on being shown meanwhile. */
static struct viewer_video wait_until(condition *holds)
{
    const double        end = clock_ms() + PATIENCE_MS;
    struct viewer_video video = {.there = false};

    for (bool there = false; !there; usleep(5000)) {
        struct viewer_snapshot shot = viewer_snapshot(viewer);
        there = holds(&shot);
        video = shot.video;
        viewer_release(viewer, &shot);
        screen_rest(&screen);
        if (clock_ms() > end)
            fail_msg("waited for too long");
    }
    screen_rest(&screen);
    return video;
}

static void open_all(void)
{
    static char                film[] = "table.mp4", pictures[] = "cards";
    char                      *inputs[] = {film, pictures};
    const struct window_client client = {.context = &view,
                                         .ui = &view.ui,
                                         .list = &view.list,
                                         .wishes = &view.wishes,
                                         .pictures = &view.pictures,
                                         .pass = pass};
    struct bsr_error           err;
    const struct view_look     look = view_usual_look();

    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    assert_int_equal(viewer_open(&viewer, &(struct viewer_options){.threads = 2}, &err), BSR_OK);
    view_start(&view, viewer, &look);
    screen_open(&screen, &client, SCREEN_CLOCK, 1200, 800, 1);
    screen_rest(&screen);
    assert_int_equal(viewer_add(viewer, inputs, 2, true, &err), BSR_OK);
    viewer_load_model(viewer, "cards", CARD_TASK_UNKNOWN);
}

static void close_all(void)
{
    view_stop(&view);
    viewer_close(viewer);
    screen_close(&screen);
}

static void expect_line(const char *ends)
{
    const char *line = bytes_text(&view.command);
    if (strlen(line) < strlen(ends) || strcmp(line + strlen(line) - strlen(ends), ends) != 0)
        fail_msg("'%s' should end with '%s'", line, ends);
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void drag_time_line(float from, float to, float y)
{
    screen_send(&screen, &(struct event){.kind = EVENT_POINTER, .x = from, .y = y});
    screen_send(&screen, &(struct event){.kind = EVENT_PRESS, .x = from, .y = y, .button = 1, .clicks = 1});
    for (int i = 1; i <= 20; i++)
        screen_send(&screen,
                    &(struct event){.kind = EVENT_POINTER, .x = from + (to - from) * (float)i / 20, .y = y});
    screen_send(&screen, &(struct event){.kind = EVENT_RELEASE, .x = to, .y = y, .button = 1});
}

static void play_and_pause(void)
{
    screen_key(&screen, "space");
    wait_until(plays_with_boxes);
    expect_line("--realtime table.mp4");
    screen_key(&screen, "space");
    struct viewer_video video = wait_until(stands);
    assert_true(video.number > 20);
    assert_null(video.why);
}

/* What is written is the frame that is seen, under its number. */
static void save(void)
{
    struct bsr_image image;
    struct bsr_error err;

    screen_key(&screen, "s");
    assert_string_equal(view.field.text, "besra-out/cards/table-frame-40.png");
    screen_key(&screen, "return");
    if (bsr_image_read(&image, "besra-out/cards/table-frame-40.png", &err) != BSR_OK)
        fail_msg("%s: %s", view.field_why, err.message);
    assert_int_equal(image.width, WIDTH);
    bsr_image_free(&image);
}

static void test_a_session_with_a_video(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    if (!make_film()) {
        remove_film();
        skip();
    }
    open_all();
    assert_int_equal(wait_until(stands).number, 0);
    expect_line("'table.mp4#t=0'");
    screen_key(&screen, ".");
    assert_int_equal(wait_until(stands).number, 1);
    expect_line("'table.mp4#t=0.05'");
    screen_key(&screen, ",");
    assert_int_equal(wait_until(stands).number, 0);
    play_and_pause();
    drag_time_line(130, 600, 668);
    struct viewer_video video = wait_until(stands);
    assert_true(video.number > 20 && video.number < FRAMES - 1);
    assert_true(fabs(video.time - (double)video.number / FPS) < 0.001);
    viewer_seek(viewer, 2);
    assert_int_equal(wait_until(stands).number, 40);
    expect_line("'table.mp4#t=2'");
    save();
    viewer_seek(viewer, 0.5);
    wait_until(stands);
    view.notice.until_ms = 0;                       /* its line is in the way */
    for (int i = 0; i < 50; i++, usleep(10 * 1000)) /* small pictures come one by one */
        screen_send(&screen, &(struct event){.kind = EVENT_POINTER, .x = 620, .y = 750});
    harness_tour(screen.display, "view-video");
    close_all();
    remove_film();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_session_with_a_video)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

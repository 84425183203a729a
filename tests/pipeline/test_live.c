/* What pipeline/live.h promises, on rendered sources: which frames are looked at, what a snapshot shows, what
 * becomes of a source that ends, breaks or hangs. */
#include "base/alloc.h"
#include "base/busy.h"
#include "base/clock.h"
#include "tests/pipeline/live_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_MS 120000.0 /* for what takes milliseconds on an idle machine */

static int enter(void **state)
{
    (void)state;
    stage_begin();
    return 0;
}

static int leave(void **state)
{
    (void)state;
    stage_end();
    return 0;
}

static void plays(const struct stage_opening *openings, int count)
{
    memcpy(stage.openings, openings, (size_t)count * sizeof *openings);
    stage.opening_count = count;
}

/* A snapshot of which `is` is true, waited for. */
static struct live_snapshot wait_for(struct live *live,
                                     bool (*is)(const struct live_snapshot *shot, long long n), long long n)
{
    double until = clock_ms() + LONG_MS;
    for (;;) {
        struct live_snapshot shot = live_snapshot(live);
        if (is(&shot, n))
            return shot;
        live_release(live, &shot);
        if (clock_ms() > until)
            fail_msg("waited for too long");
        usleep(500);
    }
}

static bool has_ended(const struct live_snapshot *shot, long long n)
{
    (void)n;
    return shot->state == LIVE_ENDED || shot->state == LIVE_FAILED;
}

static bool has_looked_at(const struct live_snapshot *shot, long long n)
{
    return shot->looked_number >= n;
}

static bool has_looked(const struct live_snapshot *shot, long long n)
{
    return shot->stats.looked >= n;
}

static void wait_fine(struct live *live)
{
    struct bsr_error err = {0};
    if (live_wait(live, NULL, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static bool every_third(int number)
{
    return number % 3 == 0;
}

static void test_each_frame_of_a_file_is_looked_at(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 90, .berry = every_third}}, 1);
    struct live_options options = stage_options();
    struct live        *live = stage_open(&options);
    wait_fine(live);
    struct live_snapshot shot = live_snapshot(live);
    assert_int_equal(shot.state, LIVE_ENDED);
    assert_int_equal(shot.stats.frames, 90);
    assert_int_equal(shot.stats.looked, 90);
    assert_int_equal(shot.stats.dropped, 0);
    assert_int_equal(shot.looked_number, 89);
    live_release(live, &shot);
    assert_int_equal(live_close(live, NULL), BSR_OK);
    assert_int_equal(stage.lines, 90);
    for (int i = 0; i < 90; i++) {
        char frame[64];
        snprintf(frame, sizeof frame, "\"frame\":%d,\"time\":%g,", i, i / 100.0);
        assert_true(
            stage_line_has(i, "{\"source\":\"stage\",\"width\":64,\"height\":64,\"model\":\"berries\",") ||
            i % 100);
        assert_true(stage_line_has(i, "\"frame\""));
        snprintf(frame, sizeof frame, "\"frame\":%d,", i);
        assert_true(stage_line_has(i, frame));
        assert_int_equal(stage_line_has(i, "\"name\":\"berry\""), i % 3 == 0);
    }
    assert_int_equal(stage.opened, 1);
    assert_int_equal(stage.closed, 1);
}

static void slow_record(void *context, const char *line, size_t length)
{
    (void)context, (void)line, (void)length;
    usleep(20000);
    stage.lines++;
}

/* Also when it is opened again. */
static void test_a_camera_is_asked_for_what_was_asked_for(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 3, .live = true}, {.frames = 3, .live = true}}, 2);
    struct live_options options = stage_options();
    options.reconnect = true;
    options.frames = 6;
    options.video = (struct video_options){
        .width = 1280, .height = 720, .fps = 29.97, .fourcc = "MJPG", .timeout_ms = 1500};
    struct live *live = stage_open(&options);
    wait_fine(live);
    assert_int_equal(live_close(live, NULL), BSR_OK);
    assert_int_equal(stage.opened, 2);
    assert_true(stage.asked.width == 1280 && stage.asked.height == 720 && stage.asked.fps == 29.97);
    assert_string_equal(stage.asked.fourcc, "MJPG");
    assert_int_equal(stage.asked.timeout_ms, 1500);
    assert_non_null(stage.asked.stop); /* opening can be given up */
}

static void test_frames_that_nobody_has_time_for_are_counted(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 200, .fps = 500, .live = true}}, 1);
    struct live_options options = stage_options();
    options.on_record = slow_record;
    struct live *live = stage_open(&options);
    wait_fine(live);
    struct live_snapshot shot = live_snapshot(live);
    assert_int_equal(shot.stats.frames, 200);
    assert_int_equal(shot.stats.looked + shot.stats.dropped, 200);
    assert_true(shot.stats.dropped > 0);
    assert_int_equal(shot.looked_number, 199); /* the newest, always */
    live_release(live, &shot);
    live_close(live, NULL);
}

/* --threads is the number of threads that run the net; reading and recording take no part in that. */
static void test_no_more_threads_run_the_net_than_asked_for(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        stage_end();
        stage_begin();
        plays((struct stage_opening[]){{.frames = 60, .berry = every_third}}, 1);
        struct live_options options = stage_options();
        options.threads = threads;
        busy_take_most();
        struct live *live = stage_open(&options);
        wait_fine(live);
        assert_int_equal(live_close(live, NULL), BSR_OK);
        const int most = busy_take_most();
        assert_true(most >= 1 && most <= threads);
    }
}

static void test_a_paced_file_takes_its_time(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 21, .fps = 100}}, 1);
    struct live_options options = stage_options();
    options.realtime = true;
    double       start = clock_ms();
    struct live *live = stage_open(&options);
    wait_fine(live);
    assert_true(clock_ms() - start >= 200);
    live_close(live, NULL);
}

static void test_it_ends_by_itself_when_asked(void **state)
{
    static const struct {
        double    duration;
        long long frames, expected;
    } cases[] = {{0, 7, 7}, {0.1, 0, 11}, {0.1, 3, 3}, {0, 0, 50}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stage_end();
        stage_begin();
        plays((struct stage_opening[]){{.frames = 50}}, 1);
        struct live_options options = stage_options();
        options.duration = cases[i].duration;
        options.frames = cases[i].frames;
        struct live *live = stage_open(&options);
        wait_fine(live);
        live_close(live, NULL);
        assert_int_equal(stage.lines, cases[i].expected);
    }
}

static void test_a_file_begins_again_where_asked(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 10}, {.frames = 10}, {.frames = 10}}, 3);
    struct live_options options = stage_options();
    options.loop = true;
    options.frames = 25;
    struct live *live = stage_open(&options);
    wait_fine(live);
    struct live_snapshot shot = live_snapshot(live);
    assert_int_equal(shot.looked_number, 24);
    assert_true(shot.frame_time > 0.23 && shot.frame_time < 0.25); /* goes on */
    live_release(live, &shot);
    live_close(live, NULL);
    assert_int_equal(stage.messages, 0);
}

/* ---- snapshots ------------------------------------------------------------------------------------------
 */

static void test_a_snapshot_shows_what_was_found(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 3, .then = STAGE_HANGS}}, 1);
    struct live_options  options = stage_options();
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, has_looked_at, 2);
    assert_int_equal(shot.state, LIVE_RUNNING);
    assert_non_null(shot.frame);
    assert_int_equal(shot.frame->width, 64);
    assert_int_equal(image_row(shot.frame, 20)[3 * 20 + 2], 255);
    assert_int_equal(shot.count, 1);
    assert_null(shot.tracks);
    assert_string_equal(shot.class_names[shot.detections[0].class_index], "berry");
    assert_true(shot.detections[0].x1 > 15 && shot.detections[0].x1 < 17);
    assert_true(shot.stats.latency_ms >= 0);
    assert_string_equal(shot.why, "");
    live_release(live, &shot);
    assert_null(shot.frame);
    live_close(live, NULL);
}

/* Who holds snapshots sees them unchanged, and stops nobody who can't wait. */
static void test_snapshots_stay_as_they_are(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 1000000000, .fps = 1000, .live = true, .then = STAGE_HANGS}},
          1);
    struct live_options  options = stage_options();
    struct live         *live = stage_open(&options);
    struct live_snapshot held[4];
    for (int i = 0; i < 4; i++)
        held[i] = wait_for(live, has_looked, i > 0 ? held[i - 1].stats.looked + 1 : 3);
    long long numbers[4], serials[4];
    for (int i = 0; i < 4; i++) {
        numbers[i] = held[i].looked_number;
        serials[i] = (long long)held[i].serial;
    }
    struct live_snapshot late = wait_for(live, has_looked_at, numbers[3] + 1);
    live_release(live, &late);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(held[i].looked_number, numbers[i]);
        assert_int_equal(held[i].detections[0].class_index, 0);
        if (i > 0)
            assert_true(serials[i] > serials[i - 1]);
        live_release(live, &held[i]);
    }
    live_close(live, NULL);
}

static void test_the_newest_frame_is_saved(void **state)
{
    char             folder[] = "/tmp/besra-live-XXXXXX", path[64];
    struct bsr_error err;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/frame.png", folder);
    plays((struct stage_opening[]){{.frames = 2, .then = STAGE_HANGS}}, 1);
    struct live_options  options = stage_options();
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, has_looked_at, 1);
    live_release(live, &shot);
    assert_int_equal(live_save(live, path, false, &err), BSR_OK);
    assert_int_equal(live_save(live, path, true, &err), BSR_EEXIST);
    assert_int_equal(live_save(live, "frame.mp4", true, &err), BSR_EFORMAT);
    live_close(live, NULL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- settings -------------------------------------------------------------------------------------------
 */

static void test_a_paused_file_stands_still_and_steps(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 2000}}, 1);
    struct live_options  options = stage_options();
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, has_looked, 5);
    live_release(live, &shot);
    live_pause(live, true);
    /* What was on its way arrives; then nothing does. */
    long long stands;
    do {
        shot = live_snapshot(live);
        stands = shot.stats.looked;
        live_release(live, &shot);
        usleep(50000);
        shot = live_snapshot(live);
        live_release(live, &shot);
    } while (shot.stats.looked != stands && shot.stats.looked != 0);
    shot = live_snapshot(live);
    assert_int_equal(shot.state, LIVE_PAUSED);
    assert_true(shot.stats.looked < 2000);
    long long before = shot.looked_number;
    live_release(live, &shot);
    for (int i = 1; i <= 3; i++) {
        live_step(live);
        shot = wait_for(live, has_looked_at, before + i);
        assert_int_equal(shot.looked_number, before + i);
        assert_int_equal(shot.state, LIVE_PAUSED);
        live_release(live, &shot);
    }
    live_pause(live, false);
    shot = wait_for(live, has_ended, 0);
    assert_int_equal(shot.stats.looked, 2000);
    live_release(live, &shot);
    live_close(live, NULL);
}

static bool is_paused(const struct live_snapshot *shot, long long n)
{
    (void)n;
    return shot->state == LIVE_PAUSED;
}

/* A film that begins again opens each time: a pause that comes just then is one, too. */
static void test_a_pause_that_comes_while_it_opens_is_one(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 20}}, 1);
    struct live_options options = stage_options();
    struct live        *live = stage_open(&options);
    live_pause(live, true);
    struct live_snapshot shot = wait_for(live, is_paused, 0);
    live_release(live, &shot);
    live_pause(live, false);
    shot = wait_for(live, has_ended, 0);
    assert_int_equal(shot.stats.looked, 20);
    live_release(live, &shot);
    live_close(live, NULL);
}

static bool has_none(const struct live_snapshot *shot, long long n)
{
    (void)n;
    return shot->looked_number >= 0 && shot->count == 0;
}

static void test_thresholds_act_on_the_next_frame(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 1000000, .then = STAGE_HANGS}}, 1);
    struct live_options  options = stage_options();
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, has_looked, 1);
    assert_int_equal(shot.count, 1);
    live_release(live, &shot);
    live_set_thresholds(live, 0.99, 0.5);
    shot = wait_for(live, has_none, 0);
    live_release(live, &shot);
    live_close(live, NULL);
}

static void test_shapes_that_are_none_are_refused(void **state)
{
    struct count_point same[2] = {{3, 3}, {3, 3}};
    struct bsr_error   err;
    (void)state;
    plays((struct stage_opening[]){{.frames = 2, .then = STAGE_HANGS}}, 1);
    struct live_options options = stage_options();
    struct live        *live = NULL;
    options.shapes = &(struct count_shape){.points = same, .count = 2};
    options.shape_count = 1;
    assert_int_equal(live_open_on(&live, &options, &stage_ground, &err), BSR_ERANGE);
    assert_null(live);
    options.shape_count = 0;
    live = stage_open(&options);
    assert_int_equal(live_set_shapes(live, &(struct count_shape){.points = same, .count = 2}, 1, &err),
                     BSR_ERANGE);
    live_close(live, NULL);
}

/* A berry stands on one place and is followed; the zone round it has it inside. */
static bool is_inside(const struct live_snapshot *shot, long long n)
{
    return shot->shape_count == 1 && shot->count == 1 && shot->looked_number >= n;
}

static void test_what_stands_in_a_zone_is_inside(void **state)
{
    struct count_point points[] = {{2, 2}, {62, 2}, {62, 62}, {2, 62}};
    struct count_row  *rows = NULL;
    size_t             count = 0;
    (void)state;
    plays((struct stage_opening[]){{.frames = 30, .then = STAGE_HANGS}}, 1);
    struct live_options options = stage_options();
    options.shapes = &(struct count_shape){.points = points, .count = 4};
    options.shape_count = 1;
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, is_inside, 29);
    assert_non_null(shot.tracks);
    assert_int_equal(shot.tracks[0].id, 1);
    assert_true(shot.tracks[0].box == 0);
    live_release(live, &shot);
    assert_int_equal(live_counts(live, 0, &rows, &count, NULL), BSR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].inside, 1);
    assert_int_equal(rows[0].there, 0);
    mem_free(rows);
    live_close(live, NULL);
    fflush(stage.record);
    assert_non_null(strstr(stage.record_text, "\"track\":1"));
    assert_non_null(strstr(stage.record_text,
                           "\"count\":{\"shape\":1,\"kind\":\"zone\",\"classes\":[{\"class\":0,"
                           "\"name\":\"berry\",\"in\":0,\"out\":0,\"inside\":1}]}"));
    /* Of counts that stay there is one line. */
    assert_int_equal(stage.lines, 31);
}

/* ---- sources that fail ------------------------------------------------------------------------------------
 */

static void test_a_stream_is_opened_again(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 5, .live = true, .then = STAGE_BREAKS},
                                   {.fails = BSR_EIO},
                                   {.fails = BSR_EMISSING}, /* unplugged */
                                   {.frames = 5, .live = true},
                                   {.frames = 5, .live = true, .then = STAGE_HANGS}},
          5);
    struct live_options options = stage_options();
    options.reconnect = true;
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, has_looked_at, 14);
    assert_int_equal(shot.state, LIVE_RUNNING);
    assert_int_equal(shot.stats.frames, 15);
    assert_int_equal(shot.stats.reconnects, 2);
    assert_true(shot.frame_time > 0.14);
    live_release(live, &shot);
    live_close(live, NULL);
    assert_non_null(strstr(stage.said, "stage: connection lost; trying again in 0.005 s\n"
                                       "stage: refused; trying again in 0.01 s\n"
                                       "stage: refused; trying again in 0.02 s\n"
                                       "stage: is back\n"
                                       "stage: the source ended; trying again in 0.04 s\n"
                                       "stage: is back\n"));
    assert_int_equal(stage.closed, 3);
}

static void test_waiting_is_shown(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 1, .live = true, .then = STAGE_BREAKS}}, 1);
    struct live_options options = stage_options();
    struct live_ground  ground = stage_ground;
    struct live        *live = NULL;
    double              until = clock_ms() + LONG_MS;
    options.reconnect = true;
    ground.first_wait = 3600;
    assert_int_equal(live_open_on(&live, &options, &ground, NULL), BSR_OK);
    for (struct live_snapshot shot = live_snapshot(live);; shot = live_snapshot(live)) {
        bool waits = shot.state == LIVE_WAITING;
        if (waits)
            assert_string_equal(shot.why, "connection lost; trying again in 3600 s");
        live_release(live, &shot);
        if (waits)
            break;
        assert_true(clock_ms() < until);
        usleep(500);
    }
    live_close(live, NULL); /* at once */
}

static void test_steady_frames_shorten_the_wait(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.frames = 1, .live = true, .then = STAGE_BREAKS},
                                   {.fails = BSR_EIO},
                                   {.frames = 20, .live = true, .then = STAGE_BREAKS},
                                   {.frames = 1, .live = true, .then = STAGE_HANGS}},
          4);
    struct live_options options = stage_options();
    struct live_ground  ground = stage_ground;
    struct live        *live = NULL;
    options.reconnect = true;
    ground.steady = 0.05;
    assert_int_equal(live_open_on(&live, &options, &ground, NULL), BSR_OK);
    struct live_snapshot shot = wait_for(live, has_looked_at, 21);
    live_release(live, &shot);
    live_close(live, NULL);
    assert_non_null(strstr(stage.said, "stage: connection lost; trying again in 0.005 s\n"
                                       "stage: refused; trying again in 0.01 s\n"
                                       "stage: is back\n"
                                       "stage: connection lost; trying again in 0.005 s\n"));
}

static void test_what_can_not_come_back_is_told(void **state)
{
    static const struct {
        const char          *source;
        struct stage_opening opening;
        bool                 reconnect;
        bsr_status           expected;
    } cases[] = {
        {"stage", {.fails = BSR_EIO}, true, BSR_EIO},       /* a file */
        {"7", {.fails = BSR_EMISSING}, true, BSR_EMISSING}, /* no such camera */
        {"rtsp://x", {.fails = BSR_EIO}, false, BSR_EIO},   /* not asked for */
        {"rtsp://x", {.frames = 3, .live = true, .then = STAGE_BREAKS}, false, BSR_EIO},
        {"film.mp4", {.frames = 3, .then = STAGE_BREAKS}, true, BSR_EIO},
        {"rtsp://x", {.frames = 3, .live = true}, false, BSR_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_error err = {0};
        stage_end();
        stage_begin();
        plays(&cases[i].opening, 1);
        struct live_options options = stage_options();
        options.source = cases[i].source;
        options.reconnect = cases[i].reconnect;
        struct live *live = stage_open(&options);
        assert_int_equal(live_wait(live, NULL, &err), cases[i].expected);
        struct live_snapshot shot = live_snapshot(live);
        assert_int_equal(shot.state, cases[i].expected == BSR_OK ? LIVE_ENDED : LIVE_FAILED);
        assert_int_equal(*shot.why != 0, cases[i].expected != BSR_OK);
        live_release(live, &shot);
        live_close(live, NULL);
        assert_int_equal(stage.opened, 1);
    }
}

static void test_a_server_that_is_not_there_yet_is_waited_for(void **state)
{
    (void)state;
    plays((struct stage_opening[]){{.fails = BSR_EIO},
                                   {.fails = BSR_EIO},
                                   {.frames = 2, .live = true, .then = STAGE_HANGS}},
          3);
    struct live_options options = stage_options();
    options.source = "http://127.0.0.1:1/";
    options.reconnect = true;
    struct live         *live = stage_open(&options);
    struct live_snapshot shot = wait_for(live, has_looked_at, 1);
    live_release(live, &shot);
    live_close(live, NULL);
}

static void test_a_source_that_hangs_is_left(void **state)
{
    atomic_bool stop = true;
    (void)state;
    plays((struct stage_opening[]){{.then = STAGE_HANGS, .live = true}}, 1);
    struct live_options options = stage_options();
    struct live        *live = stage_open(&options);
    assert_int_equal(live_wait(live, &stop, NULL), BSR_OK);
    live_close(live, NULL);
    assert_int_equal(stage.opened, stage.closed);
}

/* ---- memory
 * ------------------------------------------------------------------------------------------------ */

static void test_opening_survives_every_failed_allocation(void **state)
{
    (void)state;
    struct count_point  points[] = {{2, 2}, {62, 2}};
    struct live_options options = stage_options();
    options.shapes = &(struct count_shape){.points = points, .count = 2};
    options.shape_count = 1;
    options.on_record = NULL;
    options.on_message = NULL;
    for (size_t n = 1;; n++) {
        struct live     *live = NULL;
        struct bsr_error err = {0};
        stage_end();
        stage_begin();
        plays((struct stage_opening[]){{.frames = 5}}, 1);
        mem_fail_from(n);
        bsr_status status = live_open_on(&live, &options, &stage_ground, &err);
        bsr_status ran = status == BSR_OK ? live_wait(live, NULL, &err) : status;
        mem_fail_from(0);
        live_close(live, NULL);
        if (ran == BSR_OK)
            break;
        assert_true(n < 20000);
        if (n > 400)
            n += n / 8; /* most are the model's, which has tests of its own */
    }
}

/* What the detector asks for by itself, a picture with a berry. */
static size_t allocations_of_detector(int runs)
{
    struct live_options   options = stage_options();
    struct model          model = {0};
    struct detector      *detector = NULL;
    struct bsr_image      image = {0};
    struct detections     found;
    struct timing         timing = {0};
    struct detect_options detect;

    assert_int_equal(image_alloc(&image, 64, 64, 3, 8, NULL), BSR_OK);
    stage_render(&image, true);
    assert_int_equal(model_open(&model, options.model, CARD_DETECT, NULL, NULL), BSR_OK);
    detect = detect_options_default(&model);
    assert_int_equal(detector_open(&detector, &model, &detect, NULL, NULL, NULL), BSR_OK);
    for (int i = 0; i < 2 * runs; i++) {
        if (i == runs)
            mem_fail_from(0);
        assert_int_equal(detector_run(detector, &image, &found, &timing, NULL), BSR_OK);
    }
    size_t asked = mem_fail_from(0);
    detector_close(detector);
    model_free(&model);
    image_free(&image);
    return asked;
}

static void test_a_second_takes_no_memory_that_the_first_did_not(void **state)
{
    size_t asked[2], detectors = allocations_of_detector(400);
    (void)state;
    for (int i = 0; i < 2; i++) {
        stage_end();
        stage_begin();
        plays((struct stage_opening[]){{.frames = 200 + 400 * i}}, 1);
        struct live_options options = stage_options();
        options.record_path = "never.mp4";
        options.record_plain = true;
        options.track = true;
        options.on_record = NULL;
        mem_fail_from(0); /* before threads begin */
        struct live *live = stage_open(&options);
        wait_fine(live);
        live_close(live, NULL);
        asked[i] = mem_fail_from(0);
    }
    print_message("400 frames more: %zu allocations more, %zu of them the detector's\n", asked[1] - asked[0],
                  detectors);
    /* How many of the frames and results are ever needed depends on who is fast: they are made once. */
    assert_true(asked[1] <= asked[0] + detectors + 100);
}

int main(void)
{
#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_each_frame_of_a_file_is_looked_at),
        ON_STAGE(test_a_camera_is_asked_for_what_was_asked_for),
        ON_STAGE(test_frames_that_nobody_has_time_for_are_counted),
        ON_STAGE(test_no_more_threads_run_the_net_than_asked_for),
        ON_STAGE(test_a_paced_file_takes_its_time),
        ON_STAGE(test_it_ends_by_itself_when_asked),
        ON_STAGE(test_a_file_begins_again_where_asked),
        ON_STAGE(test_a_snapshot_shows_what_was_found),
        ON_STAGE(test_snapshots_stay_as_they_are),
        ON_STAGE(test_the_newest_frame_is_saved),
        ON_STAGE(test_a_paused_file_stands_still_and_steps),
        ON_STAGE(test_a_pause_that_comes_while_it_opens_is_one),
        ON_STAGE(test_thresholds_act_on_the_next_frame),
        ON_STAGE(test_shapes_that_are_none_are_refused),
        ON_STAGE(test_what_stands_in_a_zone_is_inside),
        ON_STAGE(test_a_stream_is_opened_again),
        ON_STAGE(test_waiting_is_shown),
        ON_STAGE(test_steady_frames_shorten_the_wait),
        ON_STAGE(test_what_can_not_come_back_is_told),
        ON_STAGE(test_a_server_that_is_not_there_yet_is_waited_for),
        ON_STAGE(test_a_source_that_hangs_is_left),
        ON_STAGE(test_opening_survives_every_failed_allocation),
        ON_STAGE(test_a_second_takes_no_memory_that_the_first_did_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* `besra live --headless` as a user and a service run it: files, pipes, streams that end and hang,
 * recordings. */
#include "base/alloc.h"
#include "media/video.h"
#include "tests/app/scenes.h"
#include "tests/app/stream_stand.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIVE "$BESRA live --headless -m berries "

static bool no_module; /* for video */

/* ---- clips -----------------------------------------------------------------------------------------------
 */

enum { CLIP_WIDTH = 128, CLIP_HEIGHT = 128 };

/* Grey; a berry of 32 x 32 pixels where one is to be seen: a cell of the net, which sees the picture halved.
 */
static void draw(const struct bsr_image *image, bool berry)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            bool red = berry && x >= 32 && x < 64 && y >= 32 && y < 64;
            memcpy(image_row(image, y) + 3 * (size_t)x,
                   red ? (const uint8_t[]){0, 0, 255} : (const uint8_t[]){90, 90, 90}, 3);
        }
}

/* Skips aloud where there is no module for it. */
static void clip_write(const char *path, int frames, double fps, bool (*berry)(int number))
{
    struct video_writer_options options = {.width = CLIP_WIDTH, .height = CLIP_HEIGHT, .quality = 95};
    struct video_writer        *writer = NULL;
    struct bsr_image            image = {0};
    struct bsr_error            err;

    bsr_status status = video_writer_open(&writer, path, &options, &err);
    if (status == BSR_EMISSING) {
        print_message("SKIPPED: %s\n", err.message);
        no_module = true;
        skip();
    }
    assert_int_equal(status, BSR_OK);
    assert_int_equal(image_alloc(&image, CLIP_WIDTH, CLIP_HEIGHT, 3, 8, NULL), BSR_OK);
    for (int i = 0; i < frames; i++) {
        draw(&image, !berry || berry(i));
        assert_int_equal(video_writer_add(writer, &image, i / fps, &err), BSR_OK);
    }
    image_free(&image);
    assert_int_equal(video_writer_close(writer, frames / fps, &err), BSR_OK);
}

struct clip {
    int    frames;
    double last; /* time of the last */
    double duration;
};

static struct clip clip_read(const char *path)
{
    struct video_options how = {.timeout_ms = 60000};
    struct video_reader *reader = NULL;
    struct video_frame   frame;
    struct clip          clip = {0};
    struct bsr_error     err;
    bool                 end = false;

    if (video_open(&reader, path, &how, &err) != BSR_OK)
        fail_msg("%s: %s", path, err.message);
    clip.duration = video_facts(reader)->duration;
    for (;; clip.frames++) {
        assert_int_equal(video_read(reader, &frame, &end, NULL, &err), BSR_OK);
        if (end)
            break;
        clip.last = frame.time;
    }
    video_close(reader);
    return clip;
}

/* ---- files and pipes
 * --------------------------------------------------------------------------------------- */

static bool every_third(int number)
{
    return number % 3 == 0;
}

static void check_records(const char *lines, int frames)
{
    assert_int_equal(record_count(lines), frames);
    for (int i = 0; i < frames; i++) {
        json_t *record = record_read(lines, (size_t)i);
        expect_keys(record, "source width height model task frame time detections ms");
        assert_int_equal(json_integer_value(json_object_get(record, "frame")), i);
        assert_int_equal(json_array_size(json_object_get(record, "detections")), i % 3 == 0);
        json_decref(record);
    }
}

static void test_each_frame_of_a_file_has_a_record(void **state)
{
    (void)state;
    clip_write("clip.mp4", 20, 10, every_third);
    struct run_result run = run_shell(LIVE "--json clip.mp4");
    expect_code(&run, 0);
    check_records(run.out, 20);
    expect_part(run.err, "looked at 20 of 20 frames");
    run_free(&run);
}

static void test_a_pipe_is_a_source(void **state)
{
    (void)state;
    clip_write("clip.mkv", 20, 10, every_third);
    struct run_result run = run_shell("cat clip.mkv | " LIVE "--json -");
    expect_code(&run, 0);
    check_records(run.out, 20);
    run_free(&run);
}

static void test_things_are_followed_and_counted(void **state)
{
    (void)state;
    clip_write("clip.mp4", 10, 10, NULL);
    struct run_result run =
        run_shell(LIVE "--json=out.jsonl --count-line 0,64,10,64 --zone 5,5,120,5,120,120,5,120 clip.mp4;"
                       "cat out.jsonl");
    expect_code(&run, 0);
    json_t *record = record_read(run.out, 5);
    json_t *found = json_array_get(json_object_get(record, "detections"), 0);
    expect_keys(found, "class name score box track");
    assert_int_equal(json_integer_value(json_object_get(found, "track")), 1);
    json_decref(record);
    expect_part(
        run.out,
        "\"count\":{\"shape\":2,\"kind\":\"zone\",\"classes\":[{\"class\":0,\"name\":\"berry\",\"in\":0,"
        "\"out\":0,\"inside\":1}]}");
    expect_part(run.err, "line 1: nothing");
    expect_part(run.err, "zone 2: berry: 0 in, 0 out, 1 inside");
    run_free(&run);
}

static void test_a_recording_lasts_as_long_as_the_film(void **state)
{
    static const double rates[] = {5, 15, 60};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        int  frames = (int)(2 * rates[i]);
        char command[256];
        clip_write("clip.mkv", frames, rates[i], every_third);
        snprintf(command, sizeof command, LIVE "-o rec-%g.%s clip.mkv && rm clip.mkv", rates[i],
                 i % 2 ? "mkv" : "mp4");
        struct run_result run = run_shell("%s", command);
        expect_code(&run, 0);
        run_free(&run);
        snprintf(command, sizeof command, "rec-%g.%s", rates[i], i % 2 ? "mkv" : "mp4");
        struct clip clip = clip_read(command);
        assert_int_equal(clip.frames, frames);
        assert_true(clip.duration > 2 * 0.98 && clip.duration < 2 * 1.02);
        assert_true(clip.last > (frames - 1) / rates[i] - 0.002 &&
                    clip.last < (frames - 1) / rates[i] + 0.002);
    }
}

static bool in_the_third_second(int number)
{
    return number >= 30 && number < 35;
}

/* Ten frames a second; a berry from 3.0 to 3.4 s. What was before begins at a key frame, up to a second
 * early. */
static void test_an_event_is_recorded_from_before_to_after(void **state)
{
    (void)state;
    clip_write("clip.mp4", 100, 10, in_the_third_second);
    struct run_result run =
        run_shell(LIVE "-o event.mp4 --record-on berry --pre 1 --post 2 clip.mp4; ls event*");
    expect_code(&run, 0);
    assert_string_equal(run.out, "event-1.mp4\n");
    run_free(&run);
    struct clip clip = clip_read("event-1.mp4");
    assert_true(clip.duration > 3.3 && clip.duration < 4.7);
}

/* ---- streams
 * --------------------------------------------------------------------------------------------------- */

static void test_a_stream_that_ends_is_picked_up_again(void **state)
{
    (void)state;
    clip_write("probe.mp4", 2, 10, NULL); /* is there a module? */
    struct stand      stand = stand_open((const struct stand_turn[]){{12, 20, 300}, {2000, 20, 0}}, 2);
    struct run_result run =
        run_shell(LIVE "--json --frames 20 -o rec.mp4 http://127.0.0.1:%d/stream.mjpg", stand.port);
    stand_close(&stand);
    expect_code(&run, 0);
    expect_part(run.err, "trying again in 0.5 s");
    expect_part(run.err, "is back");
    expect_part(run.out, "\"frame\":19,");
    expect_part(run.out, "\"name\":\"berry\"");
    /* Times go on where the stream was away. */
    double before = -1;
    for (size_t i = 0; i < record_count(run.out); i++) {
        json_t *record = record_read(run.out, i);
        double  time = json_number_value(json_object_get(record, "time"));
        assert_true(time > before);
        before = time;
        json_decref(record);
    }
    assert_true(before > 0.3);
    run_free(&run);
    assert_int_equal(clip_read("rec.mp4").frames, 20);
}

static void test_a_stream_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    clip_write("probe.mp4", 2, 10, NULL);
    struct stand      stand = stand_open((const struct stand_turn[]){{-1, 1, 0}}, 1);
    struct run_result run = run_shell(LIVE "--timeout 0.5 --no-reconnect http://127.0.0.1:%d/", stand.port);
    stand_close(&stand);
    expect_code(&run, 1);
    expect_part(run.err, "0.5 s");
    run_free(&run);
}

/* What goes on for ever has done its job when it is told to stop; what has an end was broken off. */
static void test_the_exit_code_tells_whether_a_signal_broke_it_off(void **state)
{
    static const struct {
        const char *signal, *arguments;
        int         code;
    } rows[] = {
        {"TERM", "--loop --realtime clip.mp4", 0},
        {"INT", "--loop --realtime clip.mp4", 0},
        {"TERM", "--realtime clip.mp4", 143},
        {"INT", "--realtime clip.mp4", 130},
        {"TERM", "--loop --realtime --frames 1000000 clip.mp4", 143},
        {"TERM", "--loop --realtime --duration 1000000 clip.mp4", 143},
    };
    (void)state;
    clip_write("clip.mp4", 600, 2, NULL); /* five minutes */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_result run = run_shell("rm -f out.jsonl; exec 3>&1; " LIVE "--json=out.jsonl %s & p=$!;"
                                          "while ! [ -s out.jsonl ]; do sleep 0.1; done;"
                                          "kill -%s $p; wait $p",
                                          rows[i].arguments, rows[i].signal);
        if (run.code != rows[i].code)
            print_message("%s\n", rows[i].arguments);
        expect_code(&run, rows[i].code);
        expect_part(run.err, "looked at ");
        run_free(&run);
    }
}

static void test_progress_is_for_those_who_look(void **state)
{
    (void)state;
    clip_write("clip.mp4", 20, 10, NULL);
    struct run_result run =
        run_shell(LIVE "--loop --realtime --duration 2.5 --count-line 0,64,10,64 clip.mp4");
    expect_code(&run, 0); /* a service: the end only */
    expect_no_part(run.err, "fps");
    expect_part(run.err, "looked at ");
    run_free(&run);
    run = run_shell(LIVE "-q --loop --realtime --duration 2.5 clip.mp4");
    expect_code(&run, 0);
    assert_string_equal(run.err, "");
    run_free(&run);
    run = run_shell(LIVE "--progress json --loop --realtime --duration 2.5 clip.mp4");
    expect_code(&run, 0);
    expect_part(run.err, "{\"frames\":");
    expect_part(run.err, "\"recording\":false,");
    run_free(&run);
    run = run_shell("script -qec 'stty cols 160; " LIVE "--loop --realtime --duration 2.5 -o rec.mp4"
                    " --count-line 0,64,10,64 --zone 5,5,120,5,120,120,5,120 clip.mp4' /dev/null");
    expect_code(&run, 0); /* a terminal */
    expect_part(run.out, "\r");
    expect_part(run.out, " fps, net ");
    expect_part(run.out, " dropped, recording, line 1: 0 there, 0 back, zone 2: 1 inside");
    expect_part(run.out, "\r\033[K");
    run_free(&run);
}

static void test_a_signal_leaves_a_film_that_plays(void **state)
{
    (void)state;
    clip_write("probe.mp4", 2, 10, NULL);
    struct stand      stand = stand_open((const struct stand_turn[]){{100000, 20, 0}}, 1);
    struct run_result run =
        run_shell("exec 3>&1; " LIVE "--json=out.jsonl -o rec.mp4 http://127.0.0.1:%d/ & p=$!;"
                  "while ! [ -s out.jsonl ] || [ $(wc -l < out.jsonl) -lt 15 ]; do sleep 0.1; done;"
                  "kill -TERM $p; wait $p",
                  stand.port);
    stand_close(&stand);
    expect_code(&run, 0);
    expect_part(run.err, "rec.mp4: recorded");
    run_free(&run);
    assert_true(clip_read("rec.mp4").frames >= 15);
}

/* The port that besra says, waited for; 0: it ended. */
static int port_of(const char *path)
{
    for (int i = 0; i < 3000; i++) {
        char  text[4096] = "";
        FILE *file = fopen(path, "r");
        if (file) {
            text[fread(text, 1, sizeof text - 1, file)] = '\0';
            fclose(file);
        }
        const char *at = strstr(text, "http://127.0.0.1:");
        if (at && strchr(at, '\n'))
            return atoi(at + strlen("http://127.0.0.1:"));
        if (strstr(text, "besra-http"))
            return 0;
        usleep(20000);
    }
    fail_msg("nothing was said");
    return 0;
}

static void test_browsers_can_watch(void **state)
{
    static char answer[1 << 16];
    (void)state;
    clip_write("clip.mp4", 50, 25, NULL);
    struct run_result run = run_shell(LIVE "--loop --realtime --mjpeg 0 clip.mp4 2>said.txt & echo $!");
    expect_code(&run, 0);
    int pid = atoi(run.out), port = port_of("said.txt");
    if (port == 0) {
        print_message("SKIPPED: the module for HTTP is not there\n");
        run_free(&run);
        skip();
    }
    size_t size = stand_ask(port, "/stream.mjpg", answer, 20000);
    assert_non_null(memmem(answer, size, "multipart/x-mixed-replace", 25));
    assert_non_null(memmem(answer, size, "\xff\xd8\xff", 3));
    size = stand_ask(port, "/events", answer, 2000);
    assert_non_null(memmem(answer, size, "\"name\":\"berry\"", 14));
    assert_int_equal(kill(pid, SIGTERM), 0);
    run_free(&run);
}

/* ---- what it refuses
 * ---------------------------------------------------------------------------------------------- */

static void test_what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *arguments, *said;
        int         code;
        bool        module; /* only then */
    } rows[] = {
        {"live -m berries", "--headless", 3, false},
        {"live --headless -m berries --count-line 1,2,3 x.mp4", "'1,2,3' is not two points", 2, false},
        {"live --headless -m berries --count-line 1,2,3,4,5,6 x.mp4", "is not two points", 2, false},
        {"live --headless -m berries --count-line 5,5,5,5 x.mp4", "", 2, false},
        {"live --headless -m berries --zone 1,2,3,4 x.mp4", "is not three points or more", 2, false},
        {"live --headless -m berries --zone 1,2,3,4,5,nan x.mp4", "is not three points or more", 2, false},
        {"live --headless -m berries --pre 3 x.mp4", "no recording", 2, false},
        {"live --headless -m berries --record-on berry x.mp4", "no recording", 2, false},
        {"live --headless -m berries -o film.avi x.mp4", "'film.avi': a recording is an .mp4 or an .mkv", 2,
         false},
        {"live --headless -m berries -o film.mp4 --record-on plum x.mp4", "no class 'plum'", 2, false},
        {"live --headless -m berries --mjpeg nowhere 0", "nowhere", 2, false},
        {"live --headless -m berries --size 640 0", "--size", 2, false},
        {"live --headless -m nothing.onnx 0", "nothing.onnx", 3, false},
        {"live --headless -m berries a b", "b", 2, false},
        {"live --headless -m berries none.mp4", "none.mp4", 1, true},
        {"live --headless -m berries /dev/video63", "video63", 3, true},
        {"live --headless -m berries note.mp4", "note.mp4", 1, true},
        {"live --headless -m berries -o there.mp4 x.mp4", "there.mp4: exists already", 1, false},
        {"live --headless -m berries -y -o there.mp4 there.mp4", "by its own recording", 2, false},
        {"live --headless -m berries --json=there.mp4 x.mp4", "there.mp4: exists already", 1, false},
    };
    (void)state;
    text_write("note.mp4", "no film at all\n");
    text_write("there.mp4", "something of worth\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].module && no_module)
            continue;
        struct run_result run = run_shell("$BESRA %s < /dev/null", rows[i].arguments);
        if (run.code != rows[i].code)
            print_message("%s\n", rows[i].arguments);
        expect_code(&run, rows[i].code);
        expect_part(run.err, rows[i].said);
        expect_no_part(run.err, "\n\n");
        run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_each_frame_of_a_file_has_a_record),
        IN_SCRATCH(test_a_pipe_is_a_source),
        IN_SCRATCH(test_things_are_followed_and_counted),
        IN_SCRATCH(test_a_recording_lasts_as_long_as_the_film),
        IN_SCRATCH(test_an_event_is_recorded_from_before_to_after),
        IN_SCRATCH(test_a_stream_that_ends_is_picked_up_again),
        IN_SCRATCH(test_a_stream_that_says_nothing_is_given_up),
        IN_SCRATCH(test_the_exit_code_tells_whether_a_signal_broke_it_off),
        IN_SCRATCH(test_progress_is_for_those_who_look),
        IN_SCRATCH(test_a_signal_leaves_a_film_that_plays),
        IN_SCRATCH(test_browsers_can_watch),
        IN_SCRATCH(test_what_is_wrong_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

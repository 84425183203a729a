/* What can't wait, or can't be waited for: streams, pipes, servers that say nothing. */
#include "base/clock.h"
#include "base/file.h"
#include "tests/media/video_clips.h"
#include "tests/media/video_server.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* For what should be at once but may take long under a sanitizer; it doesn't fail by it. */
enum { PATIENCE_MS = 60000 };

static void test_a_stream_of_pictures_has_the_times_of_their_arrival(void **state)
{
    static const int intervals[] = {66, 16, 200};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        const struct video_options options = {.timeout_ms = PATIENCE_MS};
        struct video_server        server = {.frames = 12, .interval_ms = intervals[i]};
        struct video_reader       *reader = NULL;
        struct video_frame         frame = {0};
        struct bsr_error           err;
        bool                       end = false;
        double                     first_ms = 0, last = -1;
        int                        count = 0;
        server_start(&server);
        if (video_open(&reader, server_url(&server), &options, &err) != BSR_OK)
            fail_msg("%s: %s", err.subject, err.message);
        assert_true(video_facts(reader)->live);
        assert_string_equal(video_facts(reader)->format, "mpjpeg");
        assert_string_equal(video_facts(reader)->codec, "mjpeg");
        for (;;) {
            if (video_read(reader, &frame, &end, NULL, &err) != BSR_OK)
                fail_msg("frame %d: %s", count, err.message);
            if (end)
                break;
            assert_int_equal(clip_number(&frame.image), count);
            first_ms = count++ ? first_ms : frame.arrived_ms;
            assert_true(fabs(frame.time - (frame.arrived_ms - first_ms) / 1e3) < 1e-6);
            assert_true(frame.time >= last);
            last = frame.time;
        }
        assert_int_equal(count, 12);
        /* None comes before it was sent; how late it may be, the machine decides. The first two of pictures
         * this small are read together, to see what it is. */
        assert_true(last >= 9 * intervals[i] / 1e3);
        assert_int_equal(video_seek(reader, 0, &err), BSR_EFORMAT);
        assert_string_equal(err.subject + strlen("http://"), strchr(server_url(&server), '@') + 1);
        video_close(reader);
        server_stop(&server);
    }
}

static void test_a_silent_server_is_given_up(void **state)
{
    const struct video_options options = {.timeout_ms = 300};
    struct video_server        server = {.silent = true};
    struct video_reader       *reader = NULL;
    struct bsr_error           err;
    (void)state;
    clip_need_module();
    server_start(&server);
    assert_int_equal(video_open(&reader, server_url(&server), &options, &err), BSR_EIO);
    assert_string_equal(err.message, "nothing came for 0.3 seconds");
    assert_null(strstr(err.subject, "secret"));
    server_stop(&server);

    char rtsp[64];
    server = (struct video_server){.silent = true};
    server_start(&server);
    snprintf(rtsp, sizeof rtsp, "rtsp://127.0.0.1:%d/camera", server.port);
    assert_int_equal(video_open(&reader, rtsp, &options, &err), BSR_EIO);
    assert_string_equal(err.message, "nothing came for 0.3 seconds");
    server_stop(&server);
}

static void test_a_stream_that_stalls_is_given_up(void **state)
{
    const struct video_options options = {.timeout_ms = 2000};
    struct video_server        server = {.frames = 5, .stalls = true};
    struct video_reader       *reader = NULL;
    struct video_frame         frame;
    struct bsr_error           err;
    bool                       end = false;
    bsr_status                 status;
    int                        count = 0;
    (void)state;
    clip_need_module();
    server_start(&server);
    status = video_open(&reader, server_url(&server), &options, &err);
    while (status == BSR_OK && (status = video_read(reader, &frame, &end, NULL, &err)) == BSR_OK && !end)
        count++;
    assert_int_equal(status, BSR_EIO);
    assert_string_equal(err.message, "nothing came for 2 seconds");
    assert_true(count == 4 || count == 5); /* where a part ends is known by the next one */
    video_close(reader);
    server_stop(&server);
}

static void test_a_closed_port_is_said(void **state)
{
    struct video_server  server = {.silent = true};
    struct video_reader *reader = NULL;
    struct bsr_error     err;
    (void)state;
    clip_need_module();
    server_start(&server);
    server_stop(&server);
    assert_int_equal(video_open(&reader, server_url(&server), NULL, &err), BSR_EIO);
    assert_non_null(strstr(err.message, "Connection refused"));
}

/* ---- to be stopped ---- */

struct stopper {
    atomic_bool          stop;
    struct video_server *server;
};

static void *stop_soon(void *context)
{
    struct stopper *stopper = context;
    usleep(100 * 1000);
    atomic_store(&stopper->stop, true);
    return NULL;
}

static bsr_status read_until_stopped(const char *source, struct bsr_error *err)
{
    struct stopper             stopper = {.stop = false};
    const struct video_options options = {.timeout_ms = PATIENCE_MS, .stop = &stopper.stop};
    struct video_reader       *reader = NULL;
    struct video_frame         frame;
    bool                       end = false;
    pthread_t                  thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stopper), 0);
    bsr_status status = video_open(&reader, source, &options, err);
    while (status == BSR_OK && !end)
        status = video_read(reader, &frame, &end, NULL, err);
    pthread_join(thread, NULL);
    video_close(reader);
    return status;
}

static void test_waiting_ends_when_it_is_stopped(void **state)
{
    struct video_server silent = {.silent = true}, stalled = {.frames = 3, .stalls = true};
    struct bsr_error    err;
    double              start = clock_ms();
    (void)state;
    clip_need_module();
    server_start(&silent);
    assert_int_equal(read_until_stopped(server_url(&silent), &err), BSR_ECANCELED);
    server_stop(&silent);
    server_start(&stalled);
    assert_int_equal(read_until_stopped(server_url(&stalled), &err), BSR_ECANCELED);
    server_stop(&stalled);

    /* a pipe into which nobody writes */
    assert_int_equal(mkfifo(clip_path("pipe"), 0600), 0);
    assert_int_equal(read_until_stopped(clip_path("pipe"), &err), BSR_ECANCELED);
    int writer = open(clip_path("pipe"), O_RDWR | O_CLOEXEC);
    assert_int_equal(read_until_stopped(clip_path("pipe"), &err), BSR_ECANCELED);
    close(writer);
    assert_string_equal(err.message, "interrupted");
    assert_true(clock_ms() - start < PATIENCE_MS); /* not by its timeout */
}

static void test_what_was_stopped_before_is_not_opened(void **state)
{
    atomic_bool                stop = true;
    const struct video_options options = {.stop = &stop};
    struct video_reader       *reader = NULL;
    (void)state;
    clip_need_module();
    assert_int_equal(video_open(&reader, "rtsp://127.0.0.1:1/", &options, NULL), BSR_ECANCELED);
}

/* ---- standard input ---- */

struct feeder {
    struct bytes file;
    int          to;
};

/* In pieces, as a program writes that makes the video meanwhile. */
static void *feed(void *context)
{
    struct feeder *feeder = context;
    for (size_t at = 0; at < feeder->file.size;) {
        size_t  some = feeder->file.size - at < 1000 ? feeder->file.size - at : 1000;
        ssize_t wrote = write(feeder->to, feeder->file.data + at, some);
        if (wrote <= 0)
            break;
        at += (size_t)wrote;
    }
    close(feeder->to);
    return NULL;
}

/* Opens "-" with `path` coming through a pipe, and reads it all. */
static bsr_status read_piped(const char *path, int *count, struct bsr_error *err)
{
    struct feeder        feeder = {0};
    struct video_reader *reader = NULL;
    struct video_frame   frame;
    bool                 end = false;
    int                  ends[2], input = dup(STDIN_FILENO);
    pthread_t            thread;
    assert_int_equal(file_read(&feeder.file, path, 1 << 24, NULL), BSR_OK);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    feeder.to = ends[1];
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(pthread_create(&thread, NULL, feed, &feeder), 0);
    *count = 0;
    bsr_status status = video_open(&reader, "-", NULL, err);
    while (status == BSR_OK && (status = video_read(reader, &frame, &end, NULL, err)) == BSR_OK && !end)
        assert_int_equal(clip_number(&frame.image), (*count)++);
    if (reader) {
        assert_int_equal(video_seek(reader, 0, NULL), BSR_EFORMAT);
        assert_false(video_facts(reader)->live);
    }
    video_close(reader);
    dup2(input, STDIN_FILENO);
    if (input >= 0)
        close(input);
    pthread_join(thread, NULL);
    bytes_free(&feeder.file);
    return status;
}

static void test_standard_input_is_a_source(void **state)
{
    struct bsr_error err;
    int              count;
    (void)state;
    clip_need_module();
    clip_write(clip_path("piped.mkv"), 50, 0);
    assert_int_equal(read_piped(clip_path("piped.mkv"), &count, &err), BSR_OK);
    assert_int_equal(count, 50);

    /* An index behind more than is kept of what was read. */
    clip_write(clip_path("piped.mp4"), 1000, 10);
    assert_int_equal(read_piped(clip_path("piped.mp4"), &count, &err), BSR_EDECODE);
    assert_string_equal(err.subject, "standard input");
    assert_non_null(strstr(err.hint, "pipe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream_of_pictures_has_the_times_of_their_arrival),
        cmocka_unit_test(test_a_silent_server_is_given_up),
        cmocka_unit_test(test_a_stream_that_stalls_is_given_up),
        cmocka_unit_test(test_a_closed_port_is_said),
        cmocka_unit_test(test_waiting_ends_when_it_is_stopped),
        cmocka_unit_test(test_what_was_stopped_before_is_not_opened),
        cmocka_unit_test(test_standard_input_is_a_source),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

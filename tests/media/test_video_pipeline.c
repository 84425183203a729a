/* GStreamer's pipelines are sources like others, and can be given up though they can't be interrupted. */
#include "tests/media/video_clips.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void need_pipelines(void)
{
#ifndef BESRA_HAS_GSTREAMER
    print_message("SKIPPED: besra-video-gstreamer.so was not built, for want of libopencv-videoio-dev\n");
    skip();
#else
    struct video_reader *reader = NULL;
    struct bsr_error     err;
    if (video_open(&reader, "videotestsrc num-buffers=1 ! videoconvert ! appsink", NULL, &err) != BSR_OK) {
        print_message("SKIPPED: GStreamer has no videotestsrc (gstreamer1.0-plugins-base): %s\n",
                      err.message);
        skip();
    }
    video_close(reader);
#endif
}

static void test_a_pipeline_is_read_to_its_end(void **state)
{
    static const char *const pipelines[] = {
        "videotestsrc num-buffers=20 pattern=red ! video/x-raw,width=96,height=64,framerate=50/1 ! "
        "videoconvert ! appsink",
        "videotestsrc num-buffers=20 pattern=red ! video/x-raw,width=96,height=64,framerate=50/1", /* no sink
                                                                                                    */
    };
    (void)state;
    need_pipelines();
    for (size_t i = 0; i < 2; i++) {
        struct video_reader *reader = NULL;
        struct video_frame   frame;
        struct bsr_error     err;
        bool                 end = false;
        double               last = -1;
        int                  count = 0;
        if (video_open(&reader, pipelines[i], NULL, &err) != BSR_OK)
            fail_msg("%s", err.message);
        assert_int_equal(video_facts(reader)->width, 96);
        assert_int_equal(video_facts(reader)->height, 64);
        assert_true(video_facts(reader)->live);
        assert_string_equal(video_facts(reader)->format, "gstreamer");
        while (video_read(reader, &frame, &end, NULL, NULL) == BSR_OK && !end) {
            const uint8_t *pixel = image_row(&frame.image, 32) + 3 * 48;
            assert_true(pixel[0] < 30 && pixel[1] < 30 && pixel[2] > 220);
            assert_true(frame.time >= last && frame.number == count);
            last = frame.time;
            count++;
        }
        assert_true(end);
        assert_int_equal(count, 20);
        assert_true(last > 0.3 && last < 60);
        assert_int_equal(video_seek(reader, 0, &err), BSR_EFORMAT);
        video_close(reader);
    }
}

static void test_what_is_no_pipeline_is_said(void **state)
{
    static const char *const pipelines[] = {"nonsense ! appsink", "videotestsrc ! ! appsink"};
    (void)state;
    need_pipelines();
    for (size_t i = 0; i < 2; i++) {
        struct video_reader *reader = NULL;
        struct bsr_error     err;
        assert_int_equal(video_open(&reader, pipelines[i], NULL, &err), BSR_EIO);
        assert_string_equal(err.subject, pipelines[i]);
        assert_non_null(strstr(err.message, "GStreamer"));
        assert_null(reader);
    }
}

/* A valve that lets nothing through. */
static const char shut[] = "videotestsrc is-live=true ! valve drop=true ! videoconvert ! appsink";

static void test_a_pipeline_that_hangs_is_given_up(void **state)
{
    const struct video_options options = {.timeout_ms = 300};
    struct video_reader       *reader = NULL;
    struct bsr_error           err;
    (void)state;
    need_pipelines();
    assert_int_equal(video_open(&reader, shut, &options, &err), BSR_EIO);
    assert_string_equal(err.message, "nothing came for 0.3 seconds");
}

static void *stop_soon(void *context)
{
    usleep(100 * 1000);
    atomic_store((atomic_bool *)context, true);
    return NULL;
}

static void test_waiting_for_a_pipeline_ends_when_it_is_stopped(void **state)
{
    atomic_bool                stop = false;
    const struct video_options options = {.stop = &stop};
    struct video_reader       *reader = NULL;
    struct bsr_error           err;
    pthread_t                  thread;
    (void)state;
    need_pipelines();
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_int_equal(video_open(&reader, shut, &options, &err), BSR_ECANCELED);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pipeline_is_read_to_its_end),
        cmocka_unit_test(test_what_is_no_pipeline_is_said),
        cmocka_unit_test(test_a_pipeline_that_hangs_is_given_up),
        cmocka_unit_test(test_waiting_for_a_pipeline_ends_when_it_is_stopped),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fflush(NULL);
    _exit(failed ? 1
                 : 0); /* threads that hang are left, and the libraries' own tidying up would wait for them */
}

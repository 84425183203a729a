/* Any frame of a file is found by its time. */
#include "tests/media/video_clips.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_seek_finds_the_first_frame_at_or_behind_a_time(void **state)
{
    static const double times[] = {0, 3.1, 0.04, 7.999, 2, 5.52, -3, 1.0 / 15};
    const double        fps = 15;
    (void)state;
    clip_need_module();
    static const char *const names[] = {"seek.mp4", "seek.mkv"};
    for (size_t n = 0; n < 2; n++) {
        clip_write(clip_path(names[n]), 121, fps);
        struct video_reader *reader = clip_open(clip_path(names[n]));
        for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
            int              expected = times[i] > 0 ? (int)ceil(times[i] * fps - 0.01) : 0;
            struct bsr_error err;
            if (video_seek(reader, times[i], &err) != BSR_OK)
                fail_msg("%s at %g: %s", names[n], times[i], err.message);
            for (int k = expected; k < expected + 2 && k < 121; k++) {
                struct video_frame frame = clip_next(reader);
                assert_int_equal(clip_number(&frame.image), k);
                assert_int_equal(frame.number, k);
                assert_true(fabs(frame.time - k / fps) < 0.0011);
            }
        }
        struct video_frame frame;
        bool               end = false;
        struct bsr_error   err;
        if (video_seek(reader, 100, &err) != BSR_OK)
            fail_msg("%s: %s", names[n], err.message);
        assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
        assert_true(end);
        assert_int_equal(video_seek(reader, 0, NULL), BSR_OK); /* and back from the end */
        frame = clip_next(reader);
        assert_int_equal(clip_number(&frame.image), 0);
        video_close(reader);
    }
}

/* Pictures one after the other have no index, nor times. */
static void test_seek_without_an_index_begins_anew(void **state)
{
    static const int places[] = {0, 7, 3, 19, 0};
    struct bytes     all = {0};
    (void)state;
    clip_need_module();
    for (int i = 0; i < 20; i++)
        clip_append_jpeg(&all, i, 0, 0);
    clip_save(clip_path("places.mjpeg"), all.data, all.size);
    bytes_free(&all);
    struct video_reader *reader = clip_open(clip_path("places.mjpeg"));
    double               each = 1 / video_facts(reader)->fps;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(video_seek(reader, places[i] * each, NULL), BSR_OK);
        struct video_frame frame = clip_next(reader);
        assert_int_equal(clip_number(&frame.image), places[i]);
        assert_int_equal(frame.number, places[i]);
        assert_true(fabs(frame.time - places[i] * each) < 1e-6);
    }
    video_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seek_finds_the_first_frame_at_or_behind_a_time),
        cmocka_unit_test(test_seek_without_an_index_begins_anew),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

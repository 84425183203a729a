/* What is written is read again: which frames, and when. */
#include "tests/media/video_clips.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void check_frames(const char *path, int count, double fps)
{
    struct video_reader *reader = clip_open(path);
    double               length = clip_time(count, fps);
    double               offset = fabs(video_facts(reader)->duration - length);
    if (offset > 0.02 * length)
        fail_msg("%s lasts %g s, and should %g s", path, video_facts(reader)->duration, length);
    assert_int_equal(video_facts(reader)->width, CLIP_WIDTH);
    assert_int_equal(video_facts(reader)->height, CLIP_HEIGHT);
    assert_false(video_facts(reader)->live);
    for (int i = 0; i < count; i++) {
        struct video_frame frame = clip_next(reader);
        assert_int_equal(clip_number(&frame.image), i);
        assert_int_equal(frame.number, i);
        assert_int_equal((uintptr_t)frame.image.data % 64, 0);
        assert_int_equal(frame.image.stride % 64, 0);
        if (fabs(frame.time - clip_time(i, fps)) > 0.0011) /* Matroska counts milliseconds */
            fail_msg("%s: frame %d is at %g s, and should be at %g s", path, i, frame.time,
                     clip_time(i, fps));
    }
    struct video_frame frame;
    bool               end = false;
    assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
    assert_true(end);
    video_close(reader);
}

static void test_frames_come_back_at_their_times(void **state)
{
    static const struct {
        const char *name;
        int         count;
        double      fps;
    } clips[] = {{"5.mp4", 12, 5},    {"15.mp4", 40, 15},
                 {"60.mp4", 150, 60}, {"odd.mp4", 60, 0},
                 {"5.mkv", 12, 5},    {"15.mkv", 40, 15},
                 {"60.mkv", 150, 60}, {"odd.mkv", 60, 0},
                 {"one.mp4", 1, 4},   {"29.97.MP4", 90, 30000 / 1001.0}};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        clip_write(clip_path(clips[i].name), clips[i].count, clips[i].fps);
        check_frames(clip_path(clips[i].name), clips[i].count, clips[i].fps);
    }
}

static void test_memory_stays_flat_over_10000_frames(void **state)
{
    (void)state;
    clip_need_module();
#ifdef BESRA_SANITIZED
    enum { FRAMES = 1000 };
#else
    enum { FRAMES = 10000 };
#endif
    size_t before = 0;
    clip_write(clip_path("loop.mp4"), 100, 30);
    struct video_reader *reader = clip_open(clip_path("loop.mp4"));
    for (int i = 0; i < FRAMES; i++) {
        if (i % 100 == 0)
            assert_int_equal(video_seek(reader, 0, NULL), BSR_OK);
        struct video_frame frame = clip_next(reader);
        assert_int_equal(clip_number(&frame.image), i % 100);
        if (i == FRAMES / 10)
            before = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < before + 256 * 1024);
    video_close(reader);
}

/* The clip from Intel's samples: how many frames, at which times. */
static void test_car_detection_is_read(void **state)
{
    char        path[512];
    const char *folder = getenv("BESRA_SHARED");
    (void)state;
    clip_need_module();
    snprintf(path, sizeof path, "%s/video/car-detection.mp4", folder ? folder : "");
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: no video/car-detection.mp4 in BESRA_SHARED\n");
        skip();
    }
    struct video_reader *reader = clip_open(path);
    assert_int_equal(video_facts(reader)->width, 768);
    assert_int_equal(video_facts(reader)->height, 432);
    assert_true(fabs(video_facts(reader)->fps - 12.5) < 1e-9);
    assert_string_equal(video_facts(reader)->format, "mp4");
    assert_string_equal(video_facts(reader)->codec, "h264");
    for (int i = 0; i < 377; i++)
        assert_true(fabs(clip_next(reader).time - i * 0.08) < 1e-6);
    struct video_frame frame;
    bool               end = false;
    assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
    assert_true(end);
    video_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_back_at_their_times),
        cmocka_unit_test(test_memory_stays_flat_over_10000_frames),
        cmocka_unit_test(test_car_detection_is_read),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

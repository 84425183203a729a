/* What is written is read again: which frames, when, in which colours, from where. */
#include "tests/media/video_clips.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct video_reader *open_clip(const char *path)
{
    struct video_reader *reader = NULL;
    struct bsr_error     err;
    bsr_status           status = video_open(&reader, path, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return reader;
}

/* Reads the next frame, which must be there. */
static struct video_frame next(struct video_reader *reader)
{
    struct video_frame frame;
    struct bsr_error   err;
    bool               end = false;
    bsr_status         status = video_read(reader, &frame, &end, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_false(end);
    return frame;
}

static void check_frames(const char *path, int count, double fps)
{
    struct video_reader *reader = open_clip(path);
    double               length = clip_time(count, fps);
    double               offset = fabs(video_facts(reader)->duration - length);
    if (offset > 0.02 * length)
        fail_msg("%s lasts %g s, and should %g s", path, video_facts(reader)->duration, length);
    assert_int_equal(video_facts(reader)->width, CLIP_WIDTH);
    assert_int_equal(video_facts(reader)->height, CLIP_HEIGHT);
    assert_false(video_facts(reader)->live);
    for (int i = 0; i < count; i++) {
        struct video_frame frame = next(reader);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_back_at_their_times),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

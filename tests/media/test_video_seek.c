/* Any frame of a file is found by its time. */
#include "base/file.h"
#include "tests/media/video_encode.h"

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

#ifdef BESRA_HAS_VIDEO

/* Each frame is found by its own time, whichever is sought behind it; those in between are the next one's. */
static void check_all_places(const char *path, int count, double fps)
{
    struct video_reader *reader = clip_open(path);
    struct bsr_error     err;
    unsigned             seed = 5;

    for (int i = 0; i < 3 * count; i++) {
        seed = seed * 1664525U + 1013904223U;
        int    k = i < count ? i : (int)((seed >> 8) % (unsigned)count);
        double time = clip_time(k, fps);
        if (i % 3 == 2 && k > 0)
            time = (time + 3 * clip_time(k - 1, fps)) / 4;
        if (video_seek(reader, time, &err) != BSR_OK)
            fail_msg("%s at %g: %s", path, time, err.message);
        struct video_frame frame;
        bool               end = false;
        if (video_read(reader, &frame, &end, NULL, &err) != BSR_OK)
            fail_msg("%s at %g: %s", path, time, err.message);
        if (end)
            fail_msg("%s: there is nothing at %g s, where frame %d should be", path, time, k);
        if (clip_number(&frame.image) != k)
            fail_msg("%s: at %g s is frame %d, and should be %d", path, time, clip_number(&frame.image), k);
        if (fabs(frame.time - clip_time(k, fps)) > 0.0011)
            fail_msg("%s: frame %d is at %g s, and should be at %g s", path, k, frame.time,
                     clip_time(k, fps));
        if (fps > 0)
            assert_int_equal(frame.number, k);
        if (k + 1 == count)
            continue;
        if (video_read(reader, &frame, &end, NULL, &err) != BSR_OK || end)
            fail_msg("%s: frame %d is the last, and should not be", path, k);
        if (clip_number(&frame.image) != k + 1)
            fail_msg("%s: behind frame %d is %d", path, k, clip_number(&frame.image));
    }
    video_close(reader);
}

static void test_frames_out_of_order_and_far_from_key_frames_are_found(void **state)
{
    static const struct {
        const char          *name;
        struct clip_encoding how;
    } clips[] = {
        {"b-frames.mp4", {"libx264", "bf=3:g=24", 60, 25}},
        {"b-frames.mkv", {"libx264", "bf=3:g=24", 60, 25}},
        {"b-frames.ts", {"libx264", "bf=3:g=24", 60, 25}}, /* without an index, from 1.4 s on */
        {"pyramid.mp4", {"libx264", "bf=7:b-pyramid=normal:refs=4:g=40", 60, 30}},
        {"open-gop.mp4", {"libx264", "bf=3:g=12:x264-params=open-gop=1", 60, 25}},
        {"open-gop.mkv", {"libx264", "bf=3:g=12:x264-params=open-gop=1", 60, 25}},
        {"one-key.mp4", {"libx264", "bf=2:g=100000:sc_threshold=0:keyint_min=100000", 60, 25}},
        {"uneven.mp4", {"libx264", "bf=3:g=20", 60, 0}},
        {"uneven.mkv", {"libx264", "bf=3:g=20", 60, 0}},
        {"all-keys.mp4", {"libx264", "bf=0:g=1", 30, 25}},
        {"one-frame.mp4", {"libx264", "bf=3", 1, 25}},
        {"one-frame.mkv", {"libx264", "bf=3", 1, 25}},
        {"mpeg4.mp4", {"mpeg4", "bf=2:g=24", 60, 25}},
        {"mpeg4.avi", {"mpeg4", "bf=0:g=24", 60, 25}},
        {"mpeg2.mpg", {"mpeg2video", "bf=2:g=12", 60, 25}},
        {"mpeg2.ts", {"mpeg2video", "bf=2:g=12", 60, 25}},
        {"pictures.avi", {"mjpeg", "strict=unofficial", 30, 25}},
        {"vp8.webm", {"libvpx", "g=20", 40, 25}},
    };
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++)
        if (clip_encode(clip_path(clips[i].name), &clips[i].how))
            check_all_places(clip_path(clips[i].name), clips[i].how.count, clips[i].how.fps);
}

/* To a player such numbers are guesses. */
static void test_an_even_rate_is_known_from_an_uneven_one(void **state)
{
    static const struct {
        const char          *name;
        struct clip_encoding how;
        bool                 steady;
    } clips[] = {{"even.mp4", {"libx264", "bf=3", 60, 25}, true},
                 {"even.mkv", {"libx264", "bf=3", 60, 25}, true},
                 {"ntsc.mp4", {"libx264", "bf=3", 60, 30000 / 1001.0}, true},
                 {"odd.mp4", {"libx264", "bf=3", 60, 0}, false},
                 {"odd.mkv", {"libx264", "bf=3", 60, 0}, false}};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        if (!clip_encode(clip_path(clips[i].name), &clips[i].how))
            continue;
        struct video_reader *reader = clip_open(clip_path(clips[i].name));
        if (video_facts(reader)->steady != clips[i].steady)
            fail_msg("%s is %ssteady", clips[i].name, clips[i].steady ? "not " : "");
        video_close(reader);
    }
}

/* What is left of it is found, what isn't is behind the end; never a wrong frame. */
static void test_in_a_file_cut_off_what_is_there_is_found(void **state)
{
    static const char *const names[] = {"cut.mkv", "cut.ts", "cut.avi"};
    static const char *const encoders[] = {"libx264", "mpeg2video", "mpeg4"};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct clip_encoding how = {encoders[i], "bf=0:g=15", 60, 25};
        const char                *path = clip_path(names[i]);
        struct bytes               file = {0};
        int                        found = 0;
        if (!clip_encode(path, &how))
            continue;
        assert_int_equal(file_read(&file, path, 1 << 24, NULL), BSR_OK);
        clip_save(path, file.data, file.size * 2 / 3);
        bytes_free(&file);
        struct video_reader *reader = clip_open(path);
        for (int k = 59; k >= 0; k--) {
            struct video_frame frame;
            bool               end = false;
            assert_int_equal(video_seek(reader, k / 25.0, NULL), BSR_OK);
            assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
            if (!end && clip_number(&frame.image) == k)
                found++;
            else if (!end && found) /* from the end on all are there */
                fail_msg("%s: frame %d is not found", path, k);
        }
        assert_in_range(found, 25, 50);
        video_close(reader);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seek_finds_the_first_frame_at_or_behind_a_time),
        cmocka_unit_test(test_seek_without_an_index_begins_anew),
#ifdef BESRA_HAS_VIDEO
        cmocka_unit_test(test_frames_out_of_order_and_far_from_key_frames_are_found),
        cmocka_unit_test(test_an_even_rate_is_known_from_an_uneven_one),
        cmocka_unit_test(test_in_a_file_cut_off_what_is_there_is_found),
#endif
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

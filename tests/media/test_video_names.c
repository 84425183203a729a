/* What a name stands for, what first bytes say, and how time stamps become times. */
#include "base/file.h"
#include "media/video_parts.h"
#include "tests/media/video_clips.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_numbers_and_devices_are_cameras(void **state)
{
    static const struct {
        const char *source, *device;
    } cases[] = {{"0", "/dev/video0"},   {"63", "/dev/video63"}, {"/dev/video2", "/dev/video2"},
                 {"64", NULL},           {"007", NULL},          {"", NULL},
                 {"1a", NULL},           {"-1", NULL},           {"/dev/video", NULL},
                 {"/dev/video1x", NULL}, {"/dev/vide01", NULL},  {"a.mp4", NULL},
                 {"/dev/video99", NULL}, {"07", "/dev/video7"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char device[32];
        bool camera = video_camera(device, cases[i].source);
        assert_int_equal(camera, cases[i].device != NULL);
        if (camera)
            assert_string_equal(device, cases[i].device);
    }
}

static void test_a_missing_camera_says_which_there_are(void **state)
{
    struct bsr_error     err;
    struct video_reader *reader = NULL;
    (void)state;
    if (access("/dev/video63", F_OK) == 0)
        skip();
    assert_int_equal(video_open(&reader, "63", NULL, &err), BSR_EMISSING);
    assert_null(reader);
    assert_string_equal(err.subject, "/dev/video63");
    assert_string_equal(err.message, "there is no such camera");
    assert_non_null(strstr(err.hint, "/dev/video"));
}

/* Also where something else has its name: what Linux says of the device decides. */
static void test_what_is_no_camera_is_told_at_once(void **state)
{
    static const char *const others[] = {"/dev/null", "/proc/self/exe", "/dev"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct bsr_error err = {0};
        assert_int_equal(video_check_camera(others[i], &err), BSR_EMISSING);
        assert_string_equal(err.subject, others[i]);
        assert_string_equal(err.message, "is no camera");
        assert_true(err.hint[0]);
    }
}

static void test_first_bytes_of_videos_and_of_pictures(void **state)
{
    static uint8_t transport[400] = {[0] = 0x47, [188] = 0x47, [376] = 0x47};
    static uint8_t blu_ray[400] = {[4] = 0x47, [196] = 0x47, [388] = 0x47};
    static const struct {
        const void *bytes;
        size_t      size;
        bool        video;
    } cases[] = {
        {"\0\0\0\x20"
         "ftypisom",
         12, true},
        {"\0\0\0\x14"
         "ftypqt  ",
         12, true},
        {"\0\0\0\x20"
         "ftypM4V ",
         12, true},
        {"\0\0\0\x20"
         "ftypavif",
         12, false},
        {"\0\0\0\x20"
         "ftypheic",
         12, false},
        {"\0\0\0\x08"
         "wide",
         8, true},
        {"\0\0\x10\0moov", 8, true},
        {"\x1a\x45\xdf\xa3", 4, true},
        {"RIFF\0\0\0\0AVI LIST", 16, true},
        {"RIFF\0\0\0\0WEBPVP8 ", 16, false},
        {"RIFF\0\0\0\0WAVEfmt ", 16, false},
        {"\0\0\1\xba", 4, true},
        {"\0\0\1\xb3", 4, true},
        {"FLV\1", 4, true},
        {"OggS", 4, true},
        {"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 8, true},
        {"YUV4MPEG2 W160", 14, true},
        {"GIF89a", 6, false},
        {"\x89PNG\r\n\x1a\n", 8, false},
        {"\xff\xd8\xff\xe0", 4, false},
        {"BM", 2, false},
        {"", 0, false},
        {"G", 1, false},
        {transport, sizeof transport, true},
        {blu_ray, sizeof blu_ray, true},
        {transport, 300, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (video_is_container(cases[i].bytes, cases[i].size) != cases[i].video)
            fail_msg("case %zu", i);
}

static void test_what_only_video_open_reads(void **state)
{
    (void)state;
    clip_save(clip_path("movie"), "\x1a\x45\xdf\xa3 and more", 13);
    clip_save(clip_path("text.mp4"), "a text", 6);
    assert_true(video_is(clip_path("movie")));
    assert_true(video_is("0"));
    assert_true(video_is("rtsp://camera/1"));
    assert_true(video_is("videotestsrc ! videoconvert ! appsink"));
    assert_true(video_is("http://host:8080/video"));
    assert_false(video_is(clip_path("text.mp4")));
    assert_false(video_is(clip_path("none.mp4")));
    assert_false(video_is(clip_path("")));
    assert_false(video_is("-"));
    assert_false(video_is("file.jpg"));
}

static void test_times_never_go_back(void **state)
{
    /* stamp, time; 25 frames a second where nothing is said */
    static const double stamps[][2] = {
        {100, 0},  {100.1, 0.1}, {(double)NAN, 0.14},      {100.05, 0.14}, {100.3, 0.3},
        {7, 0.34}, {7.5, 0.84},  {(double)INFINITY, 0.88}, {7.4, 0.88},    {8, 1.34}};
    struct video_clock clock = {.nominal = 0.04};
    (void)state;
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        double time = video_clock_time(&clock, stamps[i][0]);
        if (fabs(time - stamps[i][1]) > 1e-9)
            fail_msg("%zu: %g instead of %g", i, time, stamps[i][1]);
    }
    video_clock_jump(&clock);
    assert_true(video_clock_time(&clock, 99.5) == 0.0); /* before the first: there is no such time */
    assert_true(fabs(video_clock_time(&clock, 100.2) - 0.2) < 1e-9);
    struct video_clock none = {.nominal = 0.5};
    assert_true(video_clock_time(&none, (double)NAN) == 0.0);
    assert_true(video_clock_time(&none, (double)NAN) == 0.5);
    video_clock_jump(&none);
    assert_true(video_clock_time(&none, (double)NAN) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_and_devices_are_cameras),
        cmocka_unit_test(test_a_missing_camera_says_which_there_are),
        cmocka_unit_test(test_what_is_no_camera_is_told_at_once),
        cmocka_unit_test(test_first_bytes_of_videos_and_of_pictures),
        cmocka_unit_test(test_what_only_video_open_reads),
        cmocka_unit_test(test_times_never_go_back),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

/* One frame of a video as a picture: its name, and the frame itself. */
#include "base/alloc.h"
#include "base/file.h"
#include "pipeline/sources.h"
#include "pipeline/still.h"
#include "tests/media/video_clips.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 61 };

/* Where there is no module: a file that begins as a video does. */
static const char *a_video(void)
{
    static const char bytes[] = "\0\0\0\x18"
                                "ftypisom\0\0\0\0isomiso2";
    const char       *path = clip_path("a film.mp4");
    clip_save(path, bytes, sizeof bytes - 1);
    return path;
}

static void test_names_tell_file_and_time(void **state)
{
    static const struct {
        const char *behind;
        double      time; /* negative: no name of a frame */
    } rows[] = {{"#t=3.52", 3.52}, {"#t=0", 0},      {"#t=12345.0001", 12345.0001},
                {"#t=.5", 0.5},    {"#t=", -1},      {"#t=-1", -1},
                {"#t=1e3", -1},    {"#t=1.2.3", -1}, {"#t=npt:1", -1},
                {"#t", -1},        {"#5", -1},       {"", -1},
                {"#t=nan", -1},    {"#t=0x10", -1}};
    const char *video = a_video();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char   name[256];
        size_t length = 0;
        double time = -1;
        snprintf(name, sizeof name, "%s%s", video, rows[i].behind);
        assert_int_equal(still_is_named(name, &length, &time), rows[i].time >= 0);
        assert_true(fabs(time - rows[i].time) < 1e-9);
        assert_int_equal(length, rows[i].time >= 0 ? strlen(video) : 0);
    }
    size_t length;
    double time;
    assert_false(still_is_named("#t=3", &length, &time));
    assert_false(still_is_named("/nowhere/clip.mp4#t=3", &length, &time));
    assert_false(still_is_named(BESRA_SOURCE_DIR "/assets/cards/cards-1.jpg#t=3", &length, &time));
}

/* A file may have any name. */
static void test_a_file_of_the_whole_name_is_that_file(void **state)
{
    char   name[256];
    size_t length;
    double time;
    (void)state;
    snprintf(name, sizeof name, "%s#t=3", a_video());
    assert_true(still_is_named(name, &length, &time));
    clip_save(name, "x", 1);
    assert_false(still_is_named(name, &length, &time));
}

static void test_times_are_written_as_short_as_they_are(void **state)
{
    static const struct {
        double      time;
        const char *text;
    } rows[] = {{0, "#t=0"},        {3.52, "#t=3.52"},      {10, "#t=10"},
                {-1e-9, "#t=0"},    {1.0 / 3, "#t=0.3333"}, {3600.00004, "#t=3600"},
                {100.1, "#t=100.1"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes text = {0};
        still_append_time(&text, rows[i].time);
        assert_string_equal(bytes_text(&text), rows[i].text);
        bytes_free(&text);
    }
}

static void test_a_picture_of_a_frame_has_a_name_of_its_own(void **state)
{
    static const char *const rows[][2] = {{"clip.mp4", "clip-t2.5.png"},
                                          {"below/a.b.mkv", "below/a.b-t2.5.png"},
                                          {"no ending", "no ending-t2.5.png"},
                                          {".hidden", ".hidden-t2.5.png"},
                                          {"x.y/clip", "x.y/clip-t2.5.png"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes text = {0};
        still_append_picture_name(&text, rows[i][0], strlen(rows[i][0]), 2.5);
        assert_string_equal(bytes_text(&text), rows[i][1]);
        bytes_free(&text);
    }
}

static void test_a_frame_is_a_source_and_videos_are_where_they_are_wanted(void **state)
{
    struct sources   sources = {0};
    struct bsr_error err;
    char             name[256], folder[256], *inputs[] = {name}, *folders[] = {folder};
    (void)state;
    snprintf(name, sizeof name, "%s#t=1.25", a_video());
    assert_int_equal(sources_collect(&sources, inputs, 1, &(struct source_options){0}, &err), BSR_OK);
    assert_int_equal(sources.count, 1);
    assert_string_equal(sources.items[0].path, name);
    assert_string_equal(sources.items[0].relative, "a film-t1.25.png");
    assert_true(sources.items[0].named);
    sources_free(&sources);

    snprintf(folder, sizeof folder, "%s", name);
    *(strrchr(folder, '/')) = '\0';
    assert_int_equal(sources_collect(&sources, folders, 1, &(struct source_options){0}, &err), BSR_OK);
    size_t without = sources.count;
    sources_free(&sources);
    assert_int_equal(sources_collect(&sources, folders, 1, &(struct source_options){.videos = true}, &err),
                     BSR_OK);
    assert_true(sources.count > without);
    sources_free(&sources);
}

/* ---- frames ------------------------------------------------------------------------------------- */

static void test_a_frame_is_the_one_at_or_behind_its_time(void **state)
{
    static const double times[] = {0, 0.4, 1.05, 3.9999, 0.4001};
    struct bsr_error    err;
    (void)state;
    clip_need_module();
    clip_write(clip_path("still.mp4"), FRAMES, 15);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct still still;
        if (still_read(&still, clip_path("still.mp4"), times[i], NULL, &err) != BSR_OK)
            fail_msg("%s: %s", err.subject, err.message);
        int expected = (int)ceil(times[i] * 15 - 0.01);
        assert_int_equal(clip_number(&still.image), expected);
        assert_int_equal(still.number, expected);
        assert_true(fabs(still.time - expected / 15.0) < 0.0006);
        assert_true(still.steady);
        assert_true(fabs(still.fps - 15) < 0.01);
        assert_true(fabs(still.duration - FRAMES / 15.0) < 0.05);
        still_free(&still);
    }
}

static bsr_status refuse(void *context, const struct video_facts *facts, struct bsr_error *err)
{
    assert_int_equal(facts->width, CLIP_WIDTH);
    ++*(int *)context;
    return bsr_fail(err, BSR_EBUDGET, NULL, "no room");
}

static void test_what_cant_be_read_is_said(void **state)
{
    struct still     still = {.number = 42};
    struct bsr_error err;
    int              asked = 0;
    (void)state;
    clip_need_module();
    const char                *path = clip_path("refused.mp4");
    const struct still_reading small = {.limits = {.max_pixels = 100}};
    const struct still_reading poor = {.reserve = refuse, .context = &asked};
    clip_write(path, 10, 15);
    assert_int_equal(still_read(&still, path, 99, NULL, &err), BSR_ERANGE);
    assert_non_null(strstr(err.message, "ends before"));
    assert_int_equal(still_read(&still, path, 0, &small, &err), BSR_ELIMIT);
    assert_int_equal(still_read(&still, path, 0, &poor, &err), BSR_EBUDGET);
    assert_string_equal(err.subject, path);
    assert_int_equal(asked, 1);
    assert_int_equal(still_read(&still, "/nowhere/clip.mp4", 0, NULL, &err), BSR_EMISSING);
    assert_int_equal(still.number, 42);
}

static void test_no_allocation_is_believed(void **state)
{
    struct still still = {.number = 42};
    unsigned     n = 1;
    bsr_status   status = BSR_ENOMEM;
    (void)state;
    clip_need_module();
    clip_write(clip_path("poor.mp4"), 10, 15);
    for (; n < 200 && status != BSR_OK; n++) {
        mem_fail_from(n);
        status = still_read(&still, clip_path("poor.mp4"), 0.2, NULL, NULL);
        mem_fail_from(0);
        assert_true(status == BSR_OK || still.number == 42);
    }
    assert_int_equal(status, BSR_OK);
    still_free(&still);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_tell_file_and_time),
        cmocka_unit_test(test_a_file_of_the_whole_name_is_that_file),
        cmocka_unit_test(test_times_are_written_as_short_as_they_are),
        cmocka_unit_test(test_a_picture_of_a_frame_has_a_name_of_its_own),
        cmocka_unit_test(test_a_frame_is_a_source_and_videos_are_where_they_are_wanted),
        cmocka_unit_test(test_a_frame_is_the_one_at_or_behind_its_time),
        cmocka_unit_test(test_what_cant_be_read_is_said),
        cmocka_unit_test(test_no_allocation_is_believed),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

/* The index of an .mp4 that is made when it is closed: what the fragments tell, and what spoilt ones do. */
#include "base/file.h"
#include "media/video_index.h"
#include "tests/media/video_clips.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct video_writer_options plain = {.width = CLIP_WIDTH, .height = CLIP_HEIGHT};

static bsr_status add(struct video_writer *writer, int number, double time, struct bsr_error *err)
{
    struct bsr_image image = clip_draw(number);
    bsr_status       status = video_writer_add(writer, &image, time, err);
    image_free(&image);
    return status;
}

/* What a killed recording is before its index is made. */
static void make_fragments(const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct video_writer *writer;
        if (video_writer_open(&writer, path, &plain, NULL) != BSR_OK)
            _exit(1);
        for (int i = 0; i < 45; i++)
            add(writer, i, clip_time(i, 0), NULL);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_an_index_tells_what_the_fragments_did(void **state)
{
    (void)state;
    clip_need_module();
    const char *path = clip_path("index.mp4");
    make_fragments(path);
    struct clip_seen before = clip_see(path);
    int              fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(video_index_file(fd, NULL), BSR_OK);
    struct clip_seen after = clip_see(path);
    assert_int_equal(after.count, before.count);
    assert_true(fabs(after.end - before.end) < 1e-6);
    assert_true(fabs(after.duration - clip_time(after.count, 0)) < 0.002);
    assert_int_equal(video_index_file(fd, NULL), BSR_EFORMAT); /* it has one */
    close(fd);
}

int fuzz_video_index(const uint8_t *data, size_t size);

static void test_spoilt_fragments_are_no_fragments(void **state)
{
    struct bytes file = {0};
    uint32_t     seed = 7;
    (void)state;
    clip_need_module();
    make_fragments(clip_path("spoil.mp4"));
    assert_int_equal(file_read(&file, clip_path("spoil.mp4"), 1 << 24, NULL), BSR_OK);
    for (int round = 0; round < 5000; round++) {
        struct bytes spoilt = {0};
        seed = seed * 1664525 + 1013904223;
        bytes_append(&spoilt, file.data, file.size);
        /* mostly where boxes are: the first header, and behind each "moof" */
        size_t   at = (seed >> 8) % (round % 2 ? 900 : file.size);
        uint8_t *moof = memmem(spoilt.data + at, spoilt.size - at, "moof", 4);
        if (round % 4 == 0 && moof)
            at = (size_t)(moof - spoilt.data) + (seed >> 4) % 100;
        if (at < spoilt.size)
            spoilt.data[at] = (uint8_t)(seed >> 24);
        if (round % 5 == 0 && at < spoilt.size)
            spoilt.size = at;
        assert_int_equal(fuzz_video_index(spoilt.data, spoilt.size), 0); /* the sanitizers watch */
        bytes_free(&spoilt);
    }
    bytes_free(&file);
}

/* Killed between the two writes, or in the midst of the first: fragments, with something behind them. */
static void test_an_index_in_the_making_does_no_harm(void **state)
{
    (void)state;
    clip_need_module();
    make_fragments(clip_path("making.mp4"));
    struct clip_seen   before = clip_see(clip_path("making.mp4"));
    struct video_index index;
    struct bytes       file = {0}, moov = {0};
    int                fd = open(clip_path("making.mp4"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(video_index_read(&index, fd, NULL), BSR_OK);
    assert_int_equal(video_index_build(&moov, &index, NULL), BSR_OK);
    close(fd);
    assert_int_equal(file_read(&file, clip_path("making.mp4"), 1 << 24, NULL), BSR_OK);
    file.size = (size_t)index.end;
    const size_t parts[] = {0, 5, 100, moov.size - 1, moov.size};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct bytes half = {0};
        bytes_append(&half, file.data, file.size);
        bytes_append(&half, moov.data, parts[i]);
        clip_save(clip_path("half.mp4"), half.data, half.size);
        bytes_free(&half);
        struct clip_seen seen = clip_see(clip_path("half.mp4"));
        assert_int_equal(seen.count, before.count);
        assert_true(fabs(seen.end - before.end) < 1e-6);
    }
    bytes_free(&file);
    bytes_free(&moov);
    video_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_index_tells_what_the_fragments_did),
        cmocka_unit_test(test_spoilt_fragments_are_no_fragments),
        cmocka_unit_test(test_an_index_in_the_making_does_no_harm),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

/* The pixels of what is read: their colours, and which way is up. */
#include "base/file.h"
#include "media/picture.h"
#include "tests/media/video_clips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Patches of pure colours and of greys; YUV of 8 bits and limited range is off by as much as 3 of 255. */
static const uint8_t patches[][3] = {{0, 0, 255}, {0, 255, 0},     {255, 0, 0},    {255, 255, 255},
                                     {0, 0, 0},   {128, 128, 128}, {30, 200, 220}, {180, 60, 90}};
enum { PATCHES = sizeof patches / sizeof *patches, OFF = 5 };

static struct bsr_image draw_patches(int width, int height)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, width, height, 3, 8, NULL), BSR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(image_row(&image, y) + 3 * x, patches[x * PATCHES / width], 3);
    return image;
}

/* Compares the first frame with them. */
static void check_patches(const char *path, int width, int height)
{
    struct video_reader *reader = clip_open(path);
    struct video_frame   frame = clip_next(reader);
    assert_int_equal(frame.image.width, width);
    for (int i = 0; i < PATCHES; i++) {
        const uint8_t *pixel =
            image_row(&frame.image, height / 2) + 3 * ((2 * i + 1) * width / (2 * PATCHES));
        for (int c = 0; c < 3; c++)
            if (abs(pixel[c] - patches[i][c]) > OFF)
                fail_msg("%s: patch %d is %d %d %d and should be %d %d %d", path, i, pixel[0], pixel[1],
                         pixel[2], patches[i][0], patches[i][1], patches[i][2]);
    }
    video_close(reader);
}

static void check_colours(const char *path, int width, int height)
{
    const struct video_writer_options options = {.width = width, .height = height, .quality = 95};
    struct video_writer              *writer;
    struct bsr_image                  image = draw_patches(width, height);
    assert_int_equal(video_writer_open(&writer, path, &options, NULL), BSR_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(video_writer_add(writer, &image, i * 0.1, NULL), BSR_OK);
    assert_int_equal(video_writer_close(writer, 0.3, NULL), BSR_OK);
    image_free(&image);
    check_patches(path, width, height);
}

/* JPEG is of BT.601 and full range, however large it is. */
static void test_colours_of_jpeg_are_its_own(void **state)
{
    static const int sizes[][2] = {{320, 240}, {1280, 720}};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < 2; i++) {
        struct picture picture = {.image = draw_patches(sizes[i][0], sizes[i][1])};
        struct bytes   file = {0};
        for (int k = 0; k < 3; k++)
            assert_int_equal(picture_encode(&file, &picture, PICTURE_JPEG, 95, NULL), BSR_OK);
        clip_save(clip_path("patches.mjpeg"), file.data, file.size);
        image_free(&picture.image);
        bytes_free(&file);
        check_patches(clip_path("patches.mjpeg"), sizes[i][0], sizes[i][1]);
    }
}

static void test_colours_stay_in_both_matrices(void **state)
{
    (void)state;
    clip_need_module();
    check_colours(clip_path("601.mp4"), 320, 240);  /* BT.601 */
    check_colours(clip_path("709.mp4"), 1280, 720); /* BT.709 */
    check_colours(clip_path("709.mkv"), 1280, 720);
}

static void test_turned_pictures_of_phones_are_upright(void **state)
{
    enum { ONE = 65536 };
    /* Where the first pixel of the stored picture (of block 0, white) is seen. */
    static const struct {
        int32_t matrix[4];
        bool    across, right, bottom;
    } turns[] = {
        {{ONE, 0, 0, ONE}, false, false, false}, {{0, ONE, -ONE, 0}, true, true, false},
        {{-ONE, 0, 0, -ONE}, false, true, true}, {{0, -ONE, ONE, 0}, true, false, true},
        {{-ONE, 0, 0, ONE}, false, true, false}, {{ONE, 0, 0, -ONE}, false, false, true},
    };
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        char name[32];
        snprintf(name, sizeof name, "turned-%zu.mp4", i);
        const char *path = clip_path(name);
        clip_write(path, 2, 10); /* frame 1 has its first block white, all others black */
        clip_turn(path, turns[i].matrix);
        struct video_reader *reader = clip_open(path);
        int                  width = turns[i].across ? CLIP_HEIGHT : CLIP_WIDTH;
        int                  height = turns[i].across ? CLIP_WIDTH : CLIP_HEIGHT;
        assert_int_equal(video_facts(reader)->width, width);
        assert_int_equal(video_facts(reader)->height, height);
        clip_next(reader);
        struct video_frame frame = clip_next(reader);
        assert_int_equal(frame.image.width, width);
        for (int corner = 0; corner < 4; corner++) {
            bool white = (corner & 1) == turns[i].right && corner >> 1 == turns[i].bottom;
            int  x = corner & 1 ? width - 10 : 10, y = corner >> 1 ? height - 10 : 10;
            assert_int_equal(image_row(&frame.image, y)[3 * x] > 128, white);
        }
        video_close(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colours_stay_in_both_matrices),
        cmocka_unit_test(test_colours_of_jpeg_are_its_own),
        cmocka_unit_test(test_turned_pictures_of_phones_are_upright),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

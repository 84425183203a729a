#include "app/window/halve.h"
#include "app/window/texture_cache.h"
#include "base/alloc.h"
#include "base/image.h"
#include "fake_display.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct colour ground = {30, 32, 36, 255};

struct scene {
    struct display       *display;
    struct texture_cache *cache;
    struct paint_list     list;
};

static struct scene make_scene(size_t budget)
{
    struct scene scene = {0};
    assert_int_equal(fake_display.open(&scene.display, NULL, NULL), BSR_OK);
    assert_int_equal(texture_cache_open(&scene.cache, &fake_display, scene.display, budget, NULL), BSR_OK);
    return scene;
}

static void end_scene(struct scene *scene)
{
    texture_cache_close(scene->cache);
    assert_int_equal(scene->display->made, scene->display->freed);
    assert_int_equal(scene->display->bytes, 0);
    fake_display.close(scene->display);
    paint_free(&scene->list);
}

static struct bsr_image make_image(int width, int height, int channels, int depth)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, width, height, channels, depth, NULL), BSR_OK);
    memset(image.data, 90, image.stride * (size_t)height);
    return image;
}

/* All of an image into `to`. */
static void paint(struct scene *scene, const struct bsr_image *image, uint64_t id, struct rect to)
{
    texture_cache_paint(scene->cache, &scene->list, image, id,
                        (struct rect){0, 0, (float)image->width, (float)image->height}, to, true);
}

/* ---- halved copies ---- */

static void test_a_halved_pixel_is_the_mean_of_its_four(void **state)
{
    static const int sides[][2] = {{1, 1}, {2, 2}, {5, 4}, {4, 7}, {33, 18}};
    (void)state;
    srand(1);
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (int channels = 3; channels <= 4; channels++) {
            int              width = sides[i][0], height = sides[i][1];
            struct bsr_image from = make_image(width, height, channels, 8);
            struct bsr_image to = make_image((width + 1) / 2, (height + 1) / 2, channels, 8);
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width * channels; x++)
                    image_row(&from, y)[x] = (uint8_t)(x % channels == 3 ? 255 : rand());
            halve(&to, &from);
            for (int y = 0; y < to.height; y++)
                for (int x = 0; x < to.width * channels; x++) {
                    int c = x % channels, x1 = x / channels * 2, y1 = 2 * y;
                    int x2 = x1 + 1 < width ? x1 + 1 : x1, y2 = y1 + 1 < height ? y1 + 1 : y1;
                    int sum =
                        image_row(&from, y1)[x1 * channels + c] + image_row(&from, y1)[x2 * channels + c] +
                        image_row(&from, y2)[x1 * channels + c] + image_row(&from, y2)[x2 * channels + c];
                    assert_int_equal(image_row(&to, y)[x], (sum + 2) / 4);
                }
            image_free(&from);
            image_free(&to);
        }
}

static void test_what_is_clear_gives_no_colour(void **state)
{
    struct bsr_image from = make_image(2, 2, 4, 8), to = make_image(1, 1, 4, 8);
    const uint8_t    pixels[2][8] = {{10, 20, 30, 255, 255, 255, 255, 0}, {0, 255, 0, 0, 10, 20, 30, 255}};
    (void)state;
    memcpy(image_row(&from, 0), pixels[0], 8);
    memcpy(image_row(&from, 1), pixels[1], 8);
    halve(&to, &from);
    const uint8_t expected[4] = {10, 20, 30, 128};
    assert_memory_equal(to.data, expected, 4);
    memset(image_row(&from, 0), 0, 8);
    memset(image_row(&from, 1), 0, 8);
    halve(&to, &from);
    assert_int_equal(((uint8_t *)to.data)[3], 0);
    image_free(&from);
    image_free(&to);
}

static void test_a_picture_shown_small_comes_from_a_copy_that_is_twice_as_large_at_most(void **state)
{
    static const struct {
        float shown;
        int   side; /* of the texture */
    } cases[] = {{400, 200}, {200, 200}, {101, 200}, {100, 100}, {51, 100},
                 {50, 50},   {12, 13},   {1, 2},     {0.01F, 2}};
    struct scene     scene = make_scene((size_t)64 << 20);
    struct bsr_image image = make_image(200, 200, 3, 8);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        paint_clear(&scene.list);
        paint(&scene, &image, 1, (struct rect){0, 0, cases[i].shown, cases[i].shown});
        assert_int_equal(scene.list.count, 1);
        assert_int_equal(scene.display->sides[scene.list.items[0].texture][0], cases[i].side);
    }
    image_free(&image);
    end_scene(&scene);
}

/* ---- tiles ---- */

static void test_tiles_meet_without_gaps_and_cover_the_place(void **state)
{
    static const struct rect from[] = {{0, 0, 1000, 700}, {10.5F, 20.25F, 900, 600}, {253, 253, 3, 3}};
    struct scene             scene = make_scene((size_t)64 << 20);
    struct bsr_image         image = make_image(1000, 700, 3, 8);
    (void)state;
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        struct rect to = {3, 5, 620, 430};
        double      area = 0;
        paint_clear(&scene.list);
        texture_cache_paint(scene.cache, &scene.list, &image, 1, from[i], to, true);
        for (size_t k = 0; k < scene.list.count; k++) {
            const struct paint *tile = &scene.list.items[k];
            const int          *side = scene.display->sides[tile->texture];
            area += (double)tile->rect.width * (double)tile->rect.height;
            assert_true(tile->from.x >= 0 && tile->from.x + tile->from.width <= (float)side[0]);
            assert_true(tile->from.y >= 0 && tile->from.y + tile->from.height <= (float)side[1]);
            assert_true(side[0] <= FAKE_MOST && side[1] <= FAKE_MOST);
        }
        assert_true(fabs(area - 620.0 * 430) < 1);
    }
    image_free(&image);
    end_scene(&scene);
}

static void test_only_tiles_in_sight_are_made(void **state)
{
    struct scene     scene = make_scene((size_t)64 << 20);
    struct bsr_image image = make_image(2000, 2000, 3, 8);
    (void)state;
    paint(&scene, &image, 1, (struct rect){-500, -500, 2000, 2000}); /* the window is 640 x 480 */
    assert_int_equal(scene.display->made, 4 * 3);
    paint_clip(&scene.list, (struct rect){10, 10, 12, 20});
    paint(&scene, &image, 1, (struct rect){-1500, -500, 2000, 2000});
    assert_int_equal(scene.display->made,
                     4 * 3 + 1); /* 1510 / 254 is the sixth column, 510 / 254 the third row */
    image_free(&image);
    end_scene(&scene);
}

/* ---- what is kept ---- */

static void test_the_budget_holds_and_the_longest_unused_goes(void **state)
{
    enum { BUDGET = 1 << 20 };
    struct scene     scene = make_scene(BUDGET);
    struct bsr_image image = make_image(200, 200, 3, 8); /* 160,000 bytes: six of them */
    (void)state;
    for (uint64_t id = 1; id <= 50; id++) {
        paint_clear(&scene.list);
        paint(&scene, &image, id, (struct rect){0, 0, 200, 200});
        paint(&scene, &image, 1000, (struct rect){0, 0, 200, 200});
        assert_int_equal(scene.list.count, 2);
        assert_true(texture_cache_bytes(scene.cache) <= BUDGET);
        assert_true(scene.display->bytes <= texture_cache_bytes(scene.cache));
    }
    assert_int_equal(scene.display->made, 51);
    paint(&scene, &image, 49, (struct rect){0, 0, 200, 200}); /* still there */
    assert_int_equal(scene.display->made, 51);
    texture_cache_forget(scene.cache, 49);
    texture_cache_forget(scene.cache, 12345);
    paint(&scene, &image, 49, (struct rect){0, 0, 200, 200});
    assert_int_equal(scene.display->made, 52);
    image_free(&image);
    end_scene(&scene);
}

static void test_one_picture_beyond_the_budget_gives_up_its_own_tiles(void **state)
{
    enum { BUDGET = 1 << 20 };
    struct scene     scene = make_scene(BUDGET);
    struct bsr_image image = make_image(3000, 400, 3, 8);
    (void)state;
    for (int x = 0; x > -2400; x -= 100) {
        paint_clear(&scene.list);
        paint_clip(&scene.list, (struct rect){0, 0, 200, 200});
        paint(&scene, &image, 1, (struct rect){(float)x, 0, 3000, 400});
        assert_true(scene.list.count > 1);
        assert_true(texture_cache_bytes(scene.cache) <= BUDGET);
    }
    image_free(&image);
    end_scene(&scene);
}

static void test_a_changed_picture_is_filled_anew(void **state)
{
    struct scene     scene = make_scene((size_t)64 << 20);
    struct bsr_image image = make_image(200, 200, 3, 8), larger = make_image(220, 200, 3, 8);
    (void)state;
    paint(&scene, &image, 1, (struct rect){0, 0, 200, 200});
    paint(&scene, &image, 1, (struct rect){0, 0, 90, 90});
    for (int i = 0; i < 3; i++) {
        texture_cache_change(scene.cache, 1);
        paint(&scene, &image, 1, (struct rect){0, 0, 90, 90});
        paint(&scene, &image, 1, (struct rect){0, 0, 90, 90});
    }
    assert_int_equal(scene.display->made, 2);
    assert_int_equal(scene.display->updated, 3);
    paint(&scene, &image, 1, (struct rect){0, 0, 200, 200});
    assert_int_equal(scene.display->updated, 4);
    paint(&scene, &larger, 1, (struct rect){0, 0, 200, 200}); /* another size: another picture */
    assert_int_equal(scene.display->made, 3);
    texture_cache_change(scene.cache, 99);
    image_free(&image);
    image_free(&larger);
    end_scene(&scene);
}

static void test_any_channels_and_bits_are_shown(void **state)
{
    struct scene scene = make_scene((size_t)64 << 20);
    (void)state;
    for (int channels = 1; channels <= 4; channels++)
        for (int depth = 8; depth <= 16; depth += 8) {
            struct bsr_image image = make_image(101, 60, channels, depth);
            uint64_t         id = (uint64_t)(channels * 16 + depth);
            paint_clear(&scene.list);
            paint(&scene, &image, id, (struct rect){0, 0, 101, 60});
            paint(&scene, &image, id, (struct rect){0, 0, 25, 15});
            assert_int_equal(scene.list.count, 2);
            image_free(&image);
        }
    end_scene(&scene);
}

static void test_impossible_places_paint_nothing(void **state)
{
    static const struct rect wrong[] = {{0, 0, 0, 5}, {0, 0, 5, -5}, {NAN, 0, 5, 5}, {0, 0, INFINITY, 5}};
    const struct rect        right = {0, 0, 20, 20};
    struct scene             scene = make_scene((size_t)64 << 20);
    struct bsr_image         image = make_image(20, 20, 3, 8), none = {0};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        texture_cache_paint(scene.cache, &scene.list, &image, 1, wrong[i], right, true);
        texture_cache_paint(scene.cache, &scene.list, &image, 1, right, wrong[i], true);
    }
    texture_cache_paint(scene.cache, &scene.list, &none, 2, right, right, true);
    texture_cache_paint(scene.cache, &scene.list, &image, 1, (struct rect){-50, -50, 30, 30}, right, true);
    texture_cache_paint(scene.cache, &scene.list, &image, 1, right, (struct rect){9000, 0, 20, 20}, true);
    assert_int_equal(scene.list.count, 0);
    texture_cache_paint(scene.cache, &scene.list, &image, 1, right,
                        (struct rect){-1e30F, -1e30F, 2e30F, 2e30F}, true);
    assert_false(scene.list.failed);
    image_free(&image);
    end_scene(&scene);
}

static void test_the_cache_survives_each_failing_allocation(void **state)
{
    struct bsr_image image = make_image(300, 200, 1, 16);
    size_t           n = 1;
    (void)state;
    for (bool whole = false; !whole; n++) {
        struct scene scene = {0};
        assert_int_equal(fake_display.open(&scene.display, NULL, NULL), BSR_OK);
        mem_fail_from(n);
        bsr_status status = texture_cache_open(&scene.cache, &fake_display, scene.display, 1 << 20, NULL);
        if (status == BSR_OK)
            paint(&scene, &image, 1, (struct rect){0, 0, 70, 50});
        mem_fail_from(0);
        whole = scene.list.count == 1;
        if (status == BSR_OK) { /* and is well again */
            paint_clear(&scene.list);
            paint(&scene, &image, 1, (struct rect){0, 0, 70, 50});
            assert_int_equal(scene.list.count, 1);
        }
        end_scene(&scene);
    }
    image_free(&image);
}

/* ---- on the screen ---- */

/* A zone plate: rings that become finer outwards, up to one pixel a ring at the edges; every kind of aliasing
 * shows as rings where there are none. */
static struct bsr_image make_zone_plate(int side)
{
    struct bsr_image image = make_image(side, side, 3, 8);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double   dx = x - side / 2.0, dy = y - side / 2.0;
            uint8_t *pixel = image_row(&image, y) + (size_t)x * 3;
            pixel[0] = pixel[1] = pixel[2] =
                (uint8_t)(127.5 + 127.5 * cos((dx * dx + dy * dy) * 3.14159 / side));
        }
    return image;
}

static void test_a_picture_shown_small_has_no_false_patterns(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    const struct display_module *module = harness_module();
    struct display              *display = harness_open(400, 320);
    struct texture_cache        *cache = NULL;
    struct paint_list            list = {0};
    struct bsr_image             image = make_zone_plate(1600), shot;
    assert_int_equal(texture_cache_open(&cache, module, display, (size_t)64 << 20, NULL), BSR_OK);
    texture_cache_paint(cache, &list, &image, 1, (struct rect){0, 0, 1600, 1600},
                        (struct rect){0, 0, 320, 320}, true);
    module->show(display, &list, ground);
    assert_int_equal(module->shot(display, &shot, NULL), BSR_OK);
    /* In the outer corners, where the rings are finer than a pixel of the window, all is grey. */
    for (int y = 0; y < 30; y++)
        for (int x = 0; x < 30; x++)
            assert_in_range(image_row(&shot, y)[x * 3], 127 - 24, 127 + 24);
    image_free(&shot);
    image_free(&image);
    texture_cache_close(cache);
    paint_free(&list);
    module->close(display);
}

/* The picture in tiles is the picture in one texture. */
static void test_joints_of_tiles_do_not_show(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    const struct display_module *module = harness_module();
    struct display              *display = harness_open(600, 400);
    struct texture_cache        *cache = NULL;
    struct paint_list            list = {0};
    struct bsr_image             image = make_zone_plate(1500), tiled, whole;
    const struct rect            from = {900, 900, 200, 150}, to = {0, 0, 600, 450};
    assert_int_equal(texture_cache_open(&cache, module, display, (size_t)64 << 20, NULL), BSR_OK);
    texture_cache_paint(cache, &list, &image, 1, from, to, true);
    assert_int_equal(list.count, 4);
    module->show(display, &list, ground);
    assert_int_equal(module->shot(display, &tiled, NULL), BSR_OK);
    paint_clear(&list);
    paint_image(&list, module->texture_make(display, &image), from, to, (struct colour){255, 255, 255, 255},
                true);
    module->show(display, &list, ground);
    assert_int_equal(module->shot(display, &whole, NULL), BSR_OK);
    int furthest = 0;
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < 1800; x++) {
            int differs = abs(image_row(&tiled, y)[x] - image_row(&whole, y)[x]);
            furthest = differs > furthest ? differs : furthest;
        }
    assert_in_range(furthest, 0, 16); /* of 255: a rounding of SDL's places within a pixel */
    image_free(&tiled);
    image_free(&whole);
    image_free(&image);
    texture_cache_close(cache);
    paint_free(&list);
    module->close(display);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_halved_pixel_is_the_mean_of_its_four),
        cmocka_unit_test(test_what_is_clear_gives_no_colour),
        cmocka_unit_test(test_a_picture_shown_small_comes_from_a_copy_that_is_twice_as_large_at_most),
        cmocka_unit_test(test_tiles_meet_without_gaps_and_cover_the_place),
        cmocka_unit_test(test_only_tiles_in_sight_are_made),
        cmocka_unit_test(test_the_budget_holds_and_the_longest_unused_goes),
        cmocka_unit_test(test_one_picture_beyond_the_budget_gives_up_its_own_tiles),
        cmocka_unit_test(test_a_changed_picture_is_filled_anew),
        cmocka_unit_test(test_any_channels_and_bits_are_shown),
        cmocka_unit_test(test_impossible_places_paint_nothing),
        cmocka_unit_test(test_the_cache_survives_each_failing_allocation),
        cmocka_unit_test(test_a_picture_shown_small_has_no_false_patterns),
        cmocka_unit_test(test_joints_of_tiles_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

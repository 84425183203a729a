#include "harness.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/image.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct colour ground = {30, 32, 36, 255}, white = {255, 255, 255, 255}, red = {220, 60, 50, 255},
                           green = {70, 180, 90, 255}, blue = {60, 120, 220, 255},
                           glass = {255, 255, 255, 96};

/* A picture of `channels` with numbers that tell each pixel: blue across, green down, red by the square. */
static struct bsr_image make_picture(int width, int height, int channels)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, width, height, channels, 8, NULL), BSR_OK);
    for (int y = 0; y < height; y++) {
        uint8_t *pixel = image_row(&image, y);
        for (int x = 0; x < width; x++, pixel += channels) {
            pixel[0] = (uint8_t)(x * 255 / width);
            if (channels > 1)
                pixel[1] = (uint8_t)(y * 255 / height);
            if (channels > 2)
                pixel[2] = (x / 4 + y / 4) % 2 ? 200 : 60;
            if (channels > 3)
                pixel[3] = (uint8_t)(x * 255 / width);
        }
    }
    return image;
}

static texture_id make_texture(struct display *display, int width, int height, int channels)
{
    struct bsr_image image = make_picture(width, height, channels);
    texture_id       made = harness_module()->texture_make(display, &image);
    image_free(&image);
    assert_int_not_equal(made, 0);
    return made;
}

static void add_rectangles(struct paint_list *list)
{
    static const float radii[] = {0, 2, 4.5F, 8, 100};
    for (int i = 0; i < 5; i++) {
        float x = 10 + 60 * (float)i;
        paint_rect(list, (struct rect){x, 10, 50, 30}, blue, radii[i]);
        paint_frame(list, (struct rect){x, 50, 50, 30}, white, radii[i], (float)(1 + i % 3));
        paint_rect(list, (struct rect){x, 90, 21, 21}, glass, radii[i]);
        paint_frame(list, (struct rect){x + 26, 90, 21, 21}, green, radii[i], 2);
    }
    paint_rect(list, (struct rect){310, 10, 1, 100}, white, 4);
    paint_frame(list, (struct rect){316, 10, 3, 100}, white, 4, 2);
    paint_rect(list, (struct rect){324.4F, 10.4F, 10.2F, 99.7F}, red, 0);
}

static void add_lines(struct paint_list *list)
{
    static const struct paint_point arrow[] = {{20, 200}, {60, 220}, {20, 240}};
    struct paint_point              round[24];
    for (int i = 0; i < 9; i++) {
        float angle = (float)i * 0.19F;
        paint_line(list, 80, 130, 80 + 110 * cosf(angle), 130 + 110 * sinf(angle), white,
                   0.5F + (float)i / 2);
    }
    paint_fan(list, arrow, 3, green);
    for (int i = 0; i < 24; i++)
        round[i] =
            (struct paint_point){240 + 40 * cosf((float)i * 0.2618F), 190 - 30 * sinf((float)i * 0.2618F)};
    paint_fan(list, round, 24, red);
    paint_line(list, 10, 130, 60, 130, white, 1);
    paint_line(list, 10, 140, 60, 140, white, 3);
    paint_line(list, 10, 150, 10, 190, white, 1);
    paint_line(list, 15, 150, 35, 175, blue, 6);
    paint_line(list, 35, 175, 60, 150, blue, 6);
}

static void add_pictures(struct paint_list *list, texture_id colours, texture_id through, texture_id mask)
{
    const struct rect all = {0, 0, 32, 32};
    paint_image(list, colours, all, (struct rect){310, 130, 32, 32}, white, false);
    paint_image(list, colours, all, (struct rect){350, 130, 96, 96}, white, false);
    paint_image(list, colours, all, (struct rect){350, 10, 96, 96}, white, true);
    paint_image(list, through, all, (struct rect){310, 170, 32, 32}, white, false);
    paint_image(list, mask, all, (struct rect){310, 210, 32, 32}, green, false);
    paint_clip(list, (struct rect){10, 260, 200, 60});
    /* A quarter of a pixel of the texture further, eight times as large: what is seen is cut from it. */
    paint_image(list, colours, (struct rect){2.25F, 2.25F, 29, 29}, (struct rect){0, 250, 232, 232}, white,
                false);
    paint_rect(list, (struct rect){150, 250, 100, 100}, glass, 20);
    paint_clip(list, (struct rect){220, 260, 200, 60});
    paint_image(list, colours, (struct rect){2, 2, 8, 8}, (struct rect){120, 200, 400, 400}, white, true);
    paint_clip(list, (struct rect){0, 0, 0, 0});
    paint_rect(list, (struct rect){0, 0, 1000, 1000}, red, 10);
    paint_clip(list, (struct rect){-100, -100, 1000, 1000});
    paint_frame(list, (struct rect){0, 0, 460, 330}, glass, 0, 1);
}

static void test_all_kinds_look_as_they_did(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    const struct display_module *module = harness_module();
    struct display              *display = harness_open(460, 330);
    struct paint_list            list = {0};
    texture_id textures[3] = {make_texture(display, 32, 32, 3), make_texture(display, 32, 32, 4),
                              make_texture(display, 32, 32, 1)};
    add_rectangles(&list);
    add_lines(&list);
    add_pictures(&list, textures[0], textures[1], textures[2]);
    module->show(display, &list, ground);
    harness_check(display, "all_kinds");
    module->show(display, &list, ground); /* from what is kept now */
    harness_check(display, "all_kinds");
    paint_free(&list);
    module->close(display);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds_look_as_they_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

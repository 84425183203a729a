#include "harness.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/image.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
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

/* ---- without a display ---- */

/* A shot of `texture` at a place, scaled; where it `moves` it is seen in another size before, in each frame.
 */
static struct bsr_image shoot_scaled(struct display *display, texture_id texture, bool smooth, bool moves)
{
    const struct display_module *module = harness_module();
    struct paint_list            list = {0};
    struct bsr_image             shot = {0};
    if (moves)
        paint_image(&list, texture, (struct rect){0, 0, 90, 90}, (struct rect){20, 20, 100, 100}, white,
                    smooth);
    paint_rect(&list, (struct rect){0, 0, 320, 240}, red, 0);
    paint_clip(&list, (struct rect){10, 20, 250, 190});
    paint_image(&list, texture, (struct rect){0, 0, 90, 90}, (struct rect){-5, 10, 230, 170}, white, smooth);
    for (int i = 0; i < 3; i++)
        module->show(display, &list, ground);
    assert_int_equal(module->shot(display, &shot, NULL), BSR_OK);
    paint_free(&list);
    return shot;
}

static bool is_same(const struct bsr_image *a, const struct bsr_image *b)
{
    for (int y = 0; y < a->height; y++)
        if (memcmp(image_row(a, y), image_row(b, y), (size_t)a->width * 3) != 0)
            return false;
    return true;
}

/* The module keeps a scaled copy of what doesn't change. */
static void test_what_stands_still_looks_as_what_moves(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct display *display = harness_open(320, 240);
    for (int channels = 3; channels <= 4; channels++)
        for (int smooth = 0; smooth <= 1; smooth++) {
            texture_id       texture = make_texture(display, 90, 90, channels);
            struct bsr_image other = make_picture(90, 90, channels);
            struct bsr_image still = shoot_scaled(display, texture, smooth, false);
            struct bsr_image moving = shoot_scaled(display, texture, smooth, true);
            assert_true(is_same(&still, &moving));
            struct bsr_image again = shoot_scaled(display, texture, smooth, false);
            memset(other.data, 99, other.stride * 90);
            assert_true(harness_module()->texture_update(display, texture, &other));
            struct bsr_image changed = shoot_scaled(display, texture, smooth, false);
            assert_true(is_same(&still, &again));
            assert_false(is_same(&still, &changed));
            struct bsr_image *const all[] = {&other, &still, &moving, &again, &changed};
            for (int i = 0; i < 5; i++)
                image_free(all[i]);
            harness_module()->texture_free(display, texture);
        }
    harness_module()->close(display);
}

static void test_no_display_is_told_with_what_to_do(void **state)
{
    static const char *const drivers[] = {"x11", "dummy", "offscreen", ""};
    (void)state;
    NEEDS_DISPLAY();
    char *display_name = mem_copy_text(getenv("DISPLAY"));
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        struct bsr_error             err = {0};
        struct display              *display = NULL;
        const struct display_options options = {.title = "x", .width = 320, .height = 240};
        setenv("DISPLAY", ":64000", 1);
        unsetenv("WAYLAND_DISPLAY");
        setenv("SDL_VIDEODRIVER", drivers[i], 1);
        if (!drivers[i][0])
            unsetenv("SDL_VIDEODRIVER");
        assert_int_equal(harness_try_open(&display, &options, &err), BSR_EMISSING);
        assert_null(display);
        assert_non_null(strstr(err.message, "no display"));
        assert_non_null(strstr(err.hint, "--headless"));
    }
    setenv("DISPLAY", display_name, 1);
    setenv("SDL_VIDEODRIVER", "x11", 1);
    mem_free(display_name);
}

static void test_a_hidden_window_needs_no_screen(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    const struct display_options options = {.title = "x", .width = 320, .height = 240, .hidden = true};
    const struct display_module *module = harness_module();
    struct display              *display = NULL;
    struct paint_list            list = {0};
    struct bsr_image             shot;
    int                          width, height;
    float                        scale;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    assert_int_equal(harness_try_open(&display, &options, NULL), BSR_OK);
    setenv("SDL_VIDEODRIVER", "x11", 1);
    module->size(display, &width, &height, &scale);
    assert_int_equal(width, 320);
    assert_int_equal(height, 240);
    assert_true(scale == 1);
    paint_rect(&list, (struct rect){0, 0, 10, 10}, red, 0);
    module->show(display, &list, ground);
    assert_int_equal(module->shot(display, &shot, NULL), BSR_OK);
    const uint8_t inside[3] = {50, 60, 220}, outside[3] = {36, 32, 30};
    assert_memory_equal(image_row(&shot, 9) + 9 * 3, inside, 3);
    assert_memory_equal(image_row(&shot, 10) + 10 * 3, outside, 3);
    image_free(&shot);
    paint_free(&list);
    module->close(display);
}

/* ---- textures ---- */

static void test_textures_that_can_not_be_are_refused_and_old_ids_are_dead(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    const struct display_module *module = harness_module();
    struct display              *display = harness_open(320, 240);
    struct bsr_image             deep, wide, fair = make_picture(8, 8, 3), other = make_picture(9, 8, 3);
    struct paint_list            list = {0};
    assert_int_equal(image_alloc(&deep, 8, 8, 3, 16, NULL), BSR_OK);
    assert_int_equal(image_alloc(&wide, module->texture_most(display) + 1, 1, 1, 8, NULL), BSR_OK);
    assert_int_equal(module->texture_make(display, &deep), 0);
    assert_int_equal(module->texture_make(display, &wide), 0);
    texture_id first = module->texture_make(display, &fair);
    assert_true(module->texture_update(display, first, &fair));
    assert_false(module->texture_update(display, first, &other));
    module->texture_free(display, first);
    module->texture_free(display, first);
    texture_id second = module->texture_make(display, &fair); /* in the same place, under another name */
    assert_int_not_equal(first, second);
    assert_false(module->texture_update(display, first, &fair));
    paint_image(&list, first, (struct rect){0, 0, 8, 8}, (struct rect){0, 0, 80, 80}, white, true);
    paint_image(&list, 0x123456, (struct rect){0, 0, 8, 8}, (struct rect){0, 0, 80, 80}, white, true);
    paint_image(&list, second, (struct rect){-1e9F, 0, 1e-9F, 8}, (struct rect){0, 0, 80, 80}, white, true);
    paint_image(&list, second, (struct rect){0, 0, 8, 8}, (struct rect){-1e30F, -1e30F, 2e30F, 2e30F}, white,
                true);
    paint_rect(&list, (struct rect){-1e30F, -1e30F, 2e30F, 1}, white, 1e30F);
    paint_frame(&list, (struct rect){-1e9F, 5, 2e9F, 1e9F}, white, 1e30F, 1e30F);
    paint_line(&list, -1e30F, 7, 1e30F, 1e30F, white, 1e30F);
    paint_line(&list, -1e8F, -1e8F, 1e8F, 1.1e8F, white, 2);
    static const struct paint_point far_off[] = {{-1e30F, 0}, {1e30F, 0}, {0, 1e30F}};
    paint_fan(&list, far_off, 3, white);
    module->show(display, &list, ground);
    paint_free(&list);
    image_free(&deep);
    image_free(&wide);
    image_free(&fair);
    image_free(&other);
    module->close(display);
}

/* ---- events ---- */

enum { WAKERS = 4, WAKES = 500, PATIENCE_MS = 60 * 1000 };

struct waker {
    const struct display_module *module;
    struct display              *display;
};

static void *wake_often(void *context)
{
    const struct waker *waker = context;
    for (int i = 0; i < WAKES; i++)
        waker->module->wake(waker->display);
    return NULL;
}

/* The next event of `kind`, passing over others; false: none came in a minute. */
static bool wait_for(struct display *display, enum event_kind kind, struct event *out)
{
    double until = clock_ms() + PATIENCE_MS;
    while (clock_ms() < until)
        if (harness_module()->next_event(display, out, 1000) && out->kind == kind)
            return true;
    return false;
}

static void test_threads_wake_a_window_that_waits(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct display *display = harness_open(320, 240);
    struct waker    waker = {harness_module(), display};
    pthread_t       threads[WAKERS];
    struct event    event;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < WAKERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, wake_often, &waker), 0);
        assert_true(wait_for(display, EVENT_WAKE, &event));
        for (int i = 0; i < WAKERS; i++)
            pthread_join(threads[i], NULL);
        while (waker.module->next_event(display, &event, 0))
            ;
    }
    while (waker.module->next_event(display, &event, 0))
        assert_int_not_equal(event.kind, EVENT_WAKE);
    waker.module->wake(display);
    waker.module->wake(display);
    assert_true(wait_for(display, EVENT_WAKE, &event));
    waker.module->close(display);
}

static void test_the_clipboard_gives_back_what_was_put_in(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct display *display = harness_open(320, 240);
    harness_module()->set_clipboard(display, "besra detect -m cards 'a b.jpg' \xE5\xBF\x83");
    char *text = harness_module()->clipboard(display);
    assert_string_equal(text, "besra detect -m cards 'a b.jpg' \xE5\xBF\x83");
    mem_free(text);
    harness_module()->set_clipboard(display, "");
    assert_null(harness_module()->clipboard(display));
    for (int shape = -1; shape <= POINTER_TEXT + 1; shape++)
        harness_module()->set_pointer(display, shape);
    harness_module()->set_title(display, "besra \xE2\x80\x94 a.jpg");
    harness_module()->close(display);
}

static void test_windows_open_one_after_the_other(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    for (int i = 0; i < 5; i++) {
        struct display   *display = harness_open(320 + i, 240);
        struct paint_list list = {0};
        int               width, height;
        float             scale;
        paint_rect(&list, (struct rect){0, 0, 50, 50}, red, 9);
        harness_module()->show(display, &list, ground);
        harness_module()->size(display, &width, &height, &scale);
        assert_int_equal(width, 320 + i);
        paint_free(&list);
        harness_module()->close(display);
    }
}

/* What a hand does, by xdotool through the X server. */
static void test_hands_come_as_events(void **state)
{
    struct event event;
    (void)state;
    NEEDS_DISPLAY();
    if (system("command -v xdotool >/dev/null") != 0) {
        print_message("skipped: xdotool is not installed\n");
        skip();
    }
    struct display *display = harness_open(1600, 1200); /* all of the screen */
    harness_module()->show(display, &(const struct paint_list){0}, ground);
    assert_int_equal(system("xdotool mousemove 300 200"), 0);
    do
        assert_true(wait_for(display, EVENT_POINTER, &event));
    while (event.x != 300 || event.y != 200);
    assert_int_equal(system("xdotool click --repeat 2 --delay 20 1 click 3 click 4 click 5"), 0);
    assert_true(wait_for(display, EVENT_PRESS, &event));
    assert_int_equal(event.button, 1);
    assert_int_equal(event.clicks, 1);
    assert_true(event.x == 300 && event.y == 200);
    assert_true(wait_for(display, EVENT_RELEASE, &event));
    assert_true(wait_for(display, EVENT_PRESS, &event));
    assert_true(wait_for(display, EVENT_PRESS, &event));
    assert_int_equal(event.button, 3);
    assert_true(wait_for(display, EVENT_WHEEL, &event));
    assert_true(event.dy == 1 && event.dx == 0 && event.x == 300);
    assert_true(wait_for(display, EVENT_WHEEL, &event));
    assert_true(event.dy == -1);

    static const struct {
        const char *pressed, *name;
        int         modifiers;
    } keys[] = {{"Left", "left", 0}, {"ctrl+z", "z", MODIFIER_CTRL}, {"Escape", "escape", 0},
                {"F1", "f1", 0},     {"KP_Enter", "return", 0},      {"alt+Return", "return", MODIFIER_ALT},
                {"KP_Add", "+", 0},  {"space", "space", 0},          {"Page_Down", "pagedown", 0}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char command[80];
        snprintf(command, sizeof command, "xdotool key %s", keys[i].pressed);
        assert_int_equal(system(command), 0);
        do
            assert_true(wait_for(display, EVENT_KEY, &event));
        while (strstr(event.text, "ctrl") || strstr(event.text, "alt")); /* the modifiers are keys, too */
        assert_string_equal(event.text, keys[i].name);
        assert_int_equal(event.modifiers, keys[i].modifiers);
    }
    while (harness_module()->next_event(display, &event, 100))
        ; /* what space and plus typed */
    assert_int_equal(system("xdotool type q"), 0);
    assert_true(wait_for(display, EVENT_TEXT, &event));
    assert_string_equal(event.text, "q");
    harness_module()->close(display);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds_look_as_they_did),
        cmocka_unit_test(test_what_stands_still_looks_as_what_moves),
        cmocka_unit_test(test_no_display_is_told_with_what_to_do),
        cmocka_unit_test(test_a_hidden_window_needs_no_screen),
        cmocka_unit_test(test_textures_that_can_not_be_are_refused_and_old_ids_are_dead),
        cmocka_unit_test(test_threads_wake_a_window_that_waits),
        cmocka_unit_test(test_the_clipboard_gives_back_what_was_put_in),
        cmocka_unit_test(test_windows_open_one_after_the_other),
        cmocka_unit_test(test_hands_come_as_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

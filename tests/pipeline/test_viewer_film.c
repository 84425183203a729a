/* A video that is gone through back and forth, without the viewer round it. */
#include "base/alloc.h"
#include "pipeline/viewer_film.h"
#include "tests/media/video_clips.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FRAMES = 61, FPS = 15, FRAME_BYTES = 3 * CLIP_WIDTH * CLIP_HEIGHT };

static const atomic_bool go_on;

static const char *clip(void)
{
    const char *path = clip_path("film.mp4");
    if (access(path, F_OK) != 0)
        clip_write(path, FRAMES, FPS);
    return path;
}

static struct film *open_film(uint64_t memory)
{
    struct film     *film = NULL;
    struct bsr_error err;
    if (film_open(&film, clip(), memory, &go_on, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return film;
}

/* The place of frame `number`, which is what *pixels are; they are dropped. */
static struct frame_place expect(struct pixels **pixels, int number)
{
    assert_non_null(*pixels);
    assert_int_equal(clip_number(&(*pixels)->image), number);
    assert_int_equal((*pixels)->frame.number, number);
    struct frame_place place = (*pixels)->frame;
    shared_drop(*pixels);
    *pixels = NULL;
    return place;
}

static void test_what_is_before_the_first_and_behind_the_last_is_nothing(void **unused)
{
    struct pixels *pixels = NULL;
    (void)unused;
    clip_need_module();
    struct film *film = open_film(1 << 24);
    assert_int_equal(film_go(film, 0, &pixels, NULL), BSR_OK);
    struct frame_place first = expect(&pixels, 0);
    assert_int_equal(film_previous(film, &first, &pixels, NULL), BSR_OK);
    assert_null(pixels);
    assert_int_equal(film_go(film, INFINITY, &pixels, NULL), BSR_OK);
    struct frame_place last = expect(&pixels, FRAMES - 1);
    assert_int_equal(film_next(film, &last, &pixels, NULL), BSR_OK);
    assert_null(pixels);
    assert_int_equal(film_previous(film, &last, &pixels, NULL), BSR_OK);
    expect(&pixels, FRAMES - 2);
    assert_int_equal(film_go(film, -INFINITY, &pixels, NULL), BSR_OK);
    expect(&pixels, 0);
    film_close(film);
    film_close(NULL);
}

/* Where the caller has a frame from elsewhere, nothing is known of the one before it. */
static void test_a_step_from_any_place_is_exact(void **unused)
{
    struct pixels *pixels = NULL;
    (void)unused;
    clip_need_module();
    struct film *film = open_film(1 << 24);
    for (int k = FRAMES - 2; k > 0; k -= 7) {
        const struct frame_place place = {.time = (double)k / FPS, .before = NAN};
        assert_int_equal(film_next(film, &place, &pixels, NULL), BSR_OK);
        expect(&pixels, k + 1);
        assert_int_equal(film_previous(film, &place, &pixels, NULL), BSR_OK);
        expect(&pixels, k - 1);
    }
    film_close(film);
}

/* All that a film has of its frames, whatever is done. */
static void test_only_a_few_frames_are_held(void **unused)
{
    struct pixels *pixels = NULL;
    (void)unused;
    clip_need_module();
    for (int frames = 0; frames < 20; frames += 4) {
        struct film *film = open_film((uint64_t)frames * FRAME_BYTES);
        assert_int_equal(film_go(film, 1, &pixels, NULL), BSR_OK);
        struct frame_place place = expect(&pixels, FPS);
        size_t             before = mallinfo2().uordblks, most = 0;
        for (int k = 1; k < 40; k++) {
            assert_int_equal(film_next(film, &place, &pixels, NULL), BSR_OK);
            place = expect(&pixels, FPS + k);
            size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
            most = now > most ? now : most;
        }
        for (int k = 38; k > 0; k--) {
            assert_int_equal(film_previous(film, &place, &pixels, NULL), BSR_OK);
            place = expect(&pixels, FPS + k);
        }
        assert_true(most < before + (size_t)10 * FRAME_BYTES + (1 << 20));
        film_close(film);
    }
}

static void test_what_is_not_wanted_any_more_ends(void **unused)
{
    struct film     *film = NULL;
    struct pixels   *pixels = NULL;
    struct bsr_error err;
    atomic_bool      stop = true;
    (void)unused;
    clip_need_module();
    assert_int_equal(film_open(&film, clip(), 0, &stop, &err), BSR_ECANCELED);
    assert_null(film);
    atomic_store(&stop, false);
    assert_int_equal(film_open(&film, clip(), 0, &stop, &err), BSR_OK);
    atomic_store(&stop, true);
    assert_int_equal(film_go(film, 2, &pixels, &err), BSR_ECANCELED);
    assert_null(pixels);
    film_close(film);
}

static bsr_status go_about(struct film **film)
{
    struct pixels *pixels = NULL, *other = NULL;
    bsr_status     status = film_open(film, clip(), 1 << 24, &go_on, NULL);
    if (status == BSR_OK)
        status = film_go(*film, 2, &pixels, NULL);
    if (status == BSR_OK)
        status = film_next(*film, &pixels->frame, &other, NULL);
    shared_drop(other);
    other = NULL;
    if (status == BSR_OK)
        status = film_previous(*film, &pixels->frame, &other, NULL);
    shared_drop(other);
    shared_drop(pixels);
    return status;
}

static void test_no_allocation_is_believed(void **unused)
{
    bsr_status status = BSR_ENOMEM;
    (void)unused;
    clip_need_module();
    clip();
    for (unsigned n = 1; n < 300 && status != BSR_OK; n++) {
        struct film *film = NULL;
        mem_fail_from(n);
        status = go_about(&film);
        mem_fail_from(0);
        film_close(film);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
    }
    assert_int_equal(status, BSR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_before_the_first_and_behind_the_last_is_nothing),
        cmocka_unit_test(test_a_step_from_any_place_is_exact),
        cmocka_unit_test(test_only_a_few_frames_are_held),
        cmocka_unit_test(test_what_is_not_wanted_any_more_ends),
        cmocka_unit_test(test_no_allocation_is_believed),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}

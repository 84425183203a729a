/* A part of a picture, enlarged beside everything else. */
#include "base/alloc.h"
#include "besra.h"
#include "pipeline/lens.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#define MODEL BESRA_SOURCE_DIR "/models/srcnn.cfg"

enum { WIDTH = 90, HEIGHT = 70 };

/* A bell that the lens rings. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t  rung;
    int             count;
};

static struct bell make_bell(void)
{
    return (struct bell){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
}

static void ring(void *context)
{
    struct bell *bell = context;
    pthread_mutex_lock(&bell->lock);
    bell->count++;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

static void wait_for(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    while (!bell->count)
        pthread_cond_wait(&bell->rung, &bell->lock);
    bell->count = 0;
    pthread_mutex_unlock(&bell->lock);
}

static struct bsr_image make_picture(void)
{
    struct bsr_image image;
    struct bsr_error err;

    assert_int_equal(image_alloc(&image, WIDTH, HEIGHT, 3, 8, &err), BSR_OK);
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < WIDTH * 3; i++)
            image_row(&image, y)[i] = (uint8_t)((y * 7 + i * 5) % 256);
    return image;
}

static void check_same(const struct bsr_image *a, const struct bsr_image *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int y = 0; y < a->height; y++)
        assert_memory_equal(image_row(a, y), image_row(b, y), (size_t)a->width * 3);
}

/* What the command would make of the part alone. */
static struct bsr_image enlarge(const struct bsr_image *picture, int x, int y, int width, int height)
{
    const struct upscale_size size = {.factor = 2};
    const struct bsr_image    part = {.data = image_row(picture, y) + (ptrdiff_t)x * 3,
                                      .width = width,
                                      .height = height,
                                      .channels = 3,
                                      .depth = 8,
                                      .stride = picture->stride};
    struct model              model;
    struct upscaler          *upscaler;
    struct bsr_image          out;
    struct timing             timing = {0};
    struct bsr_error          err;

    assert_int_equal(model_open(&model, MODEL, CARD_UPSCALE, NULL, &err), BSR_OK);
    assert_int_equal(upscaler_open(&upscaler, &model, NULL, &err), BSR_OK);
    assert_int_equal(upscaler_run(upscaler, &part, &size, &out, NULL, &timing, &err), BSR_OK);
    upscaler_close(upscaler);
    model_free(&model);
    return out;
}

static void test_a_part_is_enlarged_as_the_command_does_it(void **state)
{
    static const struct {
        int x, y, width, height;      /* asked for */
        int left, top, right, bottom; /* what lies in the picture */
    } cases[] = {{10, 20, 30, 25, 10, 20, 40, 45},
                 {-10, -5, 30, 25, 0, 0, 20, 20},
                 {80, 60, 40, 40, 80, 60, WIDTH, HEIGHT}};
    struct bell      bell = make_bell();
    struct bsr_image picture = make_picture();
    struct lens     *lens;
    struct bsr_error err;

    (void)state;
    assert_int_equal(lens_open(&lens, MODEL, NULL, ring, &bell, &err), BSR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lens_picture got;
        bool                there = true;
        assert_int_equal(lens_take(lens, &got, &there, &err), BSR_OK);
        assert_false(there);
        assert_int_equal(
            lens_ask(lens, &picture, cases[i].x, cases[i].y, cases[i].width, cases[i].height, 2, &err),
            BSR_OK);
        wait_for(&bell);
        assert_int_equal(lens_take(lens, &got, &there, &err), BSR_OK);
        assert_true(there);
        assert_int_equal(got.x, cases[i].left);
        assert_int_equal(got.y, cases[i].top);
        assert_int_equal(got.width, cases[i].right - cases[i].left);
        assert_int_equal(got.height, cases[i].bottom - cases[i].top);
        struct bsr_image wanted = enlarge(&picture, got.x, got.y, got.width, got.height);
        check_same(&got.image, &wanted);
        image_free(&wanted);
        image_free(&got.image);
    }
    lens_close(lens);
    image_free(&picture);
}

static void test_only_the_newest_is_kept(void **state)
{
    struct bell      bell = make_bell();
    struct bsr_image picture = make_picture();
    struct lens     *lens;
    struct bsr_error err;
    int              last = 0;

    (void)state;
    assert_int_equal(lens_open(&lens, MODEL, NULL, ring, &bell, &err), BSR_OK);
    for (int i = 0; i < 40; i++)
        assert_int_equal(lens_ask(lens, &picture, i, 0, 32, 32, 2, &err), BSR_OK);
    while (last != 39) {
        struct lens_picture got;
        bool                there;
        wait_for(&bell);
        assert_int_equal(lens_take(lens, &got, &there, &err), BSR_OK);
        if (!there)
            continue;
        assert_true(got.x >= last);
        last = got.x;
        image_free(&got.image);
    }
    assert_int_equal(lens_ask(lens, &picture, 0, 0, WIDTH, HEIGHT, 3, &err), BSR_OK);
    lens_close(lens); /* with something to do, or to take */
    image_free(&picture);
}

static void test_what_cannot_be_done_is_said(void **state)
{
    struct bsr_image picture = make_picture();
    struct lens     *lens;
    struct bsr_error err;

    (void)state;
    assert_int_equal(lens_open(&lens, BESRA_SOURCE_DIR "/models/cards.cfg", NULL, NULL, NULL, &err),
                     BSR_EMODEL);
    assert_int_equal(lens_open(&lens, MODEL, NULL, NULL, NULL, &err), BSR_OK);
    assert_int_equal(lens_ask(lens, &picture, WIDTH, 0, 10, 10, 2, &err), BSR_ERANGE);
    assert_int_equal(lens_ask(lens, &picture, 0, -20, 10, 10, 2, &err), BSR_ERANGE);
    assert_int_equal(lens_ask(lens, &picture, 0, 0, 10, 10, 0.5, &err), BSR_ERANGE);
    lens_close(lens);
    image_free(&picture);
}

static void wait_opened(struct lens *lens)
{
    while (lens_is_opening(lens))
        usleep(1000);
}

static void test_the_model_can_be_opened_beside_everything_else(void **state)
{
    struct bsr_image    picture = make_picture();
    struct lens_picture got;
    struct lens        *lens = NULL;
    struct bsr_error    err;
    bool                there = false;

    (void)state;
    assert_int_equal(lens_open_later(&lens, MODEL, NULL, NULL, NULL, &err), BSR_OK);
    assert_int_equal(lens_ask(lens, &picture, 0, 0, 20, 10, 2, &err), BSR_OK); /* waits for it */
    while (!there) {
        assert_int_equal(lens_take(lens, &got, &there, &err), BSR_OK);
        usleep(1000);
    }
    assert_false(lens_is_opening(lens));
    assert_int_equal(got.image.width, 40);
    image_free(&got.image);
    lens_close(lens);

    assert_int_equal(lens_open_later(&lens, MODEL, NULL, NULL, NULL, &err), BSR_OK);
    lens_close(lens); /* before it is open */

    const char *wrong = BESRA_SOURCE_DIR "/models/cards.cfg";
    assert_int_equal(lens_open_later(&lens, wrong, NULL, NULL, NULL, &err), BSR_OK);
    wait_opened(lens);
    bsr_status status = BSR_OK;
    while (status == BSR_OK) { /* what went wrong is told, once */
        status = lens_take(lens, &got, &there, &err);
        assert_false(there);
        usleep(1000);
    }
    assert_int_equal(status, BSR_EMODEL);
    assert_int_equal(lens_take(lens, &got, &there, &err), BSR_OK);
    assert_int_equal(lens_ask(lens, &picture, 0, 0, 20, 10, 2, &err), BSR_OK);
    lens_close(lens);
    image_free(&picture);
}

static void test_without_memory_nothing_is_left(void **state)
{
    struct bsr_image picture = make_picture();
    bsr_status       status = BSR_ENOMEM;

    (void)state;
    for (size_t n = 1; status != BSR_OK; n++) {
        struct lens     *lens = NULL;
        struct bsr_error err;
        mem_fail_from(n);
        status = lens_open(&lens, MODEL, NULL, NULL, NULL, &err);
        if (status == BSR_OK)
            status = lens_ask(lens, &picture, 0, 0, 20, 20, 2, &err);
        lens_close(lens);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
    }
    image_free(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part_is_enlarged_as_the_command_does_it),
        cmocka_unit_test(test_only_the_newest_is_kept),
        cmocka_unit_test(test_what_cannot_be_done_is_said),
        cmocka_unit_test(test_the_model_can_be_opened_beside_everything_else),
        cmocka_unit_test(test_without_memory_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

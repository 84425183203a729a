/* Whoever watches an enlargement is told how far it is and may end it, whichever way the net runs. */
#include "base/image.h"
#include "pipeline/upscale.h"
#include "tests/pipeline/super_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char net[] = "/tmp/besra-watch-XXXXXX.onnx";

static int write_net(void **state)
{
    const struct super_net how = {.channels = 3, .factor = 2, .height = -1, .width = -1};
    int                    file = mkstemps(net, 5);
    (void)state;
    if (file < 0)
        return -1;
    close(file);
    super_write(net, SUPER_ESPCN, &how, 3);
    return 0;
}

static int remove_net(void **state)
{
    (void)state;
    return unlink(net);
}

struct seen {
    double last;        /* part */
    int    calls, most; /* calls after which it is to end; 0: never */
};

static bool look(void *context, double part)
{
    struct seen *seen = context;
    assert_true(part >= seen->last && part <= 1);
    seen->last = part;
    seen->calls++;
    return !seen->most || seen->calls < seen->most;
}

static bsr_status run(struct upscaler *upscaler, const struct bsr_image *image, double factor,
                      struct seen *seen, struct bsr_image *out)
{
    const struct upscale_size size = {.factor = factor};
    const struct watch        watch = {.go_on = look, .context = seen};
    struct timing             timing = {0};
    struct bsr_error          err = {0};

    upscaler_watch(upscaler, &watch);
    bsr_status status = upscaler_run(upscaler, image, &size, out, NULL, &timing, &err);
    upscaler_watch(upscaler, NULL);
    assert_true(status == BSR_OK || (status == BSR_ECANCELED && *err.message));
    return status;
}

/* With alpha whole planes are enlarged, without it rows are. */
static void check(const char *path, int channels, double factor)
{
    struct model_hints hints = {.tile = 32};
    struct model       model = {0};
    struct upscaler   *upscaler = NULL;
    struct bsr_image   image = {0}, whole = {0}, none = {0};
    struct seen        all = {.most = 0}, part = {.most = 2};
    struct bsr_error   err = {0};

    if (model_open(&model, path, CARD_UPSCALE, &hints, &err) != BSR_OK ||
        upscaler_open(&upscaler, &model, NULL, &err) != BSR_OK ||
        image_alloc(&image, 120, 150, channels, 8, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    memset(image.data, 77, image.stride * (size_t)image.height);
    assert_int_equal(run(upscaler, &image, factor, &all, &whole), BSR_OK);
    assert_true(all.calls > 3 && all.last == 1);
    assert_int_equal(run(upscaler, &image, factor, &part, &none), BSR_ECANCELED);
    assert_int_equal(part.calls, 2);
    assert_null(none.data);
    image_free(&whole);
    image_free(&image);
    upscaler_close(upscaler);
    model_free(&model);
}

static void test_watched_rows_and_planes_tell_and_end(void **unused)
{
    (void)unused;
    for (int channels = 3; channels <= 4; channels++) {
        check(BESRA_SOURCE_DIR "/models/srcnn.cfg", channels, 1.5);
        check(net, channels, 2);
        check(net, channels, 2.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_watched_rows_and_planes_tell_and_end)};
    return cmocka_run_group_tests(tests, write_net, remove_net);
}

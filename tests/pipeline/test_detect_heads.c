/* A detector looks at what passes of its heads only: with all of each head computed it finds the same, bit
 * for bit. */
#include "base/image.h"
#include "besra.h"
#include "engine/engine.h"
#include "pipeline/detect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the detections depend on. */
static const struct {
    double confidence;
    bool   multi_label, rect;
} ways[] = {{0.25, false, false}, {0.25, false, true}, {0.001, true, true}, {0.0, false, false}};

static struct detector *open_detector(const struct model *model, size_t way, bool whole)
{
    struct detect_options options = detect_options_default(model);
    struct detector      *detector = NULL;
    struct bsr_error      err = {0};

    options.confidence = ways[way].confidence;
    options.multi_label = ways[way].multi_label;
    options.rect = ways[way].rect;
    options.whole_heads = whole;
    if (detector_open(&detector, model, &options, NULL, NULL, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return detector;
}

static size_t compare(struct detector *whole, struct detector *parts, const struct bsr_image *picture)
{
    struct detections expected, found;
    struct timing     timing = {0};
    struct bsr_error  err = {0};

    if (detector_run(whole, picture, &expected, &timing, &err) != BSR_OK ||
        detector_run(parts, picture, &found, &timing, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_int_equal(found.count, expected.count);
    for (size_t i = 0; i < found.count; i++) {
        const struct detection *a = &found.items[i], *b = &expected.items[i];
        assert_true(a->x1 == b->x1 && a->y1 == b->y1 && a->x2 == b->x2 && a->y2 == b->y2);
        assert_true(a->score == b->score);
        assert_int_equal(a->class_index, b->class_index);
    }
    return found.count;
}

/* Returns how many were found in all ways. */
static size_t check_model(const char *path, const struct bsr_image *pictures, int count, bool opencv)
{
    struct model       model = {0};
    struct model_hints hints = {.engine = {.backend = opencv ? "opencv" : NULL}};
    struct bsr_error   err = {0};
    size_t             found = 0;

    if (model_open(&model, path, CARD_DETECT, &hints, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        struct detector *whole = open_detector(&model, way, true);
        struct detector *parts = open_detector(&model, way, false);
        for (int i = 0; i < count; i++) {
            engine_set_threads(1 + i % 2);
            found += compare(whole, parts, &pictures[i]);
        }
        detector_close(whole);
        detector_close(parts);
    }
    model_free(&model);
    return found;
}

/* ---- nets of seeds ---------------------------------------------------------------------------------- */

static uint64_t state = 7;

static float draw(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (float)(state >> 40) / (float)(1 << 23) - 1;
}

static struct bsr_image random_picture(int width, int height)
{
    struct bsr_image image = {0};
    struct bsr_error err;
    assert_int_equal(image_alloc(&image, width, height, 3, 8, &err), BSR_OK);
    for (int y = 0; y < height; y++)
        for (int i = 0; i < 3 * width; i++)
            image_row(&image, y)[i] = (uint8_t)(draw() * 127 + 128);
    return image;
}

static const char *weight(struct bsr_build *build, const char *name, int dims, const int64_t *shape,
                          float scale)
{
    static float      numbers[1 << 16];
    struct bsr_tensor tensor = {.data = numbers, .type = BSR_F32, .dims = dims};
    size_t            count = 1;

    for (int i = 0; i < dims; i++)
        count *= (size_t)(tensor.shape[i] = shape[i]);
    assert_true(count <= sizeof numbers / sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = scale * draw();
    return bsr_build_weight(build, name, &tensor);
}

static const char *conv(struct bsr_build *build, const char *x, int64_t in, int64_t out, int64_t kernel,
                        int64_t stride)
{
    static int                 count;
    const struct bsr_attribute attributes[] = {
        bsr_attribute_ints("strides", 2, (const int64_t[]){stride, stride}), {.name = NULL}};
    char w[16], b[16];

    snprintf(w, sizeof w, "w%d", count);
    snprintf(b, sizeof b, "b%d", count++);
    return bsr_build_node(
        build, "Conv",
        (const char *[]){x, weight(build, w, 4, (const int64_t[]){out, in, kernel, kernel}, 0.3F),
                         weight(build, b, 1, (const int64_t[]){out}, 2), NULL},
        attributes);
}

/* Raw heads of three anchors, at strides 8, 16, 32. */
static void write_heads(const char *path, int64_t channels, int64_t classes)
{
    struct bsr_build *build = NULL;
    struct bsr_error  err = {0};

    assert_int_equal(bsr_build_open(&build, "heads", 13, &err), BSR_OK);
    const char *x = bsr_build_input(build, "x", BSR_F32, 4, (const int64_t[]){1, 3, 64, 96});
    const char *maps[3] = {conv(build, x, 3, channels, 8, 8)};
    for (int i = 1; i < 3; i++)
        maps[i] = conv(build, bsr_build_node(build, "Relu", (const char *[]){maps[i - 1], NULL}, NULL),
                       channels, channels, 2, 2);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%d", i);
        bsr_build_output(build, conv(build, maps[i], channels, 3 * (5 + classes), 1, 1), name);
    }
    if (bsr_build_write(build, path, &err) != BSR_OK)
        fail_msg("%s", err.message);
    bsr_build_close(build);
}

static void test_random_heads_give_the_same(void **unused)
{
    static const int64_t sizes[][2] = {{8, 1}, {13, 3}, {24, 80}, {70, 20}};
    struct bsr_image pictures[] = {random_picture(96, 64), random_picture(300, 170), random_picture(50, 90)};
    char             path[] = "/tmp/besra-heads-XXXXXX.onnx";
    (void)unused;

    int file = mkstemps(path, 5);
    assert_true(file >= 0);
    close(file);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_heads(path, sizes[i][0], sizes[i][1]);
        assert_true(check_model(path, pictures, 3, false) > 0);
        assert_true(check_model(path, pictures, 1, true) > 0);
    }
    unlink(path);
    for (int i = 0; i < 3; i++)
        image_free(&pictures[i]);
}

/* Tails of tests/onnx: their heads read the picture itself by steps, which is no part of anything. */
static void test_cut_tails_give_the_same(void **unused)
{
    static const char *const names[] = {"plain",          "implicit",     "dynamic",
                                        "free",           "free_dynamic", "free_no_bins",
                                        "free_one_class", "free_rows",    "free_as_many_classes"};
    struct bsr_image         pictures[] = {random_picture(96, 64), random_picture(200, 100)};
    (void)unused;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/tests/onnx/data/pass_detect_%s.onnx", BESRA_SOURCE_DIR, names[i]);
        assert_true(check_model(path, pictures, 2, false) > 0);
    }
    image_free(&pictures[0]);
    image_free(&pictures[1]);
}

/* ---- nets of the world ------------------------------------------------------------------------------- */

static void test_detections_on_pictures_are_the_same(void **unused)
{
    static const char *const models[] = {"yolov5/yolov5n.onnx", "yolov8n.onnx"};
    static const char *const photos[] = {"bus.jpg", "dog.jpg", "zidane.jpg"};
    struct bsr_image         pictures[3];
    const char              *folder = getenv("BESRA_SHARED");
    char                     path[512];
    struct bsr_error         err = {0};
    (void)unused;

    snprintf(path, sizeof path, "%s/models/yolov8n.onnx", folder ? folder : "");
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/images/%s", folder, photos[i]);
        if (bsr_image_read(&pictures[i], path, &err) != BSR_OK)
            fail_msg("%s: %s", err.subject, err.message);
    }
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        snprintf(path, sizeof path, "%s/models/%s", folder, models[i]);
        size_t found = check_model(path, pictures, 3, false);
        print_message("%s: %zu detections in %zu ways\n", models[i], found, sizeof ways / sizeof *ways);
        assert_true(found > 100);
    }
    for (int i = 0; i < 3; i++)
        bsr_image_free(&pictures[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_heads_give_the_same),
        cmocka_unit_test(test_cut_tails_give_the_same),
        cmocka_unit_test(test_detections_on_pictures_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

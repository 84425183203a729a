/* What is suppressed of kept proposals is what the detector finds with the same thresholds, exactly. */
#include "base/alloc.h"
#include "besra.h"
#include "pipeline/proposals.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLOOR 0.01

static const char model_path[] = BESRA_SOURCE_DIR "/models/cards.cfg";

static uint64_t state = 11;

static double draw(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (double)(state >> 11) / (double)(1ULL << 53);
}

static void require(bsr_status status, const struct bsr_error *err)
{
    if (status != BSR_OK)
        fail_msg("%s: %s", err->subject, err->message);
}

static struct model open_model(void)
{
    struct model     model;
    struct bsr_error err = {0};
    require(model_open(&model, model_path, CARD_DETECT, NULL, &err), &err);
    return model;
}

/* Thresholds from one end to the other; every other time with a few classes left out. */
static struct suppression random_suppression(bool *hidden, size_t classes, int round)
{
    static const double confidences[] = {FLOOR, 0.011, 0.05, 0.25, 0.4, 0.9, 1};
    struct suppression  how = {.confidence = round < 7 ? confidences[round] : FLOOR + 0.6 * draw() * draw(),
                               .iou = round % 5 == 0 ? 1 : draw(),
                               .max_detections = 1 + (int)(draw() * 300),
                               .agnostic = draw() < 0.5,
                               .hidden_count = classes};
    for (size_t i = 0; i < classes; i++)
        hidden[i] = draw() < 0.3;
    if (round % 2)
        how.hidden = hidden;
    return how;
}

static size_t compare(const struct detections *a, const struct detections *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct detection *one = &a->items[i], *other = &b->items[i];
        assert_true(one->x1 == other->x1 && one->y1 == other->y1 && one->x2 == other->x2 &&
                    one->y2 == other->y2 && one->score == other->score);
        assert_int_equal(one->class_index, other->class_index);
    }
    return a->count;
}

/* What the detector finds when it is opened with these thresholds. */
static size_t check(const struct model *model, const struct bsr_image *image, const struct suppression *how,
                    const struct detections *suppressed)
{
    enum { MOST = 128 };
    struct detect_options options = detect_options_default(model);
    struct detector      *detector = NULL;
    struct detections     found;
    struct timing         timing = {0};
    struct bsr_error      err = {0};
    char                  numbers[MOST][8], *wanted[MOST];

    options.confidence = how->confidence;
    options.iou = how->iou;
    options.max_detections = how->max_detections;
    options.agnostic = how->agnostic;
    for (size_t i = 0; how->hidden && i < how->hidden_count && i < MOST; i++)
        if (!how->hidden[i]) {
            snprintf(numbers[i], sizeof numbers[i], "%d", (int)i);
            wanted[options.class_count++] = numbers[i];
        }
    options.classes = wanted;
    require(detector_open(&detector, model, &options, NULL, NULL, &err), &err);
    require(detector_run(detector, image, &found, &timing, &err), &err);
    size_t count = compare(suppressed, &found);
    detector_close(detector);
    return count;
}

static struct bsr_image random_picture(int width, int height)
{
    struct bsr_image image = {0};
    struct bsr_error err;
    require(image_alloc(&image, width, height, 3, 8, &err), &err);
    for (int y = 0; y < height; y++)
        for (int i = 0; i < 3 * width; i++)
            image_row(&image, y)[i] = (uint8_t)(draw() * 255);
    return image;
}

static void test_suppression_of_proposals_is_the_detectors(void **unused)
{
    struct model          model = open_model();
    struct bsr_image      pictures[3] = {{0}};
    struct suppressor    *suppressor = suppressor_open();
    struct detect_options options = detect_options_default(&model);
    struct detector      *detector = NULL;
    struct timing         timing = {0};
    struct bsr_error      err = {0};
    size_t                found = 0;
    bool                  hidden[52];
    (void)unused;

    assert_non_null(suppressor);
    options.confidence = 0.77; /* proposals don't depend on these */
    options.max_detections = 2;
    require(detector_open(&detector, &model, &options, NULL, NULL, &err), &err);
    require(bsr_image_read(&pictures[0], BESRA_SOURCE_DIR "/assets/cards/cards-1.jpg", &err), &err);
    require(bsr_image_read(&pictures[1], BESRA_SOURCE_DIR "/assets/cards/cards-4.jpg", &err), &err);
    pictures[2] = random_picture(300, 200);

    for (int i = 0; i < 3; i++) {
        const struct image_reduction whole = image_whole(&pictures[i]);
        struct proposals             proposals = {.floor = 0};
        require(detector_propose(detector, &pictures[i], &whole, FLOOR, &proposals, &timing, &err), &err);
        print_message("picture %d: %zu proposals\n", i, proposals.candidates.count);
        for (int round = 0; round < 14; round++) {
            struct suppression how = random_suppression(hidden, 52, round);
            struct detections  suppressed;
            require(proposals_suppress(suppressor, &proposals, &how, &suppressed, &err), &err);
            found += check(&model, &pictures[i], &how, &suppressed);
        }
        proposals_free(&proposals);
        image_free(&pictures[i]);
    }
    assert_true(found > 50);
    detector_close(detector);
    suppressor_close(suppressor);
    model_free(&model);
}

static void test_equal_scores_stay_in_their_order(void **unused)
{
    struct candidates list = {0};
    struct bsr_error  err;
    (void)unused;

    for (int i = 0; i < 1000; i++) {
        struct candidate item = {.score = (float)((i * 7) % 13) / 13, .class_index = i};
        require(candidates_add(&list, &item, &err), &err);
    }
    require(proposals_sort(&list, &err), &err);
    for (size_t i = 1; i < list.count; i++) {
        assert_true(list.items[i - 1].score >= list.items[i].score);
        if (list.items[i - 1].score == list.items[i].score)
            assert_true(list.items[i - 1].class_index < list.items[i].class_index);
    }
    candidates_free(&list);
}

static void test_wrong_thresholds_are_refused(void **unused)
{
    struct suppressor *suppressor = suppressor_open();
    struct proposals   none = {.floor = 0};
    struct candidate   box = {0, 0, 1, 1, 0.5F, 0};
    struct detections  found;
    struct bsr_error   err = {0};
    (void)unused;

    assert_non_null(suppressor);
    require(candidates_add(&none.candidates, &box, &err), &err);
    assert_int_equal(proposals_suppress(suppressor, &none,
                                        &(struct suppression){.confidence = NAN, .iou = 0.5}, &found, &err),
                     BSR_ERANGE);
    assert_int_equal(proposals_suppress(suppressor, &none, &(struct suppression){.confidence = 0.1, .iou = 2},
                                        &found, &err),
                     BSR_ERANGE);
    assert_string_equal(err.subject, "iou");
    proposals_free(&none);
    suppressor_close(suppressor);
}

static void test_out_of_memory_is_an_error(void **unused)
{
    struct candidates list = {0};
    struct bsr_error  err = {0};
    (void)unused;

    for (int i = 0; i < 100; i++) {
        struct candidate item = {0, 0, 10, 10, (float)(i + 1) / 200, i % 3};
        require(candidates_add(&list, &item, &err), &err);
    }
    for (size_t n = 1;; n++) {
        struct detections  found = {.count = 77};
        struct proposals   proposals = {.candidates = list, .plan = {.gain = 1, .width = 9, .height = 9}};
        struct suppression how = {.confidence = 0.1, .iou = 0.5, .max_detections = 100};
        mem_fail_from(n);
        struct suppressor *suppressor = suppressor_open();
        bsr_status         status = suppressor ? proposals_sort(&list, &err) : BSR_ENOMEM;
        if (status == BSR_OK)
            status = proposals_suppress(suppressor, &proposals, &how, &found, &err);
        mem_fail_from(0);
        suppressor_close(suppressor);
        if (status == BSR_OK) {
            assert_true(n > 5);
            break;
        }
        assert_int_equal(status, BSR_ENOMEM);
        assert_int_equal(found.count, 77);
    }
    candidates_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suppression_of_proposals_is_the_detectors),
        cmocka_unit_test(test_equal_scores_stay_in_their_order),
        cmocka_unit_test(test_wrong_thresholds_are_refused),
        cmocka_unit_test(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

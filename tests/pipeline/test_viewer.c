/* The viewer's list, pictures, model and detections, and that looking at it never waits. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "besra.h"
#include "tests/pipeline/viewing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the list ----------------------------------------------------------------------------------- */

static void expect_list(struct viewer *viewer, size_t count, size_t selected, const char *name)
{
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_int_equal(snapshot.count, count);
    assert_int_equal(snapshot.selected, selected);
    assert_string_equal(viewer_name(&snapshot, selected), name);
    viewer_release(viewer, &snapshot);
}

static void test_new_pictures_come_behind_and_the_first_is_selected(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    struct viewer_snapshot empty = viewer_snapshot(viewer);
    assert_int_equal(empty.count, 0);
    assert_null(empty.path);
    assert_int_equal(empty.picture_state, VIEWER_NOTHING);
    assert_string_equal(viewer_name(&empty, 0), "");
    viewer_release(viewer, &empty);

    add_inputs(viewer, CARDS, NULL);
    expect_list(viewer, 6, 0, "cards-1.jpg");
    add_inputs(viewer, PHOTOS "/chelsea.jpg", PHOTOS "/coffee.jpg");
    expect_list(viewer, 8, 6, "chelsea.jpg");
    viewer_select(viewer, 99);
    expect_list(viewer, 8, 6, "chelsea.jpg");
    viewer_remove(viewer, 0);
    expect_list(viewer, 7, 5, "chelsea.jpg");
    viewer_select(viewer, 6);
    viewer_remove(viewer, 6);
    expect_list(viewer, 6, 5, "chelsea.jpg");
    viewer_remove(viewer, 99);
    for (int i = 0; i < 6; i++)
        viewer_remove(viewer, 0);
    expect_list(viewer, 0, 0, "");
    viewer_close(viewer);
}

static void test_a_folder_without_pictures_is_an_error(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_error err = {0};
    char             folder[64], *inputs[] = {folder};
    (void)unused;

    make_folder(folder);
    assert_int_equal(viewer_add(viewer, inputs, 1, false, &err), BSR_EMISSING);
    assert_string_equal(err.subject, folder);
    remove_folder(folder);
    viewer_close(viewer);
}

static void test_a_file_that_is_not_there_is_an_error_and_no_entry(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_error err = {0};
    char             path[] = "besra detect -m cards a.jpg", *inputs[] = {path};
    (void)unused;

    assert_int_equal(viewer_add(viewer, inputs, 1, false, &err), BSR_EMISSING);
    assert_string_equal(err.subject, path);
    expect_list(viewer, 0, 0, "");
    viewer_close(viewer);
}

static bool path_is_coffee(const struct viewer_snapshot *snapshot)
{
    return has_picture(snapshot) && strstr(snapshot->path, "coffee");
}

static void test_pictures_are_those_of_the_files(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_image image;
    struct bsr_error err = {0};
    (void)unused;

    require(bsr_image_read(&image, PHOTOS "/coffee.jpg", &err), &err);
    add_inputs(viewer, PHOTOS, NULL);
    viewer_select(viewer, 2);
    struct viewer_snapshot snapshot = wait_for(viewer, path_is_coffee);
    assert_int_equal(snapshot.picture->width, image.width);
    assert_int_equal(snapshot.picture->height, image.height);
    for (int y = 0; y < image.height; y++)
        assert_memory_equal((uint8_t *)snapshot.picture->data + (size_t)y * snapshot.picture->stride,
                            (uint8_t *)image.data + (size_t)y * image.stride, 3 * (size_t)image.width);
    viewer_remove(viewer, 2);
    assert_int_equal(snapshot.picture->width, image.width); /* a snapshot stays as it is */
    assert_string_equal(viewer_name(&snapshot, 2), "coffee.jpg");
    viewer_release(viewer, &snapshot);
    bsr_image_free(&image);
    viewer_close(viewer);
}

static void test_what_is_no_picture_says_why(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bytes     file = {0};
    struct bsr_error err = {0};
    char             folder[64], path[96];
    (void)unused;

    make_folder(folder);
    require(file_read(&file, CARDS "/cards-1.jpg", SIZE_MAX, &err), &err);
    snprintf(path, sizeof path, "%s/broken.jpg", folder);
    require(file_write(path, file.data, file.size / 2, false, false, &err), &err);
    add_inputs(viewer, path, "/nowhere/there-is-none.png");
    load_model(viewer, CARDS_MODEL, CARD_DETECT);

    struct viewer_snapshot snapshot = wait_for(viewer, picture_failed);
    assert_non_null(strstr(snapshot.picture_why, "broken.jpg"));
    assert_non_null(strstr(snapshot.picture_why, "truncated"));
    assert_null(snapshot.picture);
    assert_int_equal(snapshot.result_state, VIEWER_NOTHING);
    viewer_release(viewer, &snapshot);
    viewer_select(viewer, 1);
    snapshot = wait_for(viewer, picture_failed);
    assert_non_null(strstr(snapshot.picture_why, "there-is-none.png"));
    viewer_release(viewer, &snapshot);

    bytes_free(&file);
    remove_folder(folder);
    viewer_close(viewer);
}

static void test_a_pasted_picture_is_copied_and_looked_at(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_image image, grey = {.channels = 1, .depth = 8};
    struct bsr_error err = {0};
    (void)unused;

    require(bsr_image_read(&image, CARDS "/cards-1.jpg", &err), &err);
    load_model(viewer, CARDS_MODEL, CARD_DETECT);
    assert_int_equal(viewer_add_image(viewer, &grey, "pasted", &err), BSR_ERANGE);
    require(viewer_add_image(viewer, &image, "pasted", &err), &err);
    bsr_image_free(&image);
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    assert_true(snapshot.detection_count > 0);
    assert_string_equal(viewer_name(&snapshot, 0), "pasted");
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static bool has_thumbnails(struct viewer *viewer, size_t count)
{
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    size_t                 there = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned long long      id = 0;
        const struct bsr_image *small = viewer_thumbnail(viewer, &snapshot, i, &id);
        there += small != NULL;
        assert_true(!small ||
                    (id && small->width <= VIEWER_THUMBNAIL_SIDE && small->height <= VIEWER_THUMBNAIL_SIDE &&
                     (small->width == VIEWER_THUMBNAIL_SIDE || small->height == VIEWER_THUMBNAIL_SIDE)));
    }
    assert_null(viewer_thumbnail(viewer, &snapshot, count, NULL));
    viewer_release(viewer, &snapshot);
    return there == count;
}

static void test_small_pictures_come_when_asked_for(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    add_inputs(viewer, CARDS, NULL);
    for (double start = clock_ms(); !has_thumbnails(viewer, 6); usleep(1000))
        assert_true(clock_ms() - start < 120e3);
    viewer_close(viewer);
}

/* ---- models ------------------------------------------------------------------------------------- */

static void test_a_model_that_is_not_there_says_so_and_the_old_one_goes_on(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    load_model(viewer, CARDS_MODEL, CARD_DETECT);
    wait_until(viewer, has_result);
    viewer_load_model(viewer, "no-such-model", CARD_TASK_UNKNOWN);
    struct viewer_snapshot snapshot = wait_for(viewer, model_failed);
    assert_string_equal(snapshot.model_name, "no-such-model");
    assert_string_equal(snapshot.model_used, CARDS_MODEL);
    assert_non_null(strstr(snapshot.model_why, "no-such-model"));
    assert_int_equal(snapshot.result_state, VIEWER_READY);
    assert_true(snapshot.detection_count > 0);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static bool enlarges(const struct viewer_snapshot *snapshot)
{
    return snapshot->task == CARD_UPSCALE;
}

static void test_a_model_for_another_task_switches_it(void **unused)
{
    static const char *const names[] = {SRCNN_MODEL, BESRA_SOURCE_DIR "/models/srcnn.onnx"};
    (void)unused;

    for (size_t i = 0; i < 2; i++) {
        struct viewer *viewer = open_viewer(0);
        load_model(viewer, CARDS_MODEL, CARD_DETECT);
        viewer_load_model(viewer, names[i], CARD_DETECT);
        wait_until(viewer, enlarges);
        struct viewer_snapshot snapshot = viewer_snapshot(viewer);
        assert_true(snapshot.settings.factor == 2);
        viewer_release(viewer, &snapshot);
        load_model(viewer, CARDS_MODEL, CARD_UPSCALE);
        viewer_close(viewer);
    }
}

/* As `besra detect` says it: by opening a detector of it. */
static void test_a_model_that_is_nothing_known_says_what_detect_says(void **unused)
{
    static const char *const paths[] = {BESRA_SOURCE_DIR "/tests/pipeline/viewing.c",
                                        BESRA_SOURCE_DIR "/tests/onnx/data/chain.onnx"};
    (void)unused;

    for (size_t i = 0; i < 2; i++) {
        struct viewer   *viewer = open_viewer(0);
        struct model     model = {0};
        struct detector *detector = NULL;
        struct bsr_error err = {0};
        bsr_status       status = model_open(&model, paths[i], CARD_DETECT, NULL, &err);
        if (status == BSR_OK) {
            const struct detect_options options = detect_options_default(&model);
            status = detector_open(&detector, &model, &options, NULL, NULL, &err);
            model_free(&model);
        }
        assert_int_equal(status, BSR_EMODEL);
        viewer_load_model(viewer, paths[i], CARD_TASK_UNKNOWN);
        struct viewer_snapshot snapshot = wait_for(viewer, model_failed);
        assert_non_null(strstr(snapshot.model_why, err.message));
        assert_null(snapshot.model_used);
        viewer_release(viewer, &snapshot);
        viewer_close(viewer);
    }
}

static bool uses_srcnn(const struct viewer_snapshot *snapshot)
{
    return snapshot->model_used && strcmp(snapshot->model_used, SRCNN_MODEL) == 0;
}

static void test_the_last_of_many_wishes_for_a_model_is_granted(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    for (int i = 0; i < 5; i++) {
        viewer_load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
        viewer_load_model(viewer, "nothing", CARD_TASK_UNKNOWN);
    }
    viewer_load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    wait_until(viewer, uses_srcnn);
    usleep(20000);
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_true(uses_srcnn(&snapshot) && has_model(&snapshot));
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

/* ---- detections --------------------------------------------------------------------------------- */

/* Against a detector opened with the settings in force. */
static void expect_detectors(const struct viewer_snapshot *snapshot)
{
    struct model          model;
    struct detector      *detector = NULL;
    struct bsr_image      image;
    struct detections     found;
    struct timing         timing = {0};
    struct bsr_error      err = {0};
    struct detect_options options;
    char                  numbers[52][12], *wanted[52];

    require(model_open(&model, CARDS_MODEL, CARD_DETECT, NULL, &err), &err);
    options = detect_options_default(&model);
    options.confidence = snapshot->settings.confidence;
    options.iou = snapshot->settings.iou;
    options.max_detections = snapshot->settings.max_detections;
    options.agnostic = snapshot->settings.agnostic;
    for (int i = 0; i < 52 && snapshot->settings.hidden; i++)
        if (!snapshot->settings.hidden[i]) {
            snprintf(numbers[i], sizeof numbers[i], "%d", i);
            wanted[options.class_count++] = numbers[i];
        }
    options.classes = wanted;
    require(detector_open(&detector, &model, &options, NULL, NULL, &err), &err);
    require(bsr_image_read(&image, snapshot->path, &err), &err);
    require(detector_run(detector, &image, &found, &timing, &err), &err);
    assert_int_equal(snapshot->result_state, VIEWER_READY);
    assert_int_equal(snapshot->detection_count, found.count);
    for (size_t i = 0; i < found.count; i++) {
        assert_true(found.items[i].score == snapshot->detections[i].score);
        assert_true(found.items[i].x1 == snapshot->detections[i].x1);
        assert_int_equal(found.items[i].class_index, snapshot->detections[i].class_index);
    }
    bsr_image_free(&image);
    detector_close(detector);
    model_free(&model);
}

static size_t count_all(const struct viewer_snapshot *snapshot)
{
    size_t sum = 0;
    for (size_t i = 0; i < snapshot->class_count; i++)
        sum += (size_t)snapshot->classes[i].count;
    return sum;
}

/* Sets and expects the detections at once. */
static void change(struct viewer *viewer, const struct viewer_settings *settings)
{
    viewer_set(viewer, settings);
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    expect_detectors(&snapshot);
    viewer_release(viewer, &snapshot);
}

static void test_thresholds_act_at_once_and_as_the_detectors(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    bool           hidden[52] = {false};
    (void)unused;

    add_inputs(viewer, CARDS "/cards-2.jpg", NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    assert_true(snapshot.settings.confidence == 0.4 && snapshot.settings.max_detections == 60 &&
                snapshot.settings.agnostic);
    assert_int_equal(snapshot.class_count, 52);
    assert_int_equal(count_all(&snapshot), snapshot.detection_count);
    assert_true(snapshot.detection_count > 3);
    expect_detectors(&snapshot);

    struct viewer_settings settings = snapshot.settings;
    settings.confidence = 0.02;
    change(viewer, &settings);
    settings.iou = 0.9;
    settings.agnostic = false;
    settings.max_detections = 300;
    change(viewer, &settings);
    settings.max_detections = 5;
    change(viewer, &settings);
    settings = snapshot.settings;
    settings.hidden = hidden;
    settings.hidden_count = 52;
    hidden[snapshot.detections[0].class_index] = true;
    change(viewer, &settings);
    struct viewer_snapshot without = viewer_snapshot(viewer);
    assert_true(without.detection_count < snapshot.detection_count);
    assert_int_equal(without.classes[snapshot.detections[0].class_index].count,
                     snapshot.classes[snapshot.detections[0].class_index].count);
    viewer_release(viewer, &without);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static void test_a_threshold_under_what_is_kept_runs_the_net_again(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    add_inputs(viewer, CARDS "/cards-2.jpg", NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    struct viewer_settings settings = snapshot.settings;
    size_t                 before = snapshot.detection_count;
    viewer_release(viewer, &snapshot);
    settings.confidence = 0.001;
    viewer_set(viewer, &settings);
    snapshot = viewer_snapshot(viewer);
    assert_true(snapshot.detection_count >= before); /* what is known is shown meanwhile */
    viewer_release(viewer, &snapshot);
    snapshot = wait_for(viewer, has_result);
    assert_true(snapshot.settings.confidence == 0.001);
    expect_detectors(&snapshot);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

/* ---- neighbours --------------------------------------------------------------------------------- */

static size_t selected_is;

static bool all_is_quiet(const struct viewer_snapshot *snapshot)
{
    return snapshot->selected == selected_is && has_result(snapshot);
}

static void test_a_computed_neighbour_is_there_at_once(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    add_inputs(viewer, CARDS, NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    wait_until(viewer, has_result);
    for (size_t i = 1; i < 4; i++) { /* those seen are kept */
        viewer_select(viewer, i);
        selected_is = i;
        wait_until(viewer, all_is_quiet);
    }
    for (size_t i = 0; i < 4; i++) {
        viewer_select(viewer, i);
        struct viewer_snapshot snapshot = viewer_snapshot(viewer);
        assert_int_equal(snapshot.selected, i);
        assert_int_equal(snapshot.picture_state, VIEWER_READY);
        expect_detectors(&snapshot);
        viewer_release(viewer, &snapshot);
    }
    viewer_close(viewer);
}

/* The pictures of the two ends never were selected before. */
static void test_neighbours_are_computed_ahead(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    bool           there = false;
    (void)unused;

    add_inputs(viewer, CARDS, NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    wait_until(viewer, has_result);
    for (double start = clock_ms(); !there && clock_ms() - start < 120e3;) {
        usleep(300000); /* nobody asks */
        viewer_select(viewer, 1);
        struct viewer_snapshot snapshot = viewer_snapshot(viewer);
        there = has_result(&snapshot);
        viewer_release(viewer, &snapshot);
        viewer_select(viewer, 0);
        if (!there)
            print_message("not yet\n");
    }
    assert_true(there);
    viewer_close(viewer);
}

/* ---- snapshots ---------------------------------------------------------------------------------- */

static atomic_int wakes;

static void wake(void *context)
{
    (void)context;
    atomic_fetch_add(&wakes, 1);
}

static void test_snapshots_only_rise_while_all_is_working(void **unused)
{
    const struct viewer_options options = {.threads = 2, .wake = wake};
    struct viewer              *viewer = NULL;
    struct bsr_error            err = {0};
    unsigned long long          last = 0;
    size_t                      taken = 0, different = 0;
    (void)unused;

    require(viewer_open(&viewer, &options, &err), &err);
    add_inputs(viewer, CARDS, PHOTOS);
    for (int round = 0; round < 3; round++) {
        viewer_load_model(viewer, round % 2 ? SRCNN_MODEL : CARDS_MODEL, CARD_TASK_UNKNOWN);
        int moves = 0;
        for (bool done = false; !done; taken++) {
            struct viewer_snapshot snapshot = viewer_snapshot(viewer);
            assert_true(snapshot.serial >= last);
            different += snapshot.serial > last;
            last = snapshot.serial;
            done = has_model(&snapshot) && has_result(&snapshot);
            if (taken % 64 == 0 && moves++ < 12) /* as somebody who looks around */
                viewer_select(viewer, (taken / 64) % snapshot.count);
            if (snapshot.picture)
                assert_true(snapshot.picture->width > 0);
            viewer_release(viewer, &snapshot);
            usleep(200);
        }
    }
    print_message("%zu snapshots, %zu of them different, %d times woken\n", taken, different,
                  atomic_load(&wakes));
    assert_true(different > 10);
    assert_true(atomic_load(&wakes) > 10);
    viewer_close(viewer);
}

static void test_closing_in_the_middle_of_everything_is_clean(void **unused)
{
    (void)unused;
    for (int i = 0; i < 6; i++) {
        struct viewer *viewer = open_viewer(0);
        add_inputs(viewer, CARDS, NULL);
        viewer_load_model(viewer, i % 2 ? SRCNN_MODEL : CARDS_MODEL, CARD_TASK_UNKNOWN);
        usleep((useconds_t)i * 20000);
        viewer_close(viewer);
    }
}

static void test_out_of_memory_leaves_a_viewer_that_works_or_none(void **unused)
{
    const struct viewer_options options = {.threads = 1};
    (void)unused;
    for (size_t n = 1; n < 40; n++) {
        struct viewer   *viewer = NULL;
        struct bsr_error err = {0};
        mem_fail_from(n);
        bsr_status status = viewer_open(&viewer, &options, &err);
        mem_fail_from(0);
        if (status == BSR_OK)
            viewer_close(viewer);
        else
            assert_null(viewer);
    }
}

/* Whatever failed, another try works. */
static void test_after_out_of_memory_another_try_works(void **unused)
{
    char one[] = CARDS "/cards-1.jpg", *inputs[] = {one};
    (void)unused;

    for (size_t n = 1; n < 1500; n += 1 + n / 2) {
        struct viewer *viewer = open_viewer(0);
        mem_fail_from(n);
        viewer_add(viewer, inputs, 1, false, NULL);
        viewer_load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
        usleep(3000);
        struct viewer_snapshot snapshot = viewer_snapshot(viewer);
        viewer_release(viewer, &snapshot);
        usleep(3000);
        mem_fail_from(0);
        while (usleep(1000), snapshot = viewer_snapshot(viewer), snapshot.model_state == VIEWER_WORKING)
            viewer_release(viewer, &snapshot);
        bool there = snapshot.count > 0;
        viewer_release(viewer, &snapshot);
        if (!there)
            add_inputs(viewer, one, NULL);
        load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
        wait_until(viewer, has_result);
        viewer_close(viewer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_pictures_come_behind_and_the_first_is_selected),
        cmocka_unit_test(test_a_folder_without_pictures_is_an_error),
        cmocka_unit_test(test_a_file_that_is_not_there_is_an_error_and_no_entry),
        cmocka_unit_test(test_pictures_are_those_of_the_files),
        cmocka_unit_test(test_what_is_no_picture_says_why),
        cmocka_unit_test(test_a_pasted_picture_is_copied_and_looked_at),
        cmocka_unit_test(test_small_pictures_come_when_asked_for),
        cmocka_unit_test(test_a_model_that_is_not_there_says_so_and_the_old_one_goes_on),
        cmocka_unit_test(test_a_model_for_another_task_switches_it),
        cmocka_unit_test(test_a_model_that_is_nothing_known_says_what_detect_says),
        cmocka_unit_test(test_the_last_of_many_wishes_for_a_model_is_granted),
        cmocka_unit_test(test_thresholds_act_at_once_and_as_the_detectors),
        cmocka_unit_test(test_a_threshold_under_what_is_kept_runs_the_net_again),
        cmocka_unit_test(test_a_computed_neighbour_is_there_at_once),
        cmocka_unit_test(test_neighbours_are_computed_ahead),
        cmocka_unit_test(test_snapshots_only_rise_while_all_is_working),
        cmocka_unit_test(test_closing_in_the_middle_of_everything_is_clean),
        cmocka_unit_test(test_after_out_of_memory_another_try_works),
        cmocka_unit_test(test_out_of_memory_leaves_a_viewer_that_works_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

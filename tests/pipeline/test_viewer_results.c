/* What the viewer makes of pictures and writes: enlarged, named, saved, a whole folder. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/image.h"
#include "besra.h"
#include "tests/pipeline/viewing.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *path_in(char path[160], const char *folder, const char *name)
{
    snprintf(path, 160, "%s/%s", folder, name);
    return path;
}

/* Noise over slopes, with as many channels and bits as wanted, as a file. */
static void write_picture(const char *path, int width, int height, int channels, int depth)
{
    struct picture   picture = {.format = PICTURE_PNG};
    struct bytes     encoded = {0};
    struct bsr_error err = {0};
    uint64_t         state = 5;

    require(image_alloc(&picture.image, width, height, channels, depth, &err), &err);
    for (int y = 0; y < height; y++)
        for (int i = 0; i < width * channels * depth / 8; i++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            image_row(&picture.image, y)[i] = (uint8_t)((y + i / 3) / 2 + (int)(state >> 60));
        }
    const char *dot = strrchr(path, '.');
    require(picture_encode(&encoded, &picture, picture_format_from_name(dot + 1), 90, &err), &err);
    require(file_write(path, encoded.data, encoded.size, true, false, &err), &err);
    bytes_free(&encoded);
    picture_free(&picture);
}

static void expect_same_files(const char *a, const char *b)
{
    struct bytes     one = {0}, other = {0};
    struct bsr_error err = {0};
    require(file_read(&one, a, SIZE_MAX, &err), &err);
    require(file_read(&other, b, SIZE_MAX, &err), &err);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.data, other.data, one.size);
    bytes_free(&one);
    bytes_free(&other);
}

static void set_factor(struct viewer *viewer, double factor)
{
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    struct viewer_settings settings = snapshot.settings;
    settings.factor = factor;
    viewer_settle(viewer); /* a step of its own */
    viewer_set(viewer, &settings);
    viewer_release(viewer, &snapshot);
}

/* ---- enlarging ---------------------------------------------------------------------------------- */

static void test_enlarged_pictures_are_the_upscalers(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct model     model;
    struct upscaler *upscaler = NULL;
    struct bsr_image enlarged, plain;
    struct timing    timing = {0};
    struct bsr_error err = {0};
    (void)unused;

    add_inputs(viewer, PHOTOS "/chelsea.jpg", NULL);
    load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    set_factor(viewer, 1.5);
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    require(model_open(&model, SRCNN_MODEL, CARD_UPSCALE, NULL, &err), &err);
    require(upscaler_open(&upscaler, &model, NULL, &err), &err);
    require(upscaler_run(upscaler, snapshot.picture, &(struct upscale_size){.factor = 1.5}, &enlarged, &plain,
                         &timing, &err),
            &err);
    assert_int_equal(snapshot.enlarged->width, enlarged.width);
    for (int y = 0; y < enlarged.height; y++) {
        assert_memory_equal(image_row(snapshot.enlarged, y), image_row(&enlarged, y),
                            3 * (size_t)enlarged.width);
        assert_memory_equal(image_row(snapshot.plain, y), image_row(&plain, y), 3 * (size_t)plain.width);
    }
    image_free(&enlarged);
    image_free(&plain);
    upscaler_close(upscaler);
    model_free(&model);
    viewer_release(viewer, &snapshot);

    set_factor(viewer, 2); /* what was made before is kept */
    wait_until(viewer, has_result);
    assert_true(viewer_undo(viewer));
    snapshot = viewer_snapshot(viewer);
    assert_int_equal(snapshot.result_state, VIEWER_READY);
    assert_true(snapshot.settings.factor == 1.5);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static bool is_under_way(const struct viewer_snapshot *snapshot)
{
    return snapshot->result_state == VIEWER_WORKING && snapshot->result_progress > 0;
}

static double factor_wanted;

static bool has_factor(const struct viewer_snapshot *snapshot)
{
    return has_result(snapshot) && snapshot->enlarged && snapshot->settings.factor == factor_wanted &&
           snapshot->enlarged->width == (int)(snapshot->picture->width * factor_wanted);
}

static void test_enlarging_tells_how_far_it_is_and_ends_when_not_wanted(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    char           folder[64], path[160];
    (void)unused;

    make_folder(folder);
    write_picture(path_in(path, folder, "large.png"), 1500, 1200, 3, 8);
    add_inputs(viewer, path, NULL);
    load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    set_factor(viewer, 4);
    wait_until(viewer, is_under_way);
    factor_wanted = 1;
    double start = clock_ms();
    set_factor(viewer, factor_wanted);
    wait_until(viewer, has_factor);
    print_message("another factor after %.0f ms\n", clock_ms() - start);

    set_factor(viewer, 4);
    wait_until(viewer, is_under_way);
    start = clock_ms();
    viewer_close(viewer);
    print_message("closed after %.0f ms\n", clock_ms() - start);
    remove_folder(folder);
}

static void test_what_would_not_fit_the_memory_says_so(void **unused)
{
    struct viewer *viewer = open_viewer(20 << 20);
    char           folder[64], path[160], huge[160];
    (void)unused;

    make_folder(folder);
    write_picture(path_in(path, folder, "small.png"), 400, 300, 3, 8);
    write_picture(path_in(huge, folder, "huge.png"), 3000, 2500, 3, 8);
    add_inputs(viewer, path, huge);
    load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    wait_until(viewer, has_result);
    set_factor(viewer, 16);
    struct viewer_snapshot snapshot = wait_for(viewer, result_failed);
    assert_non_null(strstr(snapshot.result_why, "small.png: enlarged, it would take"));
    assert_non_null(strstr(snapshot.result_why, "--memory"));
    viewer_release(viewer, &snapshot);
    set_factor(viewer, 2);
    wait_until(viewer, has_result);
    viewer_select(viewer, 1);
    snapshot = wait_for(viewer, picture_failed);
    assert_non_null(strstr(snapshot.picture_why, "budget of 20 MB"));
    viewer_release(viewer, &snapshot);
    viewer_select(viewer, 0);
    wait_until(viewer, has_result);
    remove_folder(folder);
    viewer_close(viewer);
}

static void test_a_factor_beyond_any_picture_says_so(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    char           folder[64], path[160];
    (void)unused;

    make_folder(folder);
    write_picture(path_in(path, folder, "wide.png"), 2000, 4, 3, 8);
    add_inputs(viewer, path, NULL);
    load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    set_factor(viewer, 64);
    struct viewer_snapshot snapshot = wait_for(viewer, result_failed);
    assert_non_null(strstr(snapshot.result_why, "128000 x 256 pixels"));
    assert_non_null(strstr(snapshot.result_why, "wide.png"));
    viewer_release(viewer, &snapshot);
    remove_folder(folder);
    viewer_close(viewer);
}

/* Ten pictures that take 12 MB each, where four fit. */
static void test_little_memory_is_enough_for_a_long_list(void **unused)
{
    struct viewer *viewer = open_viewer(52 << 20);
    char           folder[64], path[160], name[16];
    (void)unused;

    make_folder(folder);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%d.png", i);
        write_picture(path_in(path, folder, name), 2000, 2000, 3, 8);
    }
    add_inputs(viewer, folder, NULL);
    for (size_t i = 0; i < 12; i++) {
        viewer_select(viewer, i * 7 % 10);
        wait_until(viewer, has_picture);
    }
    remove_folder(folder);
    viewer_close(viewer);
}

/* ---- classes ------------------------------------------------------------------------------------ */

static void test_classes_of_a_picture_are_named(void **unused)
{
    const char *shared = getenv("BESRA_SHARED");
    char        model[512], photo[512];
    (void)unused;

    snprintf(model, sizeof model, "%s/models/classify/squeezenet1_1.onnx", shared ? shared : "");
    snprintf(photo, sizeof photo, "%s/images/dog.jpg", shared ? shared : "");
    if (!shared || access(model, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", model);
        skip();
    }
    struct viewer *viewer = open_viewer(0);
    add_inputs(viewer, photo, NULL);
    load_model(viewer, model, CARD_DETECT);
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    assert_int_equal(snapshot.task, CARD_CLASSIFY);
    assert_int_equal(snapshot.score_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(snapshot.score_names[i]);
        assert_true(!i || snapshot.scores[i - 1].score >= snapshot.scores[i].score);
    }
    struct viewer_settings settings = snapshot.settings;
    settings.top = 3;
    viewer_release(viewer, &snapshot);
    viewer_set(viewer, &settings);
    snapshot = viewer_snapshot(viewer);
    assert_int_equal(snapshot.result_state, VIEWER_READY); /* at once */
    assert_int_equal(snapshot.score_count, 3);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

/* ---- saving ------------------------------------------------------------------------------------- */

static bool enlarges(const struct viewer_snapshot *snapshot)
{
    return snapshot->task == CARD_UPSCALE && has_result(snapshot);
}

static void test_a_record_is_the_commands(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_error err = {0};
    json_error_t     fault;
    char             folder[64], path[160];
    (void)unused;

    make_folder(folder);
    path_in(path, folder, "deep/record.json");
    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    struct viewer_snapshot snapshot = wait_for(viewer, has_picture);
    assert_int_equal(viewer_save_record(viewer, &snapshot, path, false, &err), BSR_EMISSING);
    viewer_release(viewer, &snapshot);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    snapshot = wait_for(viewer, has_result);
    require(viewer_save_record(viewer, &snapshot, path, false, &err), &err);
    assert_int_equal(viewer_save_record(viewer, &snapshot, path, false, &err), BSR_EEXIST);
    require(viewer_save_record(viewer, &snapshot, path, true, &err), &err);

    json_t *record = json_load_file(path, 0, &fault);
    assert_non_null(record);
    assert_string_equal(json_string_value(json_object_get(record, "task")), "detect");
    assert_string_equal(json_string_value(json_object_get(record, "model")), "cards");
    assert_int_equal(json_array_size(json_object_get(record, "detections")), snapshot.detection_count);
    json_decref(record);
    viewer_release(viewer, &snapshot);
    remove_folder(folder);
    viewer_close(viewer);
}

static void test_saving_spares_what_is_there(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_error err = {0};
    char             folder[64], input[160], output[160];
    (void)unused;

    make_folder(folder);
    write_picture(path_in(input, folder, "in.png"), 100, 80, 3, 8);
    write_picture(path_in(output, folder, "out.png"), 10, 8, 3, 8);
    add_inputs(viewer, input, NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    assert_int_equal(viewer_save_picture(viewer, &snapshot, output, false, &err), BSR_EEXIST);
    assert_string_equal(err.subject, output);
    require(viewer_save_picture(viewer, &snapshot, output, true, &err), &err);
    assert_int_equal(viewer_save_picture(viewer, &snapshot, input, true, &err), BSR_EUSAGE);
    assert_int_equal(viewer_save_picture(viewer, &snapshot, "/proc/no/such/place.png", true, &err), BSR_EIO);
    file_fail_write(1);
    assert_int_equal(viewer_save_picture(viewer, &snapshot, output, true, &err), BSR_EIO);
    file_fail_write(0);
    viewer_release(viewer, &snapshot);
    remove_folder(folder);
    viewer_close(viewer);
}

/* Runs the command line of what is seen, and compares what it writes with what is saved. */
static void compare_with_program(struct viewer *viewer, const char *folder, const char *name)
{
    struct viewer_snapshot snapshot = wait_for(viewer, has_result);
    struct bytes           line = {0}, command = {0};
    struct bsr_error       err = {0};
    char                   saved[160], written[160];

    path_in(saved, folder, "saved-");
    strcat(saved, name);
    path_in(written, folder, "written-");
    strcat(written, name);
    require(viewer_save_picture(viewer, &snapshot, saved, true, &err), &err);
    require(viewer_command(viewer, &snapshot, &line, &err), &err);
    bytes_append_format(&command, "'%s'%s -q -y --no-config -o '%s'", getenv("BESRA_PROGRAM"),
                        bytes_text(&line) + strlen("besra"), written);
    assert_int_equal(system(bytes_text(&command)), 0);
    expect_same_files(saved, written);
    bytes_free(&command);
    bytes_free(&line);
    viewer_release(viewer, &snapshot);
}

static void test_the_command_line_writes_what_is_saved(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    const char    *program = getenv("BESRA_PROGRAM");
    char           folder[64], path[160];
    bool           hidden[52] = {[0] = true, [9] = true, [51] = true};
    (void)unused;

    if (!program || access(program, X_OK) != 0) {
        print_message("SKIPPED: the program is not there (BESRA_PROGRAM)\n");
        viewer_close(viewer);
        skip();
    }
    make_folder(folder);
    write_picture(path_in(path, folder, "it's $large.jpg"), 2600, 1900, 3, 8);
    add_inputs(viewer, CARDS "/cards-2.jpg", path);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    compare_with_program(viewer, folder, "a.jpg");
    viewer_set(
        viewer,
        &(struct viewer_settings){
            .confidence = 0.07, .iou = 0.62, .max_detections = 200, .hidden = hidden, .hidden_count = 52});
    compare_with_program(viewer, folder, "b.png");
    viewer_select(viewer, 1);
    compare_with_program(viewer, folder, "c.jpg");
    viewer_load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    viewer_select(viewer, 0);
    wait_until(viewer, enlarges);
    set_factor(viewer, 1.3);
    compare_with_program(viewer, folder, "d.png");
    remove_folder(folder);
    viewer_close(viewer);
}

/* ---- a folder ----------------------------------------------------------------------------------- */

static bool batch_ended(const struct viewer_snapshot *snapshot)
{
    return snapshot->batch_state == VIEWER_READY || snapshot->batch_state == VIEWER_FAILED;
}

static struct viewer_snapshot run_batch(struct viewer *viewer, const char *folder)
{
    viewer_start_batch(viewer, folder);
    return wait_for(viewer, batch_ended);
}

/* Saves each picture, does the whole list, and compares the files. */
static void compare_with_batch(struct viewer *viewer, const char *saved, const char *done)
{
    struct bsr_error       err = {0};
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    size_t                 count = snapshot.count;
    char                   name[64], a[160], b[160];

    viewer_release(viewer, &snapshot);
    snapshot = run_batch(viewer, done);
    assert_int_equal(snapshot.batch_state, VIEWER_READY);
    assert_int_equal(snapshot.batch_done, count);
    if (snapshot.batch_failed)
        fail_msg("%s", snapshot.batch_why);
    viewer_release(viewer, &snapshot);
    for (size_t i = 0; i < count; i++) {
        viewer_select(viewer, i);
        snapshot = wait_for(viewer, has_result);
        snprintf(name, sizeof name, "%s", viewer_name(&snapshot, i));
        require(viewer_save_picture(viewer, &snapshot, path_in(a, saved, name), false, &err), &err);
        expect_same_files(a, path_in(b, done, name));
        viewer_release(viewer, &snapshot);
    }
}

static void test_saved_boxes_are_those_of_the_batch(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    char           folder[64], path[160], saved[160], done[160];
    bool           hidden[52] = {[3] = true, [7] = true, [20] = true};
    (void)unused;

    make_folder(folder);
    write_picture(path_in(path, folder, "large.jpg"), 2600, 1900, 3, 8); /* decoded smaller for the net */
    add_inputs(viewer, CARDS "/cards-1.jpg", CARDS "/cards-3.jpg");
    add_inputs(viewer, path, NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    compare_with_batch(viewer, path_in(saved, folder, "a"), path_in(done, folder, "b"));
    viewer_set(
        viewer,
        &(struct viewer_settings){
            .confidence = 0.2, .iou = 0.8, .max_detections = 20, .hidden = hidden, .hidden_count = 52});
    compare_with_batch(viewer, path_in(saved, folder, "c"), path_in(done, folder, "d"));
    remove_folder(folder);
    viewer_close(viewer);
}

/* With all that a file has and the window doesn't show: 16 bits, alpha, grey. */
static void test_saved_enlarged_pictures_are_those_of_the_batch(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    char           folder[64], path[160], saved[160], done[160];
    (void)unused;

    make_folder(folder);
    write_picture(path_in(path, folder, "colour.png"), 90, 70, 3, 8);
    add_inputs(viewer, path, NULL);
    write_picture(path_in(path, folder, "deep.png"), 90, 70, 3, 16);
    add_inputs(viewer, path, NULL);
    write_picture(path_in(path, folder, "clear.png"), 90, 70, 4, 8);
    add_inputs(viewer, path, NULL);
    write_picture(path_in(path, folder, "grey.png"), 90, 70, 1, 8);
    add_inputs(viewer, path, NULL);
    load_model(viewer, SRCNN_MODEL, CARD_TASK_UNKNOWN);
    set_factor(viewer, 1.7);
    compare_with_batch(viewer, path_in(saved, folder, "a"), path_in(done, folder, "b"));
    remove_folder(folder);
    viewer_close(viewer);
}

static void test_a_batch_counts_what_fails_and_tells_the_first(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_image image;
    struct bsr_error err = {0};
    char             folder[64], path[160], done[160];
    (void)unused;

    make_folder(folder);
    path_in(done, folder, "done");
    struct viewer_snapshot snapshot = run_batch(viewer, done);
    assert_int_equal(snapshot.batch_state, VIEWER_FAILED);
    assert_non_null(strstr(snapshot.batch_why, "no pictures"));
    viewer_release(viewer, &snapshot);
    require(file_write(path_in(path, folder, "text.jpg"), "no picture", 10, false, false, &err), &err);
    add_inputs(viewer, path, CARDS "/cards-1.jpg");
    snapshot = run_batch(viewer, done);
    assert_int_equal(snapshot.batch_state, VIEWER_FAILED);
    assert_non_null(strstr(snapshot.batch_why, "no model"));
    viewer_release(viewer, &snapshot);

    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    require(bsr_image_read(&image, CARDS "/cards-1.jpg", &err), &err);
    require(viewer_add_image(viewer, &image, "pasted", &err), &err);
    bsr_image_free(&image);
    snapshot = run_batch(viewer, done);
    assert_int_equal(snapshot.batch_state, VIEWER_READY);
    assert_int_equal(snapshot.batch_count, 3);
    assert_int_equal(snapshot.batch_done, 3);
    assert_int_equal(snapshot.batch_failed, 2);
    assert_non_null(strstr(snapshot.batch_why, "text.jpg"));
    assert_string_equal(snapshot.batch_folder, done);
    viewer_release(viewer, &snapshot);

    snapshot = run_batch(viewer, done); /* what is there is not written over */
    assert_int_equal(snapshot.batch_failed, 3);
    viewer_release(viewer, &snapshot);
    snapshot = run_batch(viewer, path); /* a file */
    assert_int_equal(snapshot.batch_state, VIEWER_FAILED);
    viewer_release(viewer, &snapshot);
    remove_folder(folder);
    viewer_close(viewer);
}

static bool batch_began(const struct viewer_snapshot *snapshot)
{
    return snapshot->batch_done > 0;
}

static void test_a_batch_ends_when_told_to(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    char           folder[64], path[160], done[160];
    (void)unused;

    make_folder(folder);
    path_in(done, folder, "done");
    for (int i = 0; i < 40; i++)
        add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    viewer_start_batch(viewer, done);
    wait_until(viewer, batch_began);
    viewer_start_batch(viewer, "another"); /* one at a time */
    viewer_cancel_batch(viewer);
    struct viewer_snapshot snapshot = wait_for(viewer, batch_ended);
    assert_int_equal(snapshot.batch_state, VIEWER_FAILED);
    assert_true(snapshot.batch_done < 40);
    assert_non_null(strstr(snapshot.batch_why, "stopped after"));
    viewer_release(viewer, &snapshot);
    viewer_start_batch(viewer, path_in(path, folder, "again"));
    wait_until(viewer, batch_began);
    viewer_close(viewer); /* stops it, too */
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enlarged_pictures_are_the_upscalers),
        cmocka_unit_test(test_enlarging_tells_how_far_it_is_and_ends_when_not_wanted),
        cmocka_unit_test(test_what_would_not_fit_the_memory_says_so),
        cmocka_unit_test(test_a_factor_beyond_any_picture_says_so),
        cmocka_unit_test(test_little_memory_is_enough_for_a_long_list),
        cmocka_unit_test(test_classes_of_a_picture_are_named),
        cmocka_unit_test(test_a_record_is_the_commands),
        cmocka_unit_test(test_saving_spares_what_is_there),
        cmocka_unit_test(test_the_command_line_writes_what_is_saved),
        cmocka_unit_test(test_saved_boxes_are_those_of_the_batch),
        cmocka_unit_test(test_saved_enlarged_pictures_are_those_of_the_batch),
        cmocka_unit_test(test_a_batch_counts_what_fails_and_tells_the_first),
        cmocka_unit_test(test_a_batch_ends_when_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

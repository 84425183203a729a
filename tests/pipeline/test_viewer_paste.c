/* Pictures that came by the clipboard: looked at, saved, and told apart from files. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/image.h"
#include "tests/pipeline/viewing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void read_whole(struct bytes *out, const char *path)
{
    struct bsr_error err = {0};
    require(file_read(out, path, SIZE_MAX, &err), &err);
}

static void paste(struct viewer *viewer, const char *path, const char *stem)
{
    struct bytes     bytes = {0};
    struct bsr_error err = {0};
    read_whole(&bytes, path);
    require(viewer_add_encoded(viewer, &bytes, stem, &err), &err);
    assert_int_equal(bytes.size, 0);
    bytes_free(&bytes);
}

static void test_a_pasted_picture_is_what_its_file_is(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    load_model(viewer, CARDS_MODEL, CARD_DETECT);
    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    struct viewer_snapshot file = wait_for(viewer, has_result);
    assert_false(file.unsaved);
    paste(viewer, CARDS "/cards-1.jpg", "pasted-1");
    struct viewer_snapshot pasted = wait_for(viewer, has_result);
    assert_true(pasted.unsaved);
    assert_int_equal(pasted.selected, 1);
    assert_string_equal(pasted.path, "pasted-1.jpg");
    assert_string_equal(viewer_name(&pasted, 1), "pasted-1.jpg");
    assert_true(file.detection_count > 0);
    assert_int_equal(pasted.detection_count, file.detection_count);
    assert_memory_equal(pasted.detections, file.detections, file.detection_count * sizeof *file.detections);
    viewer_release(viewer, &pasted);
    viewer_release(viewer, &file);
    viewer_close(viewer);
}

#define TEXT(literal) literal, sizeof literal - 1

static void test_what_is_no_picture_is_refused_and_not_listed(void **unused)
{
    struct viewer   *tight = open_viewer(1 << 20), *viewer = open_viewer(0);
    struct bytes     whole = {0};
    struct bsr_error err = {0};
    (void)unused;

    read_whole(&whole, CARDS "/cards-1.jpg");
    const struct {
        const char *data;
        size_t      size;
        bsr_status  status;
    } rows[] = {
        {TEXT(""), BSR_EFORMAT},
        {TEXT("no picture at all"), BSR_EFORMAT},
        {TEXT("\x89PNG\r\n\x1a\n broken behind its first bytes"), BSR_EDECODE},
        {(const char *)whole.data, whole.size / 2, BSR_EDECODE},
        {TEXT("P6\n60000 60000\n255\nfew"), BSR_ELIMIT},     /* over --max-pixels */
        {(const char *)whole.data, whole.size, BSR_EBUDGET}, /* over --memory */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes bytes = {0};
        bytes_append(&bytes, rows[i].data, rows[i].size);
        struct viewer *its = rows[i].status == BSR_EBUDGET ? tight : viewer;
        assert_int_equal(viewer_add_encoded(its, &bytes, "pasted-1", &err), rows[i].status);
        assert_true(err.message[0] != '\0');
        bytes_free(&bytes);
    }
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_int_equal(snapshot.count, 0);
    viewer_release(viewer, &snapshot);
    bytes_free(&whole);
    viewer_close(viewer);
    viewer_close(tight);
}

static void test_no_allocation_is_taken_for_granted(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bytes     whole = {0};
    struct bsr_error err = {0};
    bsr_status       status = BSR_ENOMEM;
    (void)unused;

    read_whole(&whole, PHOTOS "/astronaut.jpg");
    for (size_t n = 1; status != BSR_OK && n < 200; n++) {
        struct bytes bytes = {0};
        bytes_append(&bytes, whole.data, whole.size);
        mem_fail_from(n);
        status = viewer_add_encoded(viewer, &bytes, "pasted-1", &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        bytes_free(&bytes);
    }
    assert_int_equal(status, BSR_OK);
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_int_equal(snapshot.count, 1);
    viewer_release(viewer, &snapshot);
    bytes_free(&whole);
    viewer_close(viewer);
}

static void test_a_pasted_picture_is_saved_as_it_came_and_is_that_file_then(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bytes     command = {0}, came = {0}, went = {0};
    struct bsr_error err = {0};
    char             folder[64], path[128];
    (void)unused;

    make_folder(folder);
    snprintf(path, sizeof path, "%s/kept.jpg", folder);
    load_model(viewer, CARDS_MODEL, CARD_DETECT);
    paste(viewer, CARDS "/cards-2.jpg", "pasted-7");
    struct viewer_snapshot before = wait_for(viewer, has_result);
    require(viewer_command(viewer, &before, &command, &err), &err);
    assert_non_null(strstr(bytes_text(&command), " pasted-7.jpg # "));
    file_fail_write(1);
    assert_int_equal(viewer_save_pasted(viewer, &before, path, false, &err), BSR_EIO);
    file_fail_write(0);
    require(viewer_save_pasted(viewer, &before, path, false, &err), &err);

    struct viewer_snapshot after = wait_for(viewer, has_result);
    assert_int_equal(after.count, 1);
    assert_false(after.unsaved);
    assert_string_equal(after.path, path);
    assert_int_equal(after.picture_id, before.picture_id);
    assert_int_equal(after.detection_count, before.detection_count);
    bytes_clear(&command);
    require(viewer_command(viewer, &after, &command, &err), &err);
    assert_null(strchr(bytes_text(&command), '#'));
    assert_non_null(strstr(bytes_text(&command), path));
    read_whole(&came, CARDS "/cards-2.jpg");
    read_whole(&went, path);
    assert_int_equal(came.size, went.size);
    assert_memory_equal(came.data, went.data, came.size);
    assert_int_equal(viewer_save_pasted(viewer, &after, path, true, &err), BSR_EMISSING);
    assert_int_equal(viewer_save_pasted(viewer, &before, path, false, &err), BSR_EEXIST);
    assert_string_equal(before.path, "pasted-7.jpg"); /* a snapshot stays what it was */
    viewer_release(viewer, &before);
    viewer_release(viewer, &after);
    bytes_free(&came);
    bytes_free(&went);
    bytes_free(&command);
    remove_folder(folder);
    viewer_close(viewer);
}

static bool has_boxes_or_more(const struct viewer_snapshot *snapshot)
{
    return has_result(snapshot) && (snapshot->task != CARD_UPSCALE || snapshot->enlarged);
}

static bool enlarges(const struct viewer_snapshot *snapshot)
{
    return snapshot->task == CARD_UPSCALE && has_boxes_or_more(snapshot);
}

/* Of files and of pasted pictures, with boxes and enlarged. */
static void test_what_is_encoded_is_what_is_saved(void **unused)
{
    struct viewer   *viewer = open_viewer(0);
    struct bsr_error err = {0};
    char             folder[64], path[128];
    (void)unused;

    struct bytes           encoded = {0}, saved = {0};
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_int_equal(viewer_encode_picture(viewer, &snapshot, &encoded, &err), BSR_EMISSING);
    viewer_release(viewer, &snapshot);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/saved.png", folder);
    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    paste(viewer, PHOTOS "/astronaut.jpg", "pasted-1");
    for (size_t i = 0; i < 4; i++) {
        viewer_load_model(viewer, i / 2 ? SRCNN_MODEL : CARDS_MODEL, CARD_TASK_UNKNOWN);
        viewer_select(viewer, i % 2);
        snapshot = wait_for(viewer, i / 2 ? enlarges : has_result);
        require(viewer_encode_picture(viewer, &snapshot, &encoded, &err), &err);
        require(viewer_save_picture(viewer, &snapshot, path, true, &err), &err);
        read_whole(&saved, path);
        assert_int_equal(encoded.size, saved.size);
        assert_memory_equal(encoded.data, saved.data, saved.size);
        bytes_clear(&encoded);
        bytes_clear(&saved);
        viewer_release(viewer, &snapshot);
    }
    bytes_free(&encoded);
    bytes_free(&saved);
    remove_folder(folder);
    viewer_close(viewer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pasted_picture_is_what_its_file_is),
        cmocka_unit_test(test_what_is_no_picture_is_refused_and_not_listed),
        cmocka_unit_test(test_no_allocation_is_taken_for_granted),
        cmocka_unit_test(test_a_pasted_picture_is_saved_as_it_came_and_is_that_file_then),
        cmocka_unit_test(test_what_is_encoded_is_what_is_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

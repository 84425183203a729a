/* Whole files in, whole files out, or nothing at all. */
#include "base/alloc.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

/* Each test works in a new folder, which is the current one meanwhile. */
static char folder[] = "/tmp/besra-test-file-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    char command[sizeof folder + 16];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1; // NOLINT: our own folder
}

static int count_files(void)
{
    DIR *dir = opendir(".");
    int  count = -2; /* . and .. */

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void assert_contents(const char *path, const char *want)
{
    struct bytes read = {0};

    assert_int_equal(file_read(&read, path, 1 << 20, NULL), BSR_OK);
    assert_string_equal(bytes_text(&read), want);
    bytes_free(&read);
}

static bsr_status write_text(const char *path, const char *text, bool overwrite, struct bsr_error *err)
{
    return file_write(path, text, strlen(text), overwrite, false, err);
}

static void test_what_is_written_is_read(void **state)
{
    struct bytes big = {0}, read = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        bytes_append_format(&big, "%d,", i);
    assert_int_equal(file_write("big", big.data, big.size, false, true, NULL), BSR_OK);
    assert_int_equal(file_write("empty", NULL, 0, false, false, NULL), BSR_OK);
    assert_int_equal(count_files(), 2);

    assert_int_equal(file_read(&read, "big", SIZE_MAX, NULL), BSR_OK);
    assert_int_equal(read.size, big.size);
    assert_memory_equal(read.data, big.data, big.size + 1);
    assert_int_equal(file_read(&read, "empty", 0, NULL), BSR_OK);
    assert_int_equal(read.size, 0);
    bytes_free(&read);
    bytes_free(&big);
}

static void test_only_overwriting_replaces(void **state)
{
    struct bsr_error err;

    (void)state;
    assert_int_equal(write_text("a", "first", false, NULL), BSR_OK);
    assert_int_equal(write_text("a", "second", false, &err), BSR_EEXIST);
    assert_string_equal(err.subject, "a");
    assert_contents("a", "first");
    assert_int_equal(write_text("a", "third", true, NULL), BSR_OK);
    assert_contents("a", "third");
    assert_int_equal(symlink("nowhere", "b"), 0); /* exists, though what it points to doesn't */
    assert_int_equal(write_text("b", "x", false, &err), BSR_EEXIST);
    assert_int_equal(count_files(), 2);
}

static void test_new_files_have_the_usual_mode(void **state)
{
    struct stat st;
    mode_t      mask = umask(027);

    (void)state;
    assert_int_equal(write_text("a", "x", false, NULL), BSR_OK);
    umask(mask);
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void test_a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_int_equal(write_text("old", "kept", false, NULL), BSR_OK);
    for (int overwrite = 0; overwrite < 2; overwrite++) {
        struct bsr_error err;
        file_fail_write(1);
        assert_int_equal(write_text(overwrite ? "old" : "new", "text", overwrite, &err), BSR_EIO);
        file_fail_write(0);
        assert_non_null(strstr(err.message, strerror(ENOSPC)));
        assert_int_equal(count_files(), 1);
        assert_contents("old", "kept");
    }
    file_fail_write(2);
    assert_int_equal(write_text("one", "text", false, NULL), BSR_OK);
    assert_int_equal(write_text("two", "text", false, NULL), BSR_EIO);
    assert_int_equal(write_text("three", "text", false, NULL), BSR_OK);
    assert_int_equal(count_files(), 3);
}

static void test_writing_without_memory_leaves_nothing_behind(void **state)
{
    size_t n = 0;

    (void)state;
    for (bsr_status status = BSR_ENOMEM; status != BSR_OK;) {
        struct bsr_error err = {0};
        mem_fail_from(++n);
        status = write_text("folder-less", "text", false, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || (status == BSR_ENOMEM && err.code == BSR_ENOMEM));
        assert_int_equal(count_files(), status == BSR_OK ? 1 : 0);
    }
    assert_true(n > 1);
}

static void test_reading_without_memory_leaves_the_target(void **state)
{
    struct bytes read = {0};
    size_t       n = 0;

    (void)state;
    assert_int_equal(write_text("a", "text", false, NULL), BSR_OK);
    assert_true(bytes_append_text(&read, "kept"));
    for (bsr_status status = BSR_ENOMEM; status != BSR_OK;) {
        mem_fail_from(++n);
        status = file_read(&read, "a", 100, NULL);
        mem_fail_from(0);
        assert_string_equal(bytes_text(&read), status == BSR_OK ? "text" : "kept");
    }
    assert_true(n > 1);
    bytes_free(&read);
}

static void test_where_nothing_can_be_written_it_says_why(void **state)
{
    struct bsr_error err;

    (void)state;
    assert_int_equal(write_text("no/such/folder/a", "x", true, &err), BSR_EIO);
    assert_string_equal(err.subject, "no/such/folder/a");
    assert_non_null(strstr(err.message, strerror(ENOENT)));
    assert_int_equal(mkdir("b", 0777), 0);
    assert_int_equal(write_text("b", "x", true, &err), BSR_EIO);
    assert_int_equal(write_text("b", "x", false, &err), BSR_EEXIST);
    assert_int_equal(count_files(), 1);
}

static void test_reads_stop_at_the_limit(void **state)
{
    struct bytes     read = {0};
    struct bsr_error err;

    (void)state;
    assert_int_equal(write_text("a", "12345", false, NULL), BSR_OK);
    assert_int_equal(file_read(&read, "a", 5, NULL), BSR_OK);
    assert_int_equal(file_read(&read, "a", 4, &err), BSR_ELIMIT);
    assert_int_equal(file_read(&read, "a", 0, &err), BSR_ELIMIT);
    assert_int_equal(file_read(&read, "/dev/zero", 100000, &err), BSR_ELIMIT); /* says no size */
    assert_string_equal(bytes_text(&read), "12345");
    bytes_free(&read);
}

static void test_what_cannot_be_read_is_told_apart(void **state)
{
    struct bytes     read = {0};
    struct bsr_error err;

    (void)state;
    assert_int_equal(file_read(&read, "missing", 10, &err), BSR_EMISSING);
    assert_string_equal(err.subject, "missing");
    assert_int_equal(write_text("a", "x", false, NULL), BSR_OK);
    assert_int_equal(file_read(&read, "a/b", 10, &err), BSR_EMISSING);
    assert_int_equal(file_read(&read, ".", 10, &err), BSR_EIO);
    assert_null(read.data);
}

static void test_files_that_say_no_size_are_read_whole(void **state)
{
    struct bytes read = {0};

    (void)state;
    assert_int_equal(file_read(&read, "/proc/self/status", 1 << 20, NULL), BSR_OK);
    assert_true(read.size > 100);
    bytes_free(&read);
}

static void test_pipes_are_written_into(void **state)
{
    char        got[5] = "";
    struct stat st;

    (void)state;
    assert_int_equal(mkfifo("pipe", 0666), 0);
    int fd = open("pipe", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write_text("pipe", "text", true, NULL), BSR_OK);
    assert_int_equal(read(fd, got, 4), 4);
    assert_string_equal(got, "text");
    close(fd);
    assert_int_equal(stat("pipe", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(count_files(), 1);
}

static void test_folders_are_made_with_those_above(void **state)
{
    char        absolute[sizeof folder + 8];
    struct stat st;

    (void)state;
    assert_int_equal(file_make_folders("a/b//c/", NULL), BSR_OK);
    assert_int_equal(stat("a/b/c", &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(file_make_folders("a/b/c", NULL), BSR_OK);
    assert_int_equal(file_make_folders("d", NULL), BSR_OK);
    assert_int_equal(file_make_folders(".", NULL), BSR_OK);
    assert_int_equal(file_make_folders("/", NULL), BSR_OK);
    assert_int_equal(file_make_folders("", NULL), BSR_OK);
    snprintf(absolute, sizeof absolute, "%s/e/f", folder);
    assert_int_equal(file_make_folders(absolute, NULL), BSR_OK);
    assert_int_equal(stat("e/f", &st), 0);
}

static void test_no_folder_takes_the_place_of_a_file(void **state)
{
    struct bsr_error err;

    (void)state;
    assert_int_equal(write_text("a", "x", false, NULL), BSR_OK);
    assert_int_equal(symlink("nowhere", "b"), 0);
    assert_int_equal(file_make_folders("a", &err), BSR_EIO);
    assert_int_equal(file_make_folders("a/c", &err), BSR_EIO);
    assert_int_equal(file_make_folders("b", &err), BSR_EIO);
    mem_fail_from(1);
    assert_int_equal(file_make_folders("c", &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_int_equal(count_files(), 2);
}

static void test_the_name_is_behind_the_last_slash(void **state)
{
    (void)state;
    assert_string_equal(file_name("a/b.jpg"), "b.jpg");
    assert_string_equal(file_name("b.jpg"), "b.jpg");
    assert_string_equal(file_name("/"), "");
    assert_string_equal(file_name(""), "");
}

static void test_endings_are_told_in_any_case(void **state)
{
    (void)state;
    assert_true(file_has_ending("net.onnx", ".onnx"));
    assert_true(file_has_ending("a/NET.OnnX", ".onnx"));
    assert_false(file_has_ending(".onnx", ".onnx"));
    assert_false(file_has_ending("net.onnx.txt", ".onnx"));
    assert_false(file_has_ending("x", ".onnx"));
}

static void test_a_file_is_the_same_by_any_name(void **state)
{
    (void)state;
    assert_true(file_is_same(BESRA_SOURCE_DIR "/README.md", BESRA_SOURCE_DIR "/docs/../README.md"));
    assert_false(file_is_same(BESRA_SOURCE_DIR "/README.md", BESRA_SOURCE_DIR "/LICENSE"));
    assert_false(file_is_same("/no/such/file", "/no/such/file"));
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endings_are_told_in_any_case),
        cmocka_unit_test(test_a_file_is_the_same_by_any_name),
        FILE_TEST(test_what_is_written_is_read),
        FILE_TEST(test_only_overwriting_replaces),
        FILE_TEST(test_new_files_have_the_usual_mode),
        FILE_TEST(test_a_failed_write_leaves_nothing_behind),
        FILE_TEST(test_writing_without_memory_leaves_nothing_behind),
        FILE_TEST(test_reading_without_memory_leaves_the_target),
        FILE_TEST(test_where_nothing_can_be_written_it_says_why),
        FILE_TEST(test_reads_stop_at_the_limit),
        FILE_TEST(test_what_cannot_be_read_is_told_apart),
        FILE_TEST(test_files_that_say_no_size_are_read_whole),
        FILE_TEST(test_pipes_are_written_into),
        FILE_TEST(test_folders_are_made_with_those_above),
        FILE_TEST(test_no_folder_takes_the_place_of_a_file),
        FILE_TEST(test_the_name_is_behind_the_last_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the user names becomes a list of pictures. */
#include "base/alloc.h"
#include "base/file.h"
#include "pipeline/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The smallest file that counts as a picture by its first bytes. */
static const char pnm[] = "P5 1 1 255\nx";

static void put(const char *path, const char *text)
{
    struct bsr_error err;
    char             folder[256];
    snprintf(folder, sizeof folder, "%.*s", (int)(file_name(path) - path), path);
    if (*folder)
        assert_int_equal(file_make_folders(folder, &err), BSR_OK);
    assert_int_equal(file_write(path, text, strlen(text), true, false, &err), BSR_OK);
}

/* A tree of pictures and strays, in a new folder that becomes the current one. */
static int make_tree(void **state)
{
    char *folder = strdup("/tmp/besra-sources-XXXXXX");
    if (!folder || !mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    put("in/b.pgm", pnm);
    put("in/a.pgm", pnm);
    put("in/Thumbs.db", "no picture");
    put("in/notes.txt", "no picture either");
    put("in/.hidden.pgm", pnm);
    put("in/trip/\xC3\xBC \xE6\xA3\xAE.pgm", pnm);
    put("in/trip/deep/c.pgm", pnm);
    put("in/out/done.pgm", pnm);
    put("list.txt", "# pictures\nin/b.pgm\r\n\nin/missing.pgm\n");
    put("@odd.pgm", pnm);
    put("star*.pgm", pnm);
    *state = folder;
    return 0;
}

static int remove_tree(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    int result = chdir("/") || system(command); /* NOLINT(cert-env33-c) */
    free(*state);
    return result;
}

/* The paths of what `inputs` (ended by NULL) become, joined by blanks; the error's code instead, where it
 * fails. */
static const char *collect(const struct source_options *options, const char *const *inputs)
{
    static char      text[1024];
    struct sources   sources = {0};
    struct bsr_error err;
    size_t           count = 0;

    while (inputs[count])
        count++;
    bsr_status status = sources_collect(&sources, (char *const *)inputs, count, options, &err);
    text[0] = '\0';
    for (size_t i = 0; i < sources.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 sources.items[i].path);
    if (status != BSR_OK)
        snprintf(text, sizeof text, "%s: %s", bsr_status_name(status), err.subject);
    sources_free(&sources);
    return text;
}

static const struct source_options plain = {0};
static const struct source_options deep = {.recursive = true, .leave_out = "in/out"};

#define COLLECT(options, ...) collect(options, (const char *const[]){__VA_ARGS__, NULL})

static void test_a_folder_gives_its_pictures_in_order_and_passes_over_strays(void **state)
{
    (void)state;
    assert_string_equal(COLLECT(&plain, "in"), "in/a.pgm in/b.pgm");
    assert_string_equal(COLLECT(&plain, "in/"), "in/a.pgm in/b.pgm");
}

static void test_recursive_goes_into_folders_but_not_the_output(void **state)
{
    (void)state;
    assert_string_equal(COLLECT(&deep, "in"),
                        "in/a.pgm in/b.pgm in/trip/deep/c.pgm in/trip/\xC3\xBC \xE6\xA3\xAE.pgm");
}

static void test_named_files_are_kept_whatever_they_are(void **state)
{
    (void)state;
    assert_string_equal(COLLECT(&plain, "in/notes.txt", "in/missing.pgm", "-"),
                        "in/notes.txt in/missing.pgm -");
}

static void test_patterns_and_lists(void **state)
{
    (void)state;
    assert_string_equal(COLLECT(&plain, "in/[ab].pgm"), "in/a.pgm in/b.pgm");
    assert_string_equal(COLLECT(&plain, "in/*.jpg"),
                        "in/*.jpg"); /* working on it will say that there is none */
    assert_string_equal(COLLECT(&plain, "@list.txt"), "in/b.pgm in/missing.pgm");
    assert_string_equal(COLLECT(&plain, "@nothing.txt"), "@nothing.txt");
    struct source_options list = {.list_file = "list.txt"};
    assert_string_equal(COLLECT(&list, "in/a.pgm"), "in/b.pgm in/missing.pgm in/a.pgm");
}

static void test_a_file_of_that_very_name_beats_pattern_and_list(void **state)
{
    (void)state;
    assert_string_equal(COLLECT(&plain, "@odd.pgm", "star*.pgm"), "@odd.pgm star*.pgm");
}

static void test_links_that_run_in_circles_are_not_followed_twice(void **state)
{
    (void)state;
    assert_int_equal(mkdir("loop", 0777), 0);
    assert_int_equal(symlink(".", "loop/again"), 0);
    put("loop/a.pgm", pnm);
    assert_string_equal(COLLECT(&deep, "loop"), "loop/a.pgm");
}

static void test_each_failing_allocation_is_reported(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        mem_fail_from(n);
        const char *found = COLLECT(&deep, "in", "@list.txt");
        size_t      asked = mem_fail_from(0);
        if (asked < n)
            break;
        assert_int_equal(strncmp(found, "memory:", 7), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_folder_gives_its_pictures_in_order_and_passes_over_strays),
        cmocka_unit_test(test_recursive_goes_into_folders_but_not_the_output),
        cmocka_unit_test(test_named_files_are_kept_whatever_they_are),
        cmocka_unit_test(test_patterns_and_lists),
        cmocka_unit_test(test_a_file_of_that_very_name_beats_pattern_and_list),
        cmocka_unit_test(test_links_that_run_in_circles_are_not_followed_twice),
        cmocka_unit_test(test_each_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}

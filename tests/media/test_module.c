/* A module that is missing, broken or of another version is one sentence that says what to install. */
#include "media/module.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/besra-modules-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && setenv("BESRA_MODULES", folder, 1) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static bsr_status open_module(void **module, const char *file, struct bsr_error *err)
{
    return module_open(module, file, "JPEG 2000 pictures", "libopencv_imgcodecs", "libopencv-imgcodecs406",
                       err);
}

static void test_a_missing_module_names_its_packages(void **state)
{
    (void)state;
    struct bsr_error err;
    void            *module = state;
    assert_int_equal(open_module(&module, "besra-no-such-module.so", &err), BSR_EMISSING);
    assert_ptr_equal(module, state);
    assert_string_equal(err.message,
                        "JPEG 2000 pictures need the module besra-no-such-module.so, which is not installed");
    assert_non_null(strstr(err.hint, "besra package"));
    assert_non_null(strstr(err.hint, "libopencv-imgcodecs406"));
}

static void test_a_broken_module_is_said_to_be_broken(void **state)
{
    (void)state;
    char             path[128];
    struct bsr_error err;
    void            *module;
    snprintf(path, sizeof path, "%s/besra-broken.so", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("no program", file);
    fclose(file);
    bsr_status status = open_module(&module, "besra-broken.so", &err);
    unlink(path);
    assert_int_equal(status, BSR_EMISSING);
    assert_non_null(
        strstr(err.message, "JPEG 2000 pictures need the module besra-broken.so, which can't be loaded: "));
}

/* tests/media/missing: linked with a library that the loader does not find. */
static void test_a_missing_library_names_its_package(void **state)
{
    (void)state;
    struct bsr_error err;
    void            *module;
    setenv("BESRA_MODULES", BESRA_MISSING_FOLDER, 1);
    bsr_status status = module_open(&module, "besra-needs-missing.so", "Odd pictures", "libbesra-missing",
                                    "libbesra-missing1", &err);
    setenv("BESRA_MODULES", folder, 1);
    assert_int_equal(status, BSR_EMISSING);
    assert_string_equal(err.message,
                        "Odd pictures need the package libbesra-missing1, which is not installed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_module_names_its_packages),
        cmocka_unit_test(test_a_broken_module_is_said_to_be_broken),
        cmocka_unit_test(test_a_missing_library_names_its_package),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

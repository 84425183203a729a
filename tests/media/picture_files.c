#include "picture_files.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

const struct picture_file picture_files[] = {
#include "golden.h"
};
const size_t picture_file_count = sizeof picture_files / sizeof *picture_files;

struct bytes read_picture_file(const char *name)
{
    char             path[1024];
    struct bytes     bytes = {0};
    struct bsr_error err;
    snprintf(path, sizeof path, "%s/tests/media/data/%s", BESRA_SOURCE_DIR, name);
    if (file_read(&bytes, path, 1 << 24, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return bytes;
}

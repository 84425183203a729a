#include "tests/app/window/play.h"

#include "base/file.h"
#include "media/picture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a sanitizer ends a program with: none of besra's own codes. */
enum { SANITIZED = 99 };

/* Of the tour's pictures: letters are still sharp. */
enum { QUALITY = 82 };

/* A session that hangs ends some time. */
enum { PATIENCE_S = 500 };

int play_enter(void **state)
{
    scratch_enter(state);
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1); /* what is listed is what besra ships */
    assert_int_equal(symlink(BESRA_SOURCE_DIR "/assets", "assets"), 0);
    return 0;
}

static void set_sanitizers(void)
{
    char options[32];
    snprintf(options, sizeof options, "exitcode=%d", SANITIZED);
    setenv("ASAN_OPTIONS", options, 1);
    setenv("UBSAN_OPTIONS", "print_stacktrace=1", 1);
    setenv("LSAN_OPTIONS", "print_suppressions=0:suppressions=" BESRA_SOURCE_DIR "/tests/leaks.supp", 1);
}

/* ---- the tour --------------------------------------------------------------------------------------- */

static void tour(const char *shot)
{
    static const char prefix[] = "tour-", ending[] = ".png";
    char              from[512], to[512];

    if (strncmp(shot, prefix, sizeof prefix - 1) != 0)
        return;
    const int length = (int)(strlen(shot) - (sizeof prefix - 1) - (sizeof ending - 1));
    snprintf(from, sizeof from, "shots/%s", shot);
    snprintf(to, sizeof to, "%s/docs/pictures/%.*s.jpg", BESRA_SOURCE_DIR, length, shot + sizeof prefix - 1);
    struct picture picture = picture_read(from);
    struct bytes   encoded = {0};
    assert_int_equal(picture_encode(&encoded, &picture, PICTURE_JPEG, QUALITY, NULL), BSR_OK);
    assert_int_equal(file_write(to, encoded.data, encoded.size, true, false, NULL), BSR_OK);
    bytes_free(&encoded);
    picture_free(&picture);
}

static void keep_tour(void)
{
    struct dirent *entry;
    DIR           *folder = getenv("BESRA_UPDATE_TOUR") ? opendir("shots") : NULL;

    while (folder && (entry = readdir(folder)))
        tour(entry->d_name);
    if (folder)
        closedir(folder);
}

/* ---- playing ---------------------------------------------------------------------------------------- */

struct run_result play(const char *name, int code, const char *arguments)
{
    set_sanitizers();
    struct run_result run =
        run_shell("XDG_CONFIG_HOME=\"$PWD/config\" BESRA_SHOTS=shots BESRA_PLAY_EVENTS=" BESRA_SOURCE_DIR
                  "/tests/app/window/sessions/%s.txt timeout %d \"$BESRA\" %s",
                  name, PATIENCE_S, arguments);
    expect_no_part(run.err, "Sanitizer");
    expect_no_part(run.err, "runtime error");
    expect_code(&run, code);
    keep_tour();
    return run;
}

void expect_shot(const char *name, int width, int height)
{
    char path[256];
    snprintf(path, sizeof path, "shots/%s.png", name);
    struct picture picture = picture_read(path);
    assert_int_equal(picture.image.width, width);
    assert_int_equal(picture.image.height, height);
    picture_free(&picture);
}

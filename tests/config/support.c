#include "support.h"

#include "base/file.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after its prerequisites */
#include <cmocka.h>

/* libconfig's scanner loses the text it was collecting when it meets a syntax error (1.5): its leak,
 * told to LeakSanitizer by the name that it asks for. */
__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void); /* NOLINT(bugprone-reserved-identifier) */

const char *__lsan_default_suppressions(void) /* NOLINT(bugprone-reserved-identifier) */
{
    return "leak:libconfig_yylex\nleak:strbuf_append\n";
}

static char folder[64];

int support_enter(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/besra-config-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    setenv("HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", support_path("config"), 1);
    setenv("XDG_DATA_HOME", support_path("data"), 1);
    unsetenv("BESRA_MODELS");
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int support_leave(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *support_path(const char *name)
{
    static char paths[8][1024];
    static int  next;
    char       *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *support_write(const char *name, const char *text)
{
    const char *path = support_path(name);
    char        above[1024];
    snprintf(above, sizeof above, "%.*s", (int)(file_name(path) - path - 1), path);
    assert_int_equal(file_make_folders(above, NULL), BSR_OK);
    assert_int_equal(file_write(path, text, strlen(text), true, false, NULL), BSR_OK);
    return path;
}

bsr_status support_parse(struct options *out, const char *line, struct bsr_error *err)
{
    enum { MAX_WORDS = 64 };
    char  text[4096];
    char *argv[MAX_WORDS + 1];
    int   argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *at = text, *word; (word = strsep(&at, " ")) && argc < MAX_WORDS;) {
        if (!*word)
            continue;
        for (char *sign = word; *sign; sign++)
            if (*sign == '_')
                *sign = ' ';
        argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    argv[argc] = NULL;
    return options_parse(out, argc, argv, err);
}

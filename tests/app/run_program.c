#include "tests/app/run_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long  size = ftell(file);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    text[size] = '\0';
    fclose(file);
    return text;
}

char *scratch_make(void)
{
    char *folder = strdup("/tmp/besra-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

void scratch_remove(char *folder)
{
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w '%s' && rm -rf '%s'", folder, folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    free(folder);
}

struct run_result run_shell(const char *command, ...)
{
    const char *program = getenv("BESRA_PROGRAM");
    char       *folder = scratch_make(), *line = NULL, *full = NULL, path[64];
    va_list     args;

    assert_non_null(program);
    setenv("BESRA", program, 1);
    setenv("XDG_CONFIG_HOME", folder, 1); /* empty: the tester's own settings don't count */
    va_start(args, command);
    assert_true(vasprintf(&line, command, args) > 0);
    va_end(args);
    assert_true(asprintf(&full, "{ %s\n} >%s/out 2>%s/err", line, folder, folder) > 0);

    int               status = system(full); /* NOLINT(cert-env33-c) */
    struct run_result result = {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
    snprintf(path, sizeof path, "%s/out", folder);
    result.out = read_whole(path);
    snprintf(path, sizeof path, "%s/err", folder);
    result.err = read_whole(path);
    free(line);
    free(full);
    scratch_remove(folder);
    return result;
}

void run_free(struct run_result *result)
{
    free(result->out);
    free(result->err);
}

char *shared_path(const char *name)
{
    const char *folder = getenv("BESRA_SHARED");
    char       *path = NULL;
    assert_true(asprintf(&path, "%s/%s", folder ? folder : "/nonexistent", name) > 0);
    if (access(path, F_OK) == 0)
        return path;
    printf("SKIPPED: %s is not there\n", path);
    free(path);
    return NULL;
}

/* tests/app/run_program.h: runs besra as a user would, and gives back what it said. */
#pragma once

#include <stddef.h>

/* What a run left behind. Release with run_free(). */
struct run_result {
    int   code; /* exit code; 128 + the signal's number when killed */
    char *out, *err;
};

/* Runs a shell command in which $BESRA is the program under test, configuration files left out of the way. */
struct run_result run_shell(const char *command, ...) __attribute__((format(printf, 1, 2)));
void              run_free(struct run_result *result);

/* The path of `name` in the folder of reference material, or NULL (and says aloud that the test is skipped).
 * The caller frees it. */
char *shared_path(const char *name);

/* A new empty folder, removed with all in it by scratch_remove(). The caller frees the name. */
char *scratch_make(void);
void  scratch_remove(char *folder);

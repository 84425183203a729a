/* Runs ONNX's own node tests:
 *     besra_node_tests [--engine besra|opencv|both] [--only TEXT] [--all] [--table FILE.md] [--check FILE.md]
 *                      FOLDER
 * FOLDER holds a folder a case. Each case runs in a process of its own, which may crash. Says what fails;
 * --all: what passes, too. --table writes docs/operators.md, --check compares it with what was found.
 * Ends with 0 when nothing was wrong, crashed, or (--check) differs; 1 otherwise, 2 for wrong usage. */
#include "base/alloc.h"
#include "base/file.h"
#include "tests/backend/operator_table.h"

#include <dirent.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CASE_SECONDS = 60, PAGE_MAX_BYTES = 1 << 22 };

struct settings {
    bool        engines[CASE_ENGINES];
    bool        show_all;
    const char *only, *table, *check, *folder;
};

static const char *const engine_names[CASE_ENGINES] = {[CASE_BESRA] = "besra", [CASE_OPENCV] = "opencv"};

/* ---- one case, in a process of its own ---------------------------------------------------------------- */

static void run_child(int out, const char *folder, enum case_engine engine)
{
    alarm(CASE_SECONDS);
    struct verdict verdict = case_run(folder, engine);
    ssize_t        written = write(out, &verdict, sizeof verdict);
    _exit(written == (ssize_t)sizeof verdict ? 0 : 1);
}

static struct verdict read_verdict(int in, pid_t child)
{
    struct verdict verdict = {.outcome = CRASHED};
    size_t         got = 0;
    ssize_t        step;
    int            status = 0;

    while (got < sizeof verdict && (step = read(in, (char *)&verdict + got, sizeof verdict - got)) > 0)
        got += (size_t)step;
    waitpid(child, &status, 0);
    if (got == sizeof verdict && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return verdict;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return verdict_make(CRASHED, "not finished after %d seconds", CASE_SECONDS);
    if (WIFSIGNALED(status))
        return verdict_make(CRASHED, "%s", strsignal(WTERMSIG(status)));
    return verdict_make(CRASHED, "ended with %d", WEXITSTATUS(status));
}

static struct verdict run_guarded(const char *folder, enum case_engine engine)
{
    int ends[2];

    fflush(NULL);
    if (pipe(ends) != 0)
        return verdict_make(CRASHED, "no pipe");
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(ends[1], folder, engine);
    }
    close(ends[1]);
    struct verdict verdict =
        child > 0 ? read_verdict(ends[0], child) : verdict_make(CRASHED, "no process to run it in");
    close(ends[0]);
    return verdict;
}

/* ---- all cases ---------------------------------------------------------------------------- */

struct counts {
    int of[CRASHED + 1];
};

static const char *const words[] = {
    [PASSED] = "pass", [NOT_SUPPORTED] = "not supported", [WRONG] = "WRONG", [CRASHED] = "CRASH"};

static void say(const char *name, enum case_engine engine, const struct verdict *verdict)
{
    printf("%s (%s): %s%s%s\n", name, engine_names[engine], words[verdict->outcome],
           *verdict->reason ? ": " : "", verdict->reason);
}

static bool run_case(const struct settings *settings, const char *name, struct operator_table *table,
                     struct counts *counts)
{
    char              folder[PATH_MAX];
    struct case_about about;
    struct verdict    verdicts[CASE_ENGINES];

    snprintf(folder, sizeof folder, "%s/%s", settings->folder, name);
    if (!case_describe(&about, folder)) {
        printf("%s: WRONG: there is no model to be read\n", name);
        counts[0].of[WRONG]++;
        return true;
    }
    for (int engine = 0; engine < CASE_ENGINES; engine++) {
        if (!settings->engines[engine])
            continue;
        verdicts[engine] = run_guarded(folder, (enum case_engine)engine);
        counts[engine].of[verdicts[engine].outcome]++;
        if (settings->show_all || verdicts[engine].outcome != PASSED)
            say(name, (enum case_engine)engine, &verdicts[engine]);
    }
    return operator_table_add(table, &about, verdicts);
}

static const char *chosen;

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && (!chosen || strstr(entry->d_name, chosen));
}

static bool run_cases(const struct settings *settings, struct operator_table *table, struct counts *counts)
{
    struct dirent **entries = NULL;
    bool            fine = true;

    chosen = settings->only;
    int count = scandir(settings->folder, &entries, is_case, alphasort);
    if (count <= 0)
        fprintf(stderr, "besra_node_tests: %s: no cases in it\n", settings->folder);
    for (int i = 0; i < count; i++) {
        fine = fine && run_case(settings, entries[i]->d_name, table, counts);
        free(entries[i]);
    }
    free(entries);
    return fine && count > 0;
}

/* ---- the page ----------------------------------------------------------------------------- */

/* The first line that differs, both ways. */
static void say_difference(const char *path, const char *there, const char *found)
{
    size_t line = 0;
    int    number = 1;

    for (size_t i = 0; there[i] && there[i] == found[i]; i++)
        if (there[i] == '\n') {
            line = i + 1;
            number++;
        }
    printf("%s:%d: says\n  %.*s\nbut found was\n  %.*s\nbesra_node_tests --table writes the page anew\n",
           path, number, (int)strcspn(there + line, "\n"), there + line, (int)strcspn(found + line, "\n"),
           found + line);
}

static bool check_page(const char *path, const struct bytes *page)
{
    struct bsr_error err = {0};
    struct bytes     there = {0};

    if (file_read(&there, path, PAGE_MAX_BYTES, &err) != BSR_OK) {
        printf("%s: %s\n", path, err.message);
        return false;
    }
    bool same = strcmp(bytes_text(&there), bytes_text(page)) == 0;
    if (!same)
        say_difference(path, bytes_text(&there), bytes_text(page));
    bytes_free(&there);
    return same;
}

static bool handle_page(const struct settings *settings, struct operator_table *table)
{
    struct bsr_error err = {0};
    struct bytes     page = {0};
    bool             fine = true;

    operator_table_write(table, &page);
    if (settings->table && file_write(settings->table, page.data, page.size, true, false, &err) != BSR_OK) {
        printf("%s: %s\n", settings->table, err.message);
        fine = false;
    }
    if (settings->check)
        fine = check_page(settings->check, &page) && fine;
    bytes_free(&page);
    return fine;
}

/* ---- usage -------------------------------------------------------------------------------- */

static bool choose_engines(struct settings *settings, const char *text)
{
    bool both = strcmp(text, "both") == 0, known = both;

    for (int engine = 0; engine < CASE_ENGINES; engine++) {
        settings->engines[engine] = both || strcmp(text, engine_names[engine]) == 0;
        known |= settings->engines[engine];
    }
    return known;
}

static bool parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"engine", required_argument, NULL, 'e'}, {"only", required_argument, NULL, 'o'},
        {"all", no_argument, NULL, 'a'},          {"table", required_argument, NULL, 't'},
        {"check", required_argument, NULL, 'c'},  {NULL, 0, NULL, 0},
    };
    bool fine = true;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'e':
            fine = choose_engines(settings, optarg) && fine;
            break;
        case 'o':
            settings->only = optarg;
            break;
        case 'a':
            settings->show_all = true;
            break;
        case 't':
            settings->table = optarg;
            break;
        case 'c':
            settings->check = optarg;
            break;
        default:
            fine = false;
        }
    }
    if (!fine || optind + 1 != argc)
        return false;
    settings->folder = argv[optind];
    return true;
}

int main(int argc, char **argv)
{
    struct settings       settings = {.engines = {true, true}};
    struct operator_table table = {.rows = NULL};
    struct counts         counts[CASE_ENGINES] = {{{0}}};

    if (!parse(&settings, argc, argv)) {
        fprintf(stderr, "usage: besra_node_tests [--engine besra|opencv|both] [--only TEXT] [--all] "
                        "[--table FILE.md] [--check FILE.md] FOLDER\n");
        return 2;
    }
    memcpy(table.engines, settings.engines, sizeof table.engines);
    bool fine = run_cases(&settings, &table, counts);
    for (int engine = 0; engine < CASE_ENGINES; engine++) {
        const int *of = counts[engine].of;
        if (settings.engines[engine])
            printf("%s: %d pass, %d not supported, %d WRONG, %d CRASH\n", engine_names[engine], of[PASSED],
                   of[NOT_SUPPORTED], of[WRONG], of[CRASHED]);
        fine = fine && !of[WRONG] && !of[CRASHED];
    }
    fine = handle_page(&settings, &table) && fine;
    operator_table_free(&table);
    return fine ? 0 : 1;
}

/* Programs are shell scripts of one line here: what is under test has no shell of its own. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/process.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PLENTY_MS = 60000, MEGABYTE = 1 << 20 };

static bsr_status run_line(const char *line, struct process_options options, struct bytes *out,
                           struct bsr_error *err)
{
    const char *const arguments[] = {"sh", "-c", line, NULL};
    options.arguments = arguments;
    options.timeout_ms = options.timeout_ms ? options.timeout_ms : PLENTY_MS;
    return process_run(out, &options, err);
}

static void test_bytes_go_in_and_come_out(void **state)
{
    (void)state;
    struct bytes     out = {0};
    struct bsr_error err;
    size_t           size = 3 * MEGABYTE + 17; /* more than a pipe holds, both ways at once */
    uint8_t         *data = mem_alloc(size);

    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 2654435761U >> 13);
    assert_int_equal(run_line("cat",
                              (struct process_options){
                                  .input = data, .input_size = size, .most_output = 8 * (size_t)MEGABYTE},
                              &out, &err),
                     BSR_OK);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.data, data, size);
    mem_free(data);
    bytes_free(&out);
}

static void test_output_is_appended_only_where_all_went_well(void **state)
{
    (void)state;
    struct bytes     out = {0};
    struct bsr_error err;

    bytes_append_text(&out, "before ");
    const struct process_options some = {.most_output = 100};
    assert_int_equal(run_line("printf after", some, &out, &err), BSR_OK);
    assert_string_equal(bytes_text(&out), "before after");
    assert_int_equal(run_line("printf more; exit 3", some, &out, &err), BSR_EIO);
    assert_string_equal(err.subject, "sh");
    assert_non_null(strstr(err.message, "exit code 3"));
    assert_string_equal(bytes_text(&out), "before after");
    bytes_free(&out);
}

static void test_how_it_fails_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bsr_status  status;
        const char *said;
    } rows[] = {
        {"kill -9 $$", BSR_EIO, "signal 9"},
        {"exit 127", BSR_EMISSING, "not installed"},
        {"head -c 200 /dev/zero", BSR_ELIMIT, "more than"},
        {"exec 0<&-; exit 0", BSR_EIO, "did not take all"},
    };
    static const uint8_t input[4 * MEGABYTE];
    struct bsr_error     err;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes                 out = {0};
        const struct process_options options = {
            .most_output = 100, .input = input, .input_size = i == 3 ? sizeof input : 0};
        assert_int_equal(run_line(rows[i].line, options, &out, &err), rows[i].status);
        assert_non_null(strstr(err.message, rows[i].said));
        assert_int_equal(out.size, 0);
    }
    const char *const none[] = {"besra-no-such-program", NULL};
    assert_int_equal(
        process_run(NULL, &(struct process_options){.arguments = none, .timeout_ms = PLENTY_MS}, &err),
        BSR_EMISSING);
    assert_string_equal(err.subject, none[0]);
}

static void test_what_hangs_is_ended_with_all_that_it_started(void **state)
{
    (void)state;
    struct bytes     out = {0};
    struct bsr_error err;
    char             path[] = "/tmp/besra-process-XXXXXX", line[256], pid[32] = "";
    int              file = mkstemp(path);

    assert_true(file >= 0);
    snprintf(line, sizeof line, "sleep 600 & echo $! > %s; wait", path);
    const struct process_options options = {.most_output = 100, .timeout_ms = 500};
    assert_int_equal(run_line(line, options, &out, &err), BSR_ECANCELED);
    assert_non_null(strstr(err.message, "0.5 seconds"));
    assert_true(read(file, pid, sizeof pid - 1) > 0);
    pid_t sleeper = (pid_t)strtol(pid, NULL, 10);
    assert_true(sleeper > 1);
    double until = clock_ms() + PLENTY_MS; /* its last parent, the system's, takes it when it likes */
    char   stat[64], said[256] = "";
    snprintf(stat, sizeof stat, "/proc/%d/stat", (int)sleeper);
    for (bool gone = false; !gone && clock_ms() < until;) {
        FILE *proc = fopen(stat, "r");
        gone = !proc || !fgets(said, sizeof said, proc) || strstr(said, ") Z");
        if (proc)
            fclose(proc);
        if (gone)
            said[0] = '\0';
        else
            usleep(10000);
    }
    assert_string_equal(said, "");
    close(file);
    unlink(path);
}

static void *stop_soon(void *stop)
{
    usleep(50000);
    atomic_store((atomic_bool *)stop, true);
    return NULL;
}

static void test_it_can_be_stopped(void **state)
{
    (void)state;
    atomic_bool      stop = false;
    pthread_t        thread;
    struct bytes     out = {0};
    struct bsr_error err;

    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    const struct process_options options = {.most_output = 100, .stop = &stop};
    assert_int_equal(run_line("sleep 600", options, &out, &err), BSR_ECANCELED);
    pthread_join(thread, NULL);
}

static void test_what_it_leaves_running_is_not_waited_for(void **state)
{
    (void)state;
    struct bsr_error err;
    static char      text[] = "kept";
    char             path[] = "/tmp/besra-process-XXXXXX", line[256], said[32] = "";
    int              file = mkstemp(path);

    assert_true(file >= 0); /* as xclip: it reads, and goes on behind our back */
    snprintf(line, sizeof line, "cat > %s; sleep 2 & exit 0", path);
    assert_int_equal(run_line(line, (struct process_options){.input = text, .input_size = 4}, NULL, &err),
                     BSR_OK);
    assert_int_equal(read(file, said, sizeof said - 1), 4);
    assert_string_equal(said, text);
    close(file);
    unlink(path);
}

static void test_it_has_none_of_our_files_and_the_usual_signals(void **state)
{
    (void)state;
    struct bytes     out = {0};
    struct bsr_error err;
    sigset_t         all, before;
    int              own = dup(STDOUT_FILENO);

    signal(SIGPIPE, SIG_IGN); /* as besra has it */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const struct process_options options = {.most_output = 4096};
    char                         line[128];
    bsr_status                   status = run_line("kill -PIPE $$; exit 0", options, &out, &err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(status, BSR_EIO);
    assert_non_null(strstr(err.message, "signal 13"));
    snprintf(line, sizeof line, "test -e /proc/self/fd/%d && printf open || printf closed", own);
    assert_int_equal(run_line(line, options, &out, &err), BSR_OK);
    assert_string_equal(bytes_text(&out), "closed");
    close(own);
    bytes_free(&out);
}

static void test_out_of_memory_is_told(void **state)
{
    (void)state;
    struct bsr_error err;
    for (size_t n = 1; n <= 4; n++) {
        struct bytes out = {0};
        mem_fail_from(n);
        bsr_status status =
            run_line("printf something", (struct process_options){.most_output = 100}, &out, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        assert_true((status == BSR_OK) == (out.size > 0));
        bytes_free(&out);
    }
}

static void test_programs_are_found_in_the_path(void **state)
{
    (void)state;
    assert_true(process_find("sh"));
    assert_false(process_find("besra-no-such-program"));
    char *path = mem_copy_text(getenv("PATH"));
    setenv("PATH", ":/nowhere:", 1);
    assert_false(process_find("sh"));
    unsetenv("PATH");
    assert_false(process_find("sh"));
    setenv("PATH", path ? path : "/usr/bin:/bin", 1);
    mem_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_go_in_and_come_out),
        cmocka_unit_test(test_output_is_appended_only_where_all_went_well),
        cmocka_unit_test(test_how_it_fails_is_told),
        cmocka_unit_test(test_what_hangs_is_ended_with_all_that_it_started),
        cmocka_unit_test(test_it_can_be_stopped),
        cmocka_unit_test(test_what_it_leaves_running_is_not_waited_for),
        cmocka_unit_test(test_it_has_none_of_our_files_and_the_usual_signals),
        cmocka_unit_test(test_out_of_memory_is_told),
        cmocka_unit_test(test_programs_are_found_in_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

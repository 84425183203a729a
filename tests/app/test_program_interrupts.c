/* A batch that is stopped in its middle: by Ctrl-C, by kill, by kill -9. What was done is kept and whole. */
#include "base/file.h"
#include "tests/app/scenes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    INPUTS = 4000, /* some milliseconds each: far more than are done when the signal comes */
    PATIENCE_MS = 120000,
};

static void make_inputs(void)
{
    char name[64];
    mkdir("in", 0777);
    scene_write("in/0000.png");
    for (int i = 1; i < INPUTS; i++) {
        snprintf(name, sizeof name, "in/%04d.png", i);
        assert_int_equal(link("in/0000.png", name), 0);
    }
}

/* Starts besra in the background, with its messages in the file "err". */
static pid_t start(const char *threads)
{
    const char *program = getenv("BESRA_PROGRAM");
    assert_non_null(program);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        dup2(err, STDERR_FILENO);
        execl(program, "besra", "detect", "-q", "-m", "berries", "-j", threads, "--json=records",
              "--save-txt", "-o", "out", "in", (char *)NULL);
        _exit(126);
    }
    return child;
}

/* Waits until the batch has written its first records. */
static void wait_for_records(pid_t child)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct stat           st;
    for (int waited = 0; waited < PATIENCE_MS; waited += 2) {
        if (stat("records", &st) == 0 && st.st_size > 0)
            return;
        nanosleep(&pause, NULL);
    }
    kill(child, SIGKILL);
    fail_msg("no record within two minutes");
}

static int end_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static size_t count_lines(const char *command)
{
    struct run_result run = run_shell("%s", command);
    expect_code(&run, 0);
    size_t count = record_count(run.out);
    run_free(&run);
    return count;
}

/* Unless all pictures under final names can be read, to their last byte. */
static void expect_whole_pictures(size_t count)
{
    struct run_result run = run_shell("$BESRA detect -q --no-image --json -m berries out");
    expect_code(&run, 0);
    assert_int_equal(record_count(run.out), count);
    run_free(&run);
    assert_int_equal(count_lines("find out/labels -name '*.txt' -size -2c"), 0); /* none of them is empty */
}

static void expect_kept(int signal, int code, const char *threads)
{
    make_inputs();
    pid_t child = start(threads);
    wait_for_records(child);
    assert_int_equal(kill(child, signal), 0);
    assert_int_equal(end_of(child), code);

    size_t done = count_lines("cat records");
    assert_true(done > 0 && done < INPUTS);
    assert_int_equal(count_lines("find out -maxdepth 1 -type f"),
                     done); /* temporary ones would be counted, too */
    assert_int_equal(count_lines("find out/labels -type f"), done);
    expect_whole_pictures(done);

    struct run_result said = run_shell("cat err");
    char              wanted[128];
    snprintf(wanted, sizeof wanted, "besra: interrupted: %zu of %d pictures are done and kept\n", done,
             INPUTS);
    assert_string_equal(said.out, wanted);
    run_free(&said);
    for (size_t i = 0; i < done; i += done / 7 + 1) { /* the first so many, in their order */
        char              source[64];
        struct run_result records = run_shell("cat records");
        json_t           *record = record_read(records.out, i);
        snprintf(source, sizeof source, "in/%04zu.png", i);
        expect_scene_record(record, source);
        json_decref(record);
        run_free(&records);
    }
}

static void test_ctrl_c_keeps_what_was_done(void **state)
{
    (void)state;
    expect_kept(SIGINT, 130, "1");
}

static void test_kill_keeps_what_was_done_by_two_threads(void **state)
{
    (void)state;
    expect_kept(SIGTERM, 143, "2");
}

static void test_sudden_death_leaves_only_whole_files_under_final_names(void **state)
{
    (void)state;
    make_inputs();
    pid_t child = start("2");
    wait_for_records(child);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(end_of(child), -SIGKILL);

    size_t pictures = count_lines("find out -maxdepth 1 -type f -name '*.png' ! -name '.besra-*'");
    assert_true(pictures > 0 && pictures < INPUTS);
    assert_true(count_lines("cat records") <= pictures); /* a record comes after its files */
    expect_whole_pictures(pictures);

    /* what a dead process left behind is in nobody's way */
    struct run_result run = run_shell("$BESRA detect -q -y -m berries -o out in/0000.png in/0001.png");
    expect_code(&run, 0);
    run_free(&run);
}

static void test_resume_goes_on_where_a_batch_was_cut_off(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "b.png", "c.png", "d.png"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        scene_write(names[i]);
#define BATCH "$BESRA detect -m berries --save-txt --json=records -o out"
    struct run_result run = run_shell(BATCH " -q '*.png'");
    expect_code(&run, 0);
    run_free(&run);

    /* as if killed between the labels and the picture of c.png, in the middle of a record */
    run = run_shell("rm out/c.png out/d.png out/labels/d.txt\n"
                    "{ head -n 2 records; tail -n 1 records | head -c 50; } > torn && mv torn records");
    run_free(&run);
    run = run_shell(BATCH " --resume '*.png'");
    expect_code(&run, 0);
    expect_part(run.err, "2 of 4 pictures were done before\n");
    run_free(&run);
    expect_files("out",
                 "a.png\nb.png\nc.png\nd.png\nlabels/a.txt\nlabels/b.txt\nlabels/c.txt\nlabels/d.txt\n");
    run = run_shell("cat records");
    assert_int_equal(record_count(run.out), 4);
    for (size_t i = 0; i < 4; i++) {
        json_t *record = record_read(run.out, i);
        expect_scene_record(record, names[i]);
        json_decref(record);
    }
    run_free(&run);

    run = run_shell(BATCH " --resume '*.png' && wc -l < records");
    expect_code(&run, 0);
    assert_string_equal(run.out, "4\n");
    run_free(&run);
    run = run_shell(BATCH " --resume --no-image '*.png'");
    expect_code(&run, 2);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_ctrl_c_keeps_what_was_done),
        IN_SCRATCH(test_kill_keeps_what_was_done_by_two_threads),
        IN_SCRATCH(test_sudden_death_leaves_only_whole_files_under_final_names),
        IN_SCRATCH(test_resume_goes_on_where_a_batch_was_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* pipeline/bench.h: what is measured is counted right, and memory that runs out is an error. The models are
 * those of tests/app (make_models.py has the graphs). */
#include "pipeline/bench.h"

#include "base/alloc.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MODELS BESRA_SOURCE_DIR "/tests/app/data/"

static const struct bench_options plain = {.threads = 1, .scale = 2};

static struct bench *open_model(const char *name)
{
    struct bench    *bench = NULL;
    struct bytes     notes = {0};
    struct bsr_error err;

    if (bench_open(&bench, name, &plain, &notes, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    bytes_free(&notes);
    return bench;
}

static void test_models_are_measured_as_what_they_are_for(void **state)
{
    (void)state;
    static const struct {
        const char    *name;
        enum card_task task;
    } cases[] = {
        {MODELS "berries-decoded.onnx", CARD_DETECT},
        {BESRA_SOURCE_DIR "/models/srcnn.onnx", CARD_UPSCALE},
        {MODELS "colours.onnx", CARD_CLASSIFY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = open_model(cases[i].name);
        assert_int_equal(bench_facts(bench).task, cases[i].task);
        assert_false(bench_facts(bench).decoded);
        bench_close(bench);
    }
}

static void test_percentiles_are_of_all_runs_so_far(void **state)
{
    (void)state;
    struct bench      *bench = open_model(MODELS "colours.onnx");
    struct bench_times times = bench_times(bench, BENCH_NET);

    assert_true(times.min == 0 && times.p99 == 0);
    for (int turn = 0; turn < 3; turn++)
        assert_int_equal(bench_run(bench, 40, NULL), BSR_OK);
    for (int s = 0; s < BENCH_SERIES; s++) {
        times = bench_times(bench, (enum bench_series)s);
        assert_true(times.min <= times.p50 && times.p50 <= times.p90 && times.p90 <= times.p99);
        assert_true(times.min >= 0 && (times.p50 > 0 || s == BENCH_DECODE));
    }
    bench_close(bench);
}

static void test_what_is_for_no_command_is_refused(void **state)
{
    (void)state;
    struct bench    *bench = NULL;
    struct bytes     notes = {0};
    struct bsr_error err;

    assert_int_equal(bench_open(&bench, MODELS "types.onnx", &plain, &notes, &err), BSR_EMODEL);
    assert_int_equal(bench_open(&bench, MODELS "no-such.onnx", &plain, &notes, &err), BSR_EMISSING);
    assert_null(bench);
    bytes_free(&notes);
}

/* The first failure, or BSR_OK. */
static bsr_status measure(const char *name)
{
    struct bench       *bench = NULL;
    struct bytes        notes = {0};
    struct engine_step *steps = NULL;
    int                 count = 0;
    double              macs;
    struct bsr_error    err;
    bsr_status          status = bench_open(&bench, name, &plain, &notes, &err);

    if (status == BSR_OK)
        status = bench_run(bench, 1, &err);
    if (status == BSR_OK)
        status = bench_macs(&macs, bench, &err);
    if (status == BSR_OK)
        status = bench_layers(bench, 1, &steps, &count, &err);
    mem_free(steps);
    bench_close(bench);
    bytes_free(&notes);
    return status;
}

static void test_no_memory_is_an_error_wherever_it_runs_out(void **state)
{
    (void)state;
    bool   failed = true;
    size_t tries = 0;

    /* Each of the first, then some: the engine's own are its tests' business. */
    for (size_t n = 1; failed; n += 1 + n / 50, tries++) {
        mem_fail_from(n);
        bsr_status status = measure(MODELS "colours.onnx");
        failed = mem_fail_from(0) >= n;
        if (status != BSR_OK && status != BSR_ENOMEM)
            fail_msg("allocation %zu: %d", n, status);
    }
    assert_true(tries > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_are_measured_as_what_they_are_for),
        cmocka_unit_test(test_percentiles_are_of_all_runs_so_far),
        cmocka_unit_test(test_what_is_for_no_command_is_refused),
        cmocka_unit_test(test_no_memory_is_an_error_wherever_it_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

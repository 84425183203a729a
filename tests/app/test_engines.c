/* Which engine a net is run with: OpenCV's other back ends where they are, one clear line and exit code 3
 * where they aren't; threads that OpenCV is given. */
#include "tests/app/scenes.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SOURCE BESRA_SOURCE_DIR

/* No OpenCL driver is found, whatever the machine has. */
#define NO_OPENCL "OCL_ICD_VENDORS=/nonexistent OCL_ICD_FILENAMES= "

/* With the engine behind them. */
static const char *const commands[] = {
    "detect --json --save-txt -o made scene.png --engine",
    "upscale -s 2 --json -o made scene.png --engine",
    "classify -m classes.onnx --json scene.png --engine",
    "bench -m cards --runs 1 --json --engine",
    "bench -m cards --runs 1 --json --compare",
    "eval detect -m cards --json --truth " SOURCE "/assets/cards/truth.json " SOURCE "/assets/cards --engine",
    "eval upscale -s 2 --json " SOURCE "/assets/photos --engine",
    "model run --shape picture:1,3,64,64 -o made classes.onnx --engine",
    "model explain --json classes.onnx --engine",
    "model compare --json classes.onnx --engines opencv,",
};

static const struct {
    const char *engine, *what;
} backends[] = {{"opencv:opencl", "OpenCL"}, {"opencv:cuda", "CUDA"}, {"opencv:openvino", "OpenVINO"}};

static void make_inputs(void)
{
    scene_write("scene.png");
    text_write("classes.cfg", "inputs = ( { name = \"picture\"; shape = [1, 3, 64, 64]; } );\n"
                              "layers = ( { type = \"conv\"; channels = 8; kernel = 3; },\n"
                              "           { op = \"GlobalAveragePool\"; }, { op = \"Flatten\"; },\n"
                              "           { type = \"dense\"; units = 10; output = \"scores\"; } );\n");
    struct run_result run = run_shell("$BESRA model build classes.cfg classes.onnx");
    expect_code(&run, 0);
    run_free(&run);
}

static int lines_of(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* One line for what isn't there, one for what to do; nothing on standard output, nothing written. */
static void expect_missing(const struct run_result *run, const char *command, size_t backend)
{
    char built[128], device[128];

    snprintf(built, sizeof built, " was built without %s\n", backends[backend].what);
    snprintf(device, sizeof device, " finds no device for %s\n", backends[backend].what);
    const char *error = strstr(run->err, "besra: ");
    if (run->code != 3 || !error ||
        strncmp(error + 7, backends[backend].engine, strlen(backends[backend].engine)) != 0 ||
        !strstr(error, ": OpenCV ") || (!strstr(error, built) && !strstr(error, device)) ||
        !strstr(error, "\n       leave --engine out to run on the processor\n") || lines_of(error) != 2 ||
        *run->out)
        fail_msg("besra %s %s: exit code %d\n%s%s", command, backends[backend].engine, run->code, run->out,
                 run->err);
}

static void test_back_ends_are_there_or_said_to_be_missing(void **state)
{
    (void)state;
    make_inputs();
    for (size_t b = 0; b < sizeof backends / sizeof *backends; b++)
        for (size_t c = 0; c < sizeof commands / sizeof *commands; c++) {
            size_t            length = strlen(commands[c]);
            struct run_result run =
                run_shell("BESRA_MODELS=" SOURCE "/models " NO_OPENCL "$BESRA %s%s%s", commands[c],
                          commands[c][length - 1] == ',' ? "" : " ", backends[b].engine);
            if (run.code == 0)
                printf("SKIPPED: %s is there: what is said without it\n", backends[b].engine);
            else
                expect_missing(&run, commands[c], b);
            run_free(&run);
            if (c == 0) {
                run = run_shell("ls made 2>/dev/null");
                assert_string_equal(run.out, "");
                run_free(&run);
            }
        }
}

static void test_an_unknown_back_end_is_wrong_usage(void **state)
{
    (void)state;
    make_inputs();
    struct run_result run = run_shell("$BESRA upscale --engine opencv:vulkan scene.png");
    expect_code(&run, 2);
    expect_part(run.err,
                "\"opencv:vulkan\" is none of auto, opencv, opencv:opencl, opencv:cuda, opencv:openvino");
    run_free(&run);
}

/* What OpenCV's pool thinks of it is between it and besra. */
static void test_more_threads_than_processors_are_no_warning(void **state)
{
    static const char *const engines[] = {"auto", "opencv"};

    (void)state;
    make_inputs();
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        struct run_result run = run_shell(
            "BESRA_MODELS=" SOURCE "/models $BESRA upscale -q -y -j 16 --engine %s -s 2 -o out.png scene.png",
            engines[e]);
        expect_code(&run, 0);
        assert_string_equal(run.err, "");
        run_free(&run);
    }
}

static void test_threads_are_those_that_the_process_may_have(void **state)
{
    cpu_set_t all, one;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct run_result run =
        run_shell("BESRA_MODELS=" SOURCE "/models $BESRA bench -q -m cards --runs 1 --json");
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    expect_code(&run, 0);
    expect_part(run.out, "\"threads\":1,");
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_back_ends_are_there_or_said_to_be_missing),
        IN_SCRATCH(test_an_unknown_back_end_is_wrong_usage),
        IN_SCRATCH(test_more_threads_than_processors_are_no_warning),
        IN_SCRATCH(test_threads_are_those_that_the_process_may_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

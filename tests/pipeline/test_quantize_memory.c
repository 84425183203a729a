/* Calibrating and quantising with memory that ends somewhere: it says so, and nothing is left. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "besra.h"
#include "pipeline/quantize.h"
#include "tests/pipeline/super_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE = 16, SAMPLES = 2 };

static char samples_folder[] = "samples";
static char folder[] = "/tmp/besra-test-XXXXXX";

static void write_sample(int index)
{
    float             values[SIDE * SIDE];
    struct bsr_tensor tensor = {.data = values, .type = BSR_F32, .dims = 4, .shape = {1, 1, SIDE, SIDE}};
    struct bytes      bytes = {0};
    struct bsr_error  err = {0};
    char              path[32];

    for (int i = 0; i < SIDE * SIDE; i++)
        values[i] = (float)((i * 37 + index * 101) % 256) / 255.0F;
    snprintf(path, sizeof path, "samples/%d.npy", index);
    assert_int_equal(npy_write(&tensor, &bytes, &err), BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, false, false, &err), BSR_OK);
    bytes_free(&bytes);
}

static int set_up(void **state)
{
    const struct super_net net = {.channels = 1, .factor = 1, .height = SIDE, .width = SIDE};

    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    super_write("net.onnx", SUPER_VDSR, &net, 1);
    assert_int_equal(mkdir("samples", 0777), 0);
    for (int i = 0; i < SAMPLES; i++)
        write_sample(i);
    return 0;
}

static int tear_down(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

static bsr_status quantize(const struct bytes *file, struct bsr_error *err)
{
    const struct samples_options  how = {.threads = 1, .most = SAMPLES, .scale = 2};
    const struct quantize_options what = {.method = QUANTIZE_PERCENTILE, .percentile = 99.9};
    char                         *inputs[] = {samples_folder};
    struct quantize_report        report = {.layers = NULL};
    struct onnx_model            *model = NULL;
    struct samples               *samples = NULL;
    struct bytes                  notes = {0};

    bsr_status status = onnx_model_read(&model, file->data, file->size, ".", "net.onnx", err);
    if (status == BSR_OK)
        status = samples_open(&samples, "net.onnx", model, inputs, 1, &how, &notes, err);
    if (status == BSR_OK) {
        const struct observer observer = {.samples = samples, .name = "net.onnx"};
        status = quantize_model(&report, model, &observer, &what, err);
    }
    if (status == BSR_OK)
        assert_true(report.quantized_count > 0);
    quantize_report_free(&report);
    samples_close(samples);
    onnx_model_free(model);
    bytes_free(&notes);
    return status;
}

/* What OpenCV asks for does not go through base/alloc.h: a region's failure comes back as the engine's. */
static void test_memory_that_ends_is_said_and_leaves_nothing(void **state)
{
    struct bytes     file = {0};
    struct bsr_error err = {0};
    bsr_status       status = BSR_ENOMEM;

    (void)state;
    assert_int_equal(file_read(&file, "net.onnx", 1 << 20, &err), BSR_OK);
    assert_int_equal(quantize(&file, &err), BSR_OK);
    for (size_t n = 1; status != BSR_OK; n += 1 + n / 200) {
        err = (struct bsr_error){0};
        mem_fail_from(n);
        status = quantize(&file, &err);
        mem_fail_from(0);
        if (status != BSR_OK && status != BSR_ENOMEM)
            fail_msg("allocation %zu: %s: %s", n, err.subject, err.message);
    }
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_that_ends_is_said_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

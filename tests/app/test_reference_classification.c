/* Top-1 and top-5 on 300 pictures of ImageNet's validation set, against what ONNX Runtime gets with the same
 * crop (the reference material says which). A picture is a third of a point. */
#include "tests/app/run_program.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_PICTURES = 1000 };

struct truth {
    char name[64];
    int  label;
};

static struct truth truths[MAX_PICTURES];

/* labels.csv: picture,label, with a line of titles. Returns how many. */
static size_t read_truths(const char *path)
{
    char   line[256];
    size_t count = 0;
    FILE  *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) && count < MAX_PICTURES)
        if (sscanf(line, "%63[^,],%d", truths[count].name, &truths[count].label) == 2)
            count++;
    fclose(file);
    return count;
}

static int label_of(const char *source, size_t count)
{
    const char *name = strrchr(source, '/') + 1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(truths[i].name, name) == 0)
            return truths[i].label;
    fail_msg("%s has no label", name);
    return -1;
}

static void score(const char *model_name, const char *options, double top1, double top5, double tolerance)
{
#ifdef BESRA_SANITIZED
    printf("SKIPPED: %s on 300 pictures takes minutes with sanitizers; the suite as it ships has it\n",
           model_name);
    skip();
#endif
    char *model = shared_path(model_name), *folder = shared_path("classify/images"),
         *labels = shared_path("classify/labels.csv");
    if (!model || !folder || !labels)
        skip();
    size_t            count = read_truths(labels), pictures = 0, first = 0, among = 0;
    struct run_result run = run_shell("$BESRA classify -q --json %s -m %s %s", options, model, folder);
    if (run.code != 0)
        printf("%s", run.err);
    assert_int_equal(run.code, 0);
    char *rest = run.out;
    for (char *line; (line = strsep(&rest, "\n")) && *line; pictures++) {
        json_t *record = json_loads(line, 0, NULL), *classes = json_object_get(record, "classes");
        int     label = label_of(json_string_value(json_object_get(record, "source")), count);
        for (size_t i = 0; i < 5; i++)
            if (json_integer_value(json_object_get(json_array_get(classes, i), "class")) == label) {
                among++;
                first += i == 0;
            }
        json_decref(record);
    }
    assert_int_equal(pictures, count);
    assert_true(pictures > 0);
    double got1 = 100.0 * (double)first / (double)pictures, got5 = 100.0 * (double)among / (double)pictures;
    printf("%s %s: top-1 %.2f (%.2f), top-5 %.2f (%.2f)\n", model_name, options, got1, top1, got5, top5);
    assert_true(fabs(got1 - top1) <= tolerance && fabs(got5 - top5) <= tolerance);
    run_free(&run);
    free(model);
    free(folder);
    free(labels);
}

static void test_mobilenet(void **state)
{
    (void)state;
    score("models/classify/mobilenet_v2.onnx", "", 77.00, 91.67, 0.34);
}

static void test_squeezenet(void **state)
{
    (void)state;
    score("models/classify/squeezenet1_1.onnx", "", 63.00, 85.67, 0.34);
}

static void test_quantised_mobilenet(void **state)
{
    (void)state;
    score("models/classify/mobilenet_v2_qdq.onnx", "", 39.00, 89.33, 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mobilenet),
        cmocka_unit_test(test_squeezenet),
        cmocka_unit_test(test_quantised_mobilenet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

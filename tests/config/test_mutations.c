/* Damaged cards, configuration files and command lines: refused with a sentence or taken, never worse. The
 * fuzz targets check what is taken. */
#include "mutate.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

typedef int fuzz_target(const uint8_t *data, size_t size);

fuzz_target fuzz_card, fuzz_options;

static void damage(fuzz_target *target, const char *const *seeds, const char *const *words, int rounds)
{
    enum { CAPACITY = 4096 };
    uint64_t state = 5;
    for (; *seeds; seeds++)
        for (int i = 0; i < rounds; i++) {
            uint8_t data[CAPACITY];
            size_t  size = strlen(*seeds);
            memcpy(data, *seeds, size);
            mutate(data, &size, sizeof data, words, &state);
            assert_int_equal(target(data, size), 0);
        }
}

static void test_damaged_cards(void **state)
{
    static const char *const seeds[] = {
        "task = \"detect\"; file = \"x.onnx\"; input = { width = 640; scale = [0.25, 0.5, 1.0]; };\n"
        "output = { kind = \"yolov5\"; strides = [8, 16]; anchors = ( [10, 13, 16, 30], [33, 23, 30, 61] ); "
        "};\n"
        "names = [\"hawk\", \"table\"]; confidence = 0.3; iou = 0.5; max_detections = 100;\n"
        "about = { licence = \"Apache-2.0\"; };\n",
        "task = \"upscale\"; file = \"x\"; input = { color = \"luma\"; letterbox = \"rect\"; pad = 0; mean = "
        "2; };",
        NULL,
    };
    static const char *const words[] = {"1e999",
                                        "-1",
                                        "99999999999",
                                        "0x",
                                        "(((((((",
                                        "[1,2,3]",
                                        "= {",
                                        "};",
                                        "/*",
                                        "*/",
                                        "nan",
                                        "\"\\x00\"",
                                        "true",
                                        "4294967295L",
                                        "..",
                                        "\xC3",
                                        "names = \"",
                                        "file",
                                        "@include \"/dev/null\"\n",
                                        NULL};
    (void)state;
    damage(fuzz_card, seeds, words, 3000);
}

static void test_damaged_command_lines_and_files(void **state)
{
    static const char *const seeds[] = {
        "detect\n-ryc0.3\n--json\n--max-det=5\n--classes\na,b,3\n--size\n640x480\n--config\n%\na.jpg\n%\n"
        "threads = 2; memory = \"2G\"; detect = { conf = 0.3; classes = (\"a\", 3); size = 320; };\n"
        "upscale = { scale = 2.5; to = \"10x20\"; };\n",
        "live\n--zone\n1,2,3,4,5,6\n--config\n%\n%\nlive = { count_line = ( [0, 300, 700.5, 300], "
        "\"1,2,3,4\" ); zone = [1, 2, 3, "
        "4, 5, 6]; record_on = (\"a\", 3); };\n",
        "upscale\n-s\n2.5\n--memory=1.5GiB\n--shard\n2/8\n-f\npng\n--engine\nopencv:cuda\n-vv\n-\n--\n-x",
        NULL,
    };
    static const char *const words[] = {"\n--",       "\n-", "=", "nan",  "-1",   "1e999", "99999999999",
                                        "\n%\n",      ",,",  "x", "/",    "GiB",  "--no-", "\xC3\x97",
                                        "detect = {", "};",  "[", "true", "\"\"", "@",     NULL};
    (void)state;
    damage(fuzz_options, seeds, words, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_cards),
        cmocka_unit_test(test_damaged_command_lines_and_files),
    };
    return cmocka_run_group_tests(tests, support_enter, support_leave);
}

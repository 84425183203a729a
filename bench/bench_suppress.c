/* How long another threshold takes over 30,000 kept proposals, medians, in milliseconds: what the window does
 * at each step of a slider.
 *     bench_suppress [RUNS] */
#include "bench_nms_cases.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "pipeline/proposals.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_RUNS = 1000 };

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const double confidences[] = {0.01, 0.25, 0.5};
    int                 runs = argc > 1 ? atoi(argv[1]) : 50;
    double              ms[MOST_RUNS];
    struct suppressor  *suppressor = suppressor_open();
    struct proposals    proposals = {.plan = {.width = 640,
                                              .height = 640,
                                              .gain = 1,
                                              .in_width = 640,
                                              .in_height = 640,
                                              .fit_width = 640,
                                              .fit_height = 640}};

    if (!suppressor || runs < 1 || runs > MOST_RUNS)
        return 1;
    printf("%d proposals, median of %d runs, %s\n", BENCH_NMS_COUNT, runs, cpu_level_name(cpu_level()));
    for (int i = 0; i < BENCH_NMS_CASES; i++) {
        if (bench_nms_make(&proposals.candidates, i) || proposals_sort(&proposals.candidates, NULL))
            return 1;
        for (size_t c = 0; c < sizeof confidences / sizeof *confidences; c++) {
            struct detections  found = {.count = 0};
            struct suppression how = {
                .confidence = confidences[c], .iou = (double)bench_nms_cases[i].iou, .max_detections = 300};
            for (int run = 0; run < runs; run++) {
                double start = clock_ms();
                if (proposals_suppress(suppressor, &proposals, &how, &found, NULL))
                    return 1;
                ms[run] = clock_ms() - start;
            }
            qsort(ms, (size_t)runs, sizeof *ms, compare_doubles);
            printf("%-52s over %.2f %8.3f ms (%.3f to %.3f), kept %zu\n", bench_nms_cases[i].name,
                   confidences[c], ms[runs / 2], ms[0], ms[runs - 1], found.count);
        }
    }
    proposals_free(&proposals);
    suppressor_close(suppressor);
    return 0;
}

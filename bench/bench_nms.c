/* How long suppression takes for 30,000 candidates, medians of 20, in milliseconds.
 *     bench_nms [RUNS]
 * The same boxes can be given to cv::dnn::NMSBoxes: bench_nms_peer prints its times for them. */
#include "bench_nms_cases.h"

#include "base/clock.h"
#include "base/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000 };

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int                 runs = argc > 1 ? atoi(argv[1]) : 20;
    double              ms[MOST_RUNS];
    struct candidates   boxes = {0}, list = {0};
    struct nms_scratch *scratch = nms_scratch_create();

    if (!scratch || runs < 1 || runs > MOST_RUNS || bench_nms_make(&boxes, 0) ||
        candidates_reserve(&list, boxes.count, NULL))
        return 1;
    printf("%d candidates, median of %d runs, %s\n", BENCH_NMS_COUNT, runs, cpu_level_name(cpu_level()));
    for (int i = 0; i < BENCH_NMS_CASES; i++) {
        const struct bench_nms_case *bench = &bench_nms_cases[i];
        if (bench_nms_make(&boxes, i))
            return 1;
        for (int run = 0; run < runs; run++) {
            memcpy(list.items, boxes.items, boxes.count * sizeof(*boxes.items));
            list.count = boxes.count;
            double start = clock_ms();
            if (nms_with(scratch, &list, bench->iou, 0, bench->most, 0, NULL))
                return 1;
            ms[run] = clock_ms() - start;
        }
        qsort(ms, (size_t)runs, sizeof(*ms), compare_doubles);
        printf("%-52s %8.3f ms (%.3f to %.3f), kept %zu\n", bench->name, ms[runs / 2], ms[0], ms[runs - 1],
               list.count);
    }
    nms_scratch_destroy(scratch);
    candidates_free(&list);
    candidates_free(&boxes);
    return 0;
}

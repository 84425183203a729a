/* How long decoding the three heads of a 640 x 640 net with 80 classes takes, medians in milliseconds.
 *     bench_yolo [RUNS]
 * Objectness logits are spread so that some 60 of the 25,200 cells pass 0.25 and some 2,000 pass 0.001, as on
 * pictures of COCO. */
#include "postprocess/yolo.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 80, SIDE = 640, HEADS = 3, MOST_RUNS = 1000 };

static float random_bell(uint64_t *state)
{
    float sum = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
        sum += (float)(*state >> 40) * 0x1p-24F;
    }
    return sum;
}

static float *make_head(int side)
{
    const size_t plane = (size_t)side * (size_t)side, values = CLASSES + YOLO_BOX_VALUES;
    uint64_t     state = (uint64_t)side;
    float       *data = mem_alloc_aligned(3 * values * plane, sizeof(*data));
    for (size_t i = 0; data && i < 3 * values * plane; i++) {
        bool objectness = i / plane % values == 4;
        data[i] = random_bell(&state) * (objectness ? 4.1F : 1.5F) - (objectness ? 12.7F : 4.0F);
    }
    return data;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int bench(float *const heads[HEADS], const struct yolo_filter *filter, int runs)
{
    struct yolo_layout layout;
    struct candidates  found = {0};
    double             ms[MOST_RUNS];

    yolo_layout_default(&layout, CLASSES);
    for (int run = 0; run < runs; run++) {
        double start = clock_ms();
        found.count = 0;
        for (int i = 0; i < HEADS; i++) {
            int side = SIDE / layout.strides[i];
            if (yolo_decode_head(&found, heads[i], side, side, &layout, i, filter, NULL))
                return 1;
        }
        ms[run] = clock_ms() - start;
    }
    qsort(ms, (size_t)runs, sizeof(*ms), compare_doubles);
    printf("over %.3f, %s: %8.3f ms (%.3f to %.3f), %zu candidates\n", (double)filter->threshold,
           filter->multi_label ? "each class " : "best class", ms[runs / 2], ms[0], ms[runs - 1],
           found.count);
    candidates_free(&found);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct yolo_filter filters[] = {
        {0.25F, 0, NULL}, {0.001F, 0, NULL}, {0.001F, 1, NULL}, {0, 0, NULL}};
    int    runs = argc > 1 ? atoi(argv[1]) : 20, status = 0;
    float *heads[HEADS] = {make_head(SIDE / 8), make_head(SIDE / 16), make_head(SIDE / 32)};

    if (runs < 1 || runs > MOST_RUNS || !heads[0] || !heads[1] || !heads[2])
        return 1;
    printf("25,200 cells, 80 classes, median of %d runs, %s\n", runs, cpu_level_name(cpu_level()));
    for (size_t i = 0; !status && i < sizeof(filters) / sizeof(*filters); i++)
        status = bench(heads, &filters[i], runs);
    for (int i = 0; i < HEADS; i++)
        mem_free(heads[i]);
    return status;
}

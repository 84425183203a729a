/* How long labels take, in milliseconds: the first text (which loads the first font), the first text that the
 * first font lacks (which starts fontconfig), and a picture of 1280 x 960 with 80 boxes and labels, the first
 * time and the median of the later ones.
 *     bench_draw [RUNS] */
#include "base/clock.h"
#include "media/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000, LABELS = 80, WIDTH = 1280, HEIGHT = 960, TEXT_SIZE = 20 };

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double first_text(struct typesetter *typesetter, const char *text)
{
    struct text_extent extent;
    double             start = clock_ms();
    if (typesetter_measure(typesetter, text, TEXT_SIZE, &extent, NULL) != BSR_OK)
        exit(1);
    return clock_ms() - start;
}

/* Scores differ from run to run, as they do from picture to picture. */
static double label_picture(struct typesetter *typesetter, const struct bsr_image *image, int run)
{
    double start = clock_ms();
    for (int i = 0; i < LABELS; i++) {
        char   text[64];
        double x = i % 8 * 155 + 5, y = i / 8 * 92 + 30;
        snprintf(text, sizeof text, "class %d 0.%02d", i, (i * 37 + run * 11) % 100);
        draw_box(image, x, y, x + 140, y + 60, draw_class_colour(i), 3);
        if (draw_label(typesetter, image, x, y, text, TEXT_SIZE, draw_class_colour(i), NULL) != BSR_OK)
            exit(1);
    }
    return clock_ms() - start;
}

int main(int argc, char **argv)
{
    int                runs = argc > 1 ? atoi(argv[1]) : 50;
    double             ms[MOST_RUNS];
    struct typesetter *typesetter;
    struct bsr_image   image;

    if (runs < 1 || runs > MOST_RUNS || image_alloc(&image, WIDTH, HEIGHT, 3, 8, NULL) != BSR_OK ||
        typesetter_open(&typesetter, NULL) != BSR_OK)
        return 1;
    memset(image.data, 128, image.stride * HEIGHT);

    printf("%-44s %8.3f ms\n", "first text", first_text(typesetter, "person 0.87"));
    double first = label_picture(typesetter, &image, 0);
    for (int run = 0; run < runs; run++)
        ms[run] = label_picture(typesetter, &image, run + 1);
    qsort(ms, (size_t)runs, sizeof *ms, compare_doubles);
    printf("%-44s %8.3f ms\n", "80 boxes and labels, first picture", first);
    printf("%-44s %8.3f ms (%.3f to %.3f)\n", "80 boxes and labels, later ones", ms[runs / 2], ms[0],
           ms[runs - 1]);
    printf("%-44s %8.3f ms\n", "first ideograph (fontconfig starts)", first_text(typesetter, "\xE5\xBF\x83"));

    typesetter_close(typesetter);
    image_free(&image);
    return 0;
}

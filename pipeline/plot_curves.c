#include "pipeline/plot.h"
#include "pipeline/svg.h"

#include <stdio.h>

enum {
    WIDTH = 860,
    HEIGHT = 560,
    LEFT = 64,
    TOP = 48,
    SIDE_X = 560, /* of the axes */
    SIDE_Y = 440,
    NAMED = 12, /* classes in the legend */
    LEGEND_LINE = 24,
};

/* Told apart also by people who see fewer colours (Okabe and Ito 2008, and lighter twins of them). */
static const char *const colours[NAMED] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
                                           "#7f4fc9", "#8c564b", "#66a61e", "#e7298a", "#1b4f72", "#999933"};

static double at_x(double recall)
{
    return LEFT + SIDE_X * recall;
}

static double at_y(double precision)
{
    return TOP + SIDE_Y * (1 - precision);
}

static void draw_axes(struct bytes *out)
{
    for (int i = 0; i <= 10; i++) {
        char number[8];
        snprintf(number, sizeof number, "%.1f", i / 10.0);
        bytes_append_format(out, "<path d=\"M%.1f %.1fV%.1fM%.1f %.1fH%.1f\" stroke=\"%s\" fill=\"none\"/>\n",
                            at_x(i / 10.0), at_y(0), at_y(1), at_x(0), at_y(i / 10.0), at_x(1),
                            i ? "#e4e4e4" : "#404040");
        svg_write(out, &(struct svg_text){at_x(i / 10.0), at_y(0) + 20, 13, "middle", 0, NULL}, number);
        svg_write(out, &(struct svg_text){LEFT - 8, at_y(i / 10.0) + 4, 13, "end", 0, NULL}, number);
    }
    svg_write(out, &(struct svg_text){at_x(0.5), at_y(0) + 44, 14, "middle", 0, NULL}, "recall");
    svg_write(out, &(struct svg_text){20, at_y(0.5), 14, "middle", -90, NULL}, "precision");
}

static void draw_curve(struct bytes *out, const double precision[AP_RECALL_POINTS], const char *colour,
                       double width, double opacity)
{
    bytes_append_text(out, "<polyline points=\"");
    for (int i = 0; i < AP_RECALL_POINTS; i++)
        bytes_append_format(out, "%s%.1f,%.1f", i ? " " : "", at_x(i / (AP_RECALL_POINTS - 1.0)),
                            at_y(precision[i]));
    bytes_append_format(out,
                        "\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-opacity=\"%.2f\" "
                        "stroke-linejoin=\"round\"/>\n",
                        colour, width, opacity);
}

/* The classes with the most truths, the first of equal ones first. Returns how many. */
static int choose_named(int named[NAMED], const struct eval_detection *result)
{
    int count = 0;
    for (int k = 0; k < result->classes; k++) {
        size_t truths = result->per_class[k].truths;
        int    place = count;
        while (place > 0 && result->per_class[named[place - 1]].truths < truths)
            place--;
        if (!truths || place == NAMED)
            continue;
        count += count < NAMED;
        for (int i = count - 1; i > place; i--)
            named[i] = named[i - 1];
        named[place] = k;
    }
    return count;
}

static void draw_legend(struct bytes *out, int line, const char *colour, double width, const char *name,
                        double ap50)
{
    enum { SHOWN = 20 }; /* letters of a name */
    double      x = LEFT + SIDE_X + 24, y = TOP + 12 + LEGEND_LINE * line;
    char        text[128];
    const char *end = name;
    for (int letters = 0; *end && letters < SHOWN; letters++)
        for (end++; ((unsigned char)*end & 0xC0) == 0x80;)
            end++;

    bytes_append_format(out, "<path d=\"M%.1f %.1fh24\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n", x, y,
                        colour, width);
    snprintf(text, sizeof text, "%.*s%s %.3f", (int)(end - name), name, *end ? "…" : "", ap50);
    svg_write(out, &(struct svg_text){x + 32, y + 4, 13, "start", 0, NULL}, text);
}

void plot_precision_recall(struct bytes *out, const struct eval_detection *result, plot_name *name,
                           const void *context)
{
    double mean[AP_RECALL_POINTS] = {0};
    int    named[NAMED], count = choose_named(named, result), scored = 0;

    for (int k = 0; k < result->classes; k++)
        scored += result->per_class[k].truths > 0;
    svg_open(out, WIDTH, HEIGHT, "Precision and recall");
    svg_write(out, &(struct svg_text){LEFT, 28, 17, "start", 0, NULL}, "Precision and recall at IoU 0.5");
    draw_axes(out);
    for (int k = 0; k < result->classes; k++) {
        if (!result->per_class[k].truths)
            continue;
        for (int i = 0; i < AP_RECALL_POINTS; i++)
            mean[i] += result->curves[k].precision[i] / scored;
        draw_curve(out, result->curves[k].precision, "#a0a0a0", 1, 0.4);
    }
    for (int i = count; i-- > 0;)
        draw_curve(out, result->curves[named[i]].precision, colours[i], 1.6, 1);
    if (scored) {
        draw_curve(out, mean, "#000000", 3.5, 1);
        draw_legend(out, 0, "#000000", 3.5, scored == 1 ? "all" : "mean", result->mean[AP_ALL].ap50);
    }
    for (int i = 0; i < count; i++) {
        char space[32];
        draw_legend(out, i + 1, colours[i], 1.6, name(context, named[i], space),
                    result->per_class[named[i]].ap50);
    }
    if (scored > count) {
        char more[64];
        snprintf(more, sizeof more, "and %d more classes", scored - count);
        svg_write(out,
                  &(struct svg_text){LEFT + SIDE_X + 24, TOP + 16 + LEGEND_LINE * (count + 1), 13, "start", 0,
                                     "#707070"},
                  more);
    }
    svg_close(out);
}

#include "app/window/ui_text.h"

#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

enum { LINE_SPACE = 1024 };

float ui_text_width(const struct ui *ui, const char *text, float points)
{
    return *text ? ui->type.width(ui->type.context, text, points * ui->scale) : 0;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* `keep` bytes of the text and an ellipsis, on the side that `cut` says; whole characters. */
static void make_cut(const char *text, size_t length, size_t keep, enum ui_cut cut, char *out, size_t size)
{
    if (cut == CUT_END) {
        while (keep > 0 && continues(text[keep]))
            keep--;
        while (keep > 0 && text[keep - 1] == ' ')
            keep--;
        snprintf(out, size, "%.*s%s", (int)keep, text, ellipsis);
    } else {
        while (keep > 0 && continues(text[length - keep]))
            keep--;
        snprintf(out, size, "%s%s", ellipsis, text + length - keep);
    }
}

float ui_fit(const struct ui *ui, const char *text, float points, float width, enum ui_cut cut, char *out,
             size_t size)
{
    size_t length = strlen(text), low = 0, high = length;
    float  whole = ui_text_width(ui, text, points);

    if (whole <= width && length < size) {
        memcpy(out, text, length + 1);
        return whole;
    }
    if (high > size - sizeof ellipsis)
        high = size - sizeof ellipsis;
    while (low < high) { /* the most bytes that fit */
        size_t middle = (low + high + 1) / 2;
        make_cut(text, length, middle, cut, out, size);
        if (ui_text_width(ui, out, points) <= width)
            low = middle;
        else
            high = middle - 1;
    }
    make_cut(text, length, low, cut, out, size);
    return ui_text_width(ui, out, points);
}

float ui_text_cut(struct ui *ui, struct rect rect, const char *text, float points, struct colour colour,
                  enum ui_align align, enum ui_cut cut)
{
    /* Capitals are some 0.72 of the em high: their middle is to be the rectangle's. */
    const float capitals = 0.72F;
    char        line[LINE_SPACE];
    float       size = points * ui->scale;

    if (rect.width < 1 || !*text)
        return 0;
    float width = ui_fit(ui, text, points, rect.width, cut, line, sizeof line);
    float x = rect.x;
    if (align == ALIGN_CENTRE)
        x += floorf((rect.width - width) / 2);
    else if (align == ALIGN_RIGHT)
        x += rect.width - width;
    float baseline = roundf(rect.y + rect.height / 2 + capitals * size / 2);
    ui->type.add(ui->type.context, ui->list, roundf(x), baseline, line, size, colour);
    return width;
}

float ui_text(struct ui *ui, struct rect rect, const char *text, float points, struct colour colour,
              enum ui_align align)
{
    return ui_text_cut(ui, rect, text, points, colour, align, CUT_END);
}

/* The bytes of the first line of `text`: as many words as fit, at least one; ended by a newline, too. */
static size_t line_length(const struct ui *ui, const char *text, float points, float width)
{
    char   line[LINE_SPACE];
    size_t best = 0, at = 0;

    while (text[at] && text[at] != '\n') {
        at += text[at] == ' ';
        at += strcspn(text + at, " \n");
        if (at >= sizeof line)
            break;
        snprintf(line, sizeof line, "%.*s", (int)at, text);
        if (best && ui_text_width(ui, line, points) > width)
            break;
        best = at;
    }
    return best ? best : at;
}

float ui_paragraph(struct ui *ui, struct rect rect, const char *text, float points, struct colour colour,
                   bool paint)
{
    const float spacing = 1.45F;
    char        line[LINE_SPACE];
    float       height = roundf(points * ui->scale * spacing), y = rect.y;

    while (*text) {
        size_t length = line_length(ui, text, points, rect.width);
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        if (paint)
            ui_text(ui, (struct rect){rect.x, y, rect.width, height}, line, points, colour, ALIGN_LEFT);
        y += height;
        text += length;
        text += *text == ' ' || *text == '\n';
    }
    return y - rect.y;
}

#include "app/window/widget_notice.h"

#include "app/window/ui_text.h"

#include <math.h>
#include <stdio.h>

enum { SHOWN_MS = 4000, ERROR_SHOWN_MS = 8000 };

void notice_say(struct ui *ui, struct notice *notice, const char *format, va_list arguments)
{
    vsnprintf(notice->text, sizeof notice->text, format, arguments);
    notice->bad = false;
    notice->until_ms = ui->now_ms + SHOWN_MS;
    ui_again(ui, 0);
}

void notice_say_error(struct ui *ui, struct notice *notice, const struct bsr_error *err)
{
    snprintf(notice->text, sizeof notice->text, "%s%s%s", err->subject, err->subject[0] ? ": " : "",
             err->message);
    notice->bad = true;
    notice->until_ms = ui->now_ms + ERROR_SHOWN_MS;
    ui_again(ui, 0);
}

void notice_add(struct ui *ui, const struct notice *notice, struct rect area)
{
    const struct theme *theme = ui->theme;
    const double        left = notice->until_ms - ui->now_ms;
    const float         side = ui_points(ui, 12), most = area.width - 2 * side, round = ui_points(ui, 17);

    if (!notice->text[0] || left <= 0)
        return;
    const float wide = fminf(ceilf(ui_text_width(ui, notice->text, POINT_TEXT)) + 2 * side, most);
    struct rect rect = {area.x + floorf((area.width - wide) / 2), area.y + side, wide, ui_points(ui, 34)};
    paint_rect(ui->list, rect, notice->bad ? theme->panel : theme->text, round);
    if (notice->bad)
        paint_frame(ui->list, rect, theme->bad, round, fmaxf(1, ui_points(ui, 1)));
    rect_cut_left(&rect, side);
    rect_cut_right(&rect, side);
    ui_text(ui, rect, notice->text, POINT_TEXT, notice->bad ? theme->bad : theme->panel, ALIGN_CENTRE);
    ui_again(ui, left);
}

#include "app/window/widget_progress.h"

void progress_add(struct ui *ui, struct rect rect, double part)
{
    enum { ROUND_MS = 1400, FRAME_MS = 66 };
    float       radius = fminf(rect.height / 2, ui_points(ui, 3));
    struct rect bar = rect;

    paint_rect(ui->list, rect, ui->theme->line, radius);
    if (part >= 0) {
        bar.width = rect.width * (float)fmin(part, 1);
    } else { /* a piece that runs to and fro */
        double turn = fmod(ui->now_ms, ROUND_MS) / ROUND_MS;
        bar.width = rect.width / 4;
        bar.x += (rect.width - bar.width) * (float)(0.5 - 0.5 * cos(2 * 3.14159265358979 * turn));
        ui_again(ui, FRAME_MS);
    }
    if (bar.width >= 1)
        paint_rect(ui->list, bar, ui->theme->accent, radius);
}

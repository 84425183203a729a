#include "app/window/icon.h"

#include "app/window/ui_text.h"

/* Strokes on a grid of 16 x 16: from, to; ended by one of no length at (0, 0). */
struct stroke {
    float x1, y1, x2, y2;
};

enum { MOST_STROKES = 14, GRID = 16 };

static const struct stroke strokes[][MOST_STROKES] = {
    [ICON_NONE] = {{0}},
    [ICON_LEFT] = {{10, 3.5F, 5.5F, 8}, {5.5F, 8, 10, 12.5F}},
    [ICON_RIGHT] = {{6, 3.5F, 10.5F, 8}, {10.5F, 8, 6, 12.5F}},
    [ICON_DOWN] = {{4, 6.5F, 8, 10.5F}, {8, 10.5F, 12, 6.5F}},
    [ICON_CROSS] = {{4, 4, 12, 12}, {12, 4, 4, 12}},
    [ICON_CHECK] = {{3.5F, 8.5F, 6.5F, 11.5F}, {6.5F, 11.5F, 12.5F, 4.5F}},
    [ICON_PLUS] = {{8, 3.5F, 8, 12.5F}, {3.5F, 8, 12.5F, 8}},
    [ICON_MINUS] = {{3.5F, 8, 12.5F, 8}},
    [ICON_PANEL] = {{2, 3, 14, 3}, {14, 3, 14, 13}, {14, 13, 2, 13}, {2, 13, 2, 3}, {10, 3, 10, 13}},
    [ICON_STRIP] = {{2, 3, 14, 3},
                    {14, 3, 14, 13},
                    {14, 13, 2, 13},
                    {2, 13, 2, 3},
                    {2, 9.5F, 14, 9.5F},
                    {6, 9.5F, 6, 13},
                    {10, 9.5F, 10, 13}},
    [ICON_FIT] = {{2, 6, 2, 2},
                  {2, 2, 6, 2},
                  {10, 2, 14, 2},
                  {14, 2, 14, 6},
                  {14, 10, 14, 14},
                  {14, 14, 10, 14},
                  {6, 14, 2, 14},
                  {2, 14, 2, 10}},
    [ICON_UNDO] = {{3, 6.5F, 10, 6.5F},
                   {10, 6.5F, 12.5F, 9},
                   {12.5F, 9, 10, 12},
                   {10, 12, 6, 12},
                   {6, 3.5F, 3, 6.5F},
                   {3, 6.5F, 6, 9.5F}},
    [ICON_REDO] = {{13, 6.5F, 6, 6.5F},
                   {6, 6.5F, 3.5F, 9},
                   {3.5F, 9, 6, 12},
                   {6, 12, 10, 12},
                   {10, 3.5F, 13, 6.5F},
                   {13, 6.5F, 10, 9.5F}},
    [ICON_COPY] = {{5.5F, 5.5F, 13, 5.5F},
                   {13, 5.5F, 13, 14},
                   {13, 14, 5.5F, 14},
                   {5.5F, 14, 5.5F, 5.5F},
                   {10, 2, 3, 2},
                   {3, 2, 3, 10.5F}},
    [ICON_SAVE] = {{8, 2, 8, 10},
                   {4.5F, 6.5F, 8, 10},
                   {8, 10, 11.5F, 6.5F},
                   {2.5F, 10, 2.5F, 13.5F},
                   {2.5F, 13.5F, 13.5F, 13.5F},
                   {13.5F, 13.5F, 13.5F, 10}},
    [ICON_OPEN] = {{8, 10.5F, 8, 2.5F},
                   {4.5F, 6, 8, 2.5F},
                   {8, 2.5F, 11.5F, 6},
                   {2.5F, 10, 2.5F, 13.5F},
                   {2.5F, 13.5F, 13.5F, 13.5F},
                   {13.5F, 13.5F, 13.5F, 10}},
    [ICON_PASTE] = {{5.5F, 3.5F, 3, 3.5F},
                    {3, 3.5F, 3, 14},
                    {3, 14, 13, 14},
                    {13, 14, 13, 3.5F},
                    {13, 3.5F, 10.5F, 3.5F},
                    {5.5F, 2, 10.5F, 2},
                    {10.5F, 2, 10.5F, 5},
                    {10.5F, 5, 5.5F, 5},
                    {5.5F, 5, 5.5F, 2}},
    [ICON_THEME] = {{0}},
    [ICON_HELP] = {{0}},
    [ICON_EYE] = {{1.5F, 8, 5, 4.5F},
                  {5, 4.5F, 11, 4.5F},
                  {11, 4.5F, 14.5F, 8},
                  {14.5F, 8, 11, 11.5F},
                  {11, 11.5F, 5, 11.5F},
                  {5, 11.5F, 1.5F, 8}},
    [ICON_FOLDER] = {{1.5F, 3.5F, 6, 3.5F},
                     {6, 3.5F, 7.5F, 5.5F},
                     {7.5F, 5.5F, 14.5F, 5.5F},
                     {14.5F, 5.5F, 14.5F, 13},
                     {14.5F, 13, 1.5F, 13},
                     {1.5F, 13, 1.5F, 3.5F}},
    [ICON_FULL] = {{9.5F, 2.5F, 13.5F, 2.5F},
                   {13.5F, 2.5F, 13.5F, 6.5F},
                   {13.5F, 2.5F, 9.5F, 6.5F},
                   {6.5F, 13.5F, 2.5F, 13.5F},
                   {2.5F, 13.5F, 2.5F, 9.5F},
                   {2.5F, 13.5F, 6.5F, 9.5F}},
    [ICON_PLAY] = {{0}},
    [ICON_PAUSE] = {{0}},
    [ICON_STEP] = {{0}},
    [ICON_STEP_BACK] = {{0}},
};

/* Half of a disc is filled: light and dark. */
static void add_half_moon(struct ui *ui, struct rect box, struct colour colour, float line)
{
    struct paint_point points[17];
    float              radius = box.width * 0.38F, x = box.x + box.width / 2, y = box.y + box.height / 2;

    paint_frame(ui->list, (struct rect){x - radius, y - radius, 2 * radius, 2 * radius}, colour, radius,
                line);
    for (int i = 0; i < 17; i++) {
        float angle = 3.14159265F * ((float)i / 16 - 0.5F);
        points[i] = (struct paint_point){x + radius * cosf(angle), y + radius * sinf(angle)};
    }
    paint_fan(ui->list, points, 17, colour);
}

/* The signs of every player: triangles and bars, filled. */
static void add_player(struct ui *ui, enum icon icon, struct rect box, struct colour colour)
{
    float unit = box.width / GRID, left = 4.5F, right = 12.5F, y = box.y + 8 * unit;

    if (icon == ICON_PAUSE) {
        for (int i = 0; i < 2; i++)
            paint_rect(
                ui->list,
                (struct rect){box.x + (i ? 9.5F : 3.5F) * unit, box.y + 3.5F * unit, 3 * unit, 9 * unit},
                colour, unit);
        return;
    }
    if (icon != ICON_PLAY) { /* a bar where the frame is */
        bool  on = icon == ICON_STEP;
        float at = on ? 11 : 3;
        left = on ? 3 : 13;
        right = on ? 10 : 6;
        paint_rect(ui->list, (struct rect){box.x + at * unit, box.y + 3.5F * unit, 2 * unit, 9 * unit},
                   colour, unit / 2);
    }
    const struct paint_point points[] = {{box.x + left * unit, y - 4.5F * unit},
                                         {box.x + right * unit, y},
                                         {box.x + left * unit, y + 4.5F * unit}};
    paint_fan(ui->list, points, 3, colour);
}

void icon_add(struct ui *ui, enum icon icon, struct rect rect, struct colour colour)
{
    float       side = ui_points(ui, GRID), unit = side / GRID, line = fmaxf(1, 1.4F * unit);
    struct rect box = rect_centred(rect, side, side);

    if (icon == ICON_THEME)
        add_half_moon(ui, box, colour, line);
    if (icon == ICON_HELP)
        ui_text(ui, rect, "?", POINT_TEXT + 2, colour, ALIGN_CENTRE);
    if (icon == ICON_EYE)
        paint_rect(ui->list, rect_inset(box, 6 * unit), colour, 2 * unit);
    if (icon >= ICON_PLAY)
        add_player(ui, icon, box, colour);
    for (int i = 0; i < MOST_STROKES; i++) {
        const struct stroke *s = &strokes[icon][i];
        if (s->x1 == s->x2 && s->y1 == s->y2)
            break;
        paint_line(ui->list, box.x + s->x1 * unit, box.y + s->y1 * unit, box.x + s->x2 * unit,
                   box.y + s->y2 * unit, colour, line);
    }
}

/* app/window/ui_text.h: lines of text in rectangles. Sizes in points. */
#pragma once

#include "app/window/ui.h"

enum ui_align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

/* What is left out of text that is too long: its end, or its beginning (paths). */
enum ui_cut { CUT_END, CUT_START };

float ui_text_width(const struct ui *ui, const char *text, float points);

/* Copies as much of `text` into out[size] as is at most `width` pixels wide, with an ellipsis where something
 * is missing. Cuts between characters. Returns the width. */
float ui_fit(const struct ui *ui, const char *text, float points, float width, enum ui_cut cut, char *out,
             size_t size);

/* Paints a line in the middle of rect's height, cut where it is too long. Returns its width. */
float ui_text(struct ui *ui, struct rect rect, const char *text, float points, struct colour colour,
              enum ui_align align);
float ui_text_cut(struct ui *ui, struct rect rect, const char *text, float points, struct colour colour,
                  enum ui_align align, enum ui_cut cut);

/* Paints text broken at spaces into lines; returns the height it took, also with `paint` false. */
float ui_paragraph(struct ui *ui, struct rect rect, const char *text, float points, struct colour colour,
                   bool paint);

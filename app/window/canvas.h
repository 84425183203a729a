/* app/window/canvas.h: where a picture is in the window: zoomed and moved by pointer and keys. Knows no
 * pictures, only their size. */
#pragma once

#include "app/window/ui.h"

struct canvas {
    struct rect area;          /* of the window, that the picture is seen through */
    double      width, height; /* of the picture; 0: none */
    double      zoom;          /* pixels of the window for one of the picture */
    double      x, y;          /* the point of the picture in the middle of the area */
    bool        fitted;        /* as large as the area: stays so when that changes */
};

enum { CANVAS_MOST_ZOOM = 64 };

/* Takes over the area and the picture's size of this pass. A picture of another size is fitted, one of the
 * same size keeps its place (pictures of a series are compared so). */
void canvas_place(struct canvas *canvas, struct rect area, double width, double height);

/* The same picture has other pixels now (it was enlarged): what is seen stays where it is. To be called
 * before canvas_place(). */
void canvas_rescale(struct canvas *canvas, double width, double height);

/* All of it seen; small pictures at most at 8 times their size. */
void canvas_fit(struct canvas *canvas);

/* One pixel of the picture is one of the window; around the point of the window (x, y). */
void canvas_actual(struct canvas *canvas, float x, float y);

/* `factor` times larger; the point of the picture under (x, y) of the window stays there. */
void canvas_zoom(struct canvas *canvas, double factor, float x, float y);

/* By pixels of the window. */
void canvas_pan(struct canvas *canvas, double dx, double dy);

/* Points of the picture in the window, and back. */
void canvas_to_window(const struct canvas *canvas, double x, double y, float *to_x, float *to_y);
void canvas_to_picture(const struct canvas *canvas, float x, float y, double *to_x, double *to_y);

/* The whole picture in the window; larger than the area when zoomed in. */
struct rect canvas_rect(const struct canvas *canvas);

/* Whether pixels are so large that they are shown as squares. */
bool canvas_shows_pixels(const struct canvas *canvas);

/* The part of the picture that is seen, in its pixels (whole ones), and where that is in the window. False:
 * none of it. */
bool canvas_visible(const struct canvas *canvas, struct rect *from, struct rect *to);

/* Wheel, drag and double click over the area, below all widgets that were called before.
 * *clicked: it was pressed and released at one place, at (ui->x, ui->y). True when something moved. */
bool canvas_touch(struct ui *ui, struct canvas *canvas, bool *clicked);

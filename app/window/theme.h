/* app/window/theme.h: the window's colours and measures. Colours that text stands in differ from what it
 * stands on by 4.5:1 at least (WCAG 2.1, 1.4.3), those of controls by 3:1 (1.4.11); a test holds them to it.
 */
#pragma once

#include "app/window/paint.h"

struct theme {
    struct colour stage;  /* round the picture */
    struct colour panel;  /* bars and panels */
    struct colour raised; /* buttons and fields on them */
    struct colour hover;  /* the same under the pointer */
    struct colour held;   /* and pressed */
    struct colour line;   /* between parts: decoration */
    struct colour edge;   /* of controls */
    struct colour text;
    struct colour quiet;              /* text that matters less */
    struct colour accent;             /* what is on, and can be dragged */
    struct colour on_accent;          /* text on it */
    struct colour good, warning, bad; /* text of messages */
    struct colour shade;              /* over what a dialogue hides */
};

enum theme_kind { THEME_DARK, THEME_LIGHT };

const struct theme *theme_of(enum theme_kind kind);

/* Measures in points; a point is `scale` pixels. */
enum {
    POINT_TEXT = 13,
    POINT_SMALL = 11,
    POINT_LARGE = 17,
    POINT_GAP = 8,
    POINT_ROW = 28,
    POINT_RADIUS = 5,
    POINT_BAR = 44,
    POINT_STATUS = 28,
    POINT_PANEL = 264,
    POINT_STRIP = 84,
    POINT_TIMELINE = 40,
};

/* Relative luminance 0..1, and the contrast 1..21 of two colours without alpha (WCAG 2.1). */
double colour_luminance(struct colour colour);
double colour_contrast(struct colour a, struct colour b);

/* The colour of a class, as media/draw.h has it, and black or white, whichever reads on it. */
struct colour colour_of_class(int index);
struct colour colour_text_on(struct colour background);

/* `colour` with its alpha times `part` (0..1). */
struct colour colour_faded(struct colour colour, double part);

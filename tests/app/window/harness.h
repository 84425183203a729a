/* tests/app/window/harness.h: a display for tests of the window: Xvfb, started once in a test program on a
 * free display number, and pictures of the window held to goldens. */
#pragma once

#include "app/window/display.h"

#include <setjmp.h> /* what cmocka.h needs */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Starts Xvfb at the first call, which ends with this program, and sets what makes pictures repeatable: SDL's
 * software renderer, one pixel a point. False, aloud, where Xvfb or besra's module isn't there. */
bool harness_start(void);

/* In a test that needs a window. */
#define NEEDS_DISPLAY()                                                                                      \
    do {                                                                                                     \
        if (!harness_start())                                                                                \
            skip();                                                                                          \
    } while (0)

/* Opens a window of this size; fails the test where that fails. Close it with harness_module()->close(). */
const struct display_module *harness_module(void);
struct display              *harness_open(int width, int height);

/* The module's open(). What libraries of the system forget there is not counted among our leaks. */
bsr_status harness_try_open(struct display **out, const struct display_options *options,
                            struct bsr_error *err);

/* Holds `shot` to goldens/NAME.png (docs: harness.c says how far they may differ). Where they differ, the
 * shot and a picture of the differences are written into the folder of the build, and the test fails. With
 * BESRA_UPDATE_GOLDENS=1 the golden is written instead. */
void harness_compare(const struct bsr_image *shot, const char *name);

/* Takes a shot of the window and compares it. */
void harness_check(struct display *display, const char *name);

/* With BESRA_UPDATE_TOUR=1: a shot of the window becomes docs/pictures/NAME.jpg. */
void harness_tour(struct display *display, const char *name);

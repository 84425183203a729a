/* tests/app/window/play.h: the program itself in a window of harness.h's display, played by a file of steps
 * (app/window/script.h) as if by hand. */
#pragma once

#include "tests/app/scenes.h"
#include "tests/app/window/harness.h"

/* Runs `besra ARGUMENTS` with the steps of sessions/NAME.txt in the current folder, a scratch folder of
 * scenes.h, in which "assets" is that of the source tree. Fails the test unless it ends with `code` and no
 * sanitizer has anything to say. Its
 * settings are in config/; shots are in shots/SHOT.png; with BESRA_UPDATE_TOUR=1 those whose names
 * begin with "tour-" become docs/pictures/SHOT.jpg (without "tour-"). Release with run_free(). */
struct run_result play(const char *name, int code, const char *arguments);

/* Both of cmocka_unit_test_setup_teardown(): a scratch folder as scenes.h makes it, with "assets" in it. */
#define PLAYED(test) cmocka_unit_test_setup_teardown(test, play_enter, scratch_leave)
int play_enter(void **state);

/* Unless a shot was taken, and is as large as it should be. */
void expect_shot(const char *name, int width, int height);

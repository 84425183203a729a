/* tests/app/window/film.h: a film of our own to watch: playing cards that slide to the left. */
#pragma once

#include <stdbool.h>

enum { FILM_WIDTH = 640, FILM_HEIGHT = 480, FILM_FRAMES = 12 };

/* Writes 1.2 seconds into `path` (.mkv, .mp4). False, aloud, where what makes films isn't there. */
bool film_make(const char *path);

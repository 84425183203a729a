/* app/exit_code.h: what the shell is told (CLI reference in docs/). */
#pragma once

#include "base/status.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_SOME_FAILED = 1,
    EXIT_WRONG_USAGE = 2,
    EXIT_NOT_THERE = 3,
    EXIT_BAD_MODEL = 4,
    EXIT_OVER_BUDGET = 5,
    EXIT_SIGNAL = 128, /* plus the signal's number */
};

/* For a failure before any input was begun. */
enum exit_code exit_code_of(bsr_status status);

/* For a model that was not opened: asked for wrongly, not there, or of no use. */
enum exit_code exit_code_of_model(bsr_status status);

/* pipeline/formats.h: from the options' words to what the rooms take. */
#pragma once

#include "config/options.h"
#include "media/picture.h"

/* PICTURE_UNKNOWN for "same". */
enum picture_format format_of_choice(enum format_choice choice);

/* The engine's name of --engine; NULL for the processor. */
const char *backend_of_choice(enum engine_choice choice);

/* pipeline/formats.h: from the options' words to what the rooms take. */
#pragma once

#include "config/options.h"
#include "engine/engine.h"
#include "media/picture.h"

/* PICTURE_UNKNOWN for "same". */
enum picture_format format_of_choice(enum format_choice choice);

/* The engine's name of --engine; NULL for the processor. */
const char *backend_of_choice(enum engine_choice choice);

/* What --engine, --precision and --qdq say. */
struct engine_options engine_of_options(const struct options *options);

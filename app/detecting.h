/* app/detecting.h: how to detect, of the options. */
#pragma once

#include "config/options.h"
#include "pipeline/detect.h"

/* What the options say, over what the model's card says. */
struct detect_options detecting_options(const struct options *options, const struct model *model);

/* Whether colours are left as stored, whatever the picture's profile. */
bool detecting_as_stored(const struct options *options, const struct model *model);

/* What the net's outputs are, as --layout says. */
enum output_shape detecting_layout(const struct options *options);

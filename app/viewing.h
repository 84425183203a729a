/* app/viewing.h: what the options say, to a viewer. */
#pragma once

#include "config/options.h"
#include "pipeline/viewer.h"

/* How it is opened; wake and context are left to the caller. `options` outlives the viewer. */
struct viewer_options viewing_options(const struct options *options);

/* What was asked for; the rest is as the model says. */
struct viewer_settings viewing_settings(const struct options *options);

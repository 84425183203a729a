/* app/commands.h: one function a command. Each returns an exit code. */
#pragma once

#include "config/options.h"

int detect_command(const struct options *options);
int upscale_command(const struct options *options);

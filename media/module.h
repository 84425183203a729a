/* media/module.h: parts of besra that are opened when they are first needed, because what they stand on is
 * large (OpenCV's imgcodecs alone brings 139 libraries) or often not installed. */
#pragma once

#include "base/status.h"

/* Opens `file` ("besra-media-opencv.so") from, in this order: the folder $BESRA_MODULES; the folder `modules`
 * of the build that the running program is from; the folder of modules that belongs to where the program is
 * installed; the one that besra was configured for. A module stays open until the program ends.
 *
 * BSR_EMISSING with one sentence for the person: `purpose` ("JPEG 2000 pictures") is what it is needed for,
 * `library` the beginning of the name of the library that it stands on ("libopencv_imgcodecs"), and `package`
 * the Debian package which that is in: named when the module is there but can't be loaded without it. */
bsr_status module_open(void **out, const char *file, const char *purpose, const char *library,
                       const char *package, struct bsr_error *err);

/* Finds a function or table of an open module. BSR_EMISSING (another version of besra's) */
bsr_status module_find(void **out, void *module, const char *symbol, const char *file, struct bsr_error *err);

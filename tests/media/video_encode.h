/* tests/media/video_encode.h: clips such as our own writer doesn't make: frames out of order, few key frames,
 * other containers. By libav itself. */
#pragma once

#include "tests/media/video_clips.h"

struct clip_encoding {
    const char *encoder; /* libav's name */
    const char *options; /* of the encoder: "bf=3:g=30" */
    int         count;
    double      fps; /* 0: irregular, as clip_time() has it */
};

/* Writes frames 0 .. count - 1 to `path`, whose ending says the container. False, aloud: this libav has no
 * such encoder or container. */
bool clip_encode(const char *path, const struct clip_encoding *how);

#include "app/window/view_words.h"

#include <string.h>

int view_is_reached(struct viewer *viewer, const char *word)
{
    static const char *const  words[] = {"model", "picture", "result", "folder"};
    struct viewer_snapshot    shot = viewer_snapshot(viewer);
    const enum viewer_state   states[] = {shot.model_state, shot.picture_state, shot.result_state,
                                          shot.batch_state};
    const struct viewer_video video = shot.video;
    int                       reached = -1, working = video.seeking, failed = 0;

    viewer_release(viewer, &shot);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        working |= states[i] == VIEWER_WORKING;
        failed |= states[i] == VIEWER_FAILED;
        if (strcmp(word, words[i]) == 0)
            reached = states[i] == VIEWER_READY;
    }
    if (strcmp(word, "paused") == 0)
        reached = video.there && !video.playing && !video.seeking;
    else if (strcmp(word, "idle") == 0)
        reached = !working;
    else if (strcmp(word, "failed") == 0)
        reached = failed;
    return reached;
}

/* app/window/icon.h: the few signs on buttons, drawn with lines, so that they are sharp at any scale. */
#pragma once

#include "app/window/ui.h"

enum icon {
    ICON_NONE,
    ICON_LEFT,
    ICON_RIGHT,
    ICON_DOWN,
    ICON_CROSS,
    ICON_CHECK,
    ICON_PLUS,
    ICON_MINUS,
    ICON_PANEL,
    ICON_STRIP,
    ICON_FIT,
    ICON_UNDO,
    ICON_REDO,
    ICON_COPY,
    ICON_SAVE,
    ICON_OPEN,
    ICON_PASTE,
    ICON_THEME,
    ICON_HELP,
    ICON_EYE,
    ICON_FOLDER,
    ICON_FULL,
    ICON_PLAY,
    ICON_PAUSE,
    ICON_STEP,
    ICON_STEP_BACK,
};

/* In the middle of `rect`. */
void icon_add(struct ui *ui, enum icon icon, struct rect rect, struct colour colour);

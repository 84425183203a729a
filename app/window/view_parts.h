/* app/window/view_parts.h: the parts of the window of `besra view`, a file each, called once a pass in this
 * order. For view_*.c only. */
#pragma once

#include "app/window/keys.h"
#include "app/window/view.h"

/* The picture and what lies on it. */
void view_stage_add(struct view *view, struct rect area);
void view_detections_add(struct view *view);
void view_compare_add(struct view *view);

/* A video's buttons and its time line, below it. */
bool view_has_timeline(const struct view *view);
void view_timeline_add(struct view *view, struct rect area);
void view_seek(struct view *view, double time);
void view_seek_by(struct view *view, double seconds);

/* Before the picture is painted: another frame goes into the texture of the one before. */
void view_follow_frame(struct view *view);

/* Round it. */
void view_bar_add(struct view *view, struct rect area);
void view_panel_add(struct view *view, struct rect area);
void view_detect_settings_add(struct view *view, struct rect *rest);
void view_legend_add(struct view *view, struct rect *rest);
void view_upscale_settings_add(struct view *view, struct rect *rest);
void view_classes_add(struct view *view, struct rect *rest);
void view_strip_add(struct view *view, struct rect area);
void view_status_add(struct view *view, struct rect area);
void view_batch_add(struct view *view, struct rect area);

/* Over it. */
void view_models_add(struct view *view);
void view_keys_add(struct view *view);
void view_prompt_add(struct view *view);
void view_debug_add(struct view *view);

/* The plate of a dialogue with its title and the cross that closes it; the rest is its inside. */
struct rect view_dialogue_begin(struct view *view, const char *title, float width, float height);
void        view_dialogue_end(struct view *view);
void        view_close_dialogue(struct view *view);

/* What dialogues start with. */
void view_open_models(struct view *view);
void view_open_prompt(struct view *view, enum dialogue dialogue);

/* The clipboard: view_board.c. */
void view_paste(struct view *view);
void view_copy_picture(struct view *view);
void view_board_pass(struct view *view);

/* Changes the settings that are in force and hands them to the viewer. */
void view_set(struct view *view, const struct viewer_settings *settings);
void view_hide_class(struct view *view, size_t index);
void view_show_all(struct view *view);

/* The last model of a task, or the one that besra ships; where there is none, the picker. */
void view_choose_task(struct view *view, enum card_task task);
void view_choose_model(struct view *view, const char *name);

/* The picked box among the snapshot's; NULL: none. */
const struct detection *view_picked_box(const struct view *view);
const char             *view_class_name(const struct view *view, int index);

/* Whether the panel is there, beside the picture or over it. */
bool view_has_panel(const struct view *view);

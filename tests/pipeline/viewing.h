/* tests/pipeline/viewing.h: what tests of the viewer have in common. */
#pragma once

#include "pipeline/viewer.h"

#include <stdbool.h>

#define CARDS_MODEL BESRA_SOURCE_DIR "/models/cards.cfg"
#define SRCNN_MODEL BESRA_SOURCE_DIR "/models/srcnn.cfg"
#define CARDS       BESRA_SOURCE_DIR "/assets/cards"
#define PHOTOS      BESRA_SOURCE_DIR "/assets/photos"

void require(bsr_status status, const struct bsr_error *err);

/* A viewer of two threads; memory 0: any. */
struct viewer *open_viewer(uint64_t memory);
void           add_inputs(struct viewer *viewer, const char *first, const char *second);

/* Waits until a snapshot is as wanted and returns it; fails after two minutes. */
typedef bool           wanted_snapshot(const struct viewer_snapshot *snapshot);
struct viewer_snapshot wait_for(struct viewer *viewer, wanted_snapshot *wanted);
bool                   has_picture(const struct viewer_snapshot *snapshot);
bool                   has_result(const struct viewer_snapshot *snapshot);
bool                   result_failed(const struct viewer_snapshot *snapshot);
bool                   picture_failed(const struct viewer_snapshot *snapshot);
bool                   has_model(const struct viewer_snapshot *snapshot);
bool                   model_failed(const struct viewer_snapshot *snapshot);

/* A video stands still at the frame that was wanted; with its result. */
bool has_settled(const struct viewer_snapshot *snapshot);
bool has_settled_result(const struct viewer_snapshot *snapshot);

/* The same, but only waits. */
void wait_until(struct viewer *viewer, wanted_snapshot *wanted);

/* Loads and waits until it is there. */
void load_model(struct viewer *viewer, const char *name, enum card_task task);

/* Makes a folder of its own, and removes it with all that is in it. */
void make_folder(char path[64]);
void remove_folder(const char *path);

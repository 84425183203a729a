/* config/card.h: a model card says what besra must know of a model (models/NAME.cfg, libconfig). */
#pragma once

#include "base/status.h"

#include <stdbool.h>

enum card_task { CARD_TASK_UNKNOWN, CARD_DETECT, CARD_UPSCALE, CARD_CLASSIFY };
enum card_colour { CARD_RGB, CARD_BGR, CARD_LUMA };
enum card_output { CARD_OUTPUT_UNKNOWN, CARD_YOLOV5, CARD_SRCNN, CARD_LOGITS };

enum { CARD_MAX_HEADS = 8, CARD_MAX_ANCHORS = 8 };

/* Text belongs to the card; release all with card_free(). What a card leaves out has the default named here.
 */
struct card {
    char            *path;   /* of the card; NULL when there is none */
    char            *name;   /* "cards": the file's name without .cfg */
    char            *file;   /* full path of the .onnx (relative ones are beside the card) */
    char            *sha256; /* 64 hexadecimal digits, or NULL: not checked */
    enum card_task   task;
    int              width, height; /* of the net's input; 0: as the model says */
    enum card_colour colour;
    float scale[3], mean[3]; /* (value - mean) * scale, mean in 0..255, in the order of `colour`; 1, 0 */
    bool  rect;              /* letterbox: rect or square (default) */
    bool as_stored; /* profile: colours as stored ("ignore") or by their profile to sRGB ("apply", default) */
    int  pad;       /* 114 */
    enum card_output output;
    int              head_count, anchor_count; /* 0: not given */
    int              strides[CARD_MAX_HEADS];
    float            anchors[CARD_MAX_HEADS][CARD_MAX_ANCHORS][2];
    double           confidence, iou; /* 0.25, 0.45 */
    bool             agnostic;        /* boxes of different classes that overlap are one object; false */
    int              max_detections;  /* 300 */
    char           **names;           /* [name_count], or NULL */
    int              name_count;
    char            *licence, *scores; /* of `about`, or NULL; scores: "scenes_mAP50=0.801", one a line */
};

/* Reads a card: `path` ends in .cfg. Every key is checked: unknown ones, wrong types and ranges are
 * BSR_EUSAGE with file, line and the nearest name. BSR_EMISSING when there is none. Release with card_free().
 */
bsr_status card_read(struct card *out, const char *path, struct bsr_error *err);

/* Finds NAME.cfg: in the folders of BESRA_MODELS (colon separated), $XDG_DATA_HOME/besra/models, the build's
 * own models folder, the installed one. *path is the caller's (mem_free). BSR_EMISSING lists the names that
 * there are. */
bsr_status card_find(char **path, const char *name, struct bsr_error *err);

/* Calls `visit` for each card and each .onnx without one in the folders where card_find() looks, in its
 * order, sorted by name within a folder, until it fails; what card_find() would not find, because an earlier
 * folder has that name, is passed over. BSR_ENOMEM, and what `visit` returns. */
typedef bsr_status card_visit(void *context, const char *path, struct bsr_error *err);
bsr_status         card_visit_all(card_visit *visit, void *context, struct bsr_error *err);

/* The same for one folder. BSR_EMISSING when there is none. */
bsr_status card_visit_folder(const char *folder, card_visit *visit, void *context, struct bsr_error *err);

/* A card for a bare .onnx: defaults, but as_stored, since the exporters' own programs read pictures with
 * OpenCV; the pipeline fills in what the model tells. */
bsr_status card_for_file(struct card *out, const char *onnx_path, struct bsr_error *err);

/* Gives the card copies of `count` class names. BSR_ENOMEM; the card is then as before. */
bsr_status card_set_names(struct card *card, char *const *names, int count, struct bsr_error *err);

void card_free(struct card *card);

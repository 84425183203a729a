/* pipeline/viewer.h: all that the window shows and does to pictures, without the window: a list of pictures,
 * a model, the settings, and results that are made in the background. Whoever shows it asks for a snapshot
 * each frame, which never waits; whatever takes longer than that happens in the viewer's own threads. */
#pragma once

#include "base/image.h"
#include "media/picture.h"
#include "pipeline/classify.h"
#include "pipeline/detect.h"
#include "pipeline/upscale.h"

/* What can be set; each has an option of the command line. A snapshot has what is in force; before there is a
 * model, what was asked for. */
struct viewer_settings {
    double      confidence, iou; /* 0..1; negative: as the model's card says */
    int         max_detections;  /* 0: as the model's card says */
    bool        agnostic;
    const bool *hidden; /* [hidden_count]: classes left out of what is shown and saved; NULL: none. Copied */
    int         hidden_count;
    double      factor;      /* of enlarging, 1..64; 0: as the model was made for, else 2 */
    int         top;         /* classes to name, 1..1000; 0: 5 */
    bool        hide_labels; /* boxes are drawn without, where they are saved, too */
};

enum viewer_state {
    VIEWER_NOTHING, /* none asked for */
    VIEWER_WORKING,
    VIEWER_READY,
    VIEWER_FAILED,
};

/* A class of the model, and how many of it are in the picture. */
struct viewer_class {
    const char *name;
    int         count; /* hidden ones, too */
};

/* Where a video is: it is one of the list, and the picture of this moment is one of its frames. */
struct viewer_video {
    bool               there; /* the selected one is a video; what follows is of it */
    bool               playing;
    bool               seeking;        /* another frame is on its way */
    bool               steady;         /* of an even rate: `number` is exact */
    double             time, duration; /* seconds: the frame's; of all of it, 0: not known */
    long long          number;         /* the frame's, 0 the first */
    unsigned long long frame_id; /* another one for another frame; picture_id stays while its size does */
    const char        *why;      /* what keeps it from going on: a sentence; NULL: nothing */
};

/* What there is to show at this moment. Valid until viewer_release(); does not change meanwhile. */
struct viewer_snapshot {
    unsigned long long serial; /* another one when anything below changed */

    /* the list */
    size_t count, selected;

    /* the model */
    enum viewer_state model_state;
    const char       *model_name;     /* as it was last asked for; NULL: none was */
    const char       *model_why;      /* of VIEWER_FAILED: a sentence, and a hint on a line of its own */
    double            model_progress; /* 0..1 while it is opened */
    const char       *model_used;     /* the one in use, also while another is opened; NULL: none */
    enum card_task    task;           /* of the one in use */

    /* the selected picture */
    enum viewer_state       picture_state;
    const char             *path;    /* NULL: no picture is selected */
    bool                    unsaved; /* it is in no file yet: viewer_add_encoded(), viewer_save_pasted() */
    const char             *picture_why;
    const struct bsr_image *picture;    /* 8-bit BGR, upright; NULL until it is there */
    unsigned long long      picture_id; /* another one for other pixels: what a texture was made of */
    struct viewer_video     video;

    /* what the model says of it */
    enum viewer_state       result_state;
    const char             *result_why;
    double                  result_progress; /* 0..1 of enlarging */
    const struct detection *detections;      /* best first, without hidden classes; while the net works anew
                                                on the same picture, those of before; while a video plays, those
                                                of the newest frame that it has seen, none over a second
                                                older than two runs of the net take */
    size_t                     detection_count;
    const struct viewer_class *classes; /* [class_count], those of a detector */
    size_t                     class_count;
    const struct class_score  *scores; /* of a classifier, best first */
    size_t                     score_count;
    const char *const         *score_names;
    const struct bsr_image    *enlarged; /* 8-bit BGR */
    const struct bsr_image    *plain;    /* by bicubic, of the same size */
    unsigned long long         enlarged_id;
    struct timing              timing;
    double                     suppress_ms; /* suppression took so long the last time */

    /* the folder */
    enum viewer_state batch_state;
    size_t            batch_done, batch_failed, batch_count; /* the first has the second in it */
    const char       *batch_folder;
    const char       *batch_why;

    struct viewer_settings settings;           /* as they are now */
    bool                   can_undo, can_redo; /* there is a step */

    struct viewer_moment *moment; /* the viewer's: what all of it lies in */
};

/* What is said once, as the commands' options of these names have it; zero: nothing is. Texts stay the
 * caller's, as long as the viewer is open. */
struct viewer_reading {
    enum viewer_letterbox { VIEWER_LETTERBOX_CARD, VIEWER_LETTERBOX_RECT, VIEWER_LETTERBOX_SQUARE } letterbox;
    enum viewer_profile { VIEWER_PROFILE_CARD, VIEWER_PROFILE_APPLY, VIEWER_PROFILE_IGNORE } profile;
    enum shrinking       shrinking;
    enum output_shape    layout;
    enum classify_fit    fit;
    enum classify_scores scores;
    const char          *label; /* template, see label.h; NULL: the usual one */
    bool                 hide_score;
    int                  line_width;  /* pixels; 0: by the picture's size */
    int                  agnostic;    /* 1: to begin with, -1: not; 0: as the card says */
    char *const         *classes;     /* of the first detector: those that are shown, the others are hidden */
    size_t               class_count; /* 0: all */
    char *const         *plugins;     /* that were loaded: of --ops */
    size_t               plugin_count;
};

struct viewer_options {
    int                   threads;
    uint64_t              memory; /* bytes that pictures which are kept may take together; 0: any */
    struct picture_limits limits;
    struct model_hints    hints;
    struct viewer_reading reading;
    void (*wake)(void *context); /* called by any thread when a snapshot would differ; NULL: none */
    void *context;
};

struct viewer;

/* Starts with no picture and no model. Release with viewer_close(), which waits for what is being computed to
 * stop. */
bsr_status viewer_open(struct viewer **out, const struct viewer_options *options, struct bsr_error *err);
void       viewer_close(struct viewer *viewer);

/* Pictures, videos, folders and patterns, as sources_collect() has them, behind those that are there; the
 * first new one is selected. BSR_EMISSING (no picture in them, or a single one that isn't there), BSR_ENOMEM
 * and errors of sources_collect(). */
bsr_status viewer_add(struct viewer *viewer, char *const *inputs, size_t count, bool recursive,
                      struct bsr_error *err);

/* A picture that is in no file (pasted), 8-bit BGR: copied, selected. BSR_ERANGE (no such picture),
 * BSR_EBUDGET, BSR_ENOMEM. */
bsr_status viewer_add_image(struct viewer *viewer, const struct bsr_image *image, const char *name,
                            struct bsr_error *err);

/* The same of an encoded picture, named `stem` and its format's ending; *encoded is taken over, or left as it
 * was or empty on failure. Decodes it: not for the thread that paints. Errors of picture_decode(), too. */
bsr_status viewer_add_encoded(struct viewer *viewer, struct bytes *encoded, const char *stem,
                              struct bsr_error *err);
void       viewer_remove(struct viewer *viewer, size_t index);
void       viewer_select(struct viewer *viewer, size_t index); /* its neighbours are computed ahead */

/* The name of picture `index` for a list, and a small picture of it (each side at most VIEWER_THUMBNAIL_SIDE
 * pixels), NULL until it is there: asking makes it come, what was asked for last first. *id (may be NULL) as
 * picture_id. The snapshot's. */
enum { VIEWER_THUMBNAIL_SIDE = 160 };
const char             *viewer_name(const struct viewer_snapshot *snapshot, size_t index);
const struct bsr_image *viewer_thumbnail(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                         size_t index, unsigned long long *id);

/* Of the selected video, in the background; nothing where it is none. A net looks at the frame that is shown,
 * and at the newest while it plays: frames that it had no time for are passed over. At its end it plays from
 * the beginning. A time between frames is that of the next; behind the last it is that. Steps are frames
 * forward or (negative) back; they pause. */
void viewer_play(struct viewer *viewer, bool play);
void viewer_seek(struct viewer *viewer, double time);
void viewer_step(struct viewer *viewer, int by);
bool viewer_is_video(const struct viewer_snapshot *snapshot, size_t index);

/* Opens what -m takes, in the background; what was open goes on until it is ready. A model for another task
 * than `task` (CARD_TASK_UNKNOWN: any) is taken as what its card, else its graph says it is. */
void viewer_load_model(struct viewer *viewer, const char *name, enum card_task task);

/* Acts at once on what is cached: boxes are suppressed anew from the net's proposals, without the net. What
 * is changed within half a second of the same kind of change is one step to undo, such as a slider's drag. */
void viewer_set(struct viewer *viewer, const struct viewer_settings *settings);

/* The next change is a step of its own, however soon: the slider was let go of. */
void viewer_settle(struct viewer *viewer);

/* The settings before the last step, and back; false: there are none. Another model begins anew. */
bool viewer_undo(struct viewer *viewer);
bool viewer_redo(struct viewer *viewer);

/* Never waits for work. */
struct viewer_snapshot viewer_snapshot(struct viewer *viewer);
void                   viewer_release(struct viewer *viewer, struct viewer_snapshot *snapshot);

/* What of the snapshot is to be written. */
bsr_status viewer_save_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                               const char *path, bool overwrite,
                               struct bsr_error *err); /* with boxes, or enlarged */
bsr_status viewer_save_record(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *path,
                              bool overwrite, struct bsr_error *err); /* the JSON record of the command */
/* What viewer_save_picture() writes to a .png: for the clipboard. By any thread, as long as it has the
 * snapshot. */
bsr_status viewer_encode_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                 struct bytes *png, struct bsr_error *err);

/* Writes the selected picture that was pasted, as it came; from then on it is that file. BSR_EMISSING (it was
 * not pasted), BSR_EEXIST, BSR_EIO, BSR_ENOMEM. */
bsr_status viewer_save_pasted(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *path,
                              bool overwrite, struct bsr_error *err);

/* All pictures of the list as the command would do them, into `folder`, in the background. */
void viewer_start_batch(struct viewer *viewer, const char *folder);
void viewer_cancel_batch(struct viewer *viewer);

/* Replaces *out by what is written at a box of the snapshot. Check out->failed. */
void viewer_write_label(const struct viewer *viewer, const struct viewer_snapshot *snapshot, size_t index,
                        struct bytes *out);

/* Appends the command line that makes what is seen, quoted for a shell: "besra detect -m yolov5n.onnx --conf
 * 0.4 'a b.jpg'"; behind a picture that is in no file yet, a comment that says so. BSR_ENOMEM. */
bsr_status viewer_command(const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                          struct bytes *out, struct bsr_error *err);

/* pipeline/viewer_parts.h: what a viewer is made of. For pipeline/viewer*.c only.
 *
 * All that others see is immutable and counted: whoever holds something may read it without a lock, and what
 * nobody holds any more is freed. The viewer's own fields are guarded by `lock`, which is only ever held for
 * as long as it takes to move pointers: decoding, nets, suppression and freeing happen outside of it.
 * A moment is what a snapshot lies in: moment_publish() makes a new one of the fields. */
#pragma once

#include "base/pool.h"
#include "base/priority.h"
#include "pipeline/proposals.h"
#include "pipeline/sources.h"
#include "pipeline/viewer.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- what is counted ---------------------------------------------------------------------------- */

struct shared {
    atomic_uint holders;
    void (*destroy)(struct shared *shared); /* frees it and lets go of what it holds */
    struct shared *next;                    /* of those that wait for that */
};

/* One more holder; takes NULL. Returns what it was given. */
void *shared_hold(void *thing);

/* One holder less, outside of the lock; takes NULL. */
void shared_drop(void *thing);

/* A text; NULL: out of memory. */
struct text {
    struct shared base;
    char          text[];
};
struct text *text_make(const char *text);

/* "subject: message", and the hint on a line of its own. */
struct text *text_of_error(const struct bsr_error *error);

/* What of NULL may be left. */
static inline const char *text_of(const struct text *text)
{
    return text ? text->text : NULL;
}

/* Where in its video a frame is. */
struct frame_place {
    double time, before;  /* seconds; that of the frame before it: -INFINITY: there is none, NAN: not known */
    double duration, fps; /* of the video; 0: not known */
    long long number;
    bool      steady;
};

/* A picture's pixels, or why there are none. */
struct pixels {
    struct shared      base;
    struct bsr_image   image; /* 8-bit BGR, upright */
    unsigned long long id;
    bsr_status         status;
    struct text       *why;
    double             decode_ms;
    uint64_t           bytes;
    struct frame_place frame;    /* of a video */
    unsigned long long moves_in; /* the id that all its frames of one size have; 0: not of a video */
};

/* One of the list. */
struct small_picture {
    struct shared      base;
    struct bsr_image   image;
    unsigned long long id;
};

/* A picture's file, where it is in none. */
struct blob {
    struct shared base;
    struct bytes  bytes;
};

/* A picture of the list. */
struct entry { /* NOLINT(clang-analyzer-optin.performance.Padding): in an order for readers */
    struct shared base;
    struct text  *path, *name, *relative;
    bool          pasted; /* in no file: its pixels are kept */
    struct blob  *blob;   /* in no file: this is it; NULL: it is in one */
    bool          video;  /* its pixels are those of one frame */
    uint64_t      id;     /* no other's */

    /* guarded by the lock */
    bool            gone; /* not in the list any more */
    struct pixels  *pixels;
    bool            loading;
    bool            too_large; /* to be made ready before it is selected */
    struct outcome *outcomes;  /* what nets said of it, by `next` */
    uint64_t        used;      /* when it was last wanted: what is older goes first */
    double          place;     /* of a video: the time of the frame that is shown, or shall be */
    double          duration;  /* as far as it is known */
    bool            at_end;    /* there is no frame behind it */
    struct text    *cut_why;   /* what keeps it from going on */

    struct small_picture *small;
    bool                  small_wanted, small_failed;
    uint64_t              small_asked; /* when it was last asked for */
};

struct shelf {
    struct shared base;
    size_t        count;
    struct entry *items[];
};

/* A model ready to run. Nets are the runner's, class names anybody's. */
struct opened {
    struct shared      base;
    struct model       model;
    struct text       *name; /* as it was asked for */
    enum card_task     task;
    struct pool       *pool;
    struct detector   *detector;
    struct upscaler   *upscaler;
    struct classifier *classifier;
    size_t             class_count;
    double             confidence, iou, factor; /* the defaults */
    int                max_detections;
    bool               agnostic, as_stored;
};

/* What was asked for; what wasn't is as the model says. */
struct asked {
    struct shared base;
    double        confidence, iou; /* negative: not asked for */
    int           max_detections;  /* 0: not asked for */
    int           agnostic;        /* negative: not asked for */
    double        factor;          /* 0: not asked for */
    int           top;             /* 0: not asked for */
    bool          hide_labels;
    int           hidden_count;
    bool          hidden[];
};

/* What a net said of a picture, whatever the thresholds. */
struct outcome {
    struct shared       base;
    struct outcome     *next;   /* of the same picture */
    uint64_t            entry;  /* the picture's id */
    struct opened      *model;  /* that said it */
    double              factor; /* of an enlarged one */
    double              time;   /* of the frame of a video */
    bsr_status          status;
    struct text        *why;
    struct timing       timing;
    struct proposals    proposals;
    struct class_score *scores; /* [score_count] */
    size_t              score_count;
    struct bsr_image    enlarged, plain;
    unsigned long long  id;
    uint64_t            bytes;
};

/* What of an outcome is shown with the settings of a moment. */
struct shown {
    struct shared        base;
    struct outcome      *outcome;
    struct asked        *asked; /* it was made with */
    struct detection    *detections;
    size_t               detection_count;
    struct viewer_class *classes;
    size_t               class_count;
    size_t               score_count;
    const char         **score_names;
    char (*numbers)[32]; /* "class 7": names of classes that have none */
    double suppress_ms;
    bool   failed; /* out of memory */
};

/* What a snapshot lies in. */
enum { MOMENT_TEXTS = 5 };
struct viewer_moment {
    struct shared          base;
    struct viewer_snapshot seen;
    struct shelf          *shelf;
    struct opened         *model;
    struct pixels         *pixels;
    struct outcome        *outcome;
    struct shown          *shown;
    struct asked          *asked;
    struct text           *texts[MOMENT_TEXTS];

    /* small pictures that were handed out, guarded by the viewer's lock */
    struct small_picture **lent;
    size_t                 lent_count, lent_capacity;
};

/* ---- the viewer --------------------------------------------------------------------------------- */

/* What is wanted of the selected video, in this order; and whether its thread is at it. */
struct video_wish {
    uint64_t    entry; /* of this one */
    bool        go;
    double      time;
    int         steps;
    bool        playing, restart; /* the clock of playing begins anew */
    bool        working;
    atomic_bool stop; /* what is being read is not wanted any more */
};

enum { HISTORY = 100 };

struct history {
    struct asked *items[HISTORY];
    size_t        count;
};

struct viewer { /* NOLINT(clang-analyzer-optin.performance.Padding): in an order for readers */
    struct viewer_options options;
    pthread_mutex_t       lock;
    pthread_cond_t        work; /* there may be something to do */
    bool                  closing;
    bool                  changed; /* since wake() was last called */
    bool                  stale;   /* there was no memory for a newer moment */
    unsigned long long    serial, ids;
    uint64_t              clock;          /* counts what was wanted */
    uint64_t              used;           /* bytes of the pixels and outcomes that are kept */
    uint64_t              small_used;     /* of small pictures */
    bool                  classes_chosen; /* those of the first detector were */
    struct shared        *retired;
    struct viewer_moment *moment;
    pthread_t             threads[5];
    int                   thread_count;

    struct shelf *shelf;
    size_t        selected;

    /* the model */
    struct opened     *model;
    enum viewer_state  model_state;
    struct text       *model_name, *model_why;
    double             model_progress;
    bool               model_wanted; /* model_name is to be opened */
    enum card_task     model_task;
    unsigned long long model_serial; /* another one for another wish */

    /* the settings */
    struct asked  *asked;
    struct history undo, redo;
    unsigned       last_kind; /* what the last change changed */
    double         last_ms;

    /* what is shown of the selected picture */
    struct shown      *shown;
    struct suppressor *suppressor; /* guarded by `tuning`, which is taken before the lock */
    pthread_mutex_t    tuning;

    /* what is being computed */
    pthread_mutex_t nets; /* one net at a time, besides those of a batch; taken before the lock */
    struct entry   *running;
    double          running_factor, running_progress;
    atomic_bool     stop_running;

    struct video_wish video;

    /* the folder */
    enum viewer_state batch_state;
    bool              batch_wanted, batch_stop;
    size_t            batch_done, batch_failed, batch_count;
    struct text      *batch_folder, *batch_why;
};

/* The lock is let go of with viewer_unlock(), which frees what was retired and wakes who shows it. */
void viewer_lock(struct viewer *viewer);
void viewer_unlock(struct viewer *viewer);

/* One holder less, with the lock held: freed by viewer_unlock(). */
void viewer_retire(struct viewer *viewer, void *thing);

/* Puts `thing` (taken over) where `*place` is and retires what was there; with the lock held. */
#define VIEWER_REPLACE(viewer, place, thing)                                                                 \
    do {                                                                                                     \
        void *replaced = *(place);                                                                           \
        *(place) = (thing);                                                                                  \
        viewer_retire((viewer), replaced);                                                                   \
    } while (0)

/* Makes a new moment of the fields; with the lock held. Out of memory leaves the old one for the next time.
 */
void moment_publish(struct viewer *viewer);

/* ---- the list: viewer_list.c -------------------------------------------------------------------- */

/* The selected picture (0), the one behind it (1), the one before it (2), or NULL. With the lock held. */
enum { WANTED = 3 };
struct entry *viewer_wanted(const struct viewer *viewer, int rank);

/* Its rank; WANTED: none of them. */
int viewer_rank(const struct viewer *viewer, const struct entry *entry);

/* After a change of what is wanted, with the lock held: what is computed in vain is stopped. */
void viewer_reconsider(struct viewer *viewer);

/* Empty pixels, or NULL. */
struct pixels *pixels_make(void);

/* A picture for the list; `relative` is its name below a folder. NULL: out of memory. */
struct entry *viewer_make_entry(const char *path, const char *relative);

/* Puts a picture that is in no file behind the others, with its pixels (taken over), and selects it. Without
 * the lock. BSR_EBUDGET, BSR_ENOMEM. */
bsr_status viewer_append_made(struct viewer *viewer, struct entry *entry, struct pixels *pixels,
                              struct bsr_error *err);

/* Puts a picture at the place of another, whose pixels are the same; at none, where that has gone. Without
 * the lock. BSR_ENOMEM. */
bsr_status viewer_exchange(struct viewer *viewer, const struct entry *old, struct entry *entry,
                           struct bsr_error *err);

/* ---- memory: viewer_keep.c, with the lock held -------------------------------------------------- */

/* Whether `bytes` more fit, after throwing out what is wanted less than rank `rank`. */
bool keep_make_room(struct viewer *viewer, uint64_t bytes, int rank);

/* Puts what was made (taken over) to its picture. */
void keep_pixels(struct viewer *viewer, struct entry *entry, struct pixels *pixels);
void keep_outcome(struct viewer *viewer, struct entry *entry, struct outcome *outcome);

/* What failed for want of memory is tried again. */
void keep_retry(struct viewer *viewer, struct entry *entry);

/* Forgets all of a picture that leaves the list, or of all pictures what other models said. */
void keep_forget(struct viewer *viewer, struct entry *entry);
void keep_forget_models(struct viewer *viewer);

/* The outcome of a picture for the model and settings of now, or NULL. */
struct outcome *keep_find(const struct viewer *viewer, const struct entry *entry);

/* The one to be shown: that, or of a video that plays the newest, of a frame a little earlier. */
struct outcome *keep_find_shown(const struct viewer *viewer, const struct entry *entry);

/* Whether what was said of its frame may be shown with the frame that is shown now. */
bool keep_is_near(const struct viewer *viewer, const struct entry *entry, const struct outcome *outcome);

/* "would take about 210 MB, over the budget of 100 MB", of `what` ("enlarged, it ", or ""). */
bsr_status keep_fail(const struct viewer *viewer, const char *what, uint64_t bytes, const char *subject,
                     struct bsr_error *err);

/* ---- the settings: viewer_settings.c ------------------------------------------------------------ */

enum { VIEWER_USUAL_TOP = 5 };

struct asked *asked_make(const struct viewer_settings *settings);

/* What is in force with a model (NULL: none). Points into `asked`. */
struct viewer_settings asked_in_force(const struct asked *asked, const struct opened *model);

/* The least score that proposals are wanted of: a low one, or lower where the person asks for that. */
double asked_floor(const struct asked *asked, const struct opened *model);

/* The same with other hidden classes ([count]; NULL: none), and no history: for a model with other classes.
 * With the lock held. */
void settings_begin_classes(struct viewer *viewer, const bool *hidden, size_t count);

/* ---- what was said once: viewer_reading.c ------------------------------------------------------- */

struct detect_options   viewer_detect_options(const struct viewer *viewer, const struct model *model);
struct classify_options viewer_classify_options(const struct viewer *viewer, int top);
struct model_hints      viewer_hints(const struct viewer *viewer, enum card_task task);
bool                    viewer_as_stored(const struct viewer *viewer, const struct model *model);
const char             *viewer_label(const struct viewer *viewer);

/* (*hidden)[the detector's classes]: all but those of --classes; mem_free(). BSR_EUSAGE for one that it
 * doesn't have, BSR_ENOMEM. */
bsr_status viewer_choose_hidden(const struct viewer *viewer, const struct opened *model, bool **hidden,
                                struct bsr_error *err);

/* ---- what is shown: viewer_shown.c -------------------------------------------------------------- */

/* Makes what is shown agree with what is selected, known and asked for, and publishes it. Without the lock.
 */
void shown_refresh(struct viewer *viewer);

/* ---- models: viewer_model.c --------------------------------------------------------------------- */

/* Whether to go on; `progress` is 0..1. */
typedef bool opened_step(void *context, double progress);

/* Opens a model and its net and runs that once. `name` is taken over, also on failure. BSR_ECANCELED where a
 * step says so; of a model that is none of the three what the detector says. */
bsr_status opened_make(struct opened **out, struct viewer *viewer, struct text *name, enum card_task task,
                       opened_step *step, void *context, struct bsr_error *err);

/* What is written at a box: the command's default. */
#define VIEWER_LABEL "{name} {score}"

/* ---- threads ------------------------------------------------------------------------------------ */

void *viewer_load_thread(void *viewer);  /* viewer_pictures.c: pictures, then small ones */
void *viewer_run_thread(void *viewer);   /* viewer_run.c: nets */
void *viewer_open_thread(void *viewer);  /* viewer_model.c */
void *viewer_batch_thread(void *viewer); /* viewer_batch.c */
void *viewer_video_thread(void *viewer); /* viewer_video.c */

/* After a change of what is selected, with the lock held: the video of before stops. In viewer_video.c. */
void video_reconsider(struct viewer *viewer);

/* Pixels of the frame at `time`, or why there are none; NULL: out of memory. */
struct pixels *video_load_frame(const struct viewer *viewer, const char *path, double time);

/* Reads and decodes a picture's file for a purpose, `times` smaller; checks it against the budget. */
bsr_status viewer_decode(const struct viewer *viewer, const struct entry *entry, enum picture_purpose purpose,
                         int times, struct picture *out, struct bsr_error *err);

/* A small picture of the entry, made now if it can be: of its pixels, or (NULL) of its file. */
void viewer_make_small(struct viewer *viewer, struct entry *entry, const struct pixels *pixels);

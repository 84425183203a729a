/* The selected video: a thread that goes to the frame that is wanted, and plays. */
#include "base/clock.h"
#include "pipeline/viewer_film.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* Of frames that are kept beside the one that is shown, where the memory has no limit. */
#define FILM_BYTES ((uint64_t)96 << 20)

/* What the thread has between two locks. */
struct player {
    struct viewer *viewer;
    struct entry  *entry; /* that the film is of; NULL: none */
    struct film   *film;
    struct pixels *at, *ahead; /* read last, and to be shown when it is due */
    bool           paced;
    double         start_ms, start; /* the clock and the film at the same moment */
    double         shown_ms;
};

/* ---- what is wanted ----------------------------------------------------------------------------- */

/* The selected one, where it is a video. With the lock held. */
static struct entry *selected_video(const struct viewer *viewer)
{
    struct entry *entry = viewer_wanted(viewer, 0);
    return entry && entry->video ? entry : NULL;
}

void video_reconsider(struct viewer *viewer)
{
    struct video_wish  *wish = &viewer->video;
    const struct entry *entry = selected_video(viewer);
    uint64_t            id = entry ? entry->id : 0;

    if (wish->entry == id)
        return;
    wish->entry = id;
    wish->go = wish->playing = false;
    wish->steps = 0;
    atomic_store(&wish->stop, true);
    pthread_cond_broadcast(&viewer->work);
}

void viewer_play(struct viewer *viewer, bool play)
{
    struct video_wish *wish = &viewer->video;

    viewer_lock(viewer);
    struct entry *entry = selected_video(viewer);
    if (entry && wish->playing != play) {
        wish->playing = play;
        wish->restart = true;
        if (play && entry->at_end) {
            wish->go = true;
            wish->time = 0;
        }
        moment_publish(viewer);
    }
    viewer_unlock(viewer);
    if (entry && !play)
        shown_refresh(viewer); /* boxes of an earlier frame are shown no longer */
}

void viewer_seek(struct viewer *viewer, double time)
{
    viewer_lock(viewer);
    if (selected_video(viewer) && isfinite(time)) {
        viewer->video.go = true;
        viewer->video.time = fmax(time, 0);
        viewer->video.steps = 0;
        moment_publish(viewer);
    }
    viewer_unlock(viewer);
}

void viewer_step(struct viewer *viewer, int by)
{
    enum { MOST = 1000 };

    viewer_lock(viewer);
    int steps = viewer->video.steps;
    if (selected_video(viewer) && by > -MOST && by < MOST && steps > -MOST && steps < MOST) {
        viewer->video.steps += by;
        viewer->video.playing = false;
        moment_publish(viewer);
    }
    viewer_unlock(viewer);
}

/* ---- the film ----------------------------------------------------------------------------------- */

static void forget_frames(struct player *player)
{
    viewer_retire(player->viewer, player->at);
    viewer_retire(player->viewer, player->ahead);
    player->at = player->ahead = NULL;
    player->paced = false;
}

/* With the lock held, which is let go of meanwhile. */
static void close_film(struct player *player)
{
    struct viewer *viewer = player->viewer;

    forget_frames(player);
    viewer_unlock(viewer);
    film_close(player->film);
    shared_drop(player->entry);
    player->film = NULL;
    player->entry = NULL;
    viewer_lock(viewer);
}

/* It can't go on: says why, where it is still looked at. With the lock held. */
static void give_up(struct player *player, const struct bsr_error *err)
{
    struct viewer *viewer = player->viewer;
    struct entry  *entry = player->entry;

    if (err->code != BSR_ECANCELED && entry == viewer_wanted(viewer, 0)) {
        viewer->video.playing = viewer->video.go = false;
        viewer->video.steps = 0;
        VIEWER_REPLACE(viewer, &entry->cut_why, text_of_error(err));
        moment_publish(viewer);
    }
    close_film(player);
}

static void open_film(struct player *player, struct entry *entry)
{
    struct viewer   *viewer = player->viewer;
    uint64_t         memory = viewer->options.memory / 4;
    struct bsr_error err = {0};

    player->entry = shared_hold(entry);
    atomic_store(&viewer->video.stop, viewer->closing);
    viewer_unlock(viewer);
    bsr_status status =
        film_open(&player->film, entry->path->text, memory && memory < FILM_BYTES ? memory : FILM_BYTES,
                  &viewer->video.stop, &err);
    viewer_lock(viewer);
    if (status != BSR_OK)
        give_up(player, &err);
}

/* Shows a frame (taken over). With the lock held, which is let go of meanwhile. */
static void show_frame(struct player *player, struct pixels *pixels)
{
    struct viewer *viewer = player->viewer;
    struct entry  *entry = player->entry;

    if (!entry || entry != viewer_wanted(viewer, 0)) {
        viewer_retire(viewer, pixels);
        return;
    }
    if (entry->pixels == pixels) {
        viewer_retire(viewer, pixels);
    } else if (keep_make_room(viewer, pixels->bytes, 0)) {
        keep_pixels(viewer, entry, pixels);
        VIEWER_REPLACE(viewer, &entry->cut_why, NULL);
    } else {
        struct bsr_error err = {0};
        keep_fail(viewer, "", pixels->bytes, entry->name->text, &err);
        viewer_retire(viewer, pixels);
        viewer->video.playing = false;
        VIEWER_REPLACE(viewer, &entry->cut_why, text_of_error(&err));
    }
    viewer_unlock(viewer);
    shown_refresh(viewer); /* publishes */
    viewer_lock(viewer);
}

/* Containers count sound, too: so much may be missing of a whole file. Seconds. */
static const double tolerance = 1;

/* Whether the last frame was shown in place of one that should be at `time`. */
static bool is_missed(const struct entry *entry, double time, const struct frame_place *place)
{
    return place->time + tolerance < fmin(time, entry->duration);
}

/* Nothing is behind `place`. With the lock held. */
static void note_end(struct player *player, const struct frame_place *place)
{
    struct entry *entry = player->entry;
    double        each = place->fps > 0 ? 1 / place->fps : 0, length = place->time + each;
    char          text[160];

    entry->at_end = true;
    if (place->duration > length + tolerance) {
        snprintf(text, sizeof text,
                 "the file was cut off or is damaged: %.1f of its %.1f seconds can be read", length,
                 place->duration);
        VIEWER_REPLACE(player->viewer, &entry->cut_why, text_make(text));
    }
    entry->duration = length;
}

/* ---- going to a frame --------------------------------------------------------------------------- */

/* `steps` from `pixels`, which is replaced. *end: there were not as many forward. */
static bsr_status take_steps(struct film *film, struct pixels **pixels, int steps, const atomic_bool *stop,
                             bool *end, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    while (status == BSR_OK && steps != 0 && !atomic_load(stop)) {
        const struct frame_place place = (*pixels)->frame;
        struct pixels           *other = NULL;

        status = steps > 0 ? film_next(film, &place, &other, err) : film_previous(film, &place, &other, err);
        if (status != BSR_OK || !other) {
            *end = status == BSR_OK && steps > 0;
            break;
        }
        shared_drop(*pixels);
        *pixels = other;
        steps -= steps > 0 ? 1 : -1;
    }
    return status;
}

/* With the lock held, which is let go of meanwhile. */
static void go(struct player *player)
{
    struct viewer          *viewer = player->viewer;
    struct entry           *entry = player->entry;
    const struct video_wish wish = {
        .go = viewer->video.go, .time = viewer->video.time, .steps = viewer->video.steps};
    struct pixels   *pixels = shared_hold(entry->pixels);
    struct bsr_error err = {0};
    bsr_status       status = BSR_OK;
    bool             end = false;

    viewer->video.go = false;
    viewer->video.steps = 0;
    viewer->video.working = true;
    viewer->video.restart = true;
    if (viewer->running == entry && !viewer->video.playing)
        atomic_store(&viewer->stop_running, true);
    forget_frames(player);
    viewer_unlock(viewer);
    if (wish.go) {
        struct pixels *other = NULL;
        status = film_go(player->film, wish.time, &other, &err);
        if (status == BSR_OK) {
            shared_drop(pixels);
            pixels = other;
        }
    }
    if (status == BSR_OK)
        status = take_steps(player->film, &pixels, wish.steps, &viewer->video.stop, &end, &err);
    viewer_lock(viewer);
    if (status != BSR_OK) {
        viewer->video.working = false;
        viewer_retire(viewer, pixels);
        give_up(player, &err);
        return;
    }
    const struct frame_place place = pixels->frame;
    end = end || (wish.go && is_missed(entry, wish.time, &place));
    entry->at_end = false;
    show_frame(player, pixels);
    if (end)
        note_end(player, &place);
    viewer->video.working = false;
    moment_publish(viewer);
}

/* ---- playing ------------------------------------------------------------------------------------ */

/* The clock begins with the frame that is shown. */
static void begin_pace(struct player *player)
{
    forget_frames(player);
    player->at = shared_hold(player->entry->pixels);
    player->start = player->at->frame.time;
    player->start_ms = clock_ms();
    player->paced = true;
    player->viewer->video.restart = false;
}

/* Reads the next frame; false: there is none. With the lock held, which is let go of meanwhile. */
static bool read_ahead(struct player *player)
{
    struct viewer   *viewer = player->viewer;
    struct bsr_error err = {0};

    viewer_unlock(viewer);
    bsr_status status = film_next(player->film, &player->at->frame, &player->ahead, &err);
    viewer_lock(viewer);
    if (status != BSR_OK) {
        give_up(player, &err);
        return false;
    }
    if (player->ahead)
        return true;
    viewer->video.playing = false;
    note_end(player, &player->at->frame);
    forget_frames(player);
    viewer_unlock(viewer);
    shown_refresh(viewer);
    viewer_lock(viewer);
    return false;
}

/* With the lock held. */
static void wait_ms(struct viewer *viewer, double ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    double seconds = (double)until.tv_nsec / 1e9 + ms / 1e3;
    until.tv_sec += (time_t)floor(seconds);
    until.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
    pthread_cond_timedwait(&viewer->work, &viewer->lock, &until);
}

/* Shows the next frame when it is due; one that comes too late is passed over, unless nothing was shown for a
 * while. A film that can't be decoded as fast as it should plays slower. */
static void play(struct player *player)
{
    const double   late_ms = 40, still_ms = 80, slow_ms = 250;
    struct viewer *viewer = player->viewer;

    if (!player->paced || viewer->video.restart)
        begin_pace(player);
    if (!player->ahead && !read_ahead(player))
        return;
    if (!viewer->video.playing || viewer->video.restart)
        return; /* meanwhile: once viewer_play() has paused it, no other frame comes */
    double now = clock_ms();
    double due = player->start_ms + (player->ahead->frame.time - player->start) * 1e3;
    if (now < due) {
        wait_ms(viewer, fmin(due - now, 1000));
        return;
    }
    if (now - due > slow_ms)
        player->start_ms += now - due;
    viewer_retire(viewer, player->at);
    player->at = player->ahead;
    player->ahead = NULL;
    if (now - due > late_ms && now - player->shown_ms < still_ms)
        return;
    player->shown_ms = now;
    show_frame(player, shared_hold(player->at));
}

/* ---- the thread --------------------------------------------------------------------------------- */

static bool has_work(const struct viewer *viewer, const struct entry *entry)
{
    const struct video_wish *wish = &viewer->video;
    return entry && entry->pixels && entry->pixels->status == BSR_OK &&
           (wish->go || wish->steps || wish->playing);
}

void *viewer_video_thread(void *argument)
{
    struct viewer *viewer = argument;
    struct player  player = {.viewer = viewer};

    viewer_lock(viewer);
    while (!viewer->closing) {
        struct entry *entry = selected_video(viewer);
        if (player.entry && player.entry != entry) {
            close_film(&player);
            continue;
        }
        if (!has_work(viewer, entry)) {
            player.paced = false;
            pthread_cond_wait(&viewer->work, &viewer->lock);
            continue;
        }
        if (player.entry != entry)
            open_film(&player, entry);
        else if (viewer->video.go || viewer->video.steps)
            go(&player);
        else
            play(&player);
        viewer_unlock(viewer); /* frees, and lets others see it */
        viewer_lock(viewer);
    }
    close_film(&player);
    viewer_unlock(viewer);
    return NULL;
}

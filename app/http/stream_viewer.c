/* What viewers are sent: frames one after the other, events, one picture. Each is read by its connection's
 * own thread, so that who is slow holds up nobody. */
#include "app/http/stream_state.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const double quiet_ms =
    2000; /* after which something is sent, to see whether the viewer is still there */

static const double new_ms = 500; /* a frame that is no older is the newest */

struct viewer {
    struct http_stream    stream; /* first: the module knows this */
    struct stream_server *server;
    struct stream_blob   *blob; /* that is being sent; its own */
    size_t                sent; /* of it */
    unsigned long long    next; /* frame or event */
    char                  note[128];
    size_t                note_size, note_sent;
};

static const char begin_frames[] = "--" STREAM_BOUNDARY "\r\n";
static const char still_no_frame[] = "\r\n"; /* what stands before the first boundary is passed over */
static const char begin_events[] = "retry: 2000\n\n";
static const char still_no_event[] = ":\n\n"; /* a comment */

static void set_note(struct viewer *viewer, const char *text)
{
    viewer->note_size = strlen(text);
    viewer->note_sent = 0;
    memcpy(viewer->note, text, viewer->note_size);
}

/* Copies what is left of a note and a blob. */
static size_t send_rest(struct viewer *viewer, char *to, size_t room)
{
    size_t count = 0;
    if (viewer->note_sent < viewer->note_size) {
        count = viewer->note_size - viewer->note_sent;
        count = count < room ? count : room;
        memcpy(to, viewer->note + viewer->note_sent, count);
        viewer->note_sent += count;
    } else if (viewer->blob) {
        count = viewer->blob->size - viewer->sent;
        count = count < room ? count : room;
        memcpy(to, viewer->blob->data + viewer->sent, count);
        viewer->sent += count;
    }
    return count;
}

static void take_blob(struct viewer *viewer, struct stream_blob *blob)
{
    stream_blob_drop(viewer->blob);
    viewer->blob = blob;
    viewer->sent = 0;
    blob->users++;
}

/* True when there is something to send. With the lock held. */
static bool next_frame(struct viewer *viewer, bool waited)
{
    struct stream_server *server = viewer->server;
    if (server->frame &&
        (server->frames > viewer->next || waited)) { /* the newest once more is a sign of life */
        viewer->next = server->frames;
        take_blob(viewer, server->frame);
        return true;
    }
    if (waited)
        set_note(viewer, still_no_frame);
    return waited;
}

static bool next_event(struct viewer *viewer, bool waited)
{
    struct stream_server *server = viewer->server;
    unsigned long long    oldest =
        server->event_count > STREAM_EVENTS_KEPT ? server->event_count - STREAM_EVENTS_KEPT : 0;
    if (viewer->next < oldest) {
        char note[sizeof viewer->note];
        snprintf(note, sizeof note, "event: lost\ndata: {\"lost\":%llu}\n\n", oldest - viewer->next);
        viewer->next = oldest;
        set_note(viewer, note);
        return true;
    }
    if (viewer->next < server->event_count) {
        take_blob(viewer, server->events[viewer->next++ % STREAM_EVENTS_KEPT]);
        return true;
    }
    if (waited)
        set_note(viewer, still_no_event);
    return waited;
}

/* Waits for something to send. False: the server closes. */
static bool wait_for_more(struct viewer *viewer, bool (*next)(struct viewer *viewer, bool waited))
{
    struct stream_server *server = viewer->server;
    double                until = clock_ms() + quiet_ms;
    bool                  there;
    pthread_mutex_lock(&server->lock);
    stream_blob_drop(viewer->blob);
    viewer->blob = NULL;
    there = next(viewer, false);
    while (!there && !server->closing)
        there = next(viewer, !stream_wait(server, until));
    there = there && !server->closing;
    pthread_mutex_unlock(&server->lock);
    return there;
}

static size_t read_frames(struct http_stream *stream, char *to, size_t room)
{
    struct viewer *viewer = (struct viewer *)stream;
    size_t         count = send_rest(viewer, to, room);
    if (!count && wait_for_more(viewer, next_frame))
        count = send_rest(viewer, to, room);
    return count;
}

static size_t read_events(struct http_stream *stream, char *to, size_t room)
{
    struct viewer *viewer = (struct viewer *)stream;
    size_t         count = send_rest(viewer, to, room);
    if (!count && wait_for_more(viewer, next_event))
        count = send_rest(viewer, to, room);
    return count;
}

static void release_viewer(struct viewer *viewer, int watched)
{
    struct stream_server *server = viewer->server;
    pthread_mutex_lock(&server->lock);
    stream_blob_drop(viewer->blob);
    server->viewers--;
    server->watchers -= watched;
    pthread_mutex_unlock(&server->lock);
    mem_free(viewer);
}

static void release_frames(struct http_stream *stream)
{
    release_viewer((struct viewer *)stream, 1);
}

static void release_events(struct http_stream *stream)
{
    release_viewer((struct viewer *)stream, 0);
}

static struct viewer *make_viewer(struct stream_server *server,
                                  size_t (*read)(struct http_stream *, char *, size_t),
                                  void (*release)(struct http_stream *))
{
    struct viewer *viewer = mem_alloc_zeroed(1, sizeof *viewer);
    if (viewer) {
        viewer->server = server;
        viewer->stream = (struct http_stream){.read = read, .release = release};
    }
    return viewer;
}

/* A place among the viewers. False: there is none. With the lock held. */
static bool take_place(struct stream_server *server, bool *full)
{
    *full = server->viewers >= STREAM_MOST_VIEWERS;
    server->viewers += !*full;
    return !*full;
}

/* The newest frame comes at once, whatever its age. */
struct http_stream *stream_watch_frames(struct stream_server *server, bool *full)
{
    struct viewer *viewer = make_viewer(server, read_frames, release_frames);
    bool           taken = false;
    *full = false;
    if (!viewer)
        return NULL;
    set_note(viewer, begin_frames);
    pthread_mutex_lock(&server->lock);
    taken = take_place(server, full);
    server->watchers += taken;
    pthread_mutex_unlock(&server->lock);
    if (taken)
        return &viewer->stream;
    mem_free(viewer);
    return NULL;
}

/* Events that come from now on. */
struct http_stream *stream_watch_events(struct stream_server *server, bool *full)
{
    struct viewer *viewer = make_viewer(server, read_events, release_events);
    bool           taken = false;
    *full = false;
    if (!viewer)
        return NULL;
    set_note(viewer, begin_events);
    pthread_mutex_lock(&server->lock);
    taken = take_place(server, full);
    viewer->next = server->event_count;
    pthread_mutex_unlock(&server->lock);
    if (taken)
        return &viewer->stream;
    mem_free(viewer);
    return NULL;
}

static size_t read_picture(struct http_stream *stream, char *to, size_t room)
{
    struct viewer            *viewer = (struct viewer *)stream;
    const struct stream_blob *blob = viewer->blob;
    size_t                    count = blob->jpeg_size - viewer->sent;
    count = count < room ? count : room;
    memcpy(to, blob->data + blob->jpeg + viewer->sent, count);
    viewer->sent += count;
    return count;
}

static void release_picture(struct http_stream *stream)
{
    struct viewer        *viewer = (struct viewer *)stream;
    struct stream_server *server = viewer->server;
    pthread_mutex_lock(&server->lock);
    stream_blob_drop(viewer->blob);
    pthread_mutex_unlock(&server->lock);
    mem_free(viewer);
}

/* Nobody may have watched for an hour: the frame that was encoded last is then not the newest there was. */
struct http_stream *stream_take_frame(struct stream_server *server, size_t *size)
{
    struct viewer *viewer = make_viewer(server, read_picture, release_picture);
    double         until = clock_ms() + quiet_ms;
    if (!viewer)
        return NULL;
    pthread_mutex_lock(&server->lock);
    bool               is_new = server->frame && clock_ms() - server->frame_ms < new_ms;
    unsigned long long known = is_new ? 0 : server->frames;
    server->watchers++;
    while (server->frames <= known && !server->closing && stream_wait(server, until))
        ;
    server->watchers--;
    if (server->frame && !server->closing) {
        take_blob(viewer, server->frame);
        *size = viewer->blob->jpeg_size;
    }
    pthread_mutex_unlock(&server->lock);
    if (viewer->blob)
        return &viewer->stream;
    mem_free(viewer);
    return NULL;
}

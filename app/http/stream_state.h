/* app/http/stream_state.h: what the parts of the stream server share. Inside app/http/ only. */
#pragma once

#include "app/http/module/http.h"
#include "app/http/stream_address.h"
#include "app/http/stream_server.h"

#include <pthread.h>

#define STREAM_BOUNDARY "besra-frame"

/* Bytes that many send. Counted under the server's lock. */
struct stream_blob {
    int    users;
    size_t size;
    size_t jpeg, jpeg_size; /* of a frame: where the picture is in it */
    char   data[];
};

struct stream_server {
    struct stream_address     address;
    char                      url[ADDRESS_TEXT + 32];
    const struct http_module *module;
    struct http_host          host;
    struct http_server        http;

    pthread_mutex_t     lock; /* of what follows */
    pthread_cond_t      changed;
    bool                closing;
    int                 viewers, watchers; /* of any stream; of frames, or waiting for one */
    struct stream_blob *frame;             /* the newest; NULL */
    unsigned long long  frames;            /* that there were */
    double              frame_ms;          /* when the newest came, clock_ms() */
    struct stream_blob *events[STREAM_EVENTS_KEPT];
    unsigned long long  event_count; /* that there were: the next one goes to events[event_count % KEPT] */
};

/* Zeroed room for `size` bytes with one user, or NULL. */
struct stream_blob *stream_blob_make(size_t size);

/* Drops a user. With the lock held. Takes NULL. */
void stream_blob_drop(struct stream_blob *blob);

/* Waits for `changed` until clock_ms() is `until_ms`; false: it is. With the lock held. */
bool stream_wait(struct stream_server *server, double until_ms);

/* Bodies without end, NULL: too many viewers (*full is set), or out of memory. */
struct http_stream *stream_watch_frames(struct stream_server *server, bool *full);
struct http_stream *stream_watch_events(struct stream_server *server, bool *full);

/* The newest frame as a picture, waiting a moment for one that is new; NULL: there is none. */
struct http_stream *stream_take_frame(struct stream_server *server, size_t *size);

/* http_host.answer(). */
void stream_answer(void *context, const struct http_request *request, struct http_answer *answer);

/* The page at "/". */
extern const char   stream_page[];
extern const size_t stream_page_size;

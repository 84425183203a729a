/* tests/media/video_server.h: a camera on the net: an HTTP server on loopback that sends pictures one after
 * the other (multipart/x-mixed-replace), or says nothing. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct video_server {
    int  port;
    int  frames;      /* to send; then the connection is closed, or, where `stalls`, left open */
    int  interval_ms; /* between two frames */
    bool silent;      /* accepts, and says nothing */
    bool stalls;

    /* its own */
    int           listener;
    unsigned long thread;
    atomic_bool   over;
    atomic_int    sent;
};

/* Starts a thread that serves one connection at a time. */
void server_start(struct video_server *server);
void server_stop(struct video_server *server);
/* The text is static. */
const char *server_url(const struct video_server *server);

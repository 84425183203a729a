/* app/http/stream_server.h: what a camera shows, for browsers: a page at "/", the frames as one endless JPEG
 * after the other at "/stream.mjpg", the newest at "/frame.jpg", records as Server-Sent Events at "/events".
 * Looks at nothing but the request's first line and Host; there are no files behind it.
 *
 * Stands on libmicrohttpd, in the module besra-http.so. Threads of its own wait for viewers. */
#pragma once

#include "base/image.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    STREAM_MOST_VIEWERS = 32, /* of streams at one time; others are told so (503) */
    STREAM_EVENTS_KEPT = 64,  /* for viewers that read slowly; who is slower loses some, and is told */
};

struct stream_server;

/* Opens "[ADDR:]PORT": "8080" (of 127.0.0.1: only programs of this machine), "0" (a free port),
 * "0.0.0.0:8080",
 * "[::]:8080", "localhost:8080". At a loopback address requests are answered only if their Host is localhost
 * or that address, so that a page from elsewhere can't reach it by a name of its own (DNS rebinding). Release
 * with stream_server_close(). BSR_EUSAGE (not an address and port), BSR_EIO (the port is taken, not
 * permitted, the address isn't this machine's), BSR_EMISSING (the module), BSR_ENOMEM. */
bsr_status stream_server_open(struct stream_server **out, const char *address, struct bsr_error *err);

/* Where it listens: "http://127.0.0.1:8080/", and the port of it. */
const char *stream_server_url(const struct stream_server *server);
int         stream_server_port(const struct stream_server *server);

/* Shows the next frame (8-bit, any channels) of `time` seconds. Encodes it once for all, and only when
 * someone watches; never waits for a viewer: who is slow gets the newest frame when it is ready for one. A
 * frame that there is no memory for is left out. */
void stream_server_frame(struct stream_server *server, const struct bsr_image *image, double time);

/* Whether someone watches the frames: who draws on them need not do so otherwise. */
bool stream_server_watched(struct stream_server *server);

/* Sends a line of JSON to all who listen to "/events". The same. */
void stream_server_event(struct stream_server *server, const char *line, size_t length);

/* Ends all connections, and waits until their threads are gone. Takes NULL. */
void stream_server_close(struct stream_server *server);

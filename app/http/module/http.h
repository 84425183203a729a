/* app/http/module/http.h: what besra and its module for HTTP say to each other. Plain C on both sides; the
 * module links nothing of besra's, and knows requests and answers, not what is served. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both sides must have been built for the same. */
enum { HTTP_MODULE_VERSION = 1, HTTP_MOST_HEADERS = 12 };

/* A body that is read piece by piece, by the connection's own thread. Begins what the host keeps of it. */
struct http_stream {
    /* Puts up to `room` bytes there, waiting until there are some; returns how many, 0 at the end. */
    size_t (*read)(struct http_stream *stream, char *to, size_t room);
    void (*release)(struct http_stream *stream);
};

struct http_request {
    const char *method, *path; /* without what is behind the '?' */
    const char *host;          /* NULL: there is none */
};

struct http_header {
    const char *name, *value;
};

/* Filled by the host. All but the stream is copied. */
struct http_answer {
    int                 status;
    struct http_header  headers[HTTP_MOST_HEADERS]; /* up to the first without a name */
    const char         *body;
    size_t              size;
    struct http_stream *stream; /* NULL, or instead of the body; the module releases it. `size` 0: endless */
};

struct http_host {
    void *context;
    /* Called by any thread. */
    void (*answer)(void *context, const struct http_request *request, struct http_answer *answer);
};

struct http_server {
    const struct http_host *host;
    void                   *daemon; /* the module's */
};

struct http_module {
    int version;
    /* Serves what comes to the listening socket, with a thread each, at most `connections` (more are closed)
     * that do nothing for `timeout` seconds at most. The socket is the module's from then on; false: it is
     * not, there was no memory or thread. `host` stays until stop(). */
    bool (*start)(struct http_server *server, int listening, int connections, int timeout,
                  const struct http_host *host);
    /* Ends all connections; streams must end, too. Waits for the threads. */
    void (*stop)(struct http_server *server);
};

#define HTTP_MODULE_SYMBOL "besra_http_module"

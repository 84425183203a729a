/* Which answer belongs to a request. */
#include "app/http/stream_state.h"

#include <string.h>

static void add_header(struct http_answer *answer, const char *name, const char *value)
{
    int i = 0;
    while (answer->headers[i].name)
        i++;
    answer->headers[i] = (struct http_header){name, value};
}

/* What every answer has: nothing is kept or guessed, and the connection ends with it, so that idle ones don't
 * take the places of others. */
static void begin_answer(struct http_answer *answer, int status, const char *type)
{
    *answer = (struct http_answer){.status = status};
    add_header(answer, "Content-Type", type);
    add_header(answer, "Cache-Control", "no-store");
    add_header(answer, "X-Content-Type-Options", "nosniff");
    add_header(answer, "Referrer-Policy", "no-referrer");
    add_header(answer, "Connection", "close");
}

static void say(struct http_answer *answer, int status, const char *sentence)
{
    begin_answer(answer, status, "text/plain; charset=utf-8");
    answer->body = sentence;
    answer->size = strlen(sentence);
}

static void answer_page(struct stream_server *server, struct http_answer *answer)
{
    (void)server;
    begin_answer(answer, 200, "text/html; charset=utf-8");
    add_header(answer, "Content-Security-Policy",
               "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; "
               "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
    answer->body = stream_page;
    answer->size = stream_page_size;
}

static void answer_stream(struct http_answer *answer, struct http_stream *stream, bool full, const char *type)
{
    if (!stream) {
        say(answer, 503,
            full ? "Too many viewers: 32 watch already. Try again when one has gone.\n" : "Out of memory.\n");
        add_header(answer, "Retry-After", "10");
        return;
    }
    begin_answer(answer, 200, type);
    answer->stream = stream;
}

static void answer_frames(struct stream_server *server, struct http_answer *answer)
{
    bool                full;
    struct http_stream *stream = stream_watch_frames(server, &full);
    answer_stream(answer, stream, full, "multipart/x-mixed-replace; boundary=" STREAM_BOUNDARY);
}

static void answer_events(struct stream_server *server, struct http_answer *answer)
{
    bool                full;
    struct http_stream *stream = stream_watch_events(server, &full);
    answer_stream(answer, stream, full, "text/event-stream");
}

static void answer_picture(struct stream_server *server, struct http_answer *answer)
{
    size_t              size = 0;
    struct http_stream *stream = stream_take_frame(server, &size);
    if (!stream) {
        say(answer, 503, "There is no frame yet. Try again when the source is running.\n");
        add_header(answer, "Retry-After", "2");
        return;
    }
    begin_answer(answer, 200, "image/jpeg");
    answer->stream = stream;
    answer->size = size;
}

static const struct {
    const char *path;
    void (*answer)(struct stream_server *server, struct http_answer *answer);
} routes[] = {
    {"/", answer_page},
    {"/stream.mjpg", answer_frames},
    {"/frame.jpg", answer_picture},
    {"/events", answer_events},
};

void stream_answer(void *context, const struct http_request *request, struct http_answer *answer)
{
    struct stream_server *server = context;
    if (!stream_address_is_host(&server->address, request->host)) {
        say(answer, 403, "This server answers to localhost, 127.0.0.1 and [::1] only.\n");
        return;
    }
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        say(answer, 405, "Only GET and HEAD are answered.\n");
        add_header(answer, "Allow", "GET, HEAD");
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(request->path, routes[i].path) == 0) {
            routes[i].answer(server, answer);
            if (server->address.loopback) /* nor may pages from elsewhere show what is shown here */
                add_header(answer, "Cross-Origin-Resource-Policy", "same-origin");
            return;
        }
    say(answer, 404, "There are /, /stream.mjpg, /frame.jpg and /events here, and nothing else.\n");
}

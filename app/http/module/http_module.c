/* The module besra-http.so: connections and requests, by libmicrohttpd. */
#include "app/http/module/http.h"

#include "besra.h"

#include <microhttpd.h>
#include <string.h>

enum {
    BLOCK = 64 * 1024,              /* of a stream that is sent at once */
    REQUEST_MEMORY = 32 * 1024,     /* of a connection: a longer request is refused */
    THREAD_STACK = 256 * 1024,      /* of a connection */
    CONNECTIONS_OF_ONE_ADDRESS = 0, /* no limit of its own */
};

static ssize_t read_stream(void *context, uint64_t position, char *to, size_t room)
{
    struct http_stream *stream = context;
    (void)position;
    size_t count = stream->read(stream, to, room);
    return count ? (ssize_t)count : MHD_CONTENT_READER_END_OF_STREAM;
}

static void release_stream(void *context)
{
    struct http_stream *stream = context;
    stream->release(stream);
}

static struct MHD_Response *make_response(const struct http_answer *answer)
{
    if (!answer->stream)
        return MHD_create_response_from_buffer(answer->size, (void *)(uintptr_t)answer->body,
                                               MHD_RESPMEM_MUST_COPY);
    uint64_t             size = answer->size ? answer->size : MHD_SIZE_UNKNOWN;
    struct MHD_Response *response =
        MHD_create_response_from_callback(size, BLOCK, read_stream, answer->stream, release_stream);
    if (!response)
        release_stream(answer->stream);
    return response;
}

/* Called when a request's head is there: its body, if it has one, is never read. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request_context)
{
    const struct http_host *host = context;
    struct http_request     request = {
            .method = method,
            .path = path,
            .host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST),
    };
    struct http_answer answer = {0};
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request_context;
    host->answer(host->context, &request, &answer);
    struct MHD_Response *response = make_response(&answer);
    if (!response)
        return MHD_NO;
    for (int i = 0; i < HTTP_MOST_HEADERS && answer.headers[i].name; i++)
        (void)MHD_add_response_header(response, answer.headers[i].name, answer.headers[i].value);
    /* Without chunks: not each viewer of endless pictures knows them, and the connection ends anyway. */
    (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)answer.status, response);
    MHD_destroy_response(response); /* drops our reference: the connection has its own */
    return queued;
}

static bool start(struct http_server *server, int listening, int connections, int timeout,
                  const struct http_host *host)
{
    server->host = host;
    server->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL, handle,
        (void *)(uintptr_t)host, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listening, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)timeout,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)THREAD_STACK, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_OF_ONE_ADDRESS,
        MHD_OPTION_END);
    return server->daemon != NULL;
}

static void stop(struct http_server *server)
{
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

BSR_API extern const struct http_module besra_http_module;
const struct http_module besra_http_module = {.version = HTTP_MODULE_VERSION, .start = start, .stop = stop};

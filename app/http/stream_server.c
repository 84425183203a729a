#include "app/http/stream_server.h"

#include "app/http/stream_state.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "media/module.h"
#include "media/picture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SPARE_CONNECTIONS = 16, /* beside the streams: for what is answered at once, "too many" among it */
    IDLE_SECONDS = 15,      /* that a connection may neither send nor take anything */
    JPEG_QUALITY = 80,
    MOST_EVENT = 256 * 1024, /* bytes; longer ones are left out */
};

static const char module_file[] = "besra-http.so";

struct stream_blob *stream_blob_make(size_t size)
{
    struct stream_blob *blob = mem_alloc(sizeof *blob + size);
    if (blob)
        *blob = (struct stream_blob){.users = 1, .size = size};
    return blob;
}

void stream_blob_drop(struct stream_blob *blob)
{
    if (blob && --blob->users == 0)
        mem_free(blob);
}

bool stream_wait(struct stream_server *server, double until_ms)
{
    struct timespec until;
    double          left = fmin(fmax(until_ms - clock_ms(), 0), 1e6);
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    long long at = until.tv_nsec + (long long)(left * 1e6);
    until.tv_sec += (time_t)(at / 1000000000);
    until.tv_nsec = (long)(at % 1000000000);
    return pthread_cond_timedwait(&server->changed, &server->lock, &until) != ETIMEDOUT;
}

static bsr_status open_module(const struct http_module **out, struct bsr_error *err)
{
    void      *module, *table;
    bsr_status status = module_open(&module, module_file, "Streams for browsers", "libmicrohttpd",
                                    BESRA_MICROHTTPD_PACKAGE, err);
    if (status == BSR_OK)
        status = module_find(&table, module, HTTP_MODULE_SYMBOL, module_file, err);
    if (status != BSR_OK)
        return status;
    const struct http_module *found = table;
    if (found->version != HTTP_MODULE_VERSION)
        return bsr_fail(err, BSR_EMISSING, NULL, "the module %s is of another version of besra", module_file);
    *out = found;
    return BSR_OK;
}

/* The condition's clock is the one of clock_ms(). */
static bool make_locks(struct stream_server *server)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes))
        return false;
    bool made = !pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) &&
                !pthread_cond_init(&server->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (made && pthread_mutex_init(&server->lock, NULL)) {
        pthread_cond_destroy(&server->changed);
        return false;
    }
    return made;
}

static void free_server(struct stream_server *server)
{
    stream_blob_drop(server->frame);
    for (int i = 0; i < STREAM_EVENTS_KEPT; i++)
        stream_blob_drop(server->events[i]);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    mem_free(server);
}

/* The socket is closed where this fails. */
static bsr_status start(struct stream_server *server, int listening, struct bsr_error *err)
{
    server->host = (struct http_host){.context = server, .answer = stream_answer};
    snprintf(server->url, sizeof server->url, "http://%s:%d/", server->address.text, server->address.port);
    if (server->module->start(&server->http, listening, STREAM_MOST_VIEWERS + SPARE_CONNECTIONS, IDLE_SECONDS,
                              &server->host))
        return BSR_OK;
    close(listening);
    return bsr_fail(err, BSR_EIO, server->url, "can't be served: no memory or no threads");
}

bsr_status stream_server_open(struct stream_server **out, const char *address, struct bsr_error *err)
{
    const struct http_module *module = NULL;
    int                       listening = -1;
    bsr_status                status = open_module(&module, err);
    if (status != BSR_OK)
        return status;
    struct stream_server *server = mem_alloc_zeroed(1, sizeof *server);
    if (!server || !make_locks(server)) {
        mem_free(server);
        return bsr_fail_memory(err, address, sizeof *server);
    }
    server->module = module;
    status = stream_address_listen(&listening, &server->address, address, err);
    if (status == BSR_OK)
        status = start(server, listening, err);
    if (status == BSR_OK)
        *out = server;
    else
        free_server(server);
    return status;
}

const char *stream_server_url(const struct stream_server *server)
{
    return server->url;
}

int stream_server_port(const struct stream_server *server)
{
    return server->address.port;
}

bool stream_server_watched(struct stream_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool watched = server->watchers > 0;
    pthread_mutex_unlock(&server->lock);
    return watched;
}

/* A part of the endless answer. The boundary behind it tells browsers that it is whole. */
static struct stream_blob *make_part(const struct bytes *jpeg, double time)
{
    static const char   end[] = "\r\n--" STREAM_BOUNDARY "\r\n";
    char                head[160];
    int                 head_size = snprintf(head, sizeof head,
                                             "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %.3f\r\n\r\n",
                                             jpeg->size, isfinite(time) && fabs(time) < 1e15 ? time : 0);
    size_t              size = (size_t)head_size + jpeg->size + sizeof end - 1;
    struct stream_blob *blob = stream_blob_make(size);
    if (!blob)
        return NULL;
    blob->jpeg = (size_t)head_size;
    blob->jpeg_size = jpeg->size;
    memcpy(blob->data, head, blob->jpeg);
    memcpy(blob->data + blob->jpeg, jpeg->data, jpeg->size);
    memcpy(blob->data + blob->jpeg + jpeg->size, end, sizeof end - 1);
    return blob;
}

void stream_server_frame(struct stream_server *server, const struct bsr_image *image, double time)
{
    struct bytes         jpeg = {0};
    const struct picture picture = {.image = *image};
    if (!stream_server_watched(server))
        return;
    struct stream_blob *blob = picture_encode(&jpeg, &picture, PICTURE_JPEG, JPEG_QUALITY, NULL) == BSR_OK
                                   ? make_part(&jpeg, time)
                                   : NULL;
    bytes_free(&jpeg);
    if (!blob)
        return;
    pthread_mutex_lock(&server->lock);
    stream_blob_drop(server->frame);
    server->frame = blob;
    server->frames++;
    server->frame_ms = clock_ms();
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* "data: LINE": a line's end within it would end it for the viewer, too. */
static struct stream_blob *make_event(const char *line, size_t length)
{
    static const char begin[] = "data: ", end[] = "\n\n";
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    struct stream_blob *blob = stream_blob_make(sizeof begin - 1 + length + sizeof end - 1);
    if (!blob)
        return NULL;
    char *to = blob->data;
    memcpy(to, begin, sizeof begin - 1);
    to += sizeof begin - 1;
    for (size_t i = 0; i < length; i++)
        *to++ = line[i] == '\n' || line[i] == '\r' || !line[i] ? ' ' : line[i];
    memcpy(to, end, sizeof end - 1);
    return blob;
}

void stream_server_event(struct stream_server *server, const char *line, size_t length)
{
    struct stream_blob *blob = length <= MOST_EVENT ? make_event(line, length) : NULL;
    if (!blob)
        return;
    pthread_mutex_lock(&server->lock);
    struct stream_blob **place = &server->events[server->event_count++ % STREAM_EVENTS_KEPT];
    stream_blob_drop(*place);
    *place = blob;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

void stream_server_close(struct stream_server *server)
{
    if (!server)
        return;
    pthread_mutex_lock(&server->lock);
    server->closing = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    server->module->stop(&server->http);
    free_server(server);
}

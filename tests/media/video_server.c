#include "tests/media/video_server.h"

#include "base/clock.h"
#include "tests/media/video_clips.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static bool send_all(int to, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = send(to, (const char *)data + done, size - done, MSG_NOSIGNAL);
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

/* Until the moment has come, or it is over. */
static void wait_until(struct video_server *server, double moment_ms)
{
    while (!atomic_load(&server->over) && clock_ms() < moment_ms)
        usleep(1000);
}

static void serve(struct video_server *server, int to)
{
    static const char hello[] = "HTTP/1.0 200 OK\r\n"
                                "Content-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";
    char              request[2048];
    if (recv(to, request, sizeof request, 0) <= 0)
        return;
    double start = clock_ms();
    bool   alive = !server->silent && send_all(to, hello, sizeof hello - 1);
    for (int i = 0; alive && i < server->frames && !atomic_load(&server->over); i++) {
        char         head[128];
        struct bytes jpeg = {0};
        wait_until(server, start + (double)i * server->interval_ms);
        clip_append_jpeg(&jpeg, i % CLIP_NUMBERS, 0, 0);
        int length =
            snprintf(head, sizeof head, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n",
                     jpeg.size);
        alive = send_all(to, head, (size_t)length) && send_all(to, jpeg.data, jpeg.size) &&
                send_all(to, "\r\n", 2);
        bytes_free(&jpeg);
        atomic_store(&server->sent, i + 1);
    }
    while ((server->silent || server->stalls) && !atomic_load(&server->over))
        usleep(1000);
}

static void *run(void *context)
{
    struct video_server *server = context;
    while (!atomic_load(&server->over)) {
        struct pollfd wanted = {.fd = server->listener, .events = POLLIN};
        if (poll(&wanted, 1, 10) <= 0)
            continue;
        int to = accept(server->listener, NULL, NULL);
        if (to < 0)
            continue;
        serve(server, to);
        close(to);
    }
    return NULL;
}

void server_start(struct video_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t          size = sizeof address;
    pthread_t          thread;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&thread, NULL, run, server), 0);
    server->thread = thread;
}

void server_stop(struct video_server *server)
{
    atomic_store(&server->over, true);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

const char *server_url(const struct video_server *server)
{
    static char url[64];
    snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%d/video", server->port);
    return url;
}

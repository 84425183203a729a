#include "tests/app/stream_stand.h"

#include "base/file.h"
#include "tests/app/scenes.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A listener on loopback; *port 0: any, and which is told. -1: there is none to be had. */
static int listen_at(int *port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int       yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static bool send_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void send_frames(int fd, const struct stand_turn *turn, const struct bytes *picture)
{
    static const char begin[] = "HTTP/1.0 200 OK\r\n"
                                "Content-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";
    char              request[2048], part[128];

    if (recv(fd, request, sizeof request, 0) <= 0 || !send_all(fd, begin, sizeof begin - 1))
        return;
    for (int i = 0; i < turn->frames; i++) {
        int length =
            snprintf(part, sizeof part, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n",
                     picture->size);
        if (!send_all(fd, part, (size_t)length) || !send_all(fd, picture->data, picture->size) ||
            !send_all(fd, "\r\n", 2))
            return;
        usleep((useconds_t)(1000000 / turn->fps));
    }
}

static void serve(int listener, int port, const struct stand_turn *turns, int count,
                  const struct bytes *picture)
{
    for (int i = 0; i < count; i++) {
        while (listener < 0) {
            usleep(20000);
            listener = listen_at(&port);
        }
        int fd = accept(listener, NULL, NULL);
        while (turns[i].frames < 0)
            pause();
        if (fd >= 0)
            send_frames(fd, &turns[i], picture);
        if (fd >= 0)
            close(fd);
        close(listener);
        listener = -1;
        usleep((useconds_t)turns[i].away_ms * 1000);
    }
}

struct stand stand_open(const struct stand_turn *turns, int count)
{
    struct stand stand = {0};
    struct bytes picture = {0};
    int          listener = listen_at(&stand.port);

    assert_true(listener >= 0);
    scene_write("stand.jpg");
    assert_int_equal(file_read(&picture, "stand.jpg", 1 << 20, NULL), BSR_OK);
    stand.pid = fork();
    assert_true(stand.pid >= 0);
    if (stand.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that failed is not outlived */
        serve(listener, stand.port, turns, count, &picture);
        _exit(0);
    }
    close(listener);
    bytes_free(&picture);
    return stand;
}

void stand_close(struct stand *stand)
{
    kill(stand->pid, SIGKILL);
    waitpid(stand->pid, NULL, 0);
}

size_t stand_ask(int port, const char *path, char *answer, size_t room)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char    request[256];
    size_t  got = 0;
    ssize_t more = 1;
    int     fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", path, port);
    assert_true(send_all(fd, request, (size_t)length));
    while (got < room && more > 0) {
        more = recv(fd, answer + got, room - got, 0);
        got += more > 0 ? (size_t)more : 0;
    }
    close(fd);
    return got;
}

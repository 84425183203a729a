#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE = 60 }; /* seconds: sanitizers are slow */

static void prepare(struct client *client, const char *text)
{
    const struct timeval patience = {.tv_sec = PATIENCE};
    client->got = (struct bytes){0};
    assert_int_equal(setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(send(client->socket, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void client_open(struct client *client, int port, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client->socket, (struct sockaddr *)&address, sizeof address), 0);
    prepare(client, text);
}

void client_open_v6(struct client *client, int port, const char *text)
{
    struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    client->socket = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(client->socket, (struct sockaddr *)&address, sizeof address), 0);
    prepare(client, text);
}

void client_get(struct client *client, int port, const char *path)
{
    char text[256];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", path, port);
    client_open(client, port, text);
}

/* 0 at the end of the connection, also when it is cut. */
static size_t read_more(struct client *client)
{
    char    piece[16384];
    ssize_t count;
    do
        count = recv(client->socket, piece, sizeof piece, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        fail_msg("nothing came for %d seconds; so far: %.200s", PATIENCE, bytes_text(&client->got));
    if (count > 0)
        assert_true(bytes_append(&client->got, piece, (size_t)count));
    return count > 0 ? (size_t)count : 0;
}

size_t client_read_until(struct client *client, size_t from, const char *wanted)
{
    for (;;) {
        const uint8_t *found =
            client->got.size > from
                ? memmem(client->got.data + from, client->got.size - from, wanted, strlen(wanted))
                : NULL;
        if (found)
            return (size_t)(found - client->got.data) + strlen(wanted);
        if (!read_more(client))
            fail_msg("the connection ended before \"%s\" came: %.300s", wanted, bytes_text(&client->got));
    }
}

void client_read_size(struct client *client, size_t size)
{
    while (client->got.size < size)
        if (!read_more(client))
            fail_msg("the connection ended at byte %zu of %zu", client->got.size, size);
}

void client_read_all(struct client *client)
{
    while (read_more(client))
        ;
}

bool client_is_answered(int port, const char *text, const char *status)
{
    struct client client;
    char          wanted[64];
    client_open(&client, port, text);
    client_read_all(&client);
    snprintf(wanted, sizeof wanted, "HTTP/1.1 %s", status);
    bool is_so = strncmp(bytes_text(&client.got), wanted, strlen(wanted)) == 0;
    if (!is_so)
        print_error("asked for: %.60s\nexpected %s, got %.80s\n", text, status, bytes_text(&client.got));
    client_close(&client);
    return is_so;
}

void client_close(struct client *client)
{
    close(client->socket);
    bytes_free(&client->got);
}

/* A viewer that speaks HTTP with plain sockets. */
#pragma once

#include "base/bytes.h"

struct client {
    int          socket;
    struct bytes got; /* all that was read */
};

/* Connects to 127.0.0.1 (or ::1) and sends the text. */
void client_open(struct client *client, int port, const char *text);
void client_open_v6(struct client *client, int port, const char *text);

/* A request for a path: "GET PATH HTTP/1.1" with the Host that browsers send. */
void client_get(struct client *client, int port, const char *path);

/* Reads until `wanted` is in what was read from `from` on, and returns where it ends; fails the test when the
 * connection ends before, or after a long time. */
size_t client_read_until(struct client *client, size_t from, const char *wanted);

/* Reads until `size` bytes are there; as above. */
void client_read_size(struct client *client, size_t size);

/* Reads until the server ends the connection. */
void client_read_all(struct client *client);

/* Opens, reads all and closes: whether the answer begins with "HTTP/1.1 STATUS". */
bool client_is_answered(int port, const char *text, const char *status);

void client_close(struct client *client);

#include "app/http/stream_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_PORT = 65535,
    WAITING = 64,            /* connections that wait to be accepted */
    SEND_BUFFER = 64 * 1024, /* bytes of a connection: what waits there is late for who reads slowly */
};

union socket_address {
    struct sockaddr     any;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
};

static bsr_status fail_form(const char *wanted, struct bsr_error *err)
{
    bsr_fail(err, BSR_EUSAGE, wanted, "is not [ADDRESS:]PORT");
    bsr_hint(err, "8080 serves this machine only, 0.0.0.0:8080 all that reach it, [::1]:8080 by IPv6");
    return BSR_EUSAGE;
}

static bool read_port(int *out, const char *text)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    long port = strtol(text, &end, 10);
    if (errno || *end || port > MOST_PORT)
        return false;
    *out = (int)port;
    return true;
}

/* What is before the port, without its brackets: false where there is no room for it. */
static bool cut_address(char *out, const char *wanted, const char *colon)
{
    size_t length = (size_t)(colon - wanted);
    if (length >= 2 && wanted[0] == '[' && colon[-1] == ']') {
        wanted++;
        length -= 2;
    } else if (memchr(wanted, ':', length)) {
        return false; /* of an IPv6 address without brackets nobody knows where the port begins */
    }
    if (!length || length >= ADDRESS_TEXT)
        return false;
    memcpy(out, wanted, length);
    out[length] = '\0';
    return true;
}

/* Fills the socket's address from numbers. */
static bool read_address(union socket_address *out, const char *text, int port)
{
    memset(out, 0, sizeof *out);
    if (strcasecmp(text, "localhost") == 0)
        text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return true;
    }
    return false;
}

static socklen_t length_of(const union socket_address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

static void describe(struct stream_address *out, const union socket_address *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address->any.sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &address->v4.sin_addr, text, sizeof text);
        snprintf(out->text, sizeof out->text, "%s", text);
        out->port = ntohs(address->v4.sin_port);
        out->loopback = ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    } else {
        (void)inet_ntop(AF_INET6, &address->v6.sin6_addr, text, sizeof text);
        snprintf(out->text, sizeof out->text, "[%s]", text);
        out->port = ntohs(address->v6.sin6_port);
        out->loopback = IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
    }
}

static bsr_status fail_socket(const char *wanted, int port, int why, struct bsr_error *err)
{
    if (why == EADDRINUSE) {
        bsr_fail(err, BSR_EIO, wanted, "the port %d is taken by another program", port);
        bsr_hint(err, "choose another one, or 0 for any that is free");
    } else if (why == EACCES) {
        bsr_fail(err, BSR_EIO, wanted, "the port %d is not for everyone: those below 1024 need rights", port);
        bsr_hint(err, "choose one from 1024 on");
    } else if (why == EADDRNOTAVAIL) {
        bsr_fail(err, BSR_EIO, wanted, "this machine has no such address");
    } else {
        bsr_fail(err, BSR_EIO, wanted, "can't listen there: %s", strerror(why));
    }
    return BSR_EIO;
}

/* -1 with errno. The port can be had again at once after a program that used it ended. */
static int open_socket(union socket_address *address)
{
    int yes = 1, buffer = SEND_BUFFER, made = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t length = length_of(address);
    if (made < 0)
        return -1;
    (void)setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    (void)setsockopt(made, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer); /* connections inherit it */
    if (bind(made, &address->any, length) || listen(made, WAITING) ||
        getsockname(made, &address->any, &length)) {
        int why = errno;
        close(made);
        errno = why;
        return -1;
    }
    return made;
}

static bsr_status parse(union socket_address *out, const char *wanted, struct bsr_error *err)
{
    char        text[ADDRESS_TEXT] = "127.0.0.1";
    const char *colon = strrchr(wanted, ':');
    int         port;
    bool        good = read_port(&port, colon ? colon + 1 : wanted) &&
                (!colon || cut_address(text, wanted, colon)) && read_address(out, text, port);
    return good ? BSR_OK : fail_form(wanted, err);
}

bsr_status stream_address_read(struct stream_address *out, const char *wanted, struct bsr_error *err)
{
    union socket_address at;
    bsr_status           status = parse(&at, wanted, err);
    if (status == BSR_OK)
        describe(out, &at);
    return status;
}

bsr_status stream_address_listen(int *out, struct stream_address *address, const char *wanted,
                                 struct bsr_error *err)
{
    union socket_address at;
    bsr_status           status = parse(&at, wanted, err);
    if (status != BSR_OK)
        return status;
    int made = open_socket(&at);
    if (made < 0) {
        int port = ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
        return fail_socket(wanted, port, errno, err);
    }
    describe(address, &at);
    *out = made;
    return BSR_OK;
}

/* Whether `host` is `name`, with or without a port. */
static bool is_named(const char *host, const char *name)
{
    size_t length = strlen(name);
    return strncasecmp(host, name, length) == 0 && (!host[length] || host[length] == ':');
}

bool stream_address_is_host(const struct stream_address *address, const char *host)
{
    if (!address->loopback)
        return true;
    return host && (is_named(host, "localhost") || is_named(host, "127.0.0.1") || is_named(host, "[::1]") ||
                    is_named(host, address->text));
}

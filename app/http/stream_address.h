/* app/http/stream_address.h: "[ADDR:]PORT" to a socket that listens. Inside app/http/ only. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

enum { ADDRESS_TEXT = 64 };

struct stream_address {
    char text[ADDRESS_TEXT]; /* the address as URLs have it: "127.0.0.1", "[::1]" */
    int  port;               /* that it listens at, chosen by the system where 0 was asked for */
    bool loopback;
};

/* What "[ADDR:]PORT" says, without opening anything. BSR_EUSAGE. */
bsr_status stream_address_read(struct stream_address *out, const char *wanted, struct bsr_error *err);

/* The socket in *out, to be closed. BSR_EUSAGE, BSR_EIO. */
bsr_status stream_address_listen(int *out, struct stream_address *address, const char *wanted,
                                 struct bsr_error *err);

/* Whether a request's Host (NULL: it has none) is one that a server at this address answers to. */
bool stream_address_is_host(const struct stream_address *address, const char *host);

/* tests/app/stream_stand.h: a camera on the network, on loopback: a process that sends pictures over HTTP as
 * motion JPEG, breaks off, comes back, or accepts and says nothing. */
#pragma once

#include <sys/types.h>

struct stand_turn {
    int frames; /* that are sent to who comes; -1: nothing at all is said, for ever */
    int fps;
    int away_ms; /* after which the port is closed for so long */
};

struct stand {
    pid_t pid;
    int   port;
};

/* Each turn serves one who comes. The pictures are scenes (tests/app/scenes.h). */
struct stand stand_open(const struct stand_turn *turns, int count);
void         stand_close(struct stand *stand);

/* What a server on loopback answers to a GET of `path`: up to `room` bytes of it, waited for. */
size_t stand_ask(int port, const char *path, char *answer, size_t room);

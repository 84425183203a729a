/* base/team.h: threads that go through a list of steps together: a net's layers, each a fraction of a
 * millisecond. Waiting between steps is spinning (some 0.1 microseconds), with yields where it takes longer;
 * between runs the threads sleep. */
#pragma once

#include "base/status.h"

struct team;

/* A thread's share of a step. */
typedef void team_work(void *context, int step, int thread);

enum { TEAM_MOST = 256 };

/* Starts threads - 1 threads (the caller of team_run() is the first); 1..TEAM_MOST. Release with
 * team_destroy(). BSR_ERANGE, BSR_ENOMEM, BSR_EIO when the system gives no more threads. */
bsr_status team_create(struct team **out, int threads, struct bsr_error *err);
void       team_destroy(struct team *team);

int team_threads(const struct team *team);

/* Each thread calls `work` for each step; none begins a step before all have ended the one before. What was
 * written in one step is seen by all in the next, and by the caller afterwards. One run at a time. */
void team_run(struct team *team, int steps, team_work *work, void *context);

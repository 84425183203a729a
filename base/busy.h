/* base/busy.h: how many of besra's threads are at work at once, which must never be more than --threads. A
 * thread counts once, however deep its work is nested; one that waits for others or for work doesn't. */
#pragma once

void busy_begin(void);
void busy_end(void);

/* The most at once since the last call, or since the start. */
int busy_take_most(void);

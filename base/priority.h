/* base/priority.h: who goes first where there are fewer processors than work. With a window, what is computed
 * behind it gives way: a hand that moves a slider notices 20 milliseconds, a net that takes as much longer
 * nobody. */
#pragma once

/* From now on, for good: threads that call priority_enter_worker() give way to those that don't, of this
 * program and of others. To be called before they are started. */
void priority_lower_workers(void);

/* A thread that works, not shows, begins: those of pools and teams, and who else runs nets. Threads that it
 * starts are as it is. */
void priority_enter_worker(void);

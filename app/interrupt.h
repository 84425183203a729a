/* app/interrupt.h: Ctrl-C and kill. */
#pragma once

#include <signal.h>
#include <stdatomic.h>

/* From here on the first SIGINT or SIGTERM is remembered, so that what is being written gets finished; a
 * second one ends the program at once. Writing to a closed pipe, or more than a file may hold (ulimit -f),
 * becomes an error instead of an end. */
void interrupt_setup(void);

/* The signal that came, or 0. */
extern volatile sig_atomic_t interrupt_signal;

/* Whether one came: the same for threads. */
extern atomic_bool interrupt_came;

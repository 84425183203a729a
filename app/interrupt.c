#include "app/interrupt.h"

#include <stdbool.h>
#include <stddef.h>

volatile sig_atomic_t interrupt_signal;
atomic_bool           interrupt_came;

static void remember(int number)
{
    interrupt_signal = number;
    atomic_store(&interrupt_came, true);
}

void interrupt_setup(void)
{
    struct sigaction action = {.sa_handler = remember, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

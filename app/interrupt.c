#include "app/interrupt.h"

#include <stddef.h>

volatile sig_atomic_t interrupt_signal;

static void remember(int number)
{
    interrupt_signal = number;
}

void interrupt_setup(void)
{
    struct sigaction action = {.sa_handler = remember, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* base/clock.h: time that only goes forward. */
#pragma once

/* Milliseconds since some moment in the past; never jumps with the wall clock. */
double clock_ms(void);

/* pipeline/timing.h: where the time of a picture goes. */
#pragma once

/* Milliseconds of wall clock. */
struct timing {
    double decode, pre, net, post, encode;
};

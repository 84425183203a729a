/* app/bench_show.h: what `besra bench` tells, for people and for programs. */
#pragma once

#include "config/options.h"
#include "pipeline/bench.h"

struct bench_report {
    const struct options *options;
    const char           *model;         /* as it was named */
    const struct bench   *bench, *other; /* other NULL: --compare was not given */
    struct engine_step   *layers;
    int                   layer_count;
    double                macs; /* of a run of the net */
    double                peak; /* MACs a second at best; 0: not known */
};

/* Prints, or writes JSON where --json says. An exit code. */
int bench_show(const struct bench_report *report);

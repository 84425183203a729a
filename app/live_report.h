/* app/live_report.h: what is said of a live while it runs without a window, and at its end. */
#pragma once

#include "config/options.h"
#include "pipeline/live.h"

/* The progress, once a second: a line over itself on a terminal, or as --progress says. `began_ms`: when it
 * was opened, by clock_ms(). */
void live_report_progress(struct live *live, const struct options *options, double began_ms);

/* What was seen, dropped and counted; of a live that saw nothing only where it did not fail. */
void live_report_end(struct live *live, double began_ms, bool failed);

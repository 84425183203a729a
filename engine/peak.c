/* What the processor's multipliers can do at best. */
#include "base/clock.h"
#include "base/cpu.h"
#include "base/team.h"
#include "engine/engine.h"
#include "engine/kernels/kernels.h"

enum { TURNS = 100000, RUNS = 100 }; /* a run is a fraction of a millisecond */

static void work(void *context, int step, int thread)
{
    const struct kernels *kernels = context;
    _Alignas(64) float    sums[WIDEST_VECTOR] = {0};

    (void)step;
    (void)thread;
    kernels->peak(sums, TURNS);
}

double engine_peak(int threads)
{
    const struct kernels *kernels = kernels_at(cpu_level());
    struct team          *team = NULL;
    double                best = 0;

    if (threads < 1 || team_create(&team, threads, NULL) != BSR_OK)
        return 0;
    for (int run = 0; run < RUNS; run++) {
        double start = clock_ms();
        team_run(team, 1, work, (void *)kernels);
        double ms = clock_ms() - start;
        double rate = ms > 0 ? 1e3 * TURNS * PEAK_SUMS * kernels->vector * threads / ms : 0;
        best = rate > best ? rate : best;
    }
    team_destroy(team);
    return best;
}

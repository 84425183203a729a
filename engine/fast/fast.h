/* engine/fast/fast.h: parts of a net in our own kernels: which nodes they take, and what becomes of them. */
#pragma once

#include "engine/engine.h"
#include "engine/region.h"

/* NULL when the fast kernels can run the node, else why not (onnx_supports; no context). */
const char *fast_supports(void *context, const struct onnx_node_view *node);

/* Whether a region with this node is worth its while: a convolution or a product (onnx_worth). */
bool fast_worth(void *context, const struct onnx_node_view *node);

/* ---- where programs run ------------------------------------------------------------------------ */

/* How a net's programs are compiled. */
struct fast_way {
    bool steady; /* methods are chosen by the weights alone, not by the size of the maps
                    (engine_options.steady) */
    bool bf16;   /* products of bf16 wherever they can be (CONV_BF16) */
};

/* An engine's threads and working memory, for one program at a time. */
struct fast_runner;

bsr_status fast_runner_open(struct fast_runner **out, struct bsr_error *err);
void       fast_runner_close(struct fast_runner *runner);

/* From now on its programs are to be compiled in this way. */
void            fast_runner_set_way(struct fast_runner *runner, struct fast_way way);
struct fast_way fast_runner_way(const struct fast_runner *runner);

/* How many threads a run uses, of all runners: read at the next run. */
void fast_set_threads(int threads);
int  fast_threads(void);

/* ---- programs ---------------------------------------------------------------------------------- */

/* A region made ready for the sizes of its inputs. */
struct fast_program;

/* Compiles the nodes of `region`, which is only read meanwhile, with as many threads as a run uses. Packed
 * weights are shared with all programs of the process that have the same. `wishes` are for the region's
 * outputs (NULL: all are planes), and are fulfilled but for parts of what no 1x1 convolution makes: those are
 * maps. `name` is for messages. BSR_EMODEL when it is too large, BSR_ENOMEM. Release with fast_close(). */
bsr_status fast_compile(struct fast_program **out, const struct onnx_region *region,
                        const struct engine_wish *wishes, const char *name, struct bsr_error *err);

bsr_status fast_compile_as(struct fast_program **out, const struct onnx_region *region, struct fast_way way,
                           const struct engine_wish *wishes, const char *name, struct bsr_error *err);
void       fast_close(struct fast_program *program);

/* Runs on planes: inputs and outputs as the region has them. BSR_ENOMEM (also what CONV_BF16 found out while
 * it ran), BSR_EIO when the system gives no threads. */
bsr_status fast_run(struct fast_program *program, struct fast_runner *runner, float *const *inputs,
                    float *const *outputs, struct bsr_error *err);

/* As engine_head() and engine_head_rows(), of an output of the region, behind a run on this runner and before
 * any other on it. */
bool       fast_head(const struct fast_program *program, int output, struct engine_head *out);
bsr_status fast_head_rows(const struct fast_program *program, struct fast_runner *runner, int output,
                          int group, const uint32_t *pixels, size_t count, const float **rows, size_t *step,
                          struct bsr_error *err);

/* Bytes of working memory at the most, without weights. */
size_t fast_peak_bytes(const struct fast_program *program);

/* ---- profiles ---------------------------------------------------------------------------------- */

/* A step of a program. */
struct fast_time {
    const char *what;                    /* "conv 3x3 winograd" */
    const char *node;                    /* that it was made of (the first, cut to fit); the program's */
    int         channels, height, width; /* of what it makes */
    double      macs;
    double      ms; /* the shortest of the runs */
};

/* Runs `runs` times on zeros and times each step. Returns the number of steps; `times` gets at most `room`.
 * -1 when out of memory. */
int fast_profile(struct fast_program *program, struct fast_runner *runner, int runs, struct fast_time *times,
                 int room);

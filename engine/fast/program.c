#include "engine/fast/program.h"

#include "base/alloc.h"
#include "engine/fast/passes.h"
#include "engine/fast/read.h"

static void make_wishes(struct fast_net *net, const struct engine_wish *wishes)
{
    for (int i = 0; wishes && i < net->layer_count; i++)
        if (net->layers[i].kind == LAYER_OUTPUT)
            net->layers[i].wish = wishes[net->layers[i].port];
}

static bsr_status read_region(struct fast_program *program, const struct onnx_region *region,
                              const struct engine_wish *wishes, struct bsr_error *err)
{
    struct onnx_view *view = NULL;
    bsr_status        status = onnx_view_make(&view, region->model, err);

    if (status == BSR_OK)
        status = fast_read(&program->net, view, err);
    onnx_view_free(view);
    if (status == BSR_OK)
        make_wishes(&program->net, wishes);
    if (status == BSR_OK && !passes_run(&program->net))
        return bsr_fail_memory(err, program->name, sizeof program->net);
    return status;
}

bsr_status fast_compile_as(struct fast_program **out, const struct onnx_region *region, struct fast_way way,
                           const struct engine_wish *wishes, const char *name, struct bsr_error *err)
{
    struct fast_program *program = mem_alloc_zeroed(1, sizeof *program);
    if (!program)
        return bsr_fail_memory(err, name, sizeof *program);

    program->way = way;
    program->name = mem_copy_text(name);
    bsr_status status =
        program->name ? read_region(program, region, wishes, err) : bsr_fail_memory(err, name, 1);
    if (status == BSR_OK)
        status = program_pack(program, err);
    if (status == BSR_OK)
        status = program_lay_out(program, err);
    if (status != BSR_OK) {
        fast_close(program);
        return status;
    }
    *out = program;
    return BSR_OK;
}

bsr_status fast_compile(struct fast_program **out, const struct onnx_region *region,
                        const struct engine_wish *wishes, const char *name, struct bsr_error *err)
{
    return fast_compile_as(out, region, (struct fast_way){.steady = false}, wishes, name, err);
}

void fast_close(struct fast_program *program)
{
    if (!program)
        return;
    for (int i = 0; program->convs && i < program->net.layer_count; i++) {
        for (int c = 0; c < program->convs[i].count; c++)
            store_drop(program->convs[i].items[c].packed);
        mem_free(program->convs[i].items);
    }
    mem_free(program->convs);
    mem_free(program->memory);
    mem_free(program->ops);
    mem_free(program->steps);
    mem_free(program->step_layer);
    mem_free(program->port_ops);
    fast_net_free(&program->net);
    mem_free(program->name);
    mem_free(program);
}

size_t fast_peak_bytes(const struct fast_program *program)
{
    return program->floats * sizeof(float);
}

#include "engine/plan.h"

#include "base/alloc.h"
#include "engine/opencv_dnn.h"
#include "onnx/inspect/inspect.h"
#include "onnx/prepare.h"

#include <stdio.h>
#include <string.h>

static void free_plan(struct engine_plan *plan)
{
    if (!plan)
        return;
    net_drop(plan->net);
    mem_free(plan->types);
    mem_free(plan->shapes);
    refusals_free(&plan->refusals);
    onnx_changes_free(&plan->changes);
    mem_free(plan);
}

void plans_free(struct plans *plans)
{
    for (int i = 0; i < plans->count; i++)
        free_plan(plans->items[i]);
    *plans = (struct plans){.count = 0};
}

/* ---- making ---------------------------------------------------------------------------------- */

/* The graph with these shapes, prepared, and what is known of it. */
static bsr_status prepare(struct onnx_model **out, struct onnx_values **values, struct onnx_changes *changes,
                          const struct plan_source *source, struct onnx_model *model,
                          const struct onnx_named *chosen, int count, bool besra, struct bsr_error *err)
{
    struct onnx_prepare_options options = {.chosen = chosen,
                                           .chosen_count = count,
                                           .qdq = source->drop_qdq ? ONNX_QDQ_DROP : ONNX_QDQ_JOIN,
                                           .opencv = besra ? 0 : opencv_version_number()};
    bsr_status                  status = BSR_OK;

    if (!model)
        status = onnx_model_read(&model, source->onnx, source->size, NULL, source->name, err);
    if (status == BSR_OK)
        status = onnx_prepare(model, &options, changes, err);
    if (status == BSR_OK)
        status = onnx_infer(values, model, chosen, count, err);
    if (status == BSR_OK)
        *out = model;
    else
        onnx_model_free(model);
    return status;
}

/* All nets that other plans have, without repetition. */
static int list_nets(struct net *nets[PLANS_MOST], const struct plans *plans)
{
    int count = 0;
    for (int i = 0; i < plans->count; i++) {
        bool there = !plans->items[i]->net;
        for (int k = 0; k < count && !there; k++)
            there = nets[k] == plans->items[i]->net;
        if (!there)
            nets[count++] = plans->items[i]->net;
    }
    return count;
}

/* Who runs what, behind what the passes did. */
static bsr_status note_runners(struct engine_plan *plan, struct bsr_error *err)
{
    const struct onnx_model *tail = net_tail(plan->net);
    struct onnx_inspection   inspection = {0};
    bsr_status               status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < plan->refusals.found.count; i++) {
        const struct onnx_change *found = &plan->refusals.found.items[i];
        status = onnx_changes_add(&plan->changes, err, found->pass, found->node, "%s", found->text);
    }
    if (status == BSR_OK && tail)
        status = onnx_inspect(&inspection, tail, NULL, 0, err);
    for (int i = 0; status == BSR_OK && i < inspection.layer_count; i++) {
        const struct onnx_layer *layer = &inspection.layers[i];
        char                     name[512];
        snprintf(name, sizeof name, "%.240s (%.96s%s%.96s)", layer->name, layer->domain,
                 *layer->domain ? "." : "", layer->type);
        status = onnx_changes_add(&plan->changes, err, "engine", name, "run by besra: %s",
                                  net_is_whole(plan->net) ? "OpenCV runs none of it"
                                                          : "shapes depend on values from here on");
    }
    onnx_inspection_free(&inspection);
    return status;
}

static bsr_status make_net(struct engine_plan *plan, const struct plans *plans,
                           const struct plan_source *source, struct onnx_model *model,
                           const char *const *names, struct bsr_error *err)
{
    struct net         *nets[PLANS_MOST];
    struct net_request  request = {.backend = source->backend,
                                   .name = source->name,
                                   .besra = plan->besra,
                                   .runner = source->runner,
                                   .wishes = source->wishes,
                                   .refusals = &plan->refusals,
                                   .others = nets,
                                   .other_count = list_nets(nets, plans)};
    struct onnx_values *values = NULL;
    struct onnx_named  *chosen = mem_alloc_zeroed((size_t)plan->input_count, sizeof *chosen);

    if (!chosen) {
        onnx_model_free(model);
        return bsr_fail_memory(err, source->name, (size_t)plan->input_count * sizeof *chosen);
    }
    for (int i = 0; i < plan->input_count; i++)
        chosen[i] = (struct onnx_named){names[i], plan->shapes[i]};
    bsr_status status = prepare(&request.model, &values, &plan->changes, source, model, chosen,
                                plan->input_count, plan->besra, err);
    request.values = values;
    if (status == BSR_OK)
        status = net_make(&plan->net, &plan->types, &request, err);
    onnx_values_free(values);
    mem_free(chosen);
    return status == BSR_OK ? note_runners(plan, err) : status;
}

static bsr_status make_plan(struct engine_plan **out, const struct plans *plans,
                            const struct plan_source *source, struct onnx_model *model,
                            const struct bsr_tensor *shapes, const char *const *names, int count,
                            struct bsr_error *err)
{
    struct engine_plan *plan = mem_alloc_zeroed(1, sizeof *plan);
    if (plan)
        plan->shapes = mem_alloc_zeroed((size_t)count, sizeof *plan->shapes);
    if (!plan || !plan->shapes) {
        onnx_model_free(model);
        free_plan(plan);
        return bsr_fail_memory(err, source->name, sizeof *plan);
    }
    plan->besra = source->backend && strcmp(source->backend, "besra") == 0;
    plan->input_count = count;
    for (int i = 0; i < count; i++) {
        plan->shapes[i] = shapes[i];
        plan->shapes[i].data = NULL;
    }
    bsr_status status = make_net(plan, plans, source, model, names, err);
    if (status != BSR_OK) {
        free_plan(plan);
        return status;
    }
    *out = plan;
    return BSR_OK;
}

bsr_status plans_remake(struct engine_plan *plan, struct plans *plans, const struct plan_source *source,
                        const char *const *names, const struct complaint *complaint, struct bsr_error *err)
{
    net_drop(plan->net);
    plan->net = NULL;
    mem_free(plan->types);
    plan->types = NULL;
    onnx_changes_free(&plan->changes);
    refusals_restart(&plan->refusals);
    plan->besra = !refusals_add(&plan->refusals, complaint->node, complaint->op, complaint->reason);
    return make_net(plan, plans, source, NULL, names, err);
}

/* ---- keeping --------------------------------------------------------------------------------- */

static bool is_for(const struct engine_plan *plan, const struct bsr_tensor *shapes, int count)
{
    for (int i = 0; i < count; i++)
        if (!tensor_same_shape(&plan->shapes[i], &shapes[i]))
            return false;
    return true;
}

static void forget(struct plans *plans, int index)
{
    free_plan(plans->items[index]);
    plans->items[index] = plans->items[--plans->count];
}

/* The plan that was used longest ago. */
static int find_oldest(const struct plans *plans)
{
    int oldest = 0;
    for (int i = 1; i < plans->count; i++)
        if (plans->items[i]->used < plans->items[oldest]->used)
            oldest = i;
    return oldest;
}

static int count_heavy_nets(const struct plans *plans)
{
    struct net *nets[PLANS_MOST];
    int         count = list_nets(nets, plans), heavy = 0;

    for (int i = 0; i < count; i++)
        heavy += !net_is_light(nets[i]);
    return heavy;
}

/* Makes room for one plan more, and one net. */
static void make_room(struct plans *plans)
{
    while (plans->count == PLANS_MOST || count_heavy_nets(plans) >= PLANS_MOST_NETS)
        forget(plans, find_oldest(plans));
}

bsr_status plans_get(struct engine_plan **out, struct plans *plans, const struct plan_source *source,
                     struct onnx_model *model, const struct bsr_tensor *shapes, const char *const *names,
                     int count, struct bsr_error *err)
{
    struct engine_plan *plan = NULL;
    bsr_status          status = BSR_OK;

    for (int i = 0; i < plans->count && !plan; i++)
        if (plans->items[i]->net && is_for(plans->items[i], shapes, count))
            plan = plans->items[i];
    if (!plan) {
        make_room(plans);
        status = make_plan(&plan, plans, source, model, shapes, names, count, err);
        if (status == BSR_OK)
            plans->items[plans->count++] = plan;
    } else {
        onnx_model_free(model);
    }
    if (status != BSR_OK)
        return status;
    plan->used = ++plans->clock;
    *out = plan;
    return BSR_OK;
}

/* operators/attention_plan.h: the sides of an Attention (ai.onnx 23 on). */
#pragma once

#include "operators/call.h"

/* q is [N][heads][queries][depth] or [N][queries][heads * depth] (three dimensions); k and v likewise, with
 * kv_heads heads that are shared out evenly, `keys` elements and, of v, `values` numbers each. What was kept
 * of earlier calls, past_key and past_value [N][kv_heads][past][...], comes before them. */
struct attention {
    const struct bsr_tensor *q, *k, *v, *mask, *past_key, *past_value, *lengths; /* NULL: left out */
    size_t                   batch, heads, kv_heads, queries, keys, past, depth, values;
    bool                     is_flat; /* three dimensions */
    bool                     is_causal;
    double                   scale, softcap;
    int64_t                  output_mode;
};

/* BSR_EMODEL when the inputs do not fit together. */
bsr_status attention_read(struct attention *out, const struct bsr_call *call, struct bsr_error *err);

/* Keys with those kept before them. */
static inline size_t attention_total(const struct attention *plan)
{
    return plan->past + plan->keys;
}

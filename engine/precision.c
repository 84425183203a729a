#include "engine/precision.h"

#include "base/cpu.h"
#include "engine/kernels/onednn.h"
#include "onnx/model.h"

#include <stdlib.h>
#include <string.h>

static bsr_status lacks(const char *name, const char *what, struct bsr_error *err)
{
    bsr_fail(err, BSR_EMISSING, name, "%s", what);
    bsr_hint(err, "leave --precision out to compute in f32");
    return BSR_EMISSING;
}

static bsr_status check_bf16(struct bsr_error *err)
{
    const char *wish = getenv("BESRA_BF16");
    bool        emulate = wish && strcmp(wish, "emulate") == 0 && cpu_level() == CPU_AVX512;

    if (!onednn_is_there())
        return lacks("bf16", "this besra was built without oneDNN (libdnnl-dev)", err);
    if (!cpu_has_bf16() && !emulate)
        return lacks("bf16", "this processor has no instructions for it (AVX512-BF16 or AMX): f32 is faster",
                     err);
    return BSR_OK;
}

bsr_status precision_check(enum engine_precision precision, const char *backend, struct bsr_error *err)
{
    const char *name = precision == ENGINE_BF16 ? "bf16" : "int8";

    if (precision == ENGINE_F32)
        return BSR_OK;
    if (backend && strcmp(backend, "auto") != 0) {
        bsr_fail(err, BSR_EUSAGE, name, "the engine %s does not compute in it", backend);
        bsr_hint(err, "leave --engine out, or --precision");
        return BSR_EUSAGE;
    }
    if (precision == ENGINE_BF16)
        return check_bf16(err);
    return cpu_has_int8()
               ? BSR_OK
               : lacks(
                     "int8",
                     "this processor has no instructions for it (AVX512-VNNI): quantised models run, slower",
                     err);
}

bsr_status precision_check_model(enum engine_precision precision, const struct onnx_model *model,
                                 struct bsr_error *err)
{
    if (precision != ENGINE_INT8 || onnx_node_count(model, "QuantizeLinear"))
        return BSR_OK;
    bsr_fail(err, BSR_EMODEL, NULL, "nothing in it is quantised, so nothing can be computed in int8");
    bsr_hint(err, "quantise it first: besra model quantize --calibrate PICTURES MODEL -o QUANTISED");
    return BSR_EMODEL;
}

/* Plugins that are none; WRONG says how. */
#include <besra.h>

enum { NO_ABI = 1, OTHER_ABI, NO_REGISTER, FAILS, BAD_STATUS, TAKEN };

#if WRONG != 1
const int bsr_plugin_abi = WRONG == OTHER_ABI ? BSR_PLUGIN_ABI + 1 : BSR_PLUGIN_ABI;
#endif

#if WRONG != 3
static bsr_status refuse(const struct bsr_call *call, struct bsr_error *err)
{
    (void)call;
    return bsr_operator_fail(err, "never called");
}

bsr_status bsr_plugin_register(struct bsr_error *err)
{
    static const struct bsr_operator unnamed = {"no name.", refuse, refuse};
    static const struct bsr_operator taken = {"test.Taken", refuse, refuse};

    if (WRONG == BAD_STATUS)
        return 17;
    if (WRONG == TAKEN)
        bsr_operator_register(&taken, NULL);
    return bsr_operator_register(WRONG == TAKEN ? &taken : &unnamed, err);
}
#endif

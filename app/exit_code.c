#include "app/exit_code.h"

enum exit_code exit_code_of(bsr_status status)
{
    switch (status) {
    case BSR_OK:
        return EXIT_DONE;
    case BSR_EUSAGE:
    case BSR_ERANGE:
        return EXIT_WRONG_USAGE;
    case BSR_EMISSING:
        return EXIT_NOT_THERE;
    case BSR_EMODEL:
    case BSR_EENGINE:
        return EXIT_BAD_MODEL;
    case BSR_EBUDGET:
        return EXIT_OVER_BUDGET;
    default:
        return EXIT_SOME_FAILED;
    }
}

enum exit_code exit_code_of_model(bsr_status status)
{
    switch (status) {
    case BSR_OK:
    case BSR_EUSAGE:
    case BSR_ERANGE:
    case BSR_EMISSING:
    case BSR_EBUDGET:
        return exit_code_of(status);
    default:
        return EXIT_BAD_MODEL;
    }
}

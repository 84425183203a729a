#include "pipeline/class_find.h"

#include "config/text_values.h"

#include <string.h>

int class_find(const char *wanted, int count, const char *(*name_of)(const void *context, int index),
               const void *context)
{
    int64_t number;

    if (text_to_whole(&number, wanted))
        return number >= 0 && number < count ? (int)number : -1;
    for (int i = 0; i < count; i++)
        if (strcmp(name_of(context, i), wanted) == 0)
            return i;
    return -1;
}

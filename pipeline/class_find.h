/* pipeline/class_find.h: a class as people name it. */
#pragma once

/* The class that `wanted` names, by its number ("0", "17") or by its name, of `count` classes whose names
 * name_of() tells; -1 where there is none. A number is never taken for a name. */
int class_find(const char *wanted, int count, const char *(*name_of)(const void *context, int index),
               const void *context);

#include "onnx/inspect/schemas.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MANY INT_MAX

static const struct schema schemas[] = {
#define OP(type, since, least_in, most_in, least_out, most_out, attributes)                                  \
    {#type, since, least_in, most_in, least_out, most_out, attributes},
#include "onnx/inspect/schemas.def"
#undef OP
};

enum { COUNT = sizeof schemas / sizeof *schemas };

static int by_type(const void *type, const void *schema)
{
    return strcmp(type, ((const struct schema *)schema)->type);
}

const struct schema *schema_find(const char *type)
{
    return bsearch(type, schemas, COUNT, sizeof *schemas, by_type);
}

const struct schema *schema_at(int n)
{
    return n < COUNT ? &schemas[n] : NULL;
}

/* The words of a list are "i:axis@13<20". */
bool schema_find_attribute(struct schema_attribute *out, const struct schema *schema, const char *name)
{
    size_t length = strlen(name);

    for (const char *word = schema->attributes; *word;) {
        const char *colon = strchr(word, ':');
        const char *start = colon + 1;
        size_t      size = strcspn(start, "@< ");
        const char *end = start + size;

        if (size == length && memcmp(start, name, length) == 0) {
            *out = (struct schema_attribute){.since = schema->since};
            memcpy(out->types, word, (size_t)(colon - word));
            out->since = *end == '@' ? atoi(end + 1) : schema->since;
            end += *end == '@' ? strcspn(end, "< ") : 0;
            out->until = *end == '<' ? atoi(end + 1) : 0;
            return true;
        }
        word = end + strcspn(end, " ");
        word += strspn(word, " ");
    }
    return false;
}

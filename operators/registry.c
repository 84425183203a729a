#include "operators/registry.h"

#include "base/alloc.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

#define GROUP(name) extern const struct operator_group operators_##name;
#include "operators/groups.def"
#undef GROUP

static const struct operator_group *const groups[] = {
#define GROUP(name) &operators_##name,
#include "operators/groups.def"
#undef GROUP
    NULL,
};

/* Registered ones, newest first; they are never taken back. */
struct registered {
    const struct bsr_operator *op;
    struct registered         *next;
};

static pthread_mutex_t    lock = PTHREAD_MUTEX_INITIALIZER;
static struct registered *registered;

static const char *own_domain(const char *domain)
{
    return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* Whether "domain.Type" (or "Type") is this domain and type. */
static bool is_named(const char *name, const char *domain, const char *type)
{
    size_t length = strlen(domain);
    if (!length)
        return strcmp(name, type) == 0;
    return strncmp(name, domain, length) == 0 && name[length] == '.' && strcmp(name + length + 1, type) == 0;
}

/* The next letter or digit of *text in lower case, behind it; 0 at the end. */
static int next_letter(const char **text)
{
    while (**text == '_' || **text == '-')
        ++*text;
    return **text ? tolower((unsigned char)*(*text)++) : 0;
}

/* Whether "*.type" is this type whatever the domain, spelled in some exporter's way: deform_conv2d,
 * deform_conv_2D, DeformConv2d, torchvision.deform_conv2d, torchvision::deform_conv2d. */
static bool is_named_anywhere(const char *name, const char *type)
{
    if (strncmp(name, "*.", 2) != 0)
        return false;
    for (const char *c = type; *c; c++)
        if (*c == '.' || *c == ':')
            type = c + 1;
    for (name += 2;;) {
        int letter = next_letter(&name);
        if (letter != next_letter(&type))
            return false;
        if (!letter)
            return true;
    }
}

const struct bsr_operator *operators_at(int n)
{
    for (size_t i = 0; groups[i]; i++) {
        if (n < groups[i]->count)
            return &groups[i]->operators[n];
        n -= groups[i]->count;
    }
    return NULL;
}

bool operators_is_own(const struct bsr_operator *op)
{
    for (size_t i = 0; groups[i]; i++)
        if (op >= groups[i]->operators && op < groups[i]->operators + groups[i]->count)
            return true;
    return false;
}

static const struct bsr_operator *find_registered(const char *domain, const char *type)
{
    const struct bsr_operator *found = NULL;
    pthread_mutex_lock(&lock);
    for (const struct registered *entry = registered; entry && !found; entry = entry->next)
        if (is_named(entry->op->name, domain, type))
            found = entry->op;
    pthread_mutex_unlock(&lock);
    return found;
}

const struct bsr_operator *operators_find(const char *domain, const char *type)
{
    const char                *own = own_domain(domain);
    const struct bsr_operator *found = find_registered(own, type);

    for (int n = 0; !found && operators_at(n); n++)
        if (is_named(operators_at(n)->name, own, type))
            found = operators_at(n);
    for (int n = 0; !found && operators_at(n); n++)
        if (is_named_anywhere(operators_at(n)->name, type))
            found = operators_at(n);
    return found;
}

static bool is_name(const char *name)
{
    if (!name || !*name || name[strlen(name) - 1] == '.')
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-:", *c))
            return false;
    return true;
}

bsr_status bsr_operator_register(const struct bsr_operator *op, struct bsr_error *err)
{
    if (!op || !is_name(op->name) || !op->shape || !op->run)
        return bsr_fail(err, BSR_EUSAGE, op ? op->name : NULL,
                        "an operator needs a name (\"domain.Type\"), shape() and run()");
    struct registered *entry = mem_alloc(sizeof *entry);
    if (!entry)
        return bsr_fail_memory(err, op->name, sizeof *entry);

    bool there = false;
    pthread_mutex_lock(&lock);
    for (const struct registered *other = registered; other && !there; other = other->next)
        there = strcmp(other->op->name, op->name) == 0;
    if (!there) {
        *entry = (struct registered){.op = op, .next = registered};
        registered = entry;
    }
    pthread_mutex_unlock(&lock);
    if (!there)
        return BSR_OK;
    mem_free(entry);
    return bsr_fail(err, BSR_EEXIST, op->name, "an operator of this name was registered before");
}

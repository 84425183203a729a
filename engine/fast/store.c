#include "engine/fast/store.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

/* 128 bits tell weights apart: copies of all of them, to compare, would double the memory. */
struct print {
    uint64_t a, b;
};

struct stored {
    struct stored    *next;
    struct print      print;
    enum conv_method  method;
    struct conv_shape shape;
    int               users;
    bool              packing; /* somebody is at it: wait for `packed` */
    struct conv      *conv;    /* NULL when that failed */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  packed = PTHREAD_COND_INITIALIZER;

enum { CHAINS = 1024 };
static struct stored *chains[CHAINS];

/* ---- prints ------------------------------------------------------------------------------------------ */

static uint64_t turn(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

/* Four lanes that do not wait for each other, mixed as in xxHash64 (its primes and rotations). */
static struct print print_of(const void *data, size_t size, uint64_t seed)
{
    static const uint64_t p1 = 0x9E3779B185EBCA87U, p2 = 0xC2B2AE3D27D4EB4FU, p3 = 0x165667B19E3779F9U;
    uint64_t              lanes[4] = {seed + p1 + p2, seed + p2, seed, seed - p1}, words[4];
    const unsigned char  *bytes = data;

    for (; size >= sizeof words; size -= sizeof words, bytes += sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int i = 0; i < 4; i++)
            lanes[i] = turn(lanes[i] + words[i] * p2, 31) * p1;
    }
    memset(words, 0, sizeof words);
    if (size)
        memcpy(words, bytes, size);
    for (int i = 0; i < 4; i++)
        lanes[i] = turn(lanes[i] + (words[i] ^ size) * p2, 31) * p1;

    struct print print = {lanes[0] ^ turn(lanes[1], 17), lanes[2] ^ turn(lanes[3], 29)};
    for (int i = 0; i < 4; i++) {
        print.a = (print.a ^ turn(lanes[i] * p2, 31)) * p1 + p3;
        print.b = (print.b ^ turn(lanes[i] * p1, 27)) * p2 + p1;
        print.a ^= print.a >> 29;
        print.b ^= print.b >> 32;
    }
    return print;
}

static struct print print_weights(const struct conv_shape *shape, const float *weights, const float *bias)
{
    size_t count = (size_t)shape->outputs * (size_t)(shape->inputs / shape->groups) *
                   (size_t)shape->kernel[0] * (size_t)shape->kernel[1];
    struct print own = print_of(weights, count * sizeof *weights, 1);
    struct print added = print_of(bias, bias ? (size_t)shape->outputs * sizeof *bias : 0, 2);

    return (struct print){own.a + 3 * added.a, own.b + 5 * added.b};
}

/* ---- the store --------------------------------------------------------------------------------------- */

static struct stored **chain_of(struct print print)
{
    return &chains[print.a % CHAINS];
}

static struct stored *find(struct print print, enum conv_method method, const struct conv_shape *shape)
{
    for (struct stored *item = *chain_of(print); item; item = item->next)
        if (item->print.a == print.a && item->print.b == print.b && item->method == method &&
            memcmp(&item->shape, shape, sizeof *shape) == 0)
            return item;
    return NULL;
}

static void unlink_item(struct stored *item)
{
    struct stored **slot = chain_of(item->print);

    while (*slot != item)
        slot = &(*slot)->next;
    *slot = item->next;
}

/* Holds the lock. */
static void drop_locked(struct stored *item)
{
    if (--item->users > 0)
        return;
    unlink_item(item);
    conv_free(item->conv);
    mem_free(item);
}

static struct stored *add(struct print print, enum conv_method method, const struct conv_shape *shape)
{
    struct stored *item = mem_alloc_zeroed(1, sizeof *item);

    if (!item)
        return NULL;
    *item = (struct stored){.next = *chain_of(print),
                            .print = print,
                            .method = method,
                            .shape = *shape,
                            .users = 1,
                            .packing = true};
    *chain_of(print) = item;
    return item;
}

bsr_status store_get(struct stored **out, enum conv_method method, const struct conv_shape *shape,
                     const float *weights, const float *bias, struct bsr_error *err)
{
    struct print print = print_weights(shape, weights, bias);
    bsr_status   status = BSR_OK;

    pthread_mutex_lock(&lock);
    struct stored *item = find(print, method, shape);
    if (item) {
        item->users++;
        while (item->packing)
            pthread_cond_wait(&packed, &lock);
    } else if ((item = add(print, method, shape))) {
        struct conv *conv = NULL;
        pthread_mutex_unlock(&lock);
        status = conv_pack(&conv, method, shape, weights, bias, err);
        pthread_mutex_lock(&lock);
        item->conv = conv;
        item->packing = false;
        pthread_cond_broadcast(&packed);
    }
    bool made = item && item->conv;
    if (item && !made)
        drop_locked(item);
    pthread_mutex_unlock(&lock);
    if (!made)
        return status != BSR_OK ? status : bsr_fail_memory(err, NULL, sizeof *item);
    *out = item;
    return BSR_OK;
}

void store_drop(struct stored *stored)
{
    if (!stored)
        return;
    pthread_mutex_lock(&lock);
    drop_locked(stored);
    pthread_mutex_unlock(&lock);
}

const struct conv *store_conv(const struct stored *stored)
{
    return stored->conv;
}

size_t store_bytes(void)
{
    size_t bytes = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < CHAINS; i++)
        for (const struct stored *item = chains[i]; item; item = item->next)
            bytes += item->conv ? conv_bytes(item->conv) : 0;
    pthread_mutex_unlock(&lock);
    return bytes;
}

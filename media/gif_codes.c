#include "media/gif_codes.h"

enum { MAX_BITS = 12, MAX_CODES = 1 << MAX_BITS };

/* Codes run through the sub-blocks, lowest bit first. */
struct code_reader {
    const uint8_t *data, *end;
    size_t         block; /* bytes left of the sub-block */
    uint32_t       held;
    unsigned       held_bits;
};

/* -1 at the end of the sub-blocks, -2 where the data ends before them. */
static int read_code(struct code_reader *reader, unsigned bits)
{
    while (reader->held_bits < bits) {
        if (reader->data >= reader->end)
            return -2;
        if (!reader->block) {
            reader->block = *reader->data++;
            if (!reader->block)
                return -1;
            continue;
        }
        reader->held |= (uint32_t)*reader->data++ << reader->held_bits;
        reader->held_bits += 8;
        reader->block--;
    }
    int code = (int)(reader->held & ((1u << bits) - 1));
    reader->held >>= bits;
    reader->held_bits -= bits;
    return code;
}

/* To behind the last sub-block: what is missing at its end was cut off, though no pixel is missing yet. */
static bool skip_rest(struct code_reader *reader)
{
    do {
        if ((size_t)(reader->end - reader->data) <= reader->block)
            return false;
        reader->data += reader->block;
        reader->block = *reader->data++;
    } while (reader->block);
    return true;
}

/* A string is the string of an earlier code and one number more. */
struct code_table {
    uint16_t before[MAX_CODES];
    uint8_t  last[MAX_CODES], first[MAX_CODES];
    uint16_t length[MAX_CODES];
    unsigned clear, next, bits;
    int      previous; /* -1 behind a clear code */
};

static void clear_table(struct code_table *table, unsigned bits)
{
    table->clear = 1u << bits;
    table->next = table->clear + 2;
    table->bits = bits + 1;
    table->previous = -1;
    for (unsigned i = 0; i < table->clear; i++) {
        table->last[i] = table->first[i] = (uint8_t)i;
        table->length[i] = 1;
    }
}

/* After each code but the first: the string before it, and the first number of this one (which may be the
 * very string that is being made). */
static void add_code(struct code_table *table, unsigned code)
{
    if (table->previous < 0 || table->next >= MAX_CODES)
        return;
    unsigned previous = (unsigned)table->previous, next = table->next++;
    table->before[next] = (uint16_t)previous;
    table->first[next] = table->first[previous];
    table->length[next] = (uint16_t)(table->length[previous] + 1);
    table->last[next] = code == next ? table->first[previous] : table->first[code];
    if (table->next == 1u << table->bits && table->bits < MAX_BITS)
        table->bits++;
}

/* Writes the string from its end; what would lie behind the picture is left out. Returns its length. */
static size_t put_string(const struct code_table *table, unsigned code, uint8_t *indices, size_t room)
{
    size_t length = table->length[code];
    for (size_t i = length; i-- > 0; code = table->before[code])
        if (i < room)
            indices[i] = table->last[code];
    return length < room ? length : room;
}

enum gif_codes_end gif_read_codes(uint8_t *indices, size_t count, const uint8_t *data, size_t size,
                                  unsigned bits)
{
    struct code_reader reader = {.data = data, .end = data + size};
    struct code_table  table = {.bits = 0};
    if (bits < 1 || bits > 8)
        return GIF_CODES_DAMAGED;
    clear_table(&table, bits);
    for (size_t done = 0; done < count;) {
        int code = read_code(&reader, table.bits);
        if (code == -2)
            return GIF_CODES_TRUNCATED;
        if (code == -1 || code == (int)table.clear + 1)
            return GIF_CODES_DAMAGED; /* the end, before all is there */
        if (code == (int)table.clear) {
            clear_table(&table, bits);
            continue;
        }
        bool own = code == (int)table.next && table.previous >= 0;
        if (code >= (int)table.next && !own)
            return GIF_CODES_DAMAGED;
        add_code(&table, (unsigned)code);
        if ((unsigned)code >= table.next)
            return GIF_CODES_DAMAGED; /* its own, with no room left for it */
        done += put_string(&table, (unsigned)code, indices + done, count - done);
        table.previous = code;
    }
    return skip_rest(&reader) ? GIF_CODES_WHOLE : GIF_CODES_TRUNCATED;
}

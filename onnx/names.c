/* The class names in a model's metadata: the text of a Python dictionary or list (or JSON), read without
 * Python. Two passes over the text: the first measures, the second fills one block. */
#include "base/alloc.h"
#include "onnx/model.h"

#include <stdio.h>
#include <string.h>

enum { MAX_CLASSES = 65536 };

/* The text being read, and what becomes of the names in it. */
struct reader {
    const char *start, *at;
    const char *fault; /* what is wrong, for the message */
    char      **names; /* NULL in the first pass */
    char       *free;  /* where the next name goes, second pass */
    size_t      bytes; /* of all names with their ending zeros */
    int         count; /* highest class + 1 */
};

static bool fail(struct reader *reader, const char *fault)
{
    reader->fault = fault;
    return false;
}

static void skip_space(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

static bool take(struct reader *reader, char wanted)
{
    skip_space(reader);
    if (*reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static void put_byte(struct reader *reader, unsigned byte)
{
    if (reader->names)
        *reader->free++ = (char)byte;
    reader->bytes++;
}

/* One character as UTF-8; what is none (zero, half a surrogate pair, beyond Unicode) becomes U+FFFD. */
static void put_character(struct reader *reader, unsigned long code)
{
    if (!code || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF)
        code = 0xFFFD;
    if (code < 0x80) {
        put_byte(reader, (unsigned)code);
    } else if (code < 0x800) {
        put_byte(reader, 0xC0U | (unsigned)(code >> 6));
        put_byte(reader, 0x80U | (code & 0x3F));
    } else if (code < 0x10000) {
        put_byte(reader, 0xE0U | (unsigned)(code >> 12));
        put_byte(reader, 0x80U | (code >> 6 & 0x3F));
        put_byte(reader, 0x80U | (code & 0x3F));
    } else {
        put_byte(reader, 0xF0U | (unsigned)(code >> 18));
        put_byte(reader, 0x80U | (code >> 12 & 0x3F));
        put_byte(reader, 0x80U | (code >> 6 & 0x3F));
        put_byte(reader, 0x80U | (code & 0x3F));
    }
}

/* Exactly `digits` hexadecimal digits. */
static bool take_hex(struct reader *reader, int digits, unsigned long *value)
{
    unsigned long result = 0;

    for (int i = 0; i < digits; i++) {
        char c = *reader->at;
        char lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            result = result << 4 | (unsigned long)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            result = result << 4 | (unsigned long)(lower - 'a' + 10);
        else
            return fail(reader, "a broken escape");
        reader->at++;
    }
    *value = result;
    return true;
}

/* \xNN, \uNNNN (JSON writes characters beyond 16 bits as two of them) and \UNNNNNNNN. */
static bool read_hex_escape(struct reader *reader, char kind)
{
    unsigned long code, low;

    if (!take_hex(reader, kind == 'x' ? 2 : kind == 'u' ? 4 : 8, &code))
        return false;
    const char *mark = reader->at;
    if (kind == 'u' && code >= 0xD800 && code < 0xDC00 && mark[0] == '\\' && mark[1] == 'u') {
        reader->at += 2;
        if (!take_hex(reader, 4, &low))
            return false;
        if (low >= 0xDC00 && low < 0xE000)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        else
            reader->at = mark;
    }
    put_character(reader, code);
    return true;
}

/* What follows a backslash. Python leaves an escape that it does not know as it stands. */
static bool read_escape(struct reader *reader)
{
    static const char plain[] = "\\'\"/nrtbf";
    static const char meaning[] = "\\'\"/\n\r\t\b\f";
    char              kind = *reader->at;
    const char       *found = kind ? strchr(plain, kind) : NULL;

    if (!kind)
        return fail(reader, "a name that does not end");
    reader->at++;
    if (kind == 'x' || kind == 'u' || kind == 'U')
        return read_hex_escape(reader, kind);
    if (!found)
        put_byte(reader, '\\');
    put_byte(reader, (unsigned char)(found ? meaning[found - plain] : kind));
    return true;
}

/* How many bytes follow this first byte of a UTF-8 character, or -1; *lowest is what they must reach. */
static int utf8_tail(unsigned char first, unsigned long *code, unsigned long *lowest)
{
    static const struct {
        unsigned char mask, bits;
        unsigned long lowest;
    } kinds[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    for (int i = 0; i < 4; i++)
        if ((first & kinds[i].mask) == kinds[i].bits) {
            *code = first & (unsigned char)~kinds[i].mask;
            *lowest = kinds[i].lowest;
            return i;
        }
    return -1;
}

/* One character of the text itself; bytes that are no UTF-8 become U+FFFD. */
static void read_character(struct reader *reader)
{
    unsigned long code = 0, lowest = 0;
    int           tail = utf8_tail((unsigned char)*reader->at++, &code, &lowest);

    for (int i = 0; i < tail; i++) {
        if (((unsigned char)*reader->at & 0xC0) != 0x80) {
            tail = -1;
            break;
        }
        code = code << 6 | ((unsigned char)*reader->at++ & 0x3F);
    }
    put_character(reader, tail < 0 || code < lowest ? 0xFFFD : code);
}

/* A text in either kind of quotes becomes the name of class `index`. */
static bool read_name(struct reader *reader, int index)
{
    char  quote = *reader->at;
    char *name = reader->free;

    if (quote != '\'' && quote != '"')
        return fail(reader, "a name without quotes");
    reader->at++;
    while (*reader->at != quote) {
        if (!*reader->at)
            return fail(reader, "a name that does not end");
        if (*reader->at == '\\') {
            reader->at++;
            if (!read_escape(reader))
                return false;
        } else {
            read_character(reader);
        }
    }
    reader->at++;
    put_byte(reader, '\0');
    if (reader->names)
        reader->names[index] = name; /* a class named twice: the last one holds, as in Python */
    if (index >= reader->count)
        reader->count = index + 1;
    return true;
}

/* A class number, in quotes (JSON) or without. */
static bool read_index(struct reader *reader, int *index)
{
    char quote = *reader->at;
    int  value = 0;
    bool quoted = quote == '\'' || quote == '"';

    reader->at += quoted;
    if (*reader->at < '0' || *reader->at > '9')
        return fail(reader, "a class that is no number");
    while (*reader->at >= '0' && *reader->at <= '9') {
        value = value * 10 + (*reader->at++ - '0');
        if (value >= MAX_CLASSES)
            return fail(reader, "a class number beyond 65535");
    }
    if (quoted && *reader->at != quote)
        return fail(reader, "a class that is no number");
    reader->at += quoted;
    *index = value;
    return true;
}

static bool read_item(struct reader *reader, bool dictionary, int position)
{
    int index = position;

    skip_space(reader);
    if (dictionary) {
        if (!read_index(reader, &index))
            return false;
        if (!take(reader, ':'))
            return fail(reader, "a class number without a colon behind it");
        skip_space(reader);
    } else if (index >= MAX_CLASSES) {
        return fail(reader, "more than 65,536 names");
    }
    return read_name(reader, index);
}

static bool read_all(struct reader *reader)
{
    bool dictionary = take(reader, '{');
    char end = dictionary ? '}' : ']';

    if (!dictionary && !take(reader, '['))
        return fail(reader, "neither a dictionary nor a list");
    for (int position = 0; !take(reader, end); position++) {
        if (!read_item(reader, dictionary, position))
            return false;
        if (take(reader, ','))
            continue;
        if (!take(reader, end))
            return fail(reader, "no comma between two names");
        break;
    }
    skip_space(reader);
    return !*reader->at || fail(reader, "more text behind the names");
}

/* Room for the longest stand-in, "class 65535". */
enum { STAND_IN_SIZE = sizeof "class 65535" };

static void name_missing(struct reader *reader)
{
    for (int i = 0; i < reader->count; i++)
        if (!reader->names[i]) {
            reader->names[i] = reader->free;
            reader->free += snprintf(reader->free, STAND_IN_SIZE, "class %u", (unsigned)i % MAX_CLASSES) + 1;
        }
}

bsr_status onnx_parse_names(char ***out, int *count, const char *text, struct bsr_error *err)
{
    struct reader reader = {.start = text, .at = text};

    if (!read_all(&reader))
        return bsr_fail(err, BSR_EMODEL, NULL, "the class names in the model can't be read: %s at byte %zu",
                        reader.fault, (size_t)(reader.at - reader.start));
    if (!reader.count)
        return bsr_fail(err, BSR_EMODEL, NULL, "the class names in the model can't be read: there are none");

    size_t table = ((size_t)reader.count + 1) * sizeof(char *);
    size_t texts = reader.bytes + (size_t)reader.count * STAND_IN_SIZE;
    char **names = mem_alloc_zeroed(1, table + texts);
    if (!names)
        return bsr_fail_memory(err, NULL, table + texts);

    struct reader filler = {.start = text, .at = text, .names = names, .free = (char *)names + table};
    read_all(&filler);
    name_missing(&filler);
    *out = names;
    *count = filler.count;
    return BSR_OK;
}

#include "app/window/script.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAME = 64 }; /* bytes of a key's name or a word */

static const float most_number = 1e6F; /* pixels, notches */

static const struct {
    const char *name;
    int         modifier;
} modifier_names[] = {{"ctrl+", MODIFIER_CTRL}, {"shift+", MODIFIER_SHIFT}, {"alt+", MODIFIER_ALT}};

/* What follows a verb. */
enum step_form { FORM_NOTHING, FORM_POINT, FORM_BUTTON, FORM_KEY, FORM_TEXT, FORM_WORD, FORM_WAIT };

static const struct verb {
    const char     *name;
    enum step_kind  kind;
    enum event_kind event;
    enum step_form  form;
    const char     *wanted; /* what is told to who wrote it wrong */
} verbs[] = {
    {"move", STEP_EVENT, EVENT_POINTER, FORM_POINT, "two numbers, x and y"},
    {"press", STEP_EVENT, EVENT_PRESS, FORM_BUTTON, "a button, 1 to 9, and perhaps which of how many clicks"},
    {"release", STEP_EVENT, EVENT_RELEASE, FORM_BUTTON, "a button, 1 to 9"},
    {"click", STEP_EVENT, EVENT_NONE, FORM_POINT, "two numbers, x and y"},
    {"wheel", STEP_EVENT, EVENT_WHEEL, FORM_POINT, "two numbers, across and up"},
    {"key", STEP_EVENT, EVENT_KEY, FORM_KEY, "the name of a key"},
    {"text", STEP_EVENT, EVENT_TEXT, FORM_TEXT, "what is typed, in UTF-8"},
    {"drop", STEP_EVENT, EVENT_DROP, FORM_TEXT, "a path"},
    {"leave", STEP_EVENT, EVENT_LEAVE, FORM_NOTHING, "nothing"},
    {"quit", STEP_EVENT, EVENT_QUIT, FORM_NOTHING, "nothing"},
    {"wait-for", STEP_WAIT_FOR, EVENT_NONE, FORM_WORD, "a word of letters, digits, - and _"},
    {"shot", STEP_SHOT, EVENT_NONE, FORM_WORD, "a name of letters, digits, - and _"},
    {"wait", STEP_WAIT, EVENT_NONE, FORM_WAIT, "milliseconds, up to 600000"},
};

/* ---- reading ---- */

/* A line with a 0 behind it, and what has been made of the lines before. */
struct reader {
    struct script    *script;
    char              line[4 * sizeof((struct event *)0)->text + 64]; /* each byte may be \x and two digits */
    int               number;
    float             x, y; /* the pointer */
    const char       *name;
    struct bsr_error *err;
};

static const char *take_modifiers(const char *text, int *modifiers)
{
    size_t i = 0;
    while (i < sizeof modifier_names / sizeof *modifier_names) {
        size_t length = strlen(modifier_names[i].name);
        if (strncmp(text, modifier_names[i].name, length) == 0 && text[length]) {
            *modifiers |= modifier_names[i].modifier;
            text += length;
            i = 0;
        } else {
            i++;
        }
    }
    return text;
}

/* A number and the spaces behind it; NULL where there is none. */
static const char *take_number(const char *text, float *out)
{
    char  *end;
    size_t digits = strspn(text, "+-.0123456789");
    if (!digits)
        return NULL;
    float value = strtof(text, &end);
    if (end == text || !isfinite(value) || fabsf(value) > most_number || (*end && *end != ' '))
        return NULL;
    *out = value;
    return end + strspn(end, " ");
}

static const char *take_whole(const char *text, int low, int high, int *out)
{
    float       value = 0;
    const char *end = take_number(text, &value);
    if (!end || value != floorf(value) || value < (float)low || value > (float)high)
        return NULL;
    *out = (int)value;
    return end;
}

static int hex_digit(char digit)
{
    const char *const digits = "0123456789abcdef";
    const char       *found = digit ? strchr(digits, digit | 0x20) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* One character of an escaped text, after its backslash; the bytes that it took, 0: it is none. */
static size_t unescape(const char *text, char *out)
{
    if (text[0] == 'x') {
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        *out = (char)(high * 16 + low);
        return low < 0 || !*out ? 0 : 3;
    }
    *out = text[0] == 'n' ? '\n' : text[0] == 't' ? '\t' : '\\';
    return text[0] == 'n' || text[0] == 't' || text[0] == '\\';
}

/* Appends a text, unescaped, that an event can hold. */
static bool take_text(struct reader *reader, struct script_step *step, const char *text)
{
    char   plain[sizeof((struct event *)0)->text];
    size_t length = 0;
    while (*text) {
        char   byte = *text++;
        size_t taken = 0;
        if (byte == '\\' && !(taken = unescape(text, &byte)))
            return false;
        text += taken;
        if (length + 1 >= sizeof plain)
            return false;
        plain[length++] = byte;
    }
    plain[length] = '\0';
    if (!length || (step->event == EVENT_TEXT && !utf8_is_valid(plain, length)))
        return false;
    step->text = reader->script->texts.size;
    bytes_append(&reader->script->texts, plain,
                 length + 1); /* whether that failed is seen at the line's end */
    return true;
}

static bool take_word(struct reader *reader, struct script_step *step, const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t            length = strspn(text, letters);
    return length > 0 && length <= MOST_NAME && !text[length] && take_text(reader, step, text);
}

static bool take_key(struct reader *reader, struct script_step *step, const char *text)
{
    text = take_modifiers(text, &step->modifiers);
    return take_text(reader, step, text) && reader->script->texts.size - step->text <= MOST_NAME + 1;
}

static bool take_point(struct script_step *step, const char *text)
{
    float first = 0, second = 0;
    text = take_number(text, &first);
    text = text ? take_number(text, &second) : NULL;
    if (!text || *text)
        return false;
    bool wheel = step->event == EVENT_WHEEL;
    *(wheel ? &step->dx : &step->x) = first;
    *(wheel ? &step->dy : &step->y) = second;
    return true;
}

static bool take_button(struct script_step *step, const char *text)
{
    step->clicks = 1;
    text = take_whole(text, 1, 9, &step->button);
    if (text && *text)
        text = take_whole(text, 1, 255, &step->clicks);
    return text && !*text;
}

static bool take_rest(struct reader *reader, struct script_step *step, enum step_form form, const char *text)
{
    const char *end;
    switch (form) {
    case FORM_POINT:
        return take_point(step, text);
    case FORM_BUTTON:
        return take_button(step, text);
    case FORM_KEY:
        return take_key(reader, step, text);
    case FORM_TEXT:
        return take_text(reader, step, text);
    case FORM_WORD:
        return take_word(reader, step, text);
    case FORM_WAIT:
        end = take_whole(text, 0, SCRIPT_MOST_WAIT_MS, &step->wait_ms);
        return end && !*end;
    default:
        return !*text;
    }
}

static bool add_step(struct script *script, const struct script_step *step)
{
    if (script->count == script->capacity) {
        size_t              wanted = script->capacity ? script->capacity * 2 : 64;
        struct script_step *grown = mem_resize(script->steps, wanted, sizeof *grown);
        if (!grown)
            return false;
        script->steps = grown;
        script->capacity = wanted;
    }
    script->steps[script->count++] = *step;
    return true;
}

/* The step, or the three that "click" stands for. */
static bool add_steps(struct reader *reader, const struct script_step *step)
{
    struct script_step each = *step;
    reader->x = each.event == EVENT_POINTER || each.event == EVENT_NONE ? each.x : reader->x;
    reader->y = each.event == EVENT_POINTER || each.event == EVENT_NONE ? each.y : reader->y;
    each.x = reader->x;
    each.y = reader->y;
    if (each.kind != STEP_EVENT || each.event != EVENT_NONE)
        return add_step(reader->script, &each);
    static const enum event_kind click[] = {EVENT_POINTER, EVENT_PRESS, EVENT_RELEASE};
    for (size_t i = 0; i < sizeof click / sizeof *click; i++) {
        each.event = click[i];
        each.button = each.clicks = i > 0;
        if (!add_step(reader->script, &each))
            return false;
    }
    return true;
}

static const struct verb *find_verb(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strlen(verbs[i].name) == length && strncmp(verbs[i].name, text, length) == 0)
            return &verbs[i];
    return NULL;
}

static bool takes_modifiers(const struct verb *verb)
{
    return verb->form == FORM_POINT || verb->form == FORM_BUTTON;
}

static bsr_status read_line(struct reader *reader)
{
    struct script_step step = {.line = reader->number};
    const char        *text = take_modifiers(reader->line + strspn(reader->line, " \t"), &step.modifiers);
    if (!*text || *text == '#')
        return BSR_OK;
    size_t             length = strcspn(text, " ");
    const struct verb *verb = find_verb(text, length);
    if (!verb || (step.modifiers && !takes_modifiers(verb)))
        return bsr_fail(reader->err, BSR_EUSAGE, reader->name, "line %d: no step is called '%.40s'",
                        reader->number, reader->line);
    step.kind = verb->kind;
    step.event = verb->event;
    text += length;
    text += *text == ' ';
    if (!take_rest(reader, &step, verb->form, text))
        return bsr_fail(reader->err, BSR_EUSAGE, reader->name, "line %d: %s takes %s", reader->number,
                        verb->name, verb->wanted);
    if (reader->script->count >= SCRIPT_MOST_STEPS)
        return bsr_fail(reader->err, BSR_ELIMIT, reader->name, "line %d: more than %d steps", reader->number,
                        SCRIPT_MOST_STEPS);
    if (!add_steps(reader, &step) || reader->script->texts.failed)
        return bsr_fail_memory(reader->err, reader->name, sizeof step);
    return BSR_OK;
}

/* Copies a line without its end; false where it is too long or has a 0 in it. */
static bool copy_line(struct reader *reader, const char *text, size_t length)
{
    if (length && text[length - 1] == '\r')
        length--;
    if (length >= sizeof reader->line || memchr(text, '\0', length))
        return false;
    memcpy(reader->line, text, length);
    reader->line[length] = '\0';
    return true;
}

bsr_status script_parse(struct script *out, const char *text, size_t size, const char *name,
                        struct bsr_error *err)
{
    struct script made = {0};
    struct reader reader = {.script = &made, .name = name, .err = err};
    bsr_status    status = bytes_append(&made.texts, "", 1) ? BSR_OK : bsr_fail_memory(err, name, 1);
    while (status == BSR_OK && size) {
        const char *end = memchr(text, '\n', size);
        size_t      length = end ? (size_t)(end - text) : size;
        reader.number++;
        if (!copy_line(&reader, text, length))
            status = bsr_fail(err, BSR_EUSAGE, name, "line %d is no text or too long", reader.number);
        else
            status = read_line(&reader);
        text += end ? length + 1 : length;
        size -= end ? length + 1 : length;
    }
    if (status == BSR_OK)
        *out = made;
    else
        script_free(&made);
    return status;
}

void script_free(struct script *script)
{
    mem_free(script->steps);
    bytes_free(&script->texts);
    *script = (struct script){0};
}

const char *script_text(const struct script *script, const struct script_step *step)
{
    return (const char *)script->texts.data + step->text;
}

void script_event(struct event *out, const struct script *script, const struct script_step *step)
{
    *out = (struct event){.kind = step->event,
                          .x = step->x,
                          .y = step->y,
                          .dx = step->dx,
                          .dy = step->dy,
                          .button = step->button,
                          .clicks = step->clicks,
                          .modifiers = step->modifiers,
                          .at_ms = clock_ms()};
    const char *text = script_text(script, step);
    memcpy(out->text, text, strlen(text) + 1);
}

/* ---- writing ---- */

static void write_modifiers(struct bytes *out, int modifiers)
{
    for (size_t i = 0; i < sizeof modifier_names / sizeof *modifier_names; i++)
        if (modifiers & modifier_names[i].modifier)
            bytes_append_text(out, modifier_names[i].name);
}

/* Control characters, and bytes that are no UTF-8 (of paths), as their numbers. */
static void write_text(struct bytes *out, const char *verb, const char *text)
{
    bool plain = utf8_is_valid(text, strlen(text));
    bytes_append_text(out, verb);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '\\')
            bytes_append_text(out, "\\\\");
        else if (byte < ' ' || byte == 127 || (byte > 127 && !plain))
            bytes_append_format(out, "\\x%02X", byte);
        else
            bytes_append(out, &byte, 1);
    }
    bytes_append_text(out, "\n");
}

void script_write(struct bytes *out, const struct event *event)
{
    bool by_hand = event->kind == EVENT_POINTER || event->kind == EVENT_PRESS ||
                   event->kind == EVENT_RELEASE || event->kind == EVENT_WHEEL;
    if (by_hand)
        write_modifiers(out, event->modifiers);
    switch (event->kind) {
    case EVENT_POINTER:
        bytes_append_format(out, "move %.9g %.9g\n", (double)event->x, (double)event->y);
        break;
    case EVENT_PRESS:
    case EVENT_RELEASE:
        bytes_append_format(out, "%s %d", event->kind == EVENT_PRESS ? "press" : "release", event->button);
        if (event->clicks > 1)
            bytes_append_format(out, " %d", event->clicks);
        bytes_append_text(out, "\n");
        break;
    case EVENT_WHEEL:
        bytes_append_format(out, "wheel %.9g %.9g\n", (double)event->dx, (double)event->dy);
        break;
    case EVENT_KEY:
        bytes_append_text(out, "key ");
        write_modifiers(out, event->modifiers);
        write_text(out, "", event->text);
        break;
    case EVENT_TEXT:
        write_text(out, "text ", event->text);
        break;
    case EVENT_DROP:
        write_text(out, "drop ", event->text);
        break;
    case EVENT_LEAVE:
        bytes_append_text(out, "leave\n");
        break;
    case EVENT_QUIT:
        bytes_append_text(out, "quit\n");
        break;
    default:
        break;
    }
}

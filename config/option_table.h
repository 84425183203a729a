/* config/option_table.h: the rows of options.def, and the commands. For this room only. */
#pragma once

#include "config/options.h"

enum option_type {
    TYPE_FLAG,
    TYPE_UNFLAG,
    TYPE_TALLY,
    TYPE_INTEGER,
    TYPE_REAL,
    TYPE_BYTES,
    TYPE_AMOUNT,
    TYPE_TEXT,
    TYPE_MODEL,
    TYPE_PATH,
    TYPE_OPTPATH,
    TYPE_CHOICE,
    TYPE_LIST,
    TYPE_REPEAT,
    TYPE_SQUARE,
    TYPE_EXTENT,
    TYPE_SHARD,
};

enum option_group {
    GROUP_MAIN,
    GROUP_DETECT,
    GROUP_DETECT_OUTPUT,
    GROUP_UPSCALE,
    GROUP_CLASSIFY,
    GROUP_VIEW,
    GROUP_LIVE,
    GROUP_RECORDING,
    GROUP_EVAL,
    GROUP_BENCH,
    GROUP_NET,
    GROUP_MODEL,
    GROUP_INPUT,
    GROUP_OUTPUT,
    GROUP_RUN,
    GROUP_MESSAGES,
    GROUP_COUNT,
};

/* Which commands have an option: bit 1 << command. */
enum {
    IN_NONE = 1 << COMMAND_NONE, /* the program without a command */
    IN_DETECT = 1 << COMMAND_DETECT,
    IN_UPSCALE = 1 << COMMAND_UPSCALE,
    IN_CLASSIFY = 1 << COMMAND_CLASSIFY,
    IN_WRITING = IN_DETECT | IN_UPSCALE, /* pictures; such options may stand at the top of the file */
    IN_PICTURES = IN_WRITING | IN_CLASSIFY,
    IN_VIEW = 1 << COMMAND_VIEW,
    IN_LIVE = 1 << COMMAND_LIVE,
    IN_SETTINGS =
        IN_PICTURES | IN_VIEW | IN_LIVE, /* with a group in the file: the first commands of the list */
    IN_BENCH = 1 << COMMAND_BENCH,
    IN_EVAL_DETECT = 1 << COMMAND_EVAL_DETECT,
    IN_EVAL_UPSCALE = 1 << COMMAND_EVAL_UPSCALE,
    IN_EVAL_CLASSIFY = 1 << COMMAND_EVAL_CLASSIFY,
    IN_EVAL = IN_EVAL_DETECT | IN_EVAL_UPSCALE | IN_EVAL_CLASSIFY,
    IN_READING = IN_PICTURES | IN_EVAL, /* pictures */
    IN_DETECTING = IN_DETECT | IN_EVAL_DETECT,
    IN_CLASSIFYING = IN_CLASSIFY | IN_EVAL_CLASSIFY,
    IN_SHOW = 1 << COMMAND_MODEL_SHOW,
    IN_EXTRACT = 1 << COMMAND_MODEL_EXTRACT,
    IN_EDIT = 1 << COMMAND_MODEL_EDIT,
    IN_BUILD = 1 << COMMAND_MODEL_BUILD,
    IN_COMPARE = 1 << COMMAND_MODEL_COMPARE,
    IN_RUN = 1 << COMMAND_MODEL_RUN,
    IN_QUANTIZE = 1 << COMMAND_MODEL_QUANTIZE,
    IN_MAKING = IN_EXTRACT | IN_EDIT | IN_BUILD | IN_QUANTIZE | IN_RUN | /* models, tensors */
                1 << COMMAND_MODEL_SIMPLIFY,
    IN_FED = IN_COMPARE | IN_RUN,                                                /* run on given inputs */
    IN_RUNNING = IN_RUN | 1 << COMMAND_MODEL_CHECK | 1 << COMMAND_MODEL_EXPLAIN, /* with one engine */
    IN_SHAPED = IN_SHOW | IN_RUNNING | IN_COMPARE | 1 << COMMAND_MODEL_SIMPLIFY,
    IN_EVERY = IN_READING | IN_VIEW | IN_LIVE | IN_BENCH | IN_SHAPED | IN_EXTRACT | IN_EDIT | IN_BUILD |
               IN_QUANTIZE | 1 << COMMAND_MODEL_LIST,
    IN_ANY = IN_EVERY | 1 << COMMAND_MODEL | 1 << COMMAND_EVAL | IN_NONE,
    LINE_ONLY = 1 << 30, /* not in a configuration file */
};

struct option_row {
    enum option_id    id;
    enum option_type  type;
    size_t            offset; /* of the field in struct options */
    const char       *flag;   /* "--max-det"; the name is flag + 2 */
    const char       *argument;
    const char       *fallback; /* the default, as text, or NULL */
    double            least, most;
    const char       *choices; /* "rect|square", or NULL */
    unsigned          commands;
    enum option_group group;
    const char       *help;
    char              letter; /* or 0 */
};

extern const struct option_row option_rows[OPTION_COUNT];

struct command_info {
    const char *name; /* "detect", "model show" */
    const char *page; /* of the manual: "detect", "model-show" */
    const char *summary;
    const char *usage;                     /* what follows the name: "[OPTION...] INPUT..." */
    int         least_inputs, most_inputs; /* most 0: any number */
    const char *model;                     /* the default of --model; "" where there is no such option */
    const char *description;
    const char *examples[3][2]; /* what is typed, what it does */
};

extern const struct command_info command_infos[COMMAND_COUNT]; /* that of COMMAND_NONE is the program's */

const char *option_group_title(enum option_group group);

/* "max-det" */
static inline const char *option_name(const struct option_row *row)
{
    return row->flag + 2;
}

static inline bool option_is_in(const struct option_row *row, enum command command)
{
    return (row->commands >> command) & 1;
}

/* Whether --no-NAME undoes it (of --no-image, that is --image). */
bool option_is_negatable(const struct option_row *row);

/* Whether a value must follow ("--conf 0.3"). */
bool option_needs_value(const struct option_row *row);

/* The row with this name (of `length` letters; '-' and '_' are the same), or NULL. */
const struct option_row *option_by_name(const char *name, size_t length);

/* The same of a command: two may have options of one name. */
const struct option_row *option_by_name_in(const char *name, size_t length, enum command command);

/* The row of this command with this letter, or NULL. */
const struct option_row *option_by_letter(char letter, enum command command);

/* The n-th word of "rect|square" and its length; NULL behind the last. */
const char *option_choice(const struct option_row *row, int n, int *length);

/* Appends "rect, square", with `last` instead of the last comma where it isn't NULL. */
void option_append_choices(const struct option_row *row, const char *last, struct bytes *out);

/* The exit codes and what they mean; NULL behind the last. */
const char *exit_code_text(int n, const char **codes);

/* Whether it has options in the configuration file. */
static inline bool command_has_settings(enum command command)
{
    return (IN_SETTINGS >> command) & 1;
}

/* Whether it has pictures for inputs. */
static inline bool command_is_for_pictures(enum command command)
{
    return (IN_READING >> command) & 1;
}

/* Whether it only stands before others: "model", "eval". */
static inline bool command_is_group(enum command command)
{
    return command == COMMAND_MODEL || command == COMMAND_EVAL;
}

/* The command that its name begins with: COMMAND_MODEL of "model show"; COMMAND_NONE of one word. */
enum command command_group(enum command command);

/* COMMAND_NONE when there is none of that name. */
enum command command_by_name(const char *name);

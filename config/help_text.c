#include "config/help_text.h"

#include <string.h>

struct term {
    const char *name, *text;
};

static const struct term inputs[] = {
    {"PICTURE", "JPEG, PNG, WebP, TIFF, BMP, PNM and what OpenCV reads"},
    {"FOLDER", "the pictures in it; with -r also those further down"},
    {"-", "one picture, from standard input"},
    {"@FILE", "paths of inputs, one a line, as --list FILE"},
};

static const struct term live_inputs[] = {
    {"NUMBER", "a camera: 0 is the first; /dev/video0 is the same"},
    {"URL", "a stream: rtsp://, http://, https://, rtmp://, udp://, srt://"},
    {"PIPELINE", "of GStreamer, in quotes: elements with \" ! \" between them"},
    {"FILE", "a video; with --realtime at its own speed"},
    {"-", "a video, from standard input"},
};

static const struct term model_inputs[] = {
    {"MODEL", "any exported model (.onnx), a card (.cfg) or a card's name"},
    {"OUTPUT", "where the command writes a model; -o OUTPUT as well"},
};

static const struct term files[] = {
    {"~/.config/besra/besra.cfg", "the person's own options; below $XDG_CONFIG_HOME where that is set"},
    {"~/.config/besra/window.cfg", "how the window was left; written by besra view"},
    {"~/.config/besra/window-live.cfg", "the same, by besra live"},
    {"~/.local/share/besra/models/", "the person's own models; below $XDG_DATA_HOME where that is set"},
};

static const struct term variables[] = {
    {"BESRA_MODELS", "folders with models, separated by colons, looked into before all others"},
    {"BESRA_CPU", "scalar, avx2 or avx512: the most that besra's own kernels may use"},
    {"NO_COLOR", "no colours in messages, whatever it is set to"},
};

static const char *term_at(const struct term *terms, size_t count, int n, const char **text)
{
    if (n < 0 || (size_t)n >= count)
        return NULL;
    *text = terms[n].text;
    return terms[n].name;
}

#define TERM_AT(terms, n, text) term_at(terms, sizeof(terms) / sizeof *(terms), n, text)

static const char *picture_input(int n, const char **text)
{
    return TERM_AT(inputs, n, text);
}

static const char *live_input(int n, const char **text)
{
    return TERM_AT(live_inputs, n, text);
}

static const char *model_input(int n, const char **text)
{
    return TERM_AT(model_inputs, n, text);
}

help_term *help_inputs(enum command command)
{
    if (command == COMMAND_LIVE)
        return live_input;
    if (command == COMMAND_VIEW)
        return picture_input;
    return command_is_for_pictures(command) ? picture_input : model_input;
}

const char *help_file(int n, const char **text)
{
    return TERM_AT(files, n, text);
}

const char *help_variable(int n, const char **text)
{
    return TERM_AT(variables, n, text);
}

void help_append_usage(enum command command, struct bytes *out)
{
    bytes_append_format(out, "besra%s%s %s", command ? " " : "", command_infos[command].name,
                        command_infos[command].usage);
}

/* What options say of a command where that is not what they say elsewhere. */
static const struct {
    unsigned       commands;
    enum option_id id;
    const char    *help;
} other_helps[] = {
    {IN_EVAL_DETECT, OPTION_CONF, "least score of an object (default: 0.001, as COCO's numbers are made)"},
    {IN_EVAL_DETECT, OPTION_IOU, "boxes of one class that overlap more are one object (default: 0.6)"},
    {IN_EVAL_DETECT, OPTION_MAX_DET, "most objects in a picture (default: 300)"},
    {IN_EVAL_UPSCALE, OPTION_SCALE, "how many times smaller and larger; a whole number from 2 on"},
    {IN_BENCH, OPTION_SIZE, "size of the net's input in pixels (default: as the card or the model says)"},
    {IN_BENCH, OPTION_LAYERS, "each layer, in order (default: the slowest ten)"},
    {IN_BENCH, OPTION_INPUT,
     "the picture that the stages are measured on (default: noise); of other nets .npy or .pb for an input"},
    {IN_BENCH, OPTION_JSON, "write what was measured, as JSON, to standard output or FILE"},
    {IN_EVAL, OPTION_JSON, "write what was measured, as JSON, to standard output or FILE"},
};

void help_describe(const struct option_row *row, enum command command, struct bytes *out)
{
    const char *help = row->help;
    for (size_t i = 0; i < sizeof other_helps / sizeof *other_helps; i++)
        if (other_helps[i].id == row->id && (other_helps[i].commands >> command) & 1)
            help = other_helps[i].help;
    bytes_append_text(out, help);
    if (row->choices) {
        bytes_append_text(out, ": ");
        option_append_choices(row, " or ", out);
    }
    const char *fallback = row->id == OPTION_OUTPUT && command_is_for_pictures(command) ? "besra-out/NAME"
                           : row->id == OPTION_MODEL ? command_infos[command].model
                                                     : row->fallback;
    if (fallback && *fallback)
        bytes_append_format(out, " (default: %s)", fallback);
}

void help_append_flags(const struct option_row *row, struct bytes *out)
{
    if (row->letter)
        bytes_append_format(out, "-%c, ", row->letter);
    else
        bytes_append_text(out, "    ");
    bytes_append_text(out, row->flag);
    if (row->type == TYPE_OPTPATH)
        bytes_append_format(out, "[=%s]", row->argument);
    else if (row->argument)
        bytes_append_format(out, " %s", row->argument);
}

void help_wrap(const char *text, int column, struct bytes *out)
{
    enum { COLUMNS = 80 };
    int at = column;
    while (*text) {
        size_t length = strcspn(text, " ");
        if (at > column && at + 1 + (int)length > COLUMNS) {
            bytes_append_format(out, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            bytes_append_text(out, " ");
            at++;
        }
        bytes_append(out, text, length);
        at += (int)length;
        text += length + strspn(text + length, " ");
    }
    bytes_append_text(out, "\n");
}

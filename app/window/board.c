#include "app/window/board.h"

#include "base/alloc.h"
#include "base/process.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_TYPES = 64 << 10, MOST_FILES = 4 << 20, MOST_WORDS = 8 };

#define PICTURE_TYPE "image/png" /* of what is given */

/* ---- the tools ---- */

/* Of a display server. "TYPE" stands for the type that is meant. */
struct tool {
    const char *display;           /* the variable that says where the server is */
    const char *name, *package;    /* for messages */
    const char *types[MOST_WORDS]; /* writes the types that there are */
    const char *fetch[MOST_WORDS], *give[MOST_WORDS];
};

static const struct tool tools[] = {
    {.display = "DISPLAY",
     .name = "xclip",
     .package = "xclip",
     .types = {"xclip", "-selection", "clipboard", "-target", "TARGETS", "-out"},
     .fetch = {"xclip", "-selection", "clipboard", "-target", "TYPE", "-out"},
     .give = {"xclip", "-selection", "clipboard", "-target", "TYPE", "-in"}},
    {.display = "WAYLAND_DISPLAY",
     .name = "wl-paste",
     .package = "wl-clipboard",
     .types = {"wl-paste", "--list-types"},
     .fetch = {"wl-paste", "--no-newline", "--type", "TYPE"},
     .give = {"wl-copy", "--type", "TYPE"}},
};

enum { TOOLS = sizeof tools / sizeof *tools };

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

/* SDL opens windows on X11 where there is one, Xwayland among them, unless it is told otherwise; the
 * clipboard of the window's own server is the one that is up to date. */
static const struct tool *tool_at(int rank)
{
    const char *driver = getenv("SDL_VIDEODRIVER");
    bool        wayland = driver && strncmp(driver, "wayland", 7) == 0;
    return &tools[wayland ? TOOLS - 1 - rank : rank];
}

static bsr_status find_tool(const struct tool **out, struct bsr_error *err)
{
    const struct tool *wanted = NULL;
    for (int i = 0; i < TOOLS; i++) {
        const struct tool *tool = tool_at(i);
        if (!is_set(tool->display))
            continue;
        if (process_find(tool->give[0]) && process_find(tool->fetch[0])) {
            *out = tool;
            return BSR_OK;
        }
        wanted = wanted ? wanted : tool;
    }
    wanted = wanted ? wanted : tool_at(0);
    bsr_fail(err, BSR_EMISSING, "clipboard", "pictures need %s, which is not installed: apt install %s",
             wanted->name, wanted->package);
    return BSR_EMISSING;
}

/* ---- what is wished for ---- */

struct wish {
    bool giving;
    bsr_status (*make)(void *context, struct bytes *png, struct bsr_error *err);
    void (*done)(void *context);
    void *context;
};

struct board {
    struct board_options options;
    pthread_t            thread;
    pthread_mutex_t      lock;
    pthread_cond_t       wished;
    atomic_bool          closing;
    bool                 busy; /* `wish` is under way, or its report waits to be taken */
    bool                 fresh;
    struct wish          wish;
    struct board_report  report;
};

/* What is more than a list may be many megabytes, in small parts: it has four times the time. */
static bsr_status run_tool(const struct board *board, const char *const *words, const char *type,
                           struct process_options options, struct bytes *out, struct bsr_error *err)
{
    const char *arguments[MOST_WORDS + 1] = {NULL};
    for (size_t i = 0; i < MOST_WORDS && words[i]; i++)
        arguments[i] = strcmp(words[i], "TYPE") == 0 ? type : words[i];
    options.arguments = arguments;
    options.timeout_ms = board->options.timeout_ms ? board->options.timeout_ms : BOARD_TIMEOUT_MS;
    options.timeout_ms *= type ? 4 : 1;
    options.stop = &board->closing;
    return process_run(out, &options, err);
}

/* ---- types ---- */

static bool has_type(const struct bytes *types, const char *type)
{
    size_t      length = strlen(type);
    const char *at = bytes_text(types);

    while (*at) {
        size_t line = strcspn(at, "\r\n");
        if (line == length && strncasecmp(at, type, length) == 0)
            return true;
        at += line;
        at += strspn(at, "\r\n");
    }
    return false;
}

const char *board_choose(const struct bytes *types, bool files)
{
    static const char *const known[] = {"text/uri-list", "image/png",      "image/tiff",
                                        "image/webp",    "image/jpeg",     "image/bmp",
                                        "image/x-bmp",   "image/x-MS-bmp", "image/gif"};
    for (size_t i = files ? 0 : 1; i < sizeof known / sizeof *known; i++)
        if (has_type(types, known[i]))
            return known[i];
    return NULL;
}

/* Whether a list of addresses names a file: that of a picture on the web names none. */
static bool names_files(const struct bytes *list)
{
    const char *text = bytes_text(list);
    return strncmp(text, "file:/", 6) == 0 || *text == '/' || strstr(text, "\nfile:/") || strstr(text, "\n/");
}

/* ---- fetching and giving, in the board's thread ---- */

static bsr_status fetch_picture(const struct board *board, const struct tool *tool, const char *type,
                                struct bsr_error *err)
{
    struct bytes                 picture = {0};
    const struct process_options options = {.most_output = (size_t)BOARD_MOST_MB << 20};
    bsr_status                   status = run_tool(board, tool->fetch, type, options, &picture, err);

    if (status == BSR_OK && !picture.size)
        status = bsr_fail(err, BSR_EFORMAT, "clipboard", "the picture that was copied is empty");
    if (status == BSR_OK)
        status = board->options.use(board->options.context, &picture, err);
    bytes_free(&picture);
    return status;
}

static bsr_status fetch(const struct board *board, struct board_report *report)
{
    struct bsr_error  *err = &report->error;
    struct bytes       types = {0};
    const struct tool *tool = NULL;
    const char        *type = NULL;
    bsr_status         status = find_tool(&tool, err);

    if (status == BSR_OK)
        status = run_tool(board, tool->types, NULL, (struct process_options){.most_output = MOST_TYPES},
                          &types, err);
    if (status == BSR_OK)
        type = board_choose(&types, true);
    if (type && strcmp(type, "text/uri-list") == 0) {
        status = run_tool(board, tool->fetch, type, (struct process_options){.most_output = MOST_FILES},
                          &report->files, err);
        report->news = BOARD_FILES;
        type = NULL;
        if (status == BSR_OK && !names_files(&report->files)) {
            bytes_free(&report->files);
            report->news = BOARD_TEXT;
            type = board_choose(&types, false);
        }
    } else {
        report->news = BOARD_TEXT;
    }
    if (status == BSR_OK && type) {
        status = fetch_picture(board, tool, type, err);
        report->news = BOARD_USED;
    }
    bytes_free(&types);
    return status;
}

static bsr_status give(const struct board *board, const struct wish *wish, struct board_report *report)
{
    const struct tool *tool = NULL;
    struct bytes       png = {0};
    struct bsr_error  *err = &report->error;
    bsr_status         status = find_tool(&tool, err);

    if (status == BSR_OK)
        status = wish->make(wish->context, &png, err);
    if (status == BSR_OK)
        status = run_tool(board, tool->give, PICTURE_TYPE,
                          (struct process_options){.input = png.data, .input_size = png.size}, NULL, err);
    bytes_free(&png);
    report->news = BOARD_GIVEN;
    return status;
}

static void end_wish(struct wish *wish)
{
    if (wish->done)
        wish->done(wish->context);
    *wish = (struct wish){0};
}

static void *board_thread(void *argument)
{
    struct board *board = argument;

    pthread_mutex_lock(&board->lock);
    while (!atomic_load(&board->closing)) {
        if (!board->busy || board->fresh) {
            pthread_cond_wait(&board->wished, &board->lock);
            continue;
        }
        struct wish         wish = board->wish;
        struct board_report report = {.giving = wish.giving};
        pthread_mutex_unlock(&board->lock);
        bsr_status status = wish.giving ? give(board, &wish, &report) : fetch(board, &report);
        if (status != BSR_OK)
            report.news = BOARD_FAILED;
        end_wish(&wish);
        pthread_mutex_lock(&board->lock);
        board->wish = wish;
        board->report = report;
        board->fresh = true;
        if (!atomic_load(&board->closing))
            board->options.wake(board->options.context);
    }
    pthread_mutex_unlock(&board->lock);
    return NULL;
}

/* ---- for who has a window ---- */

bsr_status board_open(struct board **out, const struct board_options *options, struct bsr_error *err)
{
    struct board *board = mem_alloc_zeroed(1, sizeof *board);
    sigset_t      all, before;

    if (!board)
        return bsr_fail_memory(err, "clipboard", sizeof *board);
    board->options = *options;
    pthread_mutex_init(&board->lock, NULL);
    pthread_cond_init(&board->wished, NULL);
    sigfillset(&all); /* signals are for the window's thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&board->thread, NULL, board_thread, board);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        pthread_cond_destroy(&board->wished);
        pthread_mutex_destroy(&board->lock);
        mem_free(board);
        return bsr_fail(err, BSR_EIO, "clipboard", "the system gives no more threads");
    }
    *out = board;
    return BSR_OK;
}

void board_close(struct board *board)
{
    if (!board)
        return;
    pthread_mutex_lock(&board->lock);
    atomic_store(&board->closing, true);
    pthread_cond_signal(&board->wished);
    pthread_mutex_unlock(&board->lock);
    pthread_join(board->thread, NULL);
    end_wish(&board->wish);
    bytes_free(&board->report.files);
    pthread_cond_destroy(&board->wished);
    pthread_mutex_destroy(&board->lock);
    mem_free(board);
}

static bool wish_for(struct board *board, const struct wish *wish)
{
    pthread_mutex_lock(&board->lock);
    bool free = !board->busy;
    if (free) {
        board->busy = true;
        board->wish = *wish;
        pthread_cond_signal(&board->wished);
    }
    pthread_mutex_unlock(&board->lock);
    return free;
}

bool board_fetch(struct board *board)
{
    return wish_for(board, &(struct wish){0});
}

bool board_give(struct board *board,
                bsr_status (*make)(void *context, struct bytes *png, struct bsr_error *err),
                void (*done)(void *context), void *context)
{
    const struct wish wish = {.giving = true, .make = make, .done = done, .context = context};
    bool              taken = wish_for(board, &wish);
    if (!taken && done)
        done(context);
    return taken;
}

void board_take(struct board *board, struct board_report *out)
{
    *out = (struct board_report){0};
    pthread_mutex_lock(&board->lock);
    if (board->fresh) {
        *out = board->report;
        board->report = (struct board_report){0};
        board->fresh = board->busy = false;
    }
    pthread_mutex_unlock(&board->lock);
}

/* app/window/board.h: pictures and files on the system's clipboard, of which SDL gives only text. What is
 * there is fetched, and what is to be there is handed over, by the system's own tools (xclip; wl-copy and
 * wl-paste), by a thread of its own: a clipboard's owner may be slow, hang, or be this window. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

/* What became of the wish made last. */
enum board_news {
    BOARD_NOTHING, /* none, or still at it */
    BOARD_FILES,   /* files were copied: `files` */
    BOARD_USED,    /* a picture was there, and use() took it */
    BOARD_TEXT,    /* neither: the display's clipboard() may have text */
    BOARD_GIVEN,   /* what make() made is on the clipboard */
    BOARD_FAILED,  /* `error`; where fetching failed there may be text still */
};

struct board_report {
    enum board_news  news;
    bool             giving; /* it was a wish of board_give() */
    struct bytes     files;  /* lines: "file:///a%20b", or paths. The caller's: bytes_free() */
    struct bsr_error error;
};

struct board_options {
    /* Takes an encoded picture, of whatever kind; may empty *picture. Called by the board's thread. */
    bsr_status (*use)(void *context, struct bytes *picture, struct bsr_error *err);
    void (*wake)(void *context); /* called by any thread when there is news */
    void *context;
    int   timeout_ms; /* of each tool; 0: BOARD_TIMEOUT_MS */
};

enum { BOARD_TIMEOUT_MS = 5000, BOARD_MOST_MB = 512 /* of a picture, encoded */ };

struct board;

/* Starts a thread. Close it with board_close(), which ends what is under way. BSR_EIO, BSR_ENOMEM. */
bsr_status board_open(struct board **out, const struct board_options *options, struct bsr_error *err);
void       board_close(struct board *board);

/* Fetches what is on the clipboard: files first, else a picture. False: there is another wish under way. */
bool board_fetch(struct board *board);

/* Puts what make() makes (of its own memory, in the board's thread), a PNG, on the clipboard; it stays there
 * when besra has ended. done(), which may be NULL, is called when `context` is not needed any more, also
 * where that is now. False as above. */
bool board_give(struct board *board,
                bsr_status (*make)(void *context, struct bytes *png, struct bsr_error *err),
                void (*done)(void *context), void *context);

/* What became of it: BOARD_NOTHING until there is news, and behind it. Never waits. */
void board_take(struct board *board, struct board_report *out);

/* What of a list of types (lines, as the tools have them) is to be fetched: "text/uri-list", the best picture
 * that besra reads, or NULL. `files` false: of pictures only. */
const char *board_choose(const struct bytes *types, bool files);

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/nearest.h"
#include "config/card.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LISTED = 200 }; /* bytes of the names in a message */

/* Visits the folders with cards in their order until one says stop (true). NULL: out of memory. */
typedef bool visit_folder(const char *folder, size_t length, void *context);

/* The folder of the running program, with a slash at its end; "" when the system doesn't tell. */
static const char *program_folder(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    path[file_name(path) - path] = '\0';
    return path;
}

static bool visit_variable(const char *variable, visit_folder *visit, void *context)
{
    const char *at = getenv(variable);
    while (at && *at) {
        size_t length = strcspn(at, ":");
        if (length && visit(at, length, context))
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

/* `folder` with `below` behind it. */
static bool visit_below(const char *folder, const char *below, visit_folder *visit, void *context)
{
    struct bytes path = {0};
    bytes_append_format(&path, "%s%s", folder, below);
    bool stop = visit(path.failed ? NULL : bytes_text(&path), path.size, context);
    bytes_free(&path);
    return stop;
}

/* The person's own models: $XDG_DATA_HOME/besra/models, else below ~/.local/share. */
static bool visit_own(visit_folder *visit, void *context)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (data && data[0] == '/')
        return visit_below(data, "/besra/models", visit, context);
    return home && home[0] == '/' && visit_below(home, "/.local/share/besra/models", visit, context);
}

/* The source tree's models for a program that runs where it was built; else those installed beside it, and
 * those of the folder that the build was configured for. */
static bool visit_shipped(visit_folder *visit, void *context)
{
    char        space[PATH_MAX];
    const char *program = program_folder(space);
#ifdef BESRA_BUILD_FOLDER
    if (strncmp(program, BESRA_BUILD_FOLDER "/", sizeof BESRA_BUILD_FOLDER) == 0 &&
        visit_below(BESRA_MODELS_BUILD, "", visit, context))
        return true;
#endif
    if (program[0] && visit_below(program, "../share/besra/models", visit, context))
        return true;
    return visit_below(BESRA_DATA_FOLDER, "/besra/models", visit, context);
}

static bool visit_folders(visit_folder *visit, void *context)
{
    return visit_variable("BESRA_MODELS", visit, context) || visit_own(visit, context) ||
           visit_shipped(visit, context);
}

/* The search for NAME.cfg. */
struct search {
    const char *name;
    char       *found; /* a full path */
    bool        no_memory;
};

static bool look_in(const char *folder, size_t length, void *context)
{
    struct search *search = context;
    struct bytes   path = {0};
    bytes_append(&path, folder ? folder : "", length);
    bytes_append_format(&path, "/%s.cfg", search->name);
    search->no_memory = !folder || path.failed;
    if (!search->no_memory && access(bytes_text(&path), F_OK) == 0) {
        search->found = mem_copy_text(bytes_text(&path));
        search->no_memory = !search->found;
    }
    bytes_free(&path);
    return search->found || search->no_memory;
}

/* The names there are. */
struct listing {
    struct bytes   names; /* "cards, srcnn" */
    struct nearest nearest;
    char           best[NEAREST_MAX_LENGTH + 1];
};

static bool is_listed(const struct listing *listing, const char *name, size_t length)
{
    const char *at = bytes_text(&listing->names);
    while (*at) {
        size_t part = strcspn(at, ",");
        if (part == length && memcmp(at, name, length) == 0)
            return true;
        at += part + strspn(at + part, ", ");
    }
    return false;
}

static void list_name(struct listing *listing, const char *file)
{
    char   name[NEAREST_MAX_LENGTH + 1];
    size_t length = strlen(file);
    if (length < 5 || strcmp(file + length - 4, ".cfg") != 0 || length - 4 >= sizeof name)
        return;
    length -= 4;
    memcpy(name, file, length);
    name[length] = '\0';
    if (is_listed(listing, name, length))
        return;
    size_t before = listing->nearest.distance;
    nearest_offer(&listing->nearest, name);
    if (listing->nearest.distance < before)
        memcpy(listing->best, name, length + 1);
    if (listing->names.size + length < MAX_LISTED)
        bytes_append_format(&listing->names, "%s%s", listing->names.size ? ", " : "", name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool list_in(const char *folder, size_t length, void *context)
{
    struct bytes path = {0};
    if (folder && bytes_append(&path, folder, length)) {
        struct dirent **entries = NULL;
        int             count = scandir(bytes_text(&path), &entries, NULL, by_name);
        for (int i = 0; i < count; i++) {
            list_name(context, entries[i]->d_name);
            free(entries[i]); /* scandir's own allocations */
        }
        free(entries);
    }
    bytes_free(&path);
    return false;
}

static bsr_status refuse_name(const char *name, struct bsr_error *err)
{
    struct listing listing = {.nearest = nearest_start(name)};
    visit_folders(list_in, &listing);
    if (listing.nearest.best)
        bsr_fail(err, BSR_EMISSING, name, "no such model; did you mean %s?", listing.best);
    else
        bsr_fail(err, BSR_EMISSING, name, "no such model");
    if (listing.names.size)
        bsr_hint(err, "there are %s; a file's name ends in .onnx or .cfg", bytes_text(&listing.names));
    else
        bsr_hint(err, "no models are installed; BESRA_MODELS can name their folder");
    bytes_free(&listing.names);
    return BSR_EMISSING;
}

bsr_status card_find(char **path, const char *name, struct bsr_error *err)
{
    if (!name[0] || strchr(name, '/'))
        return bsr_fail(err, BSR_EMISSING, name, "is not the name of a model");
    struct search search = {.name = name};
    visit_folders(look_in, &search);
    if (search.no_memory)
        return bsr_fail_memory(err, name, strlen(name));
    if (!search.found)
        return refuse_name(name, err);
    *path = search.found;
    return BSR_OK;
}

/* ---- all of them -----------------------------------------------------------------------------------------
 */

/* A visit to every card; names that were met are remembered, since the first of a name is the one found. */
struct tour {
    card_visit       *visit;
    void             *context;
    struct bytes      seen; /* names, each ended by 0 */
    bsr_status        status;
    struct bsr_error *err;
};

static bool was_seen(const struct tour *tour, const char *name, size_t length)
{
    for (size_t at = 0; at < tour->seen.size;) {
        const char *other = (const char *)tour->seen.data + at;
        if (strlen(other) == length && memcmp(other, name, length) == 0)
            return true;
        at += strlen(other) + 1;
    }
    return false;
}

/* Visits folder/file when it ends so and its name is new. */
static void tour_file(struct tour *tour, const char *folder, const char *file, const char *extension)
{
    struct bytes path = {0};
    size_t       length = strlen(file), cut = strlen(extension);

    if (tour->status != BSR_OK || length <= cut || strcmp(file + length - cut, extension) != 0 ||
        was_seen(tour, file, length - cut))
        return;
    bytes_append(&tour->seen, file, length - cut);
    bytes_append(&tour->seen, "", 1);
    bytes_append_format(&path, "%s/%s", folder, file);
    tour->status = path.failed || tour->seen.failed
                       ? bsr_fail_memory(tour->err, folder, length)
                       : tour->visit(tour->context, bytes_text(&path), tour->err);
    bytes_free(&path);
}

/* A card may name a file of another name: such a file is listed for itself, too. */
static bool tour_folder(const char *folder, size_t length, void *context)
{
    struct tour *tour = context;
    struct bytes path = {0};

    if (!folder || !bytes_append(&path, folder, length)) {
        tour->status = bsr_fail_memory(tour->err, folder, length);
    } else {
        struct dirent **entries = NULL;
        int             count = scandir(bytes_text(&path), &entries, NULL, by_name);
        for (int i = 0; i < count; i++)
            tour_file(tour, bytes_text(&path), entries[i]->d_name, ".cfg");
        for (int i = 0; i < count; i++) {
            tour_file(tour, bytes_text(&path), entries[i]->d_name, ".onnx");
            free(entries[i]); /* scandir's own allocations */
        }
        free(entries);
    }
    bytes_free(&path);
    return tour->status != BSR_OK;
}

bsr_status card_visit_all(card_visit *visit, void *context, struct bsr_error *err)
{
    struct tour tour = {.visit = visit, .context = context, .err = err};
    visit_folders(tour_folder, &tour);
    bytes_free(&tour.seen);
    return tour.status;
}

bsr_status card_visit_folder(const char *folder, card_visit *visit, void *context, struct bsr_error *err)
{
    struct tour tour = {.visit = visit, .context = context, .err = err};
    struct stat st;
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return bsr_fail(err, BSR_EMISSING, folder, "is no folder");
    tour_folder(folder, strlen(folder), &tour);
    bytes_free(&tour.seen);
    return tour.status;
}

#include "app/window/texture_cache.h"

#include "app/window/halve.h"
#include "app/window/rect.h"
#include "base/alloc.h"
#include "base/image.h"

#include <math.h>
#include <string.h>

enum { MOST_LEVELS = 16 };

struct tile {
    texture_id texture; /* 0: not made */
    bool       stale;
    uint64_t   used;
    size_t     bytes;
};

/* The picture, halved as many times as the level's number. */
struct level {
    struct bsr_image image; /* {0} for level 0 of a picture that can be shown as it is: the caller's */
    bool             stale;
    int              columns, rows;
    struct tile     *tiles; /* NULL until needed */
};

struct entry {
    uint64_t     id, used;
    int          width, height, channels, depth; /* of the picture */
    size_t       bytes;                          /* of copies */
    struct level levels[MOST_LEVELS];
};

struct texture_cache {
    const struct display_module *module;
    struct display              *display;
    size_t                       budget, bytes;
    int                          tile; /* pixels of a side, without what overlaps */
    uint64_t                     clock;
    struct entry               **entries;
    size_t                       count, capacity;
};

bsr_status texture_cache_open(struct texture_cache **out, const struct display_module *module,
                              struct display *display, size_t budget, struct bsr_error *err)
{
    struct texture_cache *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, "window", sizeof *made);
    int most = module->texture_most(display) - 2;
    *made = (struct texture_cache){.module = module,
                                   .display = display,
                                   .budget = budget,
                                   .tile = most < TEXTURE_TILE ? most : TEXTURE_TILE};
    *out = made;
    return BSR_OK;
}

/* ---- giving up ---- */

static void drop_tile(struct texture_cache *cache, struct tile *tile)
{
    if (!tile->texture)
        return;
    cache->module->texture_free(cache->display, tile->texture);
    cache->bytes -= tile->bytes;
    *tile = (struct tile){0};
}

static void drop_entry(struct texture_cache *cache, size_t index)
{
    struct entry *entry = cache->entries[index];
    for (int i = 0; i < MOST_LEVELS; i++) {
        struct level *level = &entry->levels[i];
        for (int k = 0; level->tiles && k < level->columns * level->rows; k++)
            drop_tile(cache, &level->tiles[k]);
        mem_free(level->tiles);
        image_free(&level->image);
    }
    cache->bytes -= entry->bytes;
    cache->entries[index] = cache->entries[--cache->count];
    mem_free(entry);
}

void texture_cache_close(struct texture_cache *cache)
{
    if (!cache)
        return;
    while (cache->count)
        drop_entry(cache, cache->count - 1);
    mem_free(cache->entries);
    mem_free(cache);
}

size_t texture_cache_bytes(const struct texture_cache *cache)
{
    return cache->bytes;
}

/* The tile that was not used for longest; NULL: all that there are were used by the call at hand. */
static struct tile *find_oldest_tile(const struct texture_cache *cache)
{
    struct tile *oldest = NULL;
    for (size_t i = 0; i < cache->count; i++)
        for (int l = 0; l < MOST_LEVELS; l++) {
            const struct level *level = &cache->entries[i]->levels[l];
            for (int k = 0; level->tiles && k < level->columns * level->rows; k++) {
                struct tile *tile = &level->tiles[k];
                if (tile->texture && tile->used < cache->clock && (!oldest || tile->used < oldest->used))
                    oldest = tile;
            }
        }
    return oldest;
}

/* Whole pictures go first, as their halved copies go with them; then tiles of the one at hand. */
static void make_room(struct texture_cache *cache, size_t bytes)
{
    while (cache->bytes + bytes > cache->budget) {
        size_t oldest = SIZE_MAX;
        for (size_t i = 0; i < cache->count; i++)
            if (cache->entries[i]->used < cache->clock &&
                (oldest == SIZE_MAX || cache->entries[i]->used < cache->entries[oldest]->used))
                oldest = i;
        struct tile *tile = oldest == SIZE_MAX ? find_oldest_tile(cache) : NULL;
        if (oldest != SIZE_MAX)
            drop_entry(cache, oldest);
        else if (tile)
            drop_tile(cache, tile);
        else
            return;
    }
}

/* ---- pictures and their levels ---- */

static size_t find_index(const struct texture_cache *cache, uint64_t id)
{
    size_t i = 0;
    while (i < cache->count && cache->entries[i]->id != id)
        i++;
    return i;
}

static struct entry *add_entry(struct texture_cache *cache, const struct bsr_image *image, uint64_t id)
{
    if (cache->count == cache->capacity) {
        size_t         wanted = cache->capacity ? cache->capacity * 2 : 32;
        struct entry **grown = mem_resize(cache->entries, wanted, sizeof(struct entry *));
        if (!grown)
            return NULL;
        cache->entries = grown;
        cache->capacity = wanted;
    }
    struct entry *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return NULL;
    made->id = id;
    made->width = image->width;
    made->height = image->height;
    made->channels = image->channels;
    made->depth = image->depth;
    cache->entries[cache->count++] = made;
    return made;
}

static struct entry *find_entry(struct texture_cache *cache, const struct bsr_image *image, uint64_t id)
{
    size_t index = find_index(cache, id);
    if (index < cache->count) {
        struct entry *entry = cache->entries[index];
        if (entry->width == image->width && entry->height == image->height &&
            entry->channels == image->channels && entry->depth == image->depth)
            return entry;
        drop_entry(cache, index);
    }
    return add_entry(cache, image, id);
}

/* An 8-bit BGR or BGRA copy of what is neither. */
static void convert(const struct bsr_image *to, const struct bsr_image *from)
{
    static const int source[5][4] = {{0}, {0, 0, 0, 0}, {0, 0, 0, 1}, {0, 1, 2, 0}, {0, 1, 2, 3}};
    const int       *channel = source[from->channels];
    for (int y = 0; y < from->height; y++) {
        const uint8_t  *bytes = image_row(from, y);
        const uint16_t *words = (const void *)bytes;
        uint8_t        *row = image_row(to, y);
        for (size_t x = 0; x < (size_t)from->width; x++)
            for (int c = 0; c < to->channels; c++) {
                size_t at = x * (size_t)from->channels + (size_t)channel[c];
                row[x * (size_t)to->channels + (size_t)c] =
                    from->depth == 16 ? (uint8_t)((words[at] * 255U + 32767) / 65535) : bytes[at];
            }
    }
}

/* Fills the level's own image from the one above it, making room for it where it is new. */
static bool fill_level(struct texture_cache *cache, struct entry *entry, int number,
                       const struct bsr_image *from)
{
    struct level *level = &entry->levels[number];
    if (!level->image.data) {
        int channels = from->channels == 2 || from->channels == 4 ? 4 : 3;
        int width = number ? (from->width + 1) / 2 : from->width;
        int height = number ? (from->height + 1) / 2 : from->height;
        if (image_alloc(&level->image, width, height, channels, 8, NULL) != BSR_OK)
            return false;
        size_t bytes = level->image.stride * (size_t)height;
        make_room(cache, bytes);
        entry->bytes += bytes;
        cache->bytes += bytes;
    } else if (!level->stale) {
        return true;
    }
    if (number)
        halve(&level->image, from);
    else
        convert(&level->image, from);
    level->stale = false;
    return true;
}

/* The picture at a level: *out's pixels are the entry's or the caller's. */
static bool find_image(struct texture_cache *cache, struct entry *entry, const struct bsr_image *image,
                       int number, struct bsr_image *out)
{
    bool plain = image->depth == 8 && (image->channels == 3 || image->channels == 4);
    *out = *image;
    for (int i = plain ? 1 : 0; i <= number; i++) {
        if (!fill_level(cache, entry, i, out))
            return false;
        *out = entry->levels[i].image;
    }
    return true;
}

/* ---- tiles ---- */

static bool make_tiles(const struct texture_cache *cache, struct level *level, const struct bsr_image *image)
{
    if (level->tiles)
        return true;
    level->columns = (image->width + cache->tile - 1) / cache->tile;
    level->rows = (image->height + cache->tile - 1) / cache->tile;
    level->tiles = mem_alloc_zeroed((size_t)level->columns * (size_t)level->rows, sizeof *level->tiles);
    return level->tiles;
}

/* One axis of a tile: its pixels `first` .. `end`, and what its texture has, one more on each side. */
struct stretch {
    int first, end, texture_first, texture_end;
};

static struct stretch stretch_of(const struct texture_cache *cache, int index, int side)
{
    int first = index * cache->tile, end = first + cache->tile < side ? first + cache->tile : side;
    return (struct stretch){first, end, first > 0 ? first - 1 : 0, end < side ? end + 1 : side};
}

static texture_id find_texture(struct texture_cache *cache, struct tile *tile, const struct bsr_image *image,
                               const struct stretch *across, const struct stretch *down)
{
    struct bsr_image part = *image;
    part.data =
        image_row(image, down->texture_first) + (size_t)across->texture_first * image_pixel_size(image);
    part.width = across->texture_end - across->texture_first;
    part.height = down->texture_end - down->texture_first;
    tile->used = cache->clock;
    if (tile->texture && tile->stale)
        tile->stale = !cache->module->texture_update(cache->display, tile->texture, &part);
    if (tile->texture)
        return tile->texture;
    size_t bytes = (size_t)part.width * (size_t)part.height * 4;
    make_room(cache, bytes);
    tile->texture = cache->module->texture_make(cache->display, &part);
    if (tile->texture) {
        tile->bytes = bytes;
        cache->bytes += bytes;
    }
    return tile->texture;
}

/* ---- painting ---- */

/* What can be seen: the window within the list's last clip. */
static struct rect visible(const struct texture_cache *cache, const struct paint_list *list)
{
    int   width, height;
    float scale;
    cache->module->size(cache->display, &width, &height, &scale);
    struct rect seen = {0, 0, (float)width, (float)height};
    for (size_t i = list->count; i-- > 0;)
        if (list->items[i].kind == PAINT_CLIP)
            return rect_meet(seen, list->items[i].rect);
    return seen;
}

/* How often the picture is halved: what is shown is then half as large as the copy at least. */
static int choose_level(const struct bsr_image *image, struct rect from, struct rect to)
{
    float gain = fmaxf(to.width / from.width, to.height / from.height);
    int   side = image->width > image->height ? image->width : image->height, level = 0;
    for (; gain <= 0.5F && side > 1 && level + 1 < MOST_LEVELS; gain *= 2, side /= 2)
        level++;
    return level;
}

/* Where the picture's coordinates are on the window, one axis. */
struct axis {
    float from, to, gain;
};

static float place(const struct axis *axis, float at)
{
    return axis->to + (at - axis->from) * axis->gain;
}

struct painting {
    struct paint_list *list;
    struct bsr_image   image; /* of the level */
    struct rect        from, to, seen;
    struct axis        across, down; /* of the level's pixels */
    bool               smooth;
};

static void paint_tile(struct texture_cache *cache, struct painting *painting, struct level *level,
                       int column, int row)
{
    struct stretch across = stretch_of(cache, column, painting->image.width);
    struct stretch down = stretch_of(cache, row, painting->image.height);
    float x1 = fmaxf((float)across.first, painting->from.x), y1 = fmaxf((float)down.first, painting->from.y);
    float x2 = fminf((float)across.end, painting->from.x + painting->from.width);
    float y2 = fminf((float)down.end, painting->from.y + painting->from.height);
    if (!(x1 < x2) || !(y1 < y2))
        return;
    float left = place(&painting->across, x1), right = place(&painting->across, x2);
    float top = place(&painting->down, y1), bottom = place(&painting->down, y2);
    if (right < painting->seen.x || left > painting->seen.x + painting->seen.width ||
        bottom < painting->seen.y || top > painting->seen.y + painting->seen.height)
        return;
    struct tile *tile = &level->tiles[(size_t)row * (size_t)level->columns + (size_t)column];
    texture_id   texture = find_texture(cache, tile, &painting->image, &across, &down);
    struct rect  from = {x1 - (float)across.texture_first, y1 - (float)down.texture_first, x2 - x1, y2 - y1};
    paint_image(painting->list, texture, from, (struct rect){left, top, right - left, bottom - top},
                (struct colour){255, 255, 255, 255}, painting->smooth);
}

static bool is_usable(const struct bsr_image *image, struct rect from, struct rect to)
{
    const float numbers[] = {from.x, from.y, from.width, from.height, to.x, to.y, to.width, to.height};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!isfinite(numbers[i]))
            return false;
    return image && image->data && from.width > 0 && from.height > 0 && to.width > 0 && to.height > 0;
}

void texture_cache_paint(struct texture_cache *cache, struct paint_list *list, const struct bsr_image *image,
                         uint64_t id, struct rect from, struct rect to, bool smooth)
{
    if (!is_usable(image, from, to))
        return;
    struct entry *entry = find_entry(cache, image, id);
    if (!entry)
        return;
    entry->used = ++cache->clock;
    int             number = choose_level(image, from, to);
    struct level   *level = &entry->levels[number];
    struct painting painting = {.list = list, .to = to, .seen = visible(cache, list), .smooth = smooth};
    if (!find_image(cache, entry, image, number, &painting.image) ||
        !make_tiles(cache, level, &painting.image))
        return;
    float less = 1.0F / (float)(1 << number);
    painting.from = (struct rect){from.x * less, from.y * less, from.width * less, from.height * less};
    painting.across = (struct axis){painting.from.x, to.x, to.width / painting.from.width};
    painting.down = (struct axis){painting.from.y, to.y, to.height / painting.from.height};
    for (int row = 0; row < level->rows; row++)
        for (int column = 0; column < level->columns; column++)
            paint_tile(cache, &painting, level, column, row);
}

void texture_cache_change(struct texture_cache *cache, uint64_t id)
{
    size_t index = find_index(cache, id);
    if (index == cache->count)
        return;
    for (int i = 0; i < MOST_LEVELS; i++) {
        struct level *level = &cache->entries[index]->levels[i];
        level->stale = true;
        for (int k = 0; level->tiles && k < level->columns * level->rows; k++)
            level->tiles[k].stale = true;
    }
}

void texture_cache_forget(struct texture_cache *cache, uint64_t id)
{
    size_t index = find_index(cache, id);
    if (index < cache->count)
        drop_entry(cache, index);
}

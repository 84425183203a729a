#include "media/font_set.h"

#include "base/alloc.h"

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_MODULE_H
#include FT_OUTLINE_H
#include <hb-ot.h>
#include <pthread.h>
#include <stdbool.h>

struct font {
    hb_blob_t *file;   /* mapped into memory, shared by the two below */
    hb_font_t *shaper; /* HarfBuzz: which glyphs, where */
    FT_Face    face;   /* FreeType: how they look */
    int        shaper_size, face_size;
    int        source; /* index in `candidates`; -1 for the first font */
};

struct font_set {
    struct FT_MemoryRec_ memory;
    FT_Library           freetype;
    struct font          fonts[FONT_SET_MAX];
    int                  count;
    FcFontSet           *candidates; /* what fontconfig offers, best first; NULL: nothing, or not asked yet */
    bool                *broken;     /* [candidates] could not be opened */
    bool                 asked;      /* fontconfig, already */
    bool                 has_config; /* one of the users of `shared` */
    bool                 starved;    /* FreeType was refused memory: it doesn't always say so itself */
};

/* DejaVu Sans has Latin, Greek, Cyrillic, Hebrew, Arabic and more, and is where the packages of Debian,
 * Fedora and Arch put it. */
static const char *const known_fonts[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    NULL,
};

/* fontconfig's knowledge of the machine: read once for all typesetters that are open, which takes tens of
 * milliseconds, and released with the last of them. */
static struct {
    pthread_mutex_t lock;
    FcConfig       *config;
    int             users;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *freetype_alloc(FT_Memory memory, long size)
{
    void *block = mem_alloc((size_t)size);
    if (!block)
        *(bool *)memory->user = true;
    return block;
}

static void freetype_free(FT_Memory memory, void *block)
{
    (void)memory;
    mem_free(block);
}

static void *freetype_resize(FT_Memory memory, long size, long new_size, void *block)
{
    (void)size;
    void *resized = mem_resize(block, (size_t)new_size, 1);
    if (!resized)
        *(bool *)memory->user = true;
    return resized;
}

static void font_close(struct font *font)
{
    hb_font_destroy(font->shaper); /* NULL is fine for all but FreeType */
    if (font->face)
        FT_Done_Face(font->face);
    hb_blob_destroy(font->file);
}

/* Adds the font of a file; the upper half of `index` is the named instance of a variable font, as fontconfig
 * and FreeType count them (from 1). False when it is no font that can be scaled. */
static bool font_open(struct font_set *set, const char *path, int index, int source)
{
    struct font font = {.source = source};
    unsigned    size;

    if (set->count == FONT_SET_MAX || index < 0)
        return false;
    font.file = hb_blob_create_from_file_or_fail(path);
    if (!font.file)
        return false;
    const char *data = hb_blob_get_data(font.file, &size);
    if (FT_New_Memory_Face(set->freetype, (const FT_Byte *)data, (FT_Long)size, index, &font.face) != 0) {
        font.face = NULL;
        goto fail;
    }
    if (!FT_IS_SCALABLE(font.face))
        goto fail;

    hb_face_t *face = hb_face_create(font.file, (unsigned)index & 0xFFFFU);
    font.shaper = hb_font_create(face);
    hb_face_destroy(face);
    hb_ot_font_set_funcs(font.shaper);
    if (index >> 16)
        hb_font_set_var_named_instance(font.shaper, ((unsigned)index >> 16) - 1);
    set->fonts[set->count++] = font;
    return true;

fail:
    font_close(&font);
    return false;
}

/* All installed fonts but bitmaps and coloured ones (a plate's text has one colour), in the order in which
 * fontconfig would use them for plain text in the user's language. */
static FcFontSet *sort_fonts(FcConfig *config)
{
    FcFontSet *installed = FcConfigGetFonts(config, FcSetSystem);
    FcFontSet *usable = FcFontSetCreate();
    FcPattern *wanted = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, "sans-serif", NULL);
    FcFontSet *sorted = NULL;
    FcResult   result;

    if (!installed || !usable || !wanted)
        goto done;
    for (int i = 0; i < installed->nfont; i++) {
        FcPattern *font = installed->fonts[i];
        FcBool     scalable = FcFalse, colour = FcFalse, variable = FcFalse;
        FcPatternGetBool(font, FC_SCALABLE, 0, &scalable);
        FcPatternGetBool(font, FC_COLOR, 0, &colour);
        FcPatternGetBool(font, FC_VARIABLE, 0, &variable); /* its named instances are listed, too */
        if (!scalable || colour || variable)
            continue;
        FcPatternReference(font);
        if (!FcFontSetAdd(usable, font)) {
            FcPatternDestroy(font);
            goto done;
        }
    }
    FcConfigSubstitute(config, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    sorted = FcFontSetSort(config, &usable, 1, wanted, FcTrue, NULL, &result);
done:
    if (wanted)
        FcPatternDestroy(wanted);
    if (usable)
        FcFontSetDestroy(usable);
    return sorted;
}

/* NULL when fontconfig can't start. */
static FcFontSet *sort_shared_fonts(struct font_set *set)
{
    FcFontSet *sorted = NULL;

    pthread_mutex_lock(&shared.lock);
    if (!shared.users)
        shared.config = FcInitLoadConfigAndFonts();
    if (shared.config) {
        set->has_config = true;
        shared.users++;
        sorted = sort_fonts(shared.config);
    }
    pthread_mutex_unlock(&shared.lock);
    return sorted;
}

static void release_shared_fonts(struct font_set *set)
{
    if (set->candidates)
        FcFontSetDestroy(set->candidates);
    if (!set->has_config)
        return;
    pthread_mutex_lock(&shared.lock);
    if (--shared.users == 0) {
        FcConfigDestroy(shared.config);
        shared.config = NULL;
    }
    pthread_mutex_unlock(&shared.lock);
}

/* False when fontconfig has nothing to offer. */
static bool ask_fontconfig(struct font_set *set)
{
    if (set->asked)
        return set->candidates;
    set->asked = true;
    set->candidates = sort_shared_fonts(set);
    if (!set->candidates)
        return false;
    set->broken = mem_alloc_zeroed((size_t)set->candidates->nfont, sizeof *set->broken);
    if (set->broken)
        return true;
    set->starved = true;
    FcFontSetDestroy(set->candidates);
    set->candidates = NULL;
    return false;
}

static bool candidate_has(const struct font_set *set, int i, const uint32_t *codes, int count)
{
    FcCharSet *has;
    if (set->broken[i] ||
        FcPatternGetCharSet(set->candidates->fonts[i], FC_CHARSET, 0, &has) != FcResultMatch)
        return false;
    for (int k = 0; k < count; k++)
        if (!FcCharSetHasChar(has, codes[k]))
            return false;
    return true;
}

/* The font of candidate `i`, opened where it isn't yet; -1 when it can't be. */
static int open_candidate(struct font_set *set, int i)
{
    FcChar8 *path;
    int      index = 0;

    for (int k = 0; k < set->count; k++)
        if (set->fonts[k].source == i)
            return k;
    if (FcPatternGetString(set->candidates->fonts[i], FC_FILE, 0, &path) == FcResultMatch) {
        FcPatternGetInteger(set->candidates->fonts[i], FC_INDEX, 0, &index);
        if (font_open(set, (const char *)path, index, i))
            return set->count - 1;
    }
    set->broken[i] = !set->starved; /* with more memory it may do */
    return -1;
}

bsr_status font_set_create(struct font_set **out, const char *const *paths, struct bsr_error *err)
{
    struct font_set *set = mem_alloc_zeroed(1, sizeof *set);
    if (!set)
        return bsr_fail_memory(err, "fonts", sizeof *set);
    set->memory.user = &set->starved;
    set->memory.alloc = freetype_alloc;
    set->memory.free = freetype_free;
    set->memory.realloc = freetype_resize;
    if (FT_New_Library(&set->memory, &set->freetype) != 0) {
        mem_free(set);
        return bsr_fail(err, BSR_ENOMEM, "fonts", "out of memory");
    }
    FT_Add_Default_Modules(set->freetype);

    for (const char *const *path = paths ? paths : known_fonts; *path && !set->count; path++)
        font_open(set, *path, 0, -1);
    if (!set->count && ask_fontconfig(set))
        for (int i = 0; !set->count && i < set->candidates->nfont; i++)
            open_candidate(set, i);
    if (!set->count) {
        bool starved = set->starved;
        font_set_destroy(set);
        if (starved)
            return bsr_fail(err, BSR_ENOMEM, "fonts", "out of memory");
        bsr_fail(err, BSR_EMISSING, "fonts", "no font is installed, so that no label can be drawn");
        bsr_hint(err, "install one (Debian: apt install fonts-dejavu-core) or draw no labels");
        return BSR_EMISSING;
    }
    *out = set;
    return BSR_OK;
}

void font_set_destroy(struct font_set *set)
{
    if (!set)
        return;
    for (int i = 0; i < set->count; i++)
        font_close(&set->fonts[i]);
    release_shared_fonts(set);
    FT_Done_Library(set->freetype);
    mem_free(set->broken);
    mem_free(set);
}

static bool font_has(const struct font *font, const uint32_t *codes, int count)
{
    hb_codepoint_t glyph;
    for (int i = 0; i < count; i++)
        if (!hb_font_get_nominal_glyph(font->shaper, codes[i], &glyph))
            return false;
    return true;
}

int font_set_find(struct font_set *set, const uint32_t *codes, int count, int preferred)
{
    if (font_has(&set->fonts[preferred], codes, count))
        return preferred;
    if (font_has(&set->fonts[0], codes, count))
        return 0;

    set->starved = false;
    if (ask_fontconfig(set))
        for (int i = 0; i < set->candidates->nfont && !set->starved; i++) {
            int font = candidate_has(set, i, codes, count) ? open_candidate(set, i) : -1;
            if (font >= 0)
                return font;
        }
    if (set->starved)
        return -1;
    return count > 1 ? font_set_find(set, codes, 1, preferred) : 0;
}

hb_font_t *font_set_shaper(struct font_set *set, int index, int size)
{
    struct font *font = &set->fonts[index];
    if (font->shaper_size != size) {
        hb_font_set_scale(font->shaper, size * 64, size * 64);
        font->shaper_size = size;
    }
    return font->shaper;
}

static bsr_status render_failure(FT_Error failed)
{
    return FT_ERROR_BASE(failed) == FT_Err_Out_Of_Memory ? BSR_ENOMEM : BSR_EFORMAT;
}

bsr_status font_set_render(struct font_set *set, int index, uint32_t glyph, int size, int phase,
                           struct glyph_bitmap *out)
{
    struct font *font = &set->fonts[index];
    if (font->face_size != size) {
        font->face_size = 0;
        FT_Error failed = FT_Set_Pixel_Sizes(font->face, 0, (FT_UInt)size);
        if (failed)
            return render_failure(failed);
        font->face_size = size;
    }
    /* Light hinting: sharp along the lines of the text, true to the shaper's advances across them. */
    FT_Error failed = FT_Load_Glyph(font->face, glyph, FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP);
    if (failed)
        return render_failure(failed);
    FT_GlyphSlot slot = font->face->glyph;
    if (slot->format != FT_GLYPH_FORMAT_OUTLINE)
        return BSR_EFORMAT;
    FT_Outline_Translate(&slot->outline, (FT_Pos)phase * 16, 0);
    failed = FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL);
    if (failed)
        return render_failure(failed);
    *out = (struct glyph_bitmap){.pixels = slot->bitmap.buffer,
                                 .stride = slot->bitmap.pitch,
                                 .width = (int)slot->bitmap.width,
                                 .height = (int)slot->bitmap.rows,
                                 .left = slot->bitmap_left,
                                 .top = slot->bitmap_top};
    return BSR_OK;
}

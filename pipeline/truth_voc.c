/* PASCAL VOC's annotations (host.robots.ox.ac.uk/pascal/VOC, development kit), read by expat:
 *   <annotation><size><width/><height/></size>
 *     <object><name/><difficult/><bndbox><xmin/><ymin/><xmax/><ymax/></bndbox></object> ...
 * An object's parts, which have names and boxes as well, lie deeper and are passed over. */
#include "pipeline/truth_build.h"

#include "base/alloc.h"

#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEEP = 32, MOST_TEXT = 256 };

/* What counts, by its path. */
enum element {
    ELEMENT_NONE,
    ELEMENT_WIDTH,
    ELEMENT_HEIGHT,
    ELEMENT_OBJECT,
    ELEMENT_NAME,
    ELEMENT_DIFFICULT,
    ELEMENT_XMIN,
    ELEMENT_YMIN,
    ELEMENT_XMAX,
    ELEMENT_YMAX,
};

static const struct {
    const char  *path;
    enum element element;
} elements[] = {
    {"/annotation/size/width", ELEMENT_WIDTH},
    {"/annotation/size/height", ELEMENT_HEIGHT},
    {"/annotation/object", ELEMENT_OBJECT},
    {"/annotation/object/name", ELEMENT_NAME},
    {"/annotation/object/difficult", ELEMENT_DIFFICULT},
    {"/annotation/object/bndbox/xmin", ELEMENT_XMIN},
    {"/annotation/object/bndbox/ymin", ELEMENT_YMIN},
    {"/annotation/object/bndbox/xmax", ELEMENT_XMAX},
    {"/annotation/object/bndbox/ymax", ELEMENT_YMAX},
};

struct reading {
    struct truth_build *build;
    size_t              source;
    const char         *file;
    struct bsr_error   *err;
    XML_Parser          parser;
    bsr_status          status;
    struct bytes        path; /* "/annotation/object" */
    int                 depth;
    char                text[MOST_TEXT + 1]; /* of the element at hand */
    size_t              length;
    bool                annotated;
    /* of the object at hand */
    char   name[MOST_TEXT + 1];
    double corners[4];
    bool   has_corner[4];
    bool   difficult;
};

static void stop(struct reading *reading, bsr_status status)
{
    if (reading->status == BSR_OK)
        reading->status = status;
    XML_StopParser(reading->parser, XML_FALSE);
}

static void stop_format(struct reading *reading, const char *why, const char *what)
{
    stop(reading, bsr_fail(reading->err, BSR_EFORMAT, reading->file, "line %lu: %s%s",
                           (unsigned long)XML_GetCurrentLineNumber(reading->parser), why, what));
}

static enum element element_here(const struct reading *reading)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strcmp(bytes_text(&reading->path), elements[i].path) == 0)
            return elements[i].element;
    return ELEMENT_NONE;
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *reading = context;

    (void)attributes;
    if (reading->status != BSR_OK)
        return;
    if (++reading->depth > MOST_DEEP) {
        stop_format(reading, "nested too deeply", "");
        return;
    }
    if (!bytes_append_format(&reading->path, "/%s", name)) {
        stop(reading, bsr_fail_memory(reading->err, reading->file, reading->path.size));
        return;
    }
    reading->length = 0;
    if (reading->depth == 1)
        reading->annotated = strcmp(name, "annotation") == 0;
    if (element_here(reading) == ELEMENT_OBJECT) {
        reading->name[0] = '\0';
        memset(reading->has_corner, 0, sizeof reading->has_corner);
        reading->difficult = false;
    }
}

static void on_text(void *context, const XML_Char *text, int length)
{
    struct reading *reading = context;
    size_t          size = (size_t)length;

    if (reading->length + size > MOST_TEXT) /* no name and no number is so long: it is no longer either */
        size = MOST_TEXT - reading->length;
    memcpy(reading->text + reading->length, text, size);
    reading->length += size;
}

/* The text of the element that ends, without the blanks round it. */
static const char *end_text(struct reading *reading)
{
    const char *blanks = " \t\r\n";
    while (reading->length && strchr(blanks, reading->text[reading->length - 1]))
        reading->length--;
    reading->text[reading->length] = '\0';
    return reading->text + strspn(reading->text, blanks);
}

static double end_number(struct reading *reading)
{
    const char *text = end_text(reading);
    char       *end;
    double      number = strtod(text, &end);
    if (end == text || *end || !(fabs(number) <= 1e9)) {
        stop_format(reading, "no number: ", text);
        return 0;
    }
    return number;
}

/* Pixels are counted from 1, and the last one belongs to the thing. */
static void end_object(struct reading *reading)
{
    const double    *c = reading->corners;
    struct truth_box box = {
        .x1 = c[0] - 1, .y1 = c[1] - 1, .x2 = c[2], .y2 = c[3], .ignored = reading->difficult};

    if (!reading->name[0] || memchr(reading->has_corner, 0, sizeof reading->has_corner)) {
        stop_format(reading, "an object needs a name and a bndbox of xmin, ymin, xmax, ymax", "");
        return;
    }
    if (box.x2 < box.x1 || box.y2 < box.y1) {
        stop_format(reading, "a box that ends before it begins: ", reading->name);
        return;
    }
    bsr_status status = truth_build_find_name(&box.class_index, reading->build, reading->name, reading->err);
    if (status == BSR_OK)
        status = truth_build_add_box(reading->build, reading->source, &box, reading->err);
    if (status != BSR_OK)
        stop(reading, status);
}

static int side_of(double number)
{
    return number >= 1 && number < 1 << 24 ? (int)number : 0;
}

static void end_element(struct reading *reading, enum element element)
{
    struct truth_picture *picture = &reading->build->pictures[reading->source];

    switch (element) {
    case ELEMENT_NONE:
        break;
    case ELEMENT_WIDTH:
        picture->width = side_of(end_number(reading));
        break;
    case ELEMENT_HEIGHT:
        picture->height = side_of(end_number(reading));
        break;
    case ELEMENT_OBJECT:
        end_object(reading);
        break;
    case ELEMENT_NAME:
        memcpy(reading->name, end_text(reading), strlen(end_text(reading)) + 1);
        break;
    case ELEMENT_DIFFICULT:
        reading->difficult = strcmp(end_text(reading), "1") == 0;
        break;
    default:
        reading->corners[element - ELEMENT_XMIN] = end_number(reading);
        reading->has_corner[element - ELEMENT_XMIN] = true;
    }
}

static void on_end(void *context, const XML_Char *name)
{
    struct reading *reading = context;

    if (reading->status != BSR_OK)
        return;
    end_element(reading, element_here(reading));
    reading->depth--;
    reading->path.size -= strlen(name) + 1;
    reading->path.data[reading->path.size] = '\0';
    reading->length = 0;
}

/* Annotations have no document type, and its entities are what hostile XML is made of. */
static void on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop_format(context, "a document type is not expected in an annotation", "");
}

static void *resize(void *block, size_t size)
{
    return mem_resize(block, 1, size);
}

static bsr_status parse(struct reading *reading, const struct bytes *text)
{
    enum { MOST_BYTES = 64 << 20 };
    if (text->size > MOST_BYTES)
        return bsr_fail(reading->err, BSR_ELIMIT, reading->file, "is larger than %d MB", MOST_BYTES >> 20);
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reading->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reading->parser, on_doctype);
    enum XML_Status parsed = XML_Parse(reading->parser, bytes_text(text), (int)text->size, XML_TRUE);
    enum XML_Error  code = XML_GetErrorCode(reading->parser);
    if (reading->status != BSR_OK)
        return reading->status;
    if (parsed != XML_STATUS_OK && code == XML_ERROR_NO_MEMORY)
        return bsr_fail_memory(reading->err, reading->file, text->size);
    if (parsed != XML_STATUS_OK)
        return bsr_fail(reading->err, BSR_EFORMAT, reading->file, "line %lu: is no XML: %s",
                        (unsigned long)XML_GetCurrentLineNumber(reading->parser), XML_ErrorString(code));
    if (!reading->annotated)
        return bsr_fail(reading->err, BSR_EFORMAT, reading->file,
                        "is no annotation of VOC's kind: it does not begin with <annotation>");
    return BSR_OK;
}

bsr_status truth_parse_voc(struct truth_build *build, size_t source, const struct bytes *text,
                           const char *path, struct bsr_error *err)
{
    static const XML_Memory_Handling_Suite memory = {mem_alloc, resize, mem_free};
    struct reading reading = {.build = build, .source = source, .file = path, .err = err};

    reading.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!reading.parser)
        return bsr_fail_memory(err, path, 0);
    build->pictures[source].known = true;
    bsr_status status = parse(&reading, text);
    XML_ParserFree(reading.parser);
    bytes_free(&reading.path);
    return status;
}

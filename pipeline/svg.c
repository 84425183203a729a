#include "pipeline/svg.h"

#include "pipeline/json_text.h"

/* UTF-8 is what json_text() makes of it. */
void svg_escape(struct bytes *out, const char *text)
{
    json_t *clean = json_text(text);

    if (!clean) {
        out->failed = true;
        return;
    }
    for (const char *at = json_string_value(clean); *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '&')
            bytes_append_text(out, "&amp;");
        else if (c == '<')
            bytes_append_text(out, "&lt;");
        else if (c == '>')
            bytes_append_text(out, "&gt;");
        else if (c == '"')
            bytes_append_text(out, "&quot;");
        else
            bytes_append(out, c < 0x20 || c == 0x7F ? "?" : at, 1);
    }
    json_decref(clean);
}

void svg_open(struct bytes *out, int width, int height, const char *title)
{
    bytes_append_format(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n<title>",
        width, height, width, height);
    svg_escape(out, title);
    bytes_append_format(out, "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width,
                        height);
}

void svg_close(struct bytes *out)
{
    bytes_append_text(out, "</svg>\n");
}

void svg_write(struct bytes *out, const struct svg_text *how, const char *text)
{
    bytes_append_format(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" text-anchor=\"%s\"", how->x,
                        how->y, how->size, how->anchor ? how->anchor : "start");
    if (how->turn)
        bytes_append_format(out, " transform=\"rotate(%d %.1f %.1f)\"", how->turn, how->x, how->y);
    bytes_append_format(out, " fill=\"%s\">", how->colour ? how->colour : "#202020");
    svg_escape(out, text);
    bytes_append_text(out, "</text>\n");
}

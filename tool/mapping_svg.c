#include <math.h>
#include <string.h>

#include "mapping.h"

/* Bytes are drawn in rows of eight, as in a hex dump, the old struct on the left and the new one on
 * the right; a band joins the two places of a field. Sizes are in user units of the SVG. */
enum {
    CELL = 34,
    ROW = 24,
    ROW_BYTES = 8,
    MARGIN = 24,
    HEAD = 72,
    OFFSET_ROOM = 44,
    BETWEEN = 200,
    FOOT = 64
};

static double row_y(uint64_t row)
{
    return HEAD + (double)row * ROW;
}

static double left_edge(void)
{
    return MARGIN + OFFSET_ROOM;
}

static double right_edge(void)
{
    return left_edge() + ROW_BYTES * CELL + BETWEEN + OFFSET_ROOM;
}

static const char *color_of(MoltMove move)
{
    static const char *const colors[] = {
        [MOLT__MOVE_NONE] = "#b9c4cf",      [MOLT__MOVE_OFFSET] = "#7fb0d9",
        [MOLT__MOVE_CONVERTED] = "#f0b35a", [MOLT__MOVE_RENAMED] = "#a994d6",
        [MOLT__MOVE_ADDED] = "#86c98a",     [MOLT__MOVE_DROPPED] = "#df7f79",
    };
    return colors[move];
}

static void put_escaped(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

/* The part of bytes [from, to) in one row, as a rectangle. */
static void draw_run(double x, uint64_t row, double from, double to, const char *color, FILE *out)
{
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\" "
            "stroke=\"#fff\" stroke-width=\"1.5\"/>\n",
            x + from * CELL, row_y(row), (to - from) * CELL, ROW, color);
}

static void draw_label(const MoltSpot *row, double x, FILE *out)
{
    double first = (double)row->bit_offset / 8, bytes = (double)row->bit_size / 8;
    uint64_t line = row->bit_offset / 8 / ROW_BYTES;
    double from = first - (double)(line * ROW_BYTES);
    double room = fmin(bytes, ROW_BYTES - from);
    if (bytes - room > room) { /* most of it is in the next row */
        line++;
        from = 0;
        room = fmin(bytes - room, ROW_BYTES);
    }
    int letters = (int)(room * CELL / 6.2);
    char text[64];
    snprintf(text, sizeof text, "%.*s", letters < 40 ? letters : 40, row->path);
    if (letters < 2) {
        return;
    }
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
            x + (from + room / 2) * CELL, row_y(line) + ROW * 0.68);
    put_escaped(text, out);
    fputs("</text>\n", out);
}

static void draw_row(const MoltSchema *schema, const MoltSpot *row, MoltMove move, double x,
                     FILE *out)
{
    char declaration[300];
    double first = (double)row->bit_offset / 8, end = first + (double)row->bit_size / 8;
    molt__spot_declare(schema, row, declaration, sizeof declaration);
    fputs("<g><title>", out);
    put_escaped(declaration, out);
    fprintf(out, ": byte %.0f, %s</title>\n", floor(first), molt__move_word(move));
    for (uint64_t line = (uint64_t)first / ROW_BYTES; (double)(line * ROW_BYTES) < end; line++) {
        double base = (double)(line * ROW_BYTES);
        draw_run(x, line, fmax(first - base, 0), fmin(end - base, ROW_BYTES), color_of(move), out);
    }
    draw_label(row, x, out);
    fputs("</g>\n", out);
}

static void draw_frame(const MoltLayout *layout, double x, const char *file, FILE *out)
{
    const MoltType *type = molt_type(layout->schema, layout->type);
    fprintf(out, "<text class=\"head\" x=\"%.1f\" y=\"30\">", x);
    put_escaped(molt_string(layout->schema, type->name), out);
    fprintf(out, ", %llu bytes</text>\n<text class=\"file\" x=\"%.1f\" y=\"50\">",
            (unsigned long long)type->size, x);
    put_escaped(file, out);
    fputs("</text>\n", out);
    for (uint64_t line = 0; line * ROW_BYTES < type->size; line++) {
        uint64_t bytes = type->size - line * ROW_BYTES;
        fprintf(out, "<text class=\"at\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%llu</text>\n",
                x - 8, row_y(line) + ROW * 0.68, (unsigned long long)(line * ROW_BYTES));
        draw_run(x, line, 0, (double)(bytes < ROW_BYTES ? bytes : ROW_BYTES), "#eef1f4", out);
    }
}

/* From the right end of the old field's first row to the left end of the new one's. */
static void draw_band(const MoltMapped *mapped, FILE *out)
{
    if (!mapped->was || !mapped->is || mapped->apart) {
        return;
    }
    double x1 = left_edge() + ROW_BYTES * CELL + 6, x2 = right_edge() - OFFSET_ROOM + 2;
    double y1 = row_y(mapped->before.bit_offset / 8 / ROW_BYTES) + ROW / 2.0;
    double y2 = row_y(mapped->after.bit_offset / 8 / ROW_BYTES) + ROW / 2.0;
    /* Fields that share a row leave it one below the other. */
    y1 += ((double)(mapped->before.bit_offset / 8 % ROW_BYTES) - 3.5) * 2;
    y2 += ((double)(mapped->after.bit_offset / 8 % ROW_BYTES) - 3.5) * 2;
    double bend = (x2 - x1) / 2;
    fprintf(out,
            "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" fill=\"none\" stroke=\"%s\" "
            "stroke-width=\"2.5\"/>\n",
            x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2, color_of(mapped->move));
}

static void draw_legend(double y, FILE *out)
{
    double x = MARGIN;
    for (MoltMove move = MOLT__MOVE_NONE; move <= MOLT__MOVE_DROPPED; move++) {
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\" fill=\"%s\"/>\n"
                "<text class=\"file\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                x, y, color_of(move), x + 20, y + 12, molt__move_word(move));
        x += 112;
    }
}

bool molt__mapping_draw(const MoltMapping *mapping, const char *before_name, const char *after_name,
                        FILE *out)
{
    const MoltLayout *before = &mapping->before, *after = &mapping->after;
    uint64_t old_size = molt_type(before->schema, before->type)->size;
    uint64_t new_size = molt_type(after->schema, after->type)->size;
    uint64_t rows = ((old_size > new_size ? old_size : new_size) + ROW_BYTES - 1) / ROW_BYTES;
    double width = right_edge() + ROW_BYTES * CELL + MARGIN, height = row_y(rows) + FOOT;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\">\n<style>text{font:11px sans-serif;fill:#1d2733}"
            ".head{font-size:16px;font-weight:bold}.file,.at{fill:#667}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            width, height, width, height);
    draw_frame(before, left_edge(), before_name, out);
    draw_frame(after, right_edge(), after_name, out);
    for (uint32_t i = 0; i < mapping->row_count; i++) {
        const MoltMapped *mapped = &mapping->rows[i];
        draw_band(mapped, out);
        if (mapped->was) {
            draw_row(before->schema, &mapped->before, mapped->move, left_edge(), out);
        }
        if (mapped->is && !mapped->apart) {
            draw_row(after->schema, &mapped->after, mapped->move, right_edge(), out);
        }
    }
    draw_legend(row_y(rows) + FOOT / 2.0 - 8, out);
    fputs("</svg>\n", out);
    return fflush(out) == 0 && !ferror(out);
}

#include "diagnostics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTED_LIMIT = 50 };

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void molt__refuse(MoltDiagnostics *diagnostics, MoltPlace place, const char *remedy,
                  const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *message = molt__arena_format_list(diagnostics->arena, format, list);
    va_end(list);
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const MoltDiagnostic *old = &diagnostics->items[i];
        if (old->place.line == place.line && old->place.column == place.column &&
            same_text(old->place.file, place.file) && same_text(old->message, message)) {
            return;
        }
    }
    diagnostics->items =
        molt__arena_grow(diagnostics->arena, diagnostics->items, diagnostics->count,
                         &diagnostics->capacity, sizeof *diagnostics->items);
    diagnostics->items[diagnostics->count++] =
        (MoltDiagnostic){.place = place, .message = message, .remedy = remedy};
}

/* The line of the file that the place names, and a caret under its column. */
static void print_source(MoltPlace place, FILE *out)
{
    FILE *file = fopen(place.file, "r");
    if (file == NULL) {
        return;
    }
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = -1;
    for (uint32_t i = 0; i < place.line; i++) {
        length = getline(&line, &capacity, file);
        if (length < 0) {
            break;
        }
    }
    fclose(file);
    if (length >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
            line[--length] = '\0';
        }
        fprintf(out, "%5u | %s\n", place.line, line);
        if (place.column > 0 && place.column <= (uint32_t)length + 1) {
            fputs("      | ", out);
            for (uint32_t i = 0; i + 1 < place.column; i++) {
                fputc(line[i] == '\t' ? '\t' : ' ', out);
            }
            fputs("^\n", out);
        }
    }
    free(line);
}

void molt__diagnostics_print(const MoltDiagnostics *diagnostics, FILE *out)
{
    for (uint32_t i = 0; i < diagnostics->count && i < PRINTED_LIMIT; i++) {
        const MoltDiagnostic *item = &diagnostics->items[i];
        if (item->place.file == NULL) {
            fprintf(out, "molt-codegen: error: %s\n", item->message);
        } else if (item->place.column == 0) {
            fprintf(out, "%s:%u: error: %s\n", item->place.file, item->place.line, item->message);
        } else {
            fprintf(out, "%s:%u:%u: error: %s\n", item->place.file, item->place.line,
                    item->place.column, item->message);
        }
        if (item->place.file != NULL && item->place.line > 0) {
            print_source(item->place, out);
        }
        if (item->remedy != NULL) {
            fprintf(out, "  remedy: %s\n", item->remedy);
        }
    }
    if (diagnostics->count > PRINTED_LIMIT) {
        fprintf(out, "molt-codegen: %u more errors not shown\n",
                diagnostics->count - (uint32_t)PRINTED_LIMIT);
    }
}

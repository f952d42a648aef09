#include "lost_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <molt/attic.h>

/* A line that is to be seen on a panel. */
enum { NAMES = 6 };

#define KEPT_LINE "Lost with the process, values that edits took away and that do not return now:"

typedef struct Words {
    char names[NAMES][160];
    uint64_t count;
} Words;

__attribute__((format(printf, 2, 3))) static void add(Words *words, const char *format, ...)
{
    char name[sizeof words->names[0]];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    for (uint64_t i = 0; i < words->count && i < NAMES; i++) {
        if (strcmp(words->names[i], name) == 0) {
            return;
        }
    }
    if (words->count < NAMES) {
        memcpy(words->names[words->count], name, sizeof name);
    }
    words->count++;
}

static void add_kept(void *context, const char *type, const char *field, uint64_t objects)
{
    if (objects == 0) {
        add(context, "%.70s.%.60s", type, field);
    } else {
        add(context, "%.70s.%.60s (%" PRIu64 " object%s)", type, field, objects,
            objects == 1 ? "" : "s");
    }
}

static void add_pointers(Words *words, const MoltReport *report)
{
    for (uint32_t i = 0; i < report->count; i++) {
        const MoltFinding *finding = &report->findings[i];
        if (finding->rule == MOLT_RULE_FOREIGN_POINTER) {
            add(words, "%.150s", finding->path);
        }
    }
}

static void write_line(FILE *file, const char *what, const Words *words)
{
    if (words->count == 0) {
        return;
    }
    fputs(what, file);
    for (uint64_t i = 0; i < words->count && i < NAMES; i++) {
        fprintf(file, "%s %s", i > 0 ? "," : "", words->names[i]);
    }
    if (words->count > NAMES) {
        fprintf(file, " and %" PRIu64 " more", words->count - NAMES);
    }
    fputs(".\n", file);
}

bool molt__lost_words_write(const char *path, const MoltHeap *heap, const MoltReport *report)
{
    Words kept = {.count = 0}, pointers = {.count = 0};
    molt_attic_fields(heap, add_kept, &kept);
    add_pointers(&pointers, report);
    if (kept.count == 0 && pointers.count == 0) {
        return true;
    }
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return false;
    }
    write_line(file, KEPT_LINE, &kept);
    write_line(file, "NULL now, pointers to what only the process before had:", &pointers);
    return fclose(file) == 0;
}

static size_t without_first_line(char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    size_t cut = end != NULL ? (size_t)(end + 1 - text) : length;
    memmove(text, text + cut, length - cut);
    return length - cut;
}

void molt__lost_words_read(const char *path, bool kept, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t length = file != NULL ? fread(text, 1, size - 1, file) : 0;
    if (kept && length >= sizeof KEPT_LINE && memcmp(text, KEPT_LINE, sizeof KEPT_LINE - 1) == 0) {
        length = without_first_line(text, length);
    }
    while (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    text[length] = 0;
    if (file != NULL) {
        fclose(file);
    }
}

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_PIECE = 64 };

static void add_bytes(MoltText *text, const char *bytes, size_t length)
{
    if (text->capacity - text->length <= length) {
        /* Many texts are one line and stay in the arena: the first piece is small. */
        size_t larger = text->capacity * 2 + length + FIRST_PIECE;
        char *copy = molt__arena_alloc(text->arena, larger);
        if (text->length > 0) {
            memcpy(copy, text->bytes, text->length);
        }
        text->bytes = copy;
        text->capacity = larger;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void molt__text_add(MoltText *text, const char *format, ...)
{
    char small[512];
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int length = vsnprintf(small, sizeof small, format, list);
    va_end(list);
    if (length >= 0 && (size_t)length < sizeof small) {
        add_bytes(text, small, (size_t)length);
    } else {
        const char *large = molt__arena_format_list(text->arena, format, again);
        add_bytes(text, large, strlen(large));
    }
    va_end(again);
}

void molt__text_add_literal(MoltText *text, const char *value)
{
    add_bytes(text, "\"", 1);
    for (const unsigned char *byte = (const unsigned char *)value; *byte != '\0'; byte++) {
        if (*byte == '"' || *byte == '\\') {
            molt__text_add(text, "\\%c", *byte);
        } else if (*byte < 0x20 || *byte >= 0x7f || *byte == '?') {
            molt__text_add(text, "\\%03o", *byte);
        } else {
            molt__text_add(text, "%c", *byte);
        }
    }
    add_bytes(text, "\"", 1);
}

char *molt__output_read(MoltArena *arena, const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    MoltText text = {.arena = arena};
    char block[16384];
    size_t count;
    add_bytes(&text, "", 0);
    while ((count = fread(block, 1, sizeof block, file)) > 0) {
        add_bytes(&text, block, count);
    }
    int failed = ferror(file);
    fclose(file);
    if (failed) {
        errno = EIO;
        return NULL;
    }
    *length = text.length;
    return text.bytes;
}

static bool write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    size_t length = strlen(content);
    bool good = fwrite(content, 1, length, file) == length;
    good = fclose(file) == 0 && good;
    return good;
}

bool molt__output_write(MoltArena *arena, const MoltOutput *outputs, uint32_t count,
                        const char **error)
{
    const char **beside = molt__arena_alloc(arena, count * sizeof *beside);
    bool good = true;
    *error = NULL;
    for (uint32_t i = 0; i < count && good; i++) {
        size_t length = 0;
        const char *old = molt__output_read(arena, outputs[i].path, &length);
        if (old != NULL && length == strlen(outputs[i].content) &&
            memcmp(old, outputs[i].content, length) == 0) {
            continue;
        }
        beside[i] = molt__arena_format(arena, "%s.%ld.tmp", outputs[i].path, (long)getpid());
        good = write_file(beside[i], outputs[i].content);
        if (!good) {
            *error = molt__arena_format(arena, "cannot write '%s': %s", outputs[i].path,
                                        strerror(errno));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (beside[i] == NULL) {
            continue;
        }
        if (good && rename(beside[i], outputs[i].path) != 0) {
            *error = molt__arena_format(arena, "cannot replace '%s': %s", outputs[i].path,
                                        strerror(errno));
            good = false;
        }
        if (!good) {
            unlink(beside[i]);
        }
    }
    return good;
}

bool molt__output_stamp(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT, 0666);
    if (file < 0) {
        return false;
    }
    bool good = futimens(file, NULL) == 0;
    return close(file) == 0 && good;
}

static void add_make_name(MoltText *text, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == ' ' || *c == '#') {
            molt__text_add(text, "\\%c", *c);
        } else if (*c == '$') {
            molt__text_add(text, "$$");
        } else {
            molt__text_add(text, "%c", *c);
        }
    }
}

const char *molt__output_depfile(MoltArena *arena, const char *target, const char *const *files,
                                 uint32_t count)
{
    MoltText text = {.arena = arena};
    add_make_name(&text, target);
    molt__text_add(&text, ":");
    for (uint32_t i = 0; i < count; i++) {
        molt__text_add(&text, " \\\n  ");
        add_make_name(&text, files[i]);
    }
    molt__text_add(&text, "\n");
    return text.bytes;
}

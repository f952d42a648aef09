#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <molt/replaced_file.h>

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

char *molt__output_before(MoltArena *arena, const char *path, size_t *length)
{
    struct stat there;
    bool file = strcmp(path, "-") != 0 && stat(path, &there) == 0 && S_ISREG(there.st_mode);
    return file ? molt__output_read(arena, path, length) : NULL;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(fd, bytes, length);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        bytes += count > 0 ? count : 0;
        length -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* Writes beside what is there, and tells whether that was another content: then *file is open. */
static bool prepare(MoltArena *arena, const MoltOutput *output, MoltReplacedFile *file,
                    const char **error)
{
    MoltError reason;
    size_t length = 0, size = strlen(output->content);
    const char *old = molt__output_before(arena, output->path, &length);
    if (old != NULL && length == size && memcmp(old, output->content, size) == 0) {
        return false;
    }
    if (molt_replaced_file_open(file, output->path, &reason) != MOLT_OK) {
        *error = molt__arena_format(arena, "cannot write %s", reason.text);
        return false;
    }
    if (!write_all(file->fd, output->content, size)) {
        *error = molt__arena_format(arena, "cannot write %s: %s", output->path, strerror(errno));
    }
    return true;
}

static bool is_standard_output(const MoltOutput *output)
{
    return strcmp(output->path, "-") == 0;
}

bool molt__output_write(MoltArena *arena, const MoltOutput *outputs, uint32_t count,
                        const char **error)
{
    MoltReplacedFile *files = molt__arena_alloc(arena, count * sizeof *files);
    bool *open = molt__arena_alloc(arena, count * sizeof *open);
    *error = NULL;
    for (uint32_t i = 0; i < count && *error == NULL; i++) {
        open[i] = !is_standard_output(&outputs[i]) && prepare(arena, &outputs[i], &files[i], error);
    }
    for (uint32_t i = 0; i < count; i++) {
        MoltError reason;
        if (open[i] && molt_replaced_file_close(&files[i], *error == NULL, &reason) != MOLT_OK) {
            *error = molt__arena_format(arena, "cannot replace %s", reason.text);
        }
    }
    for (uint32_t i = 0; i < count && *error == NULL; i++) {
        if (is_standard_output(&outputs[i]) &&
            (fputs(outputs[i].content, stdout) < 0 || fflush(stdout) != 0)) {
            *error = molt__arena_format(arena, "cannot write standard output: %s", strerror(errno));
        }
    }
    return *error == NULL;
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

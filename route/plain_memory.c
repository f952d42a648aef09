/* C's allocation functions for a game library: malloc and its relatives, defined here with hidden
 * visibility, so that every object of the library (and of static archives in it) is bound to them by
 * the linker, without macros and without flags. They pass each call on to the host's heap together with
 * the place that it came from. It must never know types, or how blocks lie.
 *
 * Before the host has given its heap, in constructors, memory is libc's. Blocks of libc's own
 * (asprintf, realpath) may be freed and resized here; the heap tells them apart.
 *
 * To be compiled without link-time optimisation and with -fno-builtin: a compiler that knows what
 * malloc is may make calloc of malloc call calloc. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* declares all that is defined below */
#endif
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1 /* glibc would else define getline inline */
#endif
#include <argz.h>
#include <dlfcn.h>
#include <envz.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <wchar.h>

#include <molt/molt.h>

#pragma GCC visibility push(hidden)

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *reallocarray(void *block, size_t count, size_t size);
void free(void *block);
void cfree(void *block);
char *strdup(const char *text);
char *__strdup(const char *text);
char *strndup(const char *text, size_t length);
char *__strndup(const char *text, size_t length);
wchar_t *wcsdup(const wchar_t *text);
void *aligned_alloc(size_t align, size_t size);
void *memalign(size_t align, size_t size);
void *valloc(size_t size);
void *pvalloc(size_t size);
int posix_memalign(void **block, size_t align, size_t size);
size_t malloc_usable_size(void *block);
ssize_t getdelim(char **line, size_t *capacity, int delimiter, FILE *stream);
ssize_t __getdelim(char **line, size_t *capacity, int delimiter, FILE *stream);
ssize_t getline(char **line, size_t *capacity, FILE *stream);
error_t argz_add(char **argz, size_t *length, const char *text);
error_t argz_add_sep(char **argz, size_t *length, const char *text, int delimiter);
error_t argz_append(char **argz, size_t *length, const char *texts, size_t size);
error_t argz_insert(char **argz, size_t *length, char *before, const char *text);
void argz_delete(char **argz, size_t *length, char *entry);
error_t argz_replace(char **argz, size_t *length, const char *text, const char *with,
                     unsigned *count);
error_t envz_add(char **envz, size_t *length, const char *name, const char *value);
error_t envz_merge(char **envz, size_t *length, const char *other, size_t size, int override);
void envz_remove(char **envz, size_t *length, const char *name);
void envz_strip(char **envz, size_t *length);

#pragma GCC visibility pop

/* Tells the host that this file is in the library. */
extern __attribute__((visibility("default"))) const unsigned char molt_plain_memory;
const unsigned char molt_plain_memory = 1;

/* Of the function that it stands in; so that function must not be inlined. The frame begins with the
 * caller's frame pointer and the return address. */
#ifdef __x86_64__
#define CALLER                                                                                     \
    &(const MoltCaller)                                                                            \
    {                                                                                              \
        (uintptr_t)__builtin_return_address(0),                                                    \
            (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(void *),                            \
            *(const uintptr_t *)__builtin_frame_address(0)                                         \
    }
#else
#define CALLER                                                                                     \
    &(const MoltCaller)                                                                            \
    {                                                                                              \
        (uintptr_t)__builtin_return_address(0), 0, 0                                               \
    }
#endif
#define ROUTED __attribute__((noinline))

/* ---- libc ------------------------------------------------------------------------------------ */

/* The function that programs without a heap of their own get: a sanitizer's where there is one. */
static void *libc_function(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/* ISO C has no cast from object to function pointers; POSIX promises that they look alike. */
#define LIBC(result, name, ...)                                                                    \
    union {                                                                                        \
        void *object;                                                                              \
        result (*function)(__VA_ARGS__);                                                           \
    } libc = {libc_function(name)}

static void *early_new(size_t align, size_t size)
{
    void *block = NULL;
    LIBC(int, "posix_memalign", void **, size_t, size_t);
    int wrong = libc.function(&block, align < sizeof block ? sizeof block : align, size);
    if (wrong != 0) {
        errno = wrong;
        return NULL;
    }
    return memset(block, 0, size);
}

static void *early_resize(void *block, size_t size)
{
    LIBC(void *, "realloc", void *, size_t);
    return libc.function(block, size);
}

static void early_free(void *block)
{
    LIBC(void, "free", void *);
    libc.function(block);
}

/* ---- the heap -------------------------------------------------------------------------------- */

static void *new_block(const MoltCaller *caller, size_t align, size_t size)
{
    return molt__heap != NULL ? molt__heap->plain_new(molt__heap, caller, size, align)
                              : early_new(align, size);
}

static void *resize_block(const MoltCaller *caller, void *block, size_t size)
{
    return molt__heap != NULL ? molt__heap->plain_resize(molt__heap, caller, block, size)
                              : early_resize(block, size);
}

static void free_block(void *block)
{
    if (molt__heap != NULL) {
        molt__heap->plain_free(molt__heap, block);
    } else {
        early_free(block);
    }
}

static char *new_text(const MoltCaller *caller, const char *text, size_t length)
{
    if (molt__heap != NULL && molt__heap->size <= offsetof(MoltHeapApi, plain_text_at)) {
        return molt__heap->plain_text(molt__heap, text, length); /* of a host from before */
    }
    if (molt__heap != NULL) {
        return molt__heap->plain_text_at(molt__heap, caller, text, length);
    }
    char *copy = length < SIZE_MAX ? early_new(1, length + 1) : NULL;
    return copy != NULL ? memcpy(copy, text, length) : NULL;
}

static bool is_power_of_two(size_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

static void *no_block(int reason)
{
    errno = reason;
    return NULL;
}

/* ---- C's functions --------------------------------------------------------------------------- */

ROUTED void *malloc(size_t size)
{
    return new_block(CALLER, 1, size);
}

ROUTED void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return no_block(ENOMEM);
    }
    return new_block(CALLER, 1, bytes); /* all blocks come zeroed */
}

ROUTED void *realloc(void *block, size_t size)
{
    return resize_block(CALLER, block, size);
}

ROUTED void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return no_block(ENOMEM);
    }
    return resize_block(CALLER, block, bytes);
}

ROUTED void free(void *block)
{
    int before = errno; /* which POSIX says free keeps */
    free_block(block);
    errno = before;
}

ROUTED void cfree(void *block)
{
    free_block(block);
}

ROUTED char *strdup(const char *text)
{
    return new_text(CALLER, text, strlen(text));
}

ROUTED char *__strdup(const char *text)
{
    return new_text(CALLER, text, strlen(text));
}

ROUTED char *strndup(const char *text, size_t length)
{
    return new_text(CALLER, text, strnlen(text, length));
}

ROUTED char *__strndup(const char *text, size_t length)
{
    return new_text(CALLER, text, strnlen(text, length));
}

ROUTED wchar_t *wcsdup(const wchar_t *text)
{
    size_t bytes = (wcslen(text) + 1) * sizeof *text;
    wchar_t *copy = new_block(CALLER, 1, bytes);
    return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}

ROUTED void *aligned_alloc(size_t align, size_t size)
{
    return is_power_of_two(align) ? new_block(CALLER, align, size) : no_block(EINVAL);
}

ROUTED void *memalign(size_t align, size_t size)
{
    return is_power_of_two(align) ? new_block(CALLER, align, size) : no_block(EINVAL);
}

ROUTED void *valloc(size_t size)
{
    return new_block(CALLER, (size_t)sysconf(_SC_PAGESIZE), size);
}

ROUTED void *pvalloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return size <= SIZE_MAX - page ? new_block(CALLER, page, (size + page - 1) & ~(page - 1))
                                   : no_block(ENOMEM);
}

ROUTED int posix_memalign(void **block, size_t align, size_t size)
{
    int before = errno;
    if (!is_power_of_two(align) || align % sizeof(void *) != 0) {
        return EINVAL;
    }
    void *made = new_block(CALLER, align, size);
    errno = before; /* which posix_memalign does not set */
    if (made == NULL) {
        return ENOMEM;
    }
    *block = made;
    return 0;
}

ROUTED size_t malloc_usable_size(void *block)
{
    if (molt__heap != NULL) {
        return molt__heap->plain_size(molt__heap, block);
    }
    LIBC(size_t, "malloc_usable_size", void *);
    return libc.function(block);
}

/* ---- libc functions that grow a block of the caller's ---------------------------------------- */

/* libc reads into a block of its own, which is then copied to one that the game may own. */
static ssize_t read_line(char **line, size_t *capacity, int delimiter, FILE *stream)
{
    static const MoltCaller nobody;
    char *read = NULL;
    size_t room = 0;
    LIBC(ssize_t, "getdelim", char **, size_t *, int, FILE *);
    if (line == NULL || capacity == NULL) {
        errno = EINVAL;
        return -1;
    }
    ssize_t length = libc.function(&read, &room, delimiter, stream);
    if (length >= 0 && (*line == NULL || *capacity < (size_t)length + 1)) {
        size_t wanted = (size_t)length + 1 > 120 ? (size_t)length + 1 : 120;
        char *grown = *line == NULL ? new_text(&nobody, "", 0) : *line;
        char *block = grown != NULL ? resize_block(&nobody, grown, wanted) : NULL;
        if (block == NULL) {
            if (*line == NULL) {
                free_block(grown);
            }
            length = -1;
        } else {
            *line = block;
            *capacity = wanted;
        }
    }
    if (length >= 0) {
        memcpy(*line, read, (size_t)length + 1);
    }
    int reason = errno;
    early_free(read);
    errno = reason;
    return length;
}

ROUTED ssize_t getdelim(char **line, size_t *capacity, int delimiter, FILE *stream)
{
    return read_line(line, capacity, delimiter, stream);
}

ROUTED ssize_t __getdelim(char **line, size_t *capacity, int delimiter, FILE *stream)
{
    return read_line(line, capacity, delimiter, stream);
}

ROUTED ssize_t getline(char **line, size_t *capacity, FILE *stream)
{
    return read_line(line, capacity, '\n', stream);
}

/* A vector of texts that libc grows or frees: it gets a copy of its own, and what that became is copied back
 * to a block that the game may own. */
typedef struct Lent {
    char **argz;
    size_t *length;
    char *texts;
    size_t size;
} Lent;

static bool lend(Lent *lent, char **argz, size_t *length)
{
    *lent = (Lent){argz, length, NULL, *argz != NULL ? *length : 0};
    if (lent->size > 0) {
        lent->texts = early_new(1, lent->size);
        if (lent->texts == NULL) {
            return false;
        }
        memcpy(lent->texts, *argz, lent->size);
    }
    return true;
}

static error_t take_back(Lent *lent, error_t error)
{
    static const MoltCaller nobody;
    char *own = *lent->argz, *block = own;
    if (error == 0 && lent->size > 0) {
        own = own != NULL ? own : new_text(&nobody, "", 0);
        block = own != NULL ? resize_block(&nobody, own, lent->size) : NULL;
        if (block == NULL && *lent->argz == NULL) {
            free_block(own);
        }
        error = block != NULL ? 0 : ENOMEM;
    }
    if (error == 0 && lent->size > 0) {
        memcpy(block, lent->texts, lent->size);
    } else if (error == 0) {
        free_block(own);
        block = NULL;
    }
    if (error == 0) {
        *lent->argz = block;
        *lent->length = lent->size;
    }
    early_free(lent->texts);
    return error;
}

ROUTED error_t argz_add(char **argz, size_t *length, const char *text)
{
    return argz_append(argz, length, text, strlen(text) + 1);
}

ROUTED error_t argz_add_sep(char **argz, size_t *length, const char *text, int delimiter)
{
    Lent lent;
    LIBC(error_t, "argz_add_sep", char **, size_t *, const char *, int);
    return lend(&lent, argz, length)
               ? take_back(&lent, libc.function(&lent.texts, &lent.size, text, delimiter))
               : ENOMEM;
}

ROUTED error_t argz_append(char **argz, size_t *length, const char *texts, size_t size)
{
    Lent lent;
    LIBC(error_t, "argz_append", char **, size_t *, const char *, size_t);
    return lend(&lent, argz, length)
               ? take_back(&lent, libc.function(&lent.texts, &lent.size, texts, size))
               : ENOMEM;
}

ROUTED error_t argz_insert(char **argz, size_t *length, char *before, const char *text)
{
    Lent lent;
    LIBC(error_t, "argz_insert", char **, size_t *, char *, const char *);
    if (before != NULL && (before < *argz || before >= *argz + *length)) {
        return EINVAL;
    }
    if (!lend(&lent, argz, length)) {
        return ENOMEM;
    }
    char *at = before != NULL ? lent.texts + (before - *argz) : NULL;
    return take_back(&lent, libc.function(&lent.texts, &lent.size, at, text));
}

ROUTED void argz_delete(char **argz, size_t *length, char *entry)
{
    Lent lent;
    LIBC(void, "argz_delete", char **, size_t *, char *);
    if (entry != NULL && lend(&lent, argz, length)) {
        libc.function(&lent.texts, &lent.size, lent.texts + (entry - *argz));
        take_back(&lent, 0);
    }
}

ROUTED error_t argz_replace(char **argz, size_t *length, const char *text, const char *with,
                            unsigned *count)
{
    Lent lent;
    LIBC(error_t, "argz_replace", char **, size_t *, const char *, const char *, unsigned *);
    return lend(&lent, argz, length)
               ? take_back(&lent, libc.function(&lent.texts, &lent.size, text, with, count))
               : ENOMEM;
}

ROUTED error_t envz_add(char **envz, size_t *length, const char *name, const char *value)
{
    Lent lent;
    LIBC(error_t, "envz_add", char **, size_t *, const char *, const char *);
    return lend(&lent, envz, length)
               ? take_back(&lent, libc.function(&lent.texts, &lent.size, name, value))
               : ENOMEM;
}

ROUTED error_t envz_merge(char **envz, size_t *length, const char *other, size_t size, int override)
{
    Lent lent;
    LIBC(error_t, "envz_merge", char **, size_t *, const char *, size_t, int);
    return lend(&lent, envz, length)
               ? take_back(&lent, libc.function(&lent.texts, &lent.size, other, size, override))
               : ENOMEM;
}

ROUTED void envz_remove(char **envz, size_t *length, const char *name)
{
    Lent lent;
    LIBC(void, "envz_remove", char **, size_t *, const char *);
    if (lend(&lent, envz, length)) {
        libc.function(&lent.texts, &lent.size, name);
        take_back(&lent, 0);
    }
}

ROUTED void envz_strip(char **envz, size_t *length)
{
    Lent lent;
    LIBC(void, "envz_strip", char **, size_t *);
    if (lend(&lent, envz, length)) {
        libc.function(&lent.texts, &lent.size);
        take_back(&lent, 0);
    }
}

/* what C promises of malloc and its relatives, for blocks of the heap and for those of libc
 * expect: migrated
 * cflags: -O2 -Wno-unused-result
 */
#define _GNU_SOURCE
#include "case.h"

#include <argz.h>
#include <envz.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <wchar.h>

typedef struct Item {
#if VERSION == 2
    int added;
#endif
    int value;
} Item;
typedef struct Hooks {
    void *(*malloc)(size_t size);
    void (*free)(void *block);
} Hooks;
typedef struct State {
    Hooks *hooks;
    Item *items;
    char *path;
    char *line;
    size_t line_size;
    char *words;
    size_t words_size;
    char *text, *part, *printed;
    wchar_t *wide;
    double *aligned;
    float *lanes;
    Item *grown;
} State;
MOLT_ROOT(State);

static char *early MOLT_TRANSIENT;

__attribute__((constructor)) static void before_the_host(void)
{
    char *copy = strdup("early");
    early = malloc(3);
    early = realloc(early, 200);
    strcpy(early, copy);
    free(copy);
}

__attribute__((destructor)) static void after_the_host(void)
{
    free(early);
}

#if VERSION == 1
static size_t usable(const void *block)
{
    return malloc_usable_size((void *)block);
}

/* Compilers that know malloc may think that it leaves errno alone. */
__attribute__((noinline)) static int reason(void)
{
    return errno;
}

static bool refuses_what_cannot_be(State *s)
{
    volatile size_t huge = SIZE_MAX / 2;
    errno = 0;
    void *volatile kept = malloc(huge + 2); /* or compilers leave the call out */
    CHECK(kept == NULL && reason() == ENOMEM);
    errno = 0;
    kept = calloc(huge, 4);
    CHECK(kept == NULL && reason() == ENOMEM);
    errno = 0;
    CHECK(reallocarray(s->items, huge, 4) == NULL && reason() == ENOMEM && s->items[9].value == 9);
    void *block = s;
    CHECK(posix_memalign(&block, 3, 8) == EINVAL && block == s);
    errno = 0;
    volatile size_t odd = 48; /* no power of two */
    kept = aligned_alloc(odd, 96);
    CHECK(kept == NULL && reason() == EINVAL);
    return true;
}

static bool keeps_promises(void)
{
    void *volatile a = malloc(0), *volatile b = malloc(0);
    CHECK(a && b && a != b);
    CHECK(realloc(a, 0) == NULL);
    a = realloc(NULL, 24);
    CHECK(a && usable(a) >= 24 && (uintptr_t)a % 16 == 0);
    free(NULL);
    errno = 7;
    free(a);
    free(b);
    CHECK(errno == 7);
    for (size_t size = 1; size < 3000; size += 37) {
        unsigned char *bytes = malloc(size);
        CHECK(bytes && usable(bytes) >= size && (uintptr_t)bytes % 16 == 0);
        memset(bytes, 0xab, size);
        bytes = realloc(bytes, size * 3);
        for (size_t i = 0; i < size; i++)
            CHECK(bytes[i] == 0xab);
        free(bytes);
    }
    unsigned char *zero = calloc(5, 100);
    for (int i = 0; i < 500; i++)
        CHECK(zero[i] == 0);
    free(zero);
    return true;
}

static bool reads_lines(State *s)
{
    char text[] = "first\na second line that is a good deal longer than the first one: "
                  "0123456789012345678901234567890123456789012345678901234567890123456789\nlast";
    FILE *file = fmemopen(text, sizeof text - 1, "r");
    CHECK(getline(&s->line, &s->line_size, file) == 6 && strcmp(s->line, "first\n") == 0);
    CHECK(getline(&s->line, &s->line_size, file) > 120);
    CHECK(s->line_size > 120 && strncmp(s->line, "a second", 8) == 0);
    CHECK(getdelim(&s->line, &s->line_size, 's', file) == 3 && strcmp(s->line, "las") == 0);
    CHECK(getline(&s->line, &s->line_size, file) == 1);
    CHECK(getline(&s->line, &s->line_size, file) == -1);
    strcpy(s->line, "kept");
    fclose(file);
    char *foreign = NULL;
    CHECK(asprintf(&foreign, "%d", 42) == 2);
    size_t size = 3;
    file = fmemopen(text, sizeof text - 1, "r");
    CHECK(getline(&foreign, &size, file) == 6 && strcmp(foreign, "first\n") == 0);
    fclose(file);
    free(foreign);
    return true;
}

static bool grows_vectors(State *s)
{
    char **words = &s->words, *other = NULL;
    size_t *size = &s->words_size, other_size = 0;
    unsigned replaced = 0;
    CHECK(argz_add(words, size, "b=2") == 0 && argz_add_sep(words, size, "c=3 d", ' ') == 0);
    CHECK(argz_insert(words, size, *words, "a=1") == 0 && argz_append(words, size, "e", 2) == 0);
    CHECK(*size == 16 && memcmp(*words, "a=1\0b=2\0c=3\0d\0e", 16) == 0);
    CHECK(argz_insert(words, size, s->text, "x") == EINVAL && *size == 16);
    CHECK(argz_replace(words, size, "c", "longer", &replaced) == 0 && replaced == 1);
    argz_delete(words, size, *words + 4);
    CHECK(envz_add(words, size, "d", "4") == 0 && strcmp(envz_get(*words, *size, "d"), "4") == 0);
    CHECK(argz_create_sep("a=9 f=6", ' ', &other, &other_size) == 0); /* libc's block */
    CHECK(argz_add(&other, &other_size, "g") == 0);
    CHECK(envz_merge(words, size, other, other_size, 1) == 0);
    envz_remove(words, size, "longer");
    envz_strip(words, size);
    CHECK(strcmp(envz_get(*words, *size, "a"), "9") == 0 && argz_count(*words, *size) == 3);
    while (other)
        argz_delete(&other, &other_size, other);
    CHECK(other_size == 0 && usable(*words) >= *size);
    return true;
}

static bool makes_everything(State *s)
{
    s->hooks = malloc(sizeof *s->hooks);
    *s->hooks = (Hooks){.malloc = malloc, .free = free};
    s->hooks->free(s->hooks->malloc(10)); /* members called like functions */
    s->items = reallocarray(NULL, 10, sizeof *s->items);
    for (int i = 0; i < 10; i++)
        s->items[i].value = i;
    char *path = realpath("/usr/../usr", NULL);
    CHECK(strcmp(path, "/usr") == 0);
    path = realloc(path, 1000);
    CHECK(strcmp(path, "/usr") == 0 && usable(path) >= 1000);
    s->path = strdup(path);
    free(path);
    s->text = strdup("text");
    s->part = strndup("partial", 4);
    char *printed = NULL;
    CHECK(asprintf(&printed, "%s-%d", "printed", 1) == 9);
    s->printed = strdup(printed);
    free(printed);
    s->wide = wcsdup(L"wide");
    s->aligned = aligned_alloc(256, 64 * sizeof(double));
    CHECK((uintptr_t)s->aligned % 256 == 0);
    s->aligned[63] = 1.5;
    CHECK(posix_memalign((void **)&s->lanes, 64, 8 * sizeof(float)) == 0);
    CHECK((uintptr_t)s->lanes % 64 == 0);
    s->lanes[7] = 2.5f;
    void *page = memalign(1 << 20, 100); /* beyond what the heap aligns to: libc's */
    CHECK(page && (uintptr_t)page % (1 << 20) == 0);
    free(page);
    s->grown = NULL;
    for (size_t n = 1; n <= 20; n++) {
        s->grown = realloc(s->grown, n * sizeof(Item));
        s->grown[n - 1].value = (int)n;
    }
    return true;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    return makes_everything(s) && refuses_what_cannot_be(s) && keeps_promises() && reads_lines(s) &&
                   grows_vectors(s)
               ? s
               : NULL;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 10; i++)
        CHECK(s->items[i].value == i);
    for (int i = 0; i < 20; i++)
        CHECK(s->grown[i].value == i + 1);
    CHECK(strcmp(s->path, "/usr") == 0 && strcmp(s->line, "kept") == 0);
    CHECK(strcmp(s->text, "text") == 0 && strcmp(s->part, "part") == 0);
    CHECK(strcmp(s->printed, "printed-1") == 0 && wcscmp(s->wide, L"wide") == 0);
    CHECK(s->aligned[63] == 1.5 && s->lanes[7] == 2.5f);
    CHECK((uintptr_t)s->aligned % 256 == 0 && (uintptr_t)s->lanes % 64 == 0);
    CHECK(strcmp(early, "early") == 0);
    CHECK(argz_count(s->words, s->words_size) == 3);
    void *block = s->hooks->malloc(8);
    CHECK(block);
    s->hooks->free(block);
    return true;
}

CASE_MAIN

/* Molt for the game: annotations on declarations and the typed heap. Together with hook.h and
 * platform_api.h this is all that a game includes. It must never know the engine, SDL or how metadata looks.
 *
 * Annotations are empty to the compiler and read by molt-codegen. They stand where C attributes may:
 * on a field before its `;` (after a bit-field's width), on an enumerator after its name, on a struct
 * or enum after its `}`, on a variable before its `=` or `;`. */
#ifndef MOLT_H
#define MOLT_H

#include <stddef.h>
#include <stdint.h>

#ifdef MOLT_CODEGEN
#define MOLT__NOTE(...) __attribute__((annotate("molt:" #__VA_ARGS__)))
#else
#define MOLT__NOTE(...)
#endif

/* ---- annotations --------------------------------------------------------------------------- */

/* At file scope: the type of the state that start_up() returns. Exactly one per game. */
#ifdef MOLT_CODEGEN
#define MOLT_ROOT(Type) extern __attribute__((annotate("molt:root"))) Type *molt__root
#else
#define MOLT_ROOT(Type) _Static_assert(sizeof(Type) > 0, "MOLT_ROOT needs a complete type")
#endif

/* Field, enumerator, struct, enum or variable had these names before, oldest first:
 * MOLT_WAS("hp", "life"). A variable's are of its own scope, or full: "ground.c:rain", ":score". */
#define MOLT_WAS(...) MOLT__NOTE(was __VA_ARGS__)
/* On a struct, union or enum: its members of these names are gone, and their values may go: no loss any
 * more. "struct Egg" means the objects of a struct, "ground.c:rain" and ":score" variables. An
 * enumerator also needs MOLT_FALLBACK on another one. */
#define MOLT_REMOVED(...) MOLT__NOTE(removed __VA_ARGS__)
/* Value of a field that has no source: a constant, a string, or a braced initialiser. */
#define MOLT_DEFAULT(...) MOLT__NOTE(default __VA_ARGS__)
/* Refuse the reload when this field would have no source. */
#define MOLT_REQUIRED MOLT__NOTE(required)
/* Not persistent: takes its default in files and whenever its type is rebuilt; a variable starts anew
 * with every reload. */
#define MOLT_TRANSIENT MOLT__NOTE(transient)
/* A pointer to something outside the heap: bits kept within the process, never followed or saved. */
#define MOLT_EXTERNAL MOLT__NOTE(external)
/* The enum is a set of bits. */
#define MOLT_FLAGS MOLT__NOTE(flags)
/* Enumerator taken when the one that was live is gone. */
#define MOLT_FALLBACK MOLT__NOTE(fallback)
/* On a union member: the field beside it, of an enum type, that says which arm holds the value. The
 * n-th arm belongs to the n-th enumerator, or to the one that MOLT_ARM on the arm names. */
#define MOLT_TAG(field) MOLT__NOTE(tag field)
#define MOLT_ARM(enumerator) MOLT__NOTE(arm enumerator)
/* The value comes from another place of the same old object: MOLT_MOVED("pos[1]") from the struct that
 * holds the field on, MOLT_MOVED("^.speed") from the one that embeds that struct on. On an arm of a
 * tagged union it sets the tag too. */
#define MOLT_MOVED(path) MOLT__NOTE(moved path)
/* The array has an element for each enumerator: elements follow the names when the enum changes. The
 * last enumerator may be the length of the array. */
#define MOLT_INDEX(Enum) MOLT__NOTE(index Enum)
/* Allows the named loss: trunc, round, saturate (numbers), truncate (arrays and strings). */
#define MOLT_CONVERT(how) MOLT__NOTE(convert how)
/* Pointer or flexible array has as many elements as the integer field beside it says. The heap knows
 * the count of its own blocks by itself. */
#define MOLT_COUNT(field) MOLT__NOTE(count field)
/* On a pointer, field or variable: the plain memory that it leads to is cut up by the game itself into
 * objects of that type, one after the other from its start. MOLT_POOL(Type, Header): the memory begins with
 * one Header, the others follow it, and the pointer leads to the Header or to the first of them. */
#define MOLT_POOL(...) MOLT__NOTE(pool __VA_ARGS__)

/* Number of a struct's meaning, to be raised when the values mean something else while the layout stays:
 * a reload that changes it needs a hook (hook.h). */
#define MOLT_VERSION(number) MOLT__NOTE(version number)

/* ---- typed heap ---------------------------------------------------------------------------- */

/* One allocation site, filled by the compiler, bound by the host when it loads the library. Sites
 * lie in their own section so that the host can check sizeof(T) as this object file saw it. */
typedef struct MoltSite {
    const char *spelling; /* the type as written in the source */
    const char *file;
    uint64_t size;  /* sizeof(T) as this object file saw it */
    uint32_t align;
    uint32_t line;
    uint32_t type; /* type id in the running schema; set by the host */
    uint32_t element; /* molt_new_flexible: bytes of an element of the array; else 0 */
} MoltSite;

/* Where the game called malloc or one of its relatives: the address that the call returns to, and what
 * stack and frame pointer were at the call. The last two are 0 on machines where no frame is walked. */
typedef struct MoltCaller {
    uintptr_t address, stack, frame;
} MoltCaller;

/* The host's heap as the library sees it. Grows only at the end. Set before start_up() runs.
 *
 * plain_*: what C's own functions of these names do, for blocks of the heap and for those of libc's
 * that come back. NULL, with errno set, when memory is out or the size or alignment is impossible.
 *
 * All may be called from several threads at a time. */
typedef struct MoltHeapApi MoltHeapApi;
struct MoltHeapApi {
    uint32_t size;
    uint32_t version;
    void *heap;
    void *(*create)(const MoltHeapApi *api, const MoltSite *site, size_t count);
    void *(*resize)(const MoltHeapApi *api, void *block, size_t count);
    void (*destroy)(const MoltHeapApi *api, void *block);
    char *(*duplicate)(const MoltHeapApi *api, const char *text);
    size_t (*count)(const MoltHeapApi *api, const void *block);
    /* Zeroed, also for size 0 a block of its own. `align` is a power of two. */
    void *(*plain_new)(const MoltHeapApi *api, const MoltCaller *caller, size_t size, size_t align);
    void *(*plain_resize)(const MoltHeapApi *api, const MoltCaller *caller, void *block,
                          size_t size);
    char *(*plain_text)(const MoltHeapApi *api, const char *text, size_t length); /* adds a NUL */
    void (*plain_free)(const MoltHeapApi *api, void *block);
    size_t (*plain_size)(const MoltHeapApi *api, const void *block); /* bytes that may be used */
    /* plain_text, of which is known who asked for it */
    char *(*plain_text_at)(const MoltHeapApi *api, const MoltCaller *caller, const char *text,
                           size_t length);
};

/* Defined by the generated metadata of the library. */
extern __attribute__((visibility("hidden"))) const MoltHeapApi *molt__heap;

#ifdef MOLT_CODEGEN
void *molt__new_site(const void *typed_null, const char *spelling, size_t count);
void *molt__new_flexible_site(const void *typed_null, const char *spelling, size_t count,
                              const char *member);
#define MOLT__CREATE(T, n) ((T *)molt__new_site((T *)0, #T, (n)))
#define MOLT__CREATE_FLEXIBLE(T, member, n)                                                        \
    ((T *)molt__new_flexible_site((T *)0, #T, (n), #member))
#else
/* Statement expression: the site must be a static of the calling function, and C11 has no other way.
 * aligned(8): gcc would else align each site to 32 bytes, and the section would be no array. */
#define MOLT__CREATE_AT(T, n, element)                                                             \
    __extension__({                                                                                \
        static MoltSite molt__site __attribute__((section("molt_sites"), used, aligned(8))) = {    \
            #T, __FILE__, sizeof(T), (uint32_t) _Alignof(T), __LINE__, UINT32_MAX, element};       \
        (T *)molt__heap->create(molt__heap, &molt__site, (n));                                     \
    })
#define MOLT__CREATE(T, n) MOLT__CREATE_AT(T, n, 0)
#define MOLT__CREATE_FLEXIBLE(T, member, n)                                                        \
    MOLT__CREATE_AT(T, n, (uint32_t)sizeof(((T *)0)->member[0]))
#endif

/* A zeroed object of type T, or NULL when memory is out. Molt follows every pointer to it. */
#define molt_new(T) MOLT__CREATE(T, 1)
/* A zeroed array of n elements of type T in one block; NULL when memory is out or n is 0. */
#define molt_new_array(T, n) MOLT__CREATE(T, n)
/* A zeroed object of type T, a struct whose last member is the flexible array `member`, with n
 * elements in that array; NULL when memory is out. n may be 0. molt_resize and molt_count then mean
 * the elements of the array. */
#define molt_new_flexible(T, member, n) MOLT__CREATE_FLEXIBLE(T, member, n)
/* The array block `p` with n elements: the first ones kept, new ones zeroed; may move. On failure
 * NULL, and `p` stays valid. `p` must be the start of a live block and not NULL. */
#define molt_resize(p, n) ((__typeof__(p))molt__heap->resize(molt__heap, (p), (n)))
/* Frees a block. NULL does nothing; anything that is not the start of a live block stops the host. */
#define molt_delete(p) molt__heap->destroy(molt__heap, (p))
/* A heap copy of a NUL-terminated string; NULL when memory is out. */
#define molt_strdup(text) molt__heap->duplicate(molt__heap, (text))
/* Number of elements of the block, or of its flexible array, that starts at `p`. */
#define molt_count(p) molt__heap->count(molt__heap, (p))

#endif

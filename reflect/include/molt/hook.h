/* Migration hooks: functions of the game that carry over what no rule can. A hook sees one old object,
 * read-only and by name, and the new object that the rules have made of it. It must never know the
 * engine, SDL or how metadata looks.
 *
 *     MOLT_MIGRATE(Player)(const MoltOld *old, Player *now)
 *     {
 *         now->health = (float)molt_old_int(old, "hp") / 100;
 *         return true;
 *     }
 *
 * A hook runs once for every object of its struct, wherever it lies (a block, an element, inside another
 * struct), in the reload that changes the layout of that struct and in no other. Never twice on the same
 * data: going back to a layout that a hook led to before calls no hook, and where an edit is undone and
 * done again, an object has its values of then back, unless the old code wrote it in between.
 *
 * It runs when the whole new state has been made by the rules and nothing of it is in use; struct by
 * struct in the order of their names, objects in the order of their old addresses. Until every hook has
 * returned true nothing is decided: one that fails refuses the reload, and the old code goes on with the
 * old state.
 *
 * Globals and statics are carried over before hooks run. A hook reads what the old code left in them, with
 * pointers to new objects, and what it writes to them stays, unless the reload is refused.
 *
 * In a hook molt_new, molt_new_array, molt_strdup and the like work as ever: what they make belongs to
 * the new state, and goes again if the reload is refused. molt_resize takes only what a hook made.
 * molt_delete takes the start of any block of the new state but the root's, once. The block goes when the
 * reload is decided; its hook is no longer called, and pointers that still lead to it become NULL, which
 * is a loss. Undoing the edit does not bring it back.
 *
 * Mistakes (a field that does not exist, another type than was asked for, an index out of range) refuse
 * the reload with the hook, the field and what it really is. The accessor then gives 0, "", NULL or an
 * object without values, so that the hook can run to its end. */
#ifndef MOLT_HOOK_H
#define MOLT_HOOK_H

#include <stdarg.h>
#include <stdbool.h>

#include "molt.h"

/* An object, or a part of one, as it was before the edit. Valid until the hook returns. */
typedef struct MoltOldApi MoltOldApi;
typedef struct MoltOld {
    const MoltOldApi *api;
} MoltOld;

/* ---- defining a hook ------------------------------------------------------------------------ */

/* One hook, filled by the compiler, bound by the host when it loads the library. Hooks lie in their own
 * section, as allocation sites do. */
typedef struct MoltHook {
    const char *spelling; /* of the struct, as written in the source */
    const char *file;
    const char *from;     /* name of the old layout that it expects; "" when it takes any */
    uint64_t from_layout; /* its hash; 0 when it takes any */
    uint64_t size;        /* sizeof the struct as this object file saw it */
    bool (*run)(const MoltOld *old, void *now);
    uint32_t line;
    uint32_t type; /* type id in the running schema; set by the host */
    uint64_t code; /* hash of what it does, 0: not known; set by the host */
} MoltHook;

/* Heads the hook of a struct; `(const MoltOld *old, Type *now)` and a body follow. The function gives
 * true, or false (most easily by molt_old_fail) to refuse the reload. One for each struct. */
#define MOLT_MIGRATE(Type) MOLT__HOOK(Type, 0, "", __LINE__)
/* The same for one old layout only: the reload is refused when the live objects have another. `Old` is
 * declared by the header that `molt-codegen --old-header` writes: MOLT_MIGRATE_FROM(Player, Player_old). */
#define MOLT_MIGRATE_FROM(Type, Old) MOLT__HOOK(Type, Old##_molt_layout, #Old, __LINE__)

#define MOLT__HOOK(Type, layout, from, line) MOLT__HOOK_AT(Type, layout, from, line)
#ifdef MOLT_CODEGEN
#define MOLT__HOOK_AT(Type, layout, from, line)                                                    \
    static bool molt__migrate_##line(const MoltOld *old, Type *now);                               \
    static __attribute__((annotate("molt:migrate " #Type))) bool molt__migrate_##line
#else
/* The declaration makes the compiler compare the types that follow with the macro's. */
#define MOLT__HOOK_AT(Type, layout, from, line)                                                    \
    static bool molt__migrate_##line(const MoltOld *old, Type *now);                               \
    static bool molt__migrate_any_##line(const MoltOld *old, void *now)                            \
    {                                                                                              \
        return molt__migrate_##line(old, now);                                                     \
    }                                                                                              \
    static MoltHook molt__hook_##line __attribute__((section("molt_hooks"), used, aligned(8))) = { \
        #Type,    __FILE__,   from, layout, sizeof(Type), molt__migrate_any_##line,                \
        __LINE__, UINT32_MAX, 0};                                                                  \
    static bool molt__migrate_##line
#endif

/* ---- what the host answers ------------------------------------------------------------------ */

/* What MoltOldApi.get is asked for, and what `out` points to. */
typedef enum MoltOldAsk {
    MOLT__OLD_HAS,      /* bool */
    MOLT__OLD_INT,      /* int64_t */
    MOLT__OLD_UINT,     /* uint64_t */
    MOLT__OLD_BOOL,     /* bool */
    MOLT__OLD_DOUBLE,   /* double */
    MOLT__OLD_ENUM,     /* const char * */
    MOLT__OLD_TEXT,     /* const char * */
    MOLT__OLD_COUNT,    /* uint64_t */
    MOLT__OLD_AT,       /* const MoltOld * */
    MOLT__OLD_FOLLOW,   /* const MoltOld * */
    MOLT__OLD_POINTER,  /* void * */
    MOLT__OLD_FUNCTION, /* void (*)(void) */
    MOLT__OLD_ASK_COUNT
} MoltOldAsk;

/* Grows only at the end. */
struct MoltOldApi {
    uint32_t size;
    uint32_t version;
    void (*get)(const MoltOld *old, MoltOldAsk what, void *out, const char *path,
                va_list arguments);
    const void *(*bytes)(const MoltOld *old, const char *name, uint64_t size, uint64_t layout);
    void *(*now)(const MoltOld *old);
    const char *(*type)(const MoltOld *old);
    void (*refuse)(const MoltOld *old, const char *format, va_list arguments);
};

/* ---- reading an old object ------------------------------------------------------------------ *
 *
 * A path names a value from the object on: "hp", "pos.x", "slots[2].kind", "m[%d][%d]" with the indices
 * after it, "target->pos.x" and "items[3]" through pointers, "." for the object itself. Members of
 * anonymous structs and unions are named as in C. `old` must not be NULL.
 *
 * What a hook reads counts as handled: a value that the edit drops, cuts or cannot convert is no loss and
 * no refusal once some hook has asked for it, in this object or from another one. Each object counts for
 * itself: where the field of another one was not asked for, its value is lost, or refused, as ever. */

#define MOLT__OLD_READS __attribute__((format(printf, 2, 3))) static inline
#define MOLT__OLD_GET(type, what, none)                                                            \
    type value = none;                                                                             \
    va_list arguments;                                                                             \
    va_start(arguments, path);                                                                     \
    old->api->get(old, what, &value, path, arguments);                                             \
    va_end(arguments);                                                                             \
    return value

/* Whether there is such a field or element; no mistake when there is not. Reads nothing: a field that
 * was only looked for is not handled. */
MOLT__OLD_READS bool molt_old_has(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(bool, MOLT__OLD_HAS, false);
}

/* An integer, enum, bool or bit-field. A value that int64_t does not hold is a mistake. */
MOLT__OLD_READS int64_t molt_old_int(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(int64_t, MOLT__OLD_INT, 0);
}

/* The same as uint64_t; a negative value is a mistake. */
MOLT__OLD_READS uint64_t molt_old_uint(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(uint64_t, MOLT__OLD_UINT, 0);
}

MOLT__OLD_READS bool molt_old_bool(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(bool, MOLT__OLD_BOOL, false);
}

/* A float, a double, or a long double that a double holds. */
MOLT__OLD_READS double molt_old_double(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(double, MOLT__OLD_DOUBLE, 0);
}

/* The name of an enum's value as the old source has it, NULL when the value has no name. */
MOLT__OLD_READS const char *molt_old_enum(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(const char *, MOLT__OLD_ENUM, "");
}

/* The text of a char array or behind a char pointer, with its NUL; NULL where the pointer is. Valid
 * until the hook returns: copy it with molt_strdup. */
MOLT__OLD_READS const char *molt_old_text(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(const char *, MOLT__OLD_TEXT, "");
}

/* Elements of an array, or from where a pointer points to the end of its block; 0 where it is NULL. */
MOLT__OLD_READS uint64_t molt_old_count(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(uint64_t, MOLT__OLD_COUNT, 0);
}

/* A struct, union, array or element inside of the object, to read on from there. Never NULL. */
MOLT__OLD_READS const MoltOld *molt_old_at(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(const MoltOld *, MOLT__OLD_AT, NULL);
}

/* The old object that a pointer points at, of whatever struct, also one that the new code has no more;
 * NULL where the pointer is NULL, or points at what was freed. */
MOLT__OLD_READS const MoltOld *molt_old_follow(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(const MoltOld *, MOLT__OLD_FOLLOW, NULL);
}

/* What a pointer points at in the new state: the new object, or place in it, of the old one; a constant
 * or literal of the new library; memory outside as it is. NULL where the pointer is NULL, or points at
 * what was freed, by a hook as well. A mistake when it has no place in the new state; a number that is of
 * another type there has one when the field says so of its pointer, too. */
MOLT__OLD_READS void *molt_old_pointer(const MoltOld *old, const char *path, ...)
{
    MOLT__OLD_GET(void *, MOLT__OLD_POINTER, NULL);
}

/* The function of the new library that has the name of the old one, to be cast; NULL where the pointer
 * is NULL. */
MOLT__OLD_READS void (*molt_old_function(const MoltOld *old, const char *path, ...))(void)
{
    typedef void (*Function)(void);
    MOLT__OLD_GET(Function, MOLT__OLD_FUNCTION, NULL);
}

/* The new object that this old one became, NULL where a hook deleted it. A mistake when its struct is
 * gone. */
static inline void *molt_old_now(const MoltOld *old)
{
    return old->api->now(old);
}

/* The name of its type in the old source. */
static inline const char *molt_old_type(const MoltOld *old)
{
    return old->api->type(old);
}

/* The old object's bytes as `const Old *`, for code that prefers plain C: Old is declared by the header
 * that `molt-codegen --old-header` writes. Every field counts as read. Pointers in it point into the old
 * state and must not get into the new one. NULL, and the reload refused, when the live objects have
 * another layout; a write through it may end the process. */
#define molt_old_struct(old, Old)                                                                  \
    ((const Old *)molt__old_bytes((old), #Old, sizeof(Old), Old##_molt_layout))
static inline const void *molt__old_bytes(const MoltOld *old, const char *name, uint64_t size,
                                          uint64_t layout)
{
    return old->api->bytes(old, name, size, layout);
}

/* Refuses the reload with a reason for people. Always false: `return molt_old_fail(old, "...");`. */
__attribute__((format(printf, 2, 3))) static inline bool molt_old_fail(const MoltOld *old,
                                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    old->api->refuse(old, format, arguments);
    va_end(arguments);
    return false;
}

#undef MOLT__OLD_READS
#undef MOLT__OLD_GET

#endif

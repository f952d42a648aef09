#include "crash_words.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROUTE_DEPTH = 4 }; /* frames of plain_memory.c at most */

static void add(char *text, size_t size, const char *pattern, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends, as far as there is room. */
static void add(char *text, size_t size, const char *pattern, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, pattern);
    vsnprintf(text + length, size - length, pattern, arguments);
    va_end(arguments);
}

static void say_retired(const MoltCrash *crash, char *text, size_t size)
{
    const MoltRetiredPlace *place = &crash->retired;
    const char *library = place->library[0] != 0 ? place->library : "a library";
    if (!crash->retired_call) {
        add(text, size, " (an access to what was in %s, which is unloaded)", library);
        return;
    }
    add(text, size, " (a call of %s",
        place->function[0] != 0 ? place->function : "an unnamed function");
    if (place->file[0] != 0) {
        add(text, size, " (%s)", place->file);
    }
    add(text, size, " in %s, which is unloaded)", library);
}

static void say_what(const MoltCrash *crash, char *text, size_t size)
{
    switch ((MoltCrashKind)crash->kind) {
    case MOLT_CRASH_ABORT:
        add(text, size, "SIGABRT%s%s", crash->text[0] != 0 ? ": " : " (abort was called)",
            crash->text);
        break;
    case MOLT_CRASH_OVERFLOW: add(text, size, "SIGSEGV (stack overflow)"); break;
    case MOLT_CRASH_HANG:
        add(text, size, "no end after %.3g s (endless loop)", (double)crash->hang_ns / 1e9);
        break;
    case MOLT_CRASH_MISUSE: add(text, size, "misuse of the heap: %s", crash->text); break;
    case MOLT_CRASH_SIGNAL:
        add(text, size, "%s", molt__crash_signal_name(crash->signal));
        if (crash->retired.known) {
            say_retired(crash, text, size);
        } else if (crash->signal == SIGSEGV || crash->signal == SIGBUS) {
            add(text, size, " (address 0x%" PRIx64 ")", crash->address);
        }
        break;
    }
}

static void say_place(const MoltCodePlace *place, char *text, size_t size)
{
    add(text, size, "%s", place->function[0] != 0 ? place->function : "an unnamed function");
    if (place->line > 0) {
        add(text, size, " (%s:%d)", place->file, place->line);
    } else if (place->file[0] != 0) {
        add(text, size, " (%s)", place->file);
    }
}

/* Code that is in the game's library, but not the game's; it may have no debug information. */
static bool is_route(const MoltCodePlace *place)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "reallocarray", "free"};
    bool named = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        named = named || strcmp(place->function, names[i]) == 0;
    }
    return named || strcmp(place->file, "plain_memory.c") == 0 ||
           strcmp(place->file, "game_threads.c") == 0;
}

/* Before it there may be a stub of the linker's, on the way to a function elsewhere, and what malloc and its
 * relatives are here. */
static uint32_t first_named(const MoltCrash *crash, const MoltCodePlace *places)
{
    uint32_t first = 0;
    while (first + 1 < crash->frame_count && places[first].function[0] == 0) {
        first++;
    }
    for (uint32_t i = first; i < ROUTE_DEPTH && i + 1 < crash->frame_count; i++) {
        first = is_route(&places[i]) ? i + 1 : first; /* with the functions that it calls */
    }
    return first;
}

/* What the first named one calls, where it is that which crashed; else NULL. */
static const char *called_by(const MoltCrash *crash, const MoltCodePlace *places, uint32_t first)
{
    if (!crash->outside) {
        return NULL;
    }
    static const char *const ends[] = {"abort", "raise", "kill", "__assert_fail"};
    const char *called = first > 0 ? places[first - 1].function : crash->called;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(called, ends[i]) == 0) {
            return NULL; /* the signal says it */
        }
    }
    return called[0] != 0 ? called : "other code";
}

void molt__crash_write(const MoltCrash *crash, const MoltCodePlace *places, char *text, size_t size)
{
    text[0] = 0;
    if (crash->frame_count > 0) {
        uint32_t first = first_named(crash, places);
        const char *called = called_by(crash, places, first);
        if (called != NULL) {
            add(text, size, "in %s, called by ", called);
        } else {
            add(text, size, "in ");
        }
        say_place(&places[first], text, size);
    }
    if (crash->thread[0] != 0) {
        add(text, size, "%son the thread %s", text[0] != 0 ? " " : "", crash->thread);
    }
    add(text, size, "%s", text[0] != 0 ? ": " : "");
    say_what(crash, text, size);
}

void molt__crash_write_calls(const MoltCrash *crash, const MoltCodePlace *places, char *text,
                             size_t size)
{
    uint32_t first = first_named(crash, places);
    const char *called = called_by(crash, places, first);
    if (called != NULL && crash->frame_count > 0) {
        add(text, size, "in %s\n", called);
    }
    for (uint32_t i = first; i < crash->frame_count; i++) {
        add(text, size, "%s ", i == first && called == NULL ? "in" : "called by");
        say_place(&places[i], text, size);
        add(text, size, "\n");
    }
    if (crash->retired.known) {
        add(text, size,
            "Something that no reload follows still leads there, such as a signal handler, a timer or a "
            "callback of another library: take it back in begin_reload(), and set it anew in "
            "end_reload().\n");
    }
}

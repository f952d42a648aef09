/* Prints the rows of docs/breakage.md from real reloads: each edit or accident under a plain loader and
 * under Molt. What a plain loader does with memory that it misreads may differ from build to build; such a
 * row names all that may be, and something else is printed as it was measured. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "trial.h"

typedef struct Row {
    const char *what;
    Trial trial;
    const char *plain; /* outcomes with " or " between them */
} Row;

#define EDIT(name, outcome, words)                                                                 \
    {                                                                                              \
        words, {TRIAL_SWAP, GUEST_##name, FIXTURE_GUEST_2}, outcome                                \
    }
#define ACCIDENT(kind, outcome, words)                                                             \
    {                                                                                              \
        words, {TRIAL_##kind, GUEST_literal, FIXTURE_GUEST_2}, outcome                             \
    }
#define ANY "wrong value or crash"

static const Row rows[] = {
    EDIT(inserted, "wrong value", "a field inserted in the middle of a struct"),
    EDIT(in_front, "wrong value", "a field inserted in front"),
    EDIT(removed, "wrong value", "a field removed, others behind it"),
    EDIT(swapped, "wrong value", "two fields of one type swapped"),
    EDIT(widened, "wrong value", "`int` widened to `int64_t`"),
    EDIT(retyped, "wrong value", "`int` becomes `float`, of the same size"),
    EDIT(grown, "wrong value", "an array grown, fields behind it"),
    EDIT(nested, "wrong value", "a nested struct grown"),
    EDIT(elements, "wrong value", "the element of an array on the heap grown"),
    EDIT(linked, ANY, "the node of a linked list grown"),
    EDIT(renamed, "wrong value", "a field renamed with `MOLT_WAS`, another one added in front"),
    EDIT(unannotated, "right", "a field renamed in its place, and nothing says so"),
    EDIT(renumbered, "wrong value", "an enumerator inserted before others"),
    EDIT(bits, "wrong value", "a bit-field widened before others"),
    EDIT(arms, "wrong value", "the arms of a tagged union: `float` becomes `double`"),
    EDIT(pointed, "crash", "an inline struct becomes a pointer to it"),
    EDIT(text, "crash", "`char name[24]` becomes `char *name`"),
    EDIT(callback, ANY, "a stored pointer to a static function, called"),
    EDIT(literal, ANY, "a stored string literal, read"),
    EDIT(table, ANY, "a stored pointer into a constant table"),
    EDIT(global, "wrong value", "a global variable"),
    EDIT(local, "wrong value", "a variable of a function"),
    {"a function that is stored, removed", {TRIAL_SWAP, GUEST_gone, FIXTURE_GUEST_3}, ANY},
    {"the signature of a function that is stored, changed",
     {TRIAL_SWAP, GUEST_signature, FIXTURE_GUEST_4},
     ANY},
    {"an enumerator that an object holds, removed",
     {TRIAL_SWAP, GUEST_enumerator, FIXTURE_GUEST_5},
     "wrong value"},
    {"a number becomes a pointer", {TRIAL_SWAP, GUEST_kind, FIXTURE_GUEST_6}, "crash"},
    {"new code that writes to a null pointer", {TRIAL_CRASH, GUEST_crash, FIXTURE_GUEST_2}, "crash"},
    {"new code with an assertion that fails", {TRIAL_CRASH, GUEST_assertion, FIXTURE_GUEST_2}, "crash"},
    {"new code that recurses without end", {TRIAL_CRASH, GUEST_overflow, FIXTURE_GUEST_2}, "crash"},
    {"new code with an endless loop", {TRIAL_CRASH, GUEST_endless, FIXTURE_GUEST_2}, "hangs"},
    EDIT(thread, ANY, "a thread of the game's own in the library"),
    ACCIDENT(TORN, "crash or no code left", "a library of which half is written"),
    ACCIDENT(EMPTY, "crash or no code left", "an empty library"),
    ACCIDENT(GARBAGE, "crash or no code left", "garbage in the place of the library"),
    ACCIDENT(MACHINE, "crash or no code left", "a library for another machine"),
    {"a library with an undefined symbol",
     {TRIAL_SWAP, GUEST_literal, FIXTURE_BARE_UNDEFINED},
     "crash or no code left"},
    {"a library without one of the game's functions",
     {TRIAL_SWAP, GUEST_literal, FIXTURE_BARE_WITHOUT_ENTRY},
     "crash or no code left"},
    ACCIDENT(IN_PLACE, "crash", "the linker writes into the file while the game plays"),
    {"two saves within a second", {TRIAL_TWICE, GUEST_version, FIXTURE_GUEST_2}, "never loaded"},
};

/* `outcome` is one of those in `list`. */
static bool is_among(const char *outcome, const char *list)
{
    size_t length = strlen(outcome);
    while (list != NULL) {
        const char *end = strstr(list, " or ");
        if ((end != NULL ? (size_t)(end - list) : strlen(list)) == length &&
            strncmp(list, outcome, length) == 0) {
            return true;
        }
        list = end != NULL ? end + strlen(" or ") : NULL;
    }
    return false;
}

int main(int argc, char **argv)
{
    bool plain = !(argc > 1 && strcmp(argv[1], "--molt-only") == 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Row *row = &rows[i];
        char before[TRIAL_TEXT], after[TRIAL_TEXT];
        snprintf(before, sizeof before, "%s", row->plain);
        if (plain) {
            trial_plain(&row->trial, before);
        }
        trial_molt(&row->trial, after);
        bool expected = !plain || is_among(before, row->plain);
        printf("| %s | %s | %s |\n", row->what, expected ? row->plain : before, after);
        fprintf(stderr, "%s: %s\n", row->what, before);
    }
    return 0;
}

#include "word_set.h"

#include <ctype.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024, LONGEST_NAME = 255 };

static uint32_t slot_of(const MoltWordSet *set, const char *word, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)word[i]) * 0x100000001b3u;
    }
    uint32_t mask = set->capacity - 1;
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & mask;
    while (set->slots[at] != NULL &&
           (strncmp(set->slots[at], word, length) != 0 || set->slots[at][length] != '\0')) {
        at = (at + 1) & mask;
    }
    return at;
}

static void grow(MoltWordSet *set)
{
    MoltWordSet larger = {.arena = set->arena,
                          .count = set->count,
                          .capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2};
    larger.slots = molt__arena_alloc(set->arena, larger.capacity * sizeof *larger.slots);
    for (uint32_t i = 0; i < set->capacity; i++) {
        const char *word = set->slots[i];
        if (word != NULL) {
            larger.slots[slot_of(&larger, word, strlen(word))] = word;
        }
    }
    *set = larger;
}

void molt__word_set_add(MoltWordSet *set, const char *word, size_t length)
{
    if (set->count * 2 >= set->capacity) {
        grow(set);
    }
    uint32_t at = slot_of(set, word, length);
    if (set->slots[at] == NULL) {
        set->slots[at] = molt__arena_copy(set->arena, word, length);
        set->count++;
    }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

/* The end of a comment that begins at `at`; `at` itself when none does. */
static const char *skip_comment(const char *at)
{
    if (at[0] == '/' && at[1] == '/') {
        return at + strcspn(at, "\n");
    }
    if (at[0] != '/' || at[1] != '*') {
        return at;
    }
    const char *end = strstr(at + 2, "*/");
    return end == NULL ? at + strlen(at) : end + 2;
}

/* A literal has words too, but no comment begins in it. It ends with its line at the latest. */
static char literal_after(char quote, const char *at)
{
    if (quote == 0) {
        return (char)(*at == '"' || *at == '\'' ? *at : 0);
    }
    bool ends = *at == '\n' || (*at == quote && at[-1] != '\\');
    return (char)(ends ? 0 : quote);
}

void molt__word_set_add_text(MoltWordSet *set, const char *text)
{
    char quote = 0; /* of the literal that `at` lies in */
    for (const char *at = text; *at != '\0';) {
        const char *after = quote == 0 ? skip_comment(at) : at;
        if (after != at) {
            at = after;
            continue;
        }
        while (is_word(*after)) {
            after++;
        }
        if (after > at) {
            molt__word_set_add(set, at, (size_t)(after - at));
        } else {
            quote = literal_after(quote, at);
            after++;
        }
        at = after;
    }
}

static bool has(const MoltWordSet *set, const char *word, size_t length)
{
    return set->capacity > 0 && set->slots[slot_of(set, word, length)] != NULL;
}

bool molt__word_set_has(const MoltWordSet *set, const char *word)
{
    return has(set, word, strlen(word));
}

bool molt__word_set_spells(const MoltWordSet *set, const char *name)
{
    bool reached[LONGEST_NAME + 1] = {true}; /* [n]: the first n characters are words */
    size_t length = strlen(name);
    if (length > LONGEST_NAME) {
        return true;
    }
    for (size_t end = 1; end <= length; end++) {
        for (size_t start = 0; start < end && !reached[end]; start++) {
            reached[end] = reached[start] && has(set, name + start, end - start);
        }
    }
    return length > 0 && reached[length];
}

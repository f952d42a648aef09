/* a program as they are: wrappers, strings, a hash table, a growing vector, lists that change owner
 * expect: migrated
 * cflags: -O2
 */
#include "case.h"

#include <stdlib.h>

enum { BUCKETS = 16 };

typedef struct Item {
    char *name;
#if VERSION == 2
    double weight MOLT_DEFAULT(1.5);
    long count;
#else
    int count;
#endif
    struct Item *next; /* in its owner's list */
    struct Entry *entry;
} Item;

typedef struct Entry { /* of the table by name */
    struct Entry *next;
#if VERSION == 2
    unsigned hash;
#endif
    Item *item;
} Entry;

typedef struct Hero {
#if VERSION == 2
    char title[8] MOLT_DEFAULT("Sir");
#endif
    char *name;
    Item *items;
    int gold;
} Hero;

typedef struct State {
    Hero **heroes;
    int hero_count, hero_room;
    Entry *table[BUCKETS];
    char *log;
    size_t log_length;
} State;
MOLT_ROOT(State);

static unsigned hash(const char *text)
{
    unsigned sum = 5381;
    while (*text)
        sum = sum * 33 + (unsigned char)*text++;
    return sum;
}

static Item *find(State *s, const char *name)
{
    for (Entry *entry = s->table[hash(name) % BUCKETS]; entry; entry = entry->next)
        if (strcmp(entry->item->name, name) == 0)
            return entry->item;
    return NULL;
}

static void *xmalloc(size_t size)
{
    void *block = malloc(size ? size : 1);
    if (block == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return block;
}

static void *xrealloc(void *block, size_t size)
{
    void *grown = realloc(block, size);
    return grown != NULL ? grown : (exit(1), NULL);
}

static char *xstrdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(xmalloc(size), text, size);
}

static void say(State *s, const char *text)
{
    size_t length = strlen(text);
    s->log = xrealloc(s->log, s->log_length + length + 1);
    memcpy(s->log + s->log_length, text, length + 1);
    s->log_length += length;
}

static Hero *add_hero(State *s, const char *name)
{
    if (s->hero_count == s->hero_room) {
        s->hero_room = s->hero_room ? 2 * s->hero_room : 2;
        s->heroes = xrealloc(s->heroes, (size_t)s->hero_room * sizeof s->heroes[0]);
    }
    Hero *hero = xmalloc(sizeof(Hero));
    memset(hero, 0, sizeof *hero);
    hero->name = xstrdup(name);
    s->heroes[s->hero_count++] = hero;
    return hero;
}

static Item *add_item(State *s, Hero *hero, const char *name, int count)
{
    Item *item = xmalloc(sizeof *item);
    Entry *entry = (Entry *)xmalloc(sizeof(Entry));
    memset(item, 0, sizeof *item);
    item->name = xstrdup(name);
    item->count = count;
    item->next = hero->items;
    item->entry = entry;
    hero->items = item;
    memset(entry, 0, sizeof *entry);
    entry->item = item;
    entry->next = s->table[hash(name) % BUCKETS];
    s->table[hash(name) % BUCKETS] = entry;
    return item;
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof(State));
    for (int h = 0; h < 9; h++) {
        char name[30];
        snprintf(name, sizeof name, "hero %d", h);
        Hero *hero = add_hero(s, name);
        for (int i = 0; i < 5; i++) {
            snprintf(name, sizeof name, "item %d of %d", i, h);
            add_item(s, hero, name, 100 * h + i);
        }
    }
    say(s, "made ");
    say(s, "nine heroes");
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->hero_count == 9 && strcmp(s->log, "made nine heroes") == 0);
    for (int h = 0; h < 9; h++) {
        char name[30];
        int seen = 0;
        for (Item *item = s->heroes[h]->items; item; item = item->next, seen++) {
            snprintf(name, sizeof name, "item %d of %d", 4 - seen, h);
            CHECK(strcmp(item->name, name) == 0 && item->count == 100 * h + 4 - seen);
            CHECK(find(s, name) == item && item->entry->item == item);
#if VERSION == 2
            CHECK(item->weight == 1.5 && strcmp(s->heroes[h]->title, "Sir") == 0);
#endif
        }
        CHECK(seen == 5);
    }
    /* and it goes on in the code that runs now */
    Item *more = add_item(s, s->heroes[3], "a lamp", 7);
    CHECK(find(s, "a lamp") == more && s->heroes[3]->items == more);
    s->heroes[3]->items = more->next;
    s->table[hash("a lamp") % BUCKETS] = more->entry->next;
    free(more->entry);
    free(more->name);
    free(more);
    return true;
}

CASE_MAIN

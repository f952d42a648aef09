/* stored literals, wide ones too, stay readable after the old library is gone; one that comes back is
 * pointed at again
 * expect: migrated
 * report: info literal-copied State.gone 1
 * report: info literal-copied Words.wide_gone 1
 * report: info literal-copied Words.any_gone 1
 * report: info literal-copied Words.inside 1
 */
#include "case.h"

#include <uchar.h>
#include <wchar.h>

/* Does not change, so that nothing is kept of it but what its pointers lead to. */
typedef struct Words {
    const char *same, *gone;
    const wchar_t *wide_same, *wide_gone, *inside;
    const char16_t *short_same;
    const char32_t *long_same;
    const char *utf8;
    const void *any, *any_gone;
    const wchar_t *numbers;
} Words;
#if VERSION == 1
typedef struct State {
    const char *same;
    const char *gone;
    int n;
    Words *words;
} State;
#else
typedef struct State {
    int n;
    int more;
    const char *same;
    const char *gone;
    Words *words;
} State;
const char first_in_the_image[] = "so that nothing lies where it lay";
#endif
static const wchar_t numbers[3] = {1, 0, 3};

static const char *words(int which)
{
#if VERSION == 1
    return which ? "the first version only" : "in both versions";
#else
    return which ? "the second version" : "in both versions";
#endif
}
static const wchar_t *wide(int which)
{
#if VERSION == 1
    return which ? L"green only here" : L"gr\u00fcn";
#else
    return which ? L"evergr\u00fcn" : L"gr\u00fcn";
#endif
}
static const void *any(int which)
{
#if VERSION == 1
    return which ? L"a name of the first" : L"any";
#else
    return which ? L"a name" : L"any";
#endif
}
static const char16_t *short_text(void)
{
    return u"sixteen \u20ac";
}
static const char32_t *long_text(void)
{
    return U"thirty-two \U0001F41C";
}
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->same = words(0);
    s->gone = words(1);
    s->n = 2;
    s->words = molt_new(Words);
    *s->words = (Words){.same = words(0),
                        .gone = words(1),
                        .wide_same = wide(0),
                        .wide_gone = wide(1),
                        .inside = wide(1) + 6,
                        .short_same = short_text(),
                        .long_same = long_text(),
                        .utf8 = u8"\u20ac",
                        .any = any(0),
                        .any_gone = any(1),
                        .numbers = &numbers[2]};
    return s;
}
#endif

/* The text is `begin` and `end`, in characters of that width; whole it is a literal of version 1 alone. */
static bool reads(const void *text, size_t width, const char *begin, const char *end)
{
    const unsigned char *at = text;
    for (const char *part = begin; part; part = part == begin ? end : NULL) {
        for (const char *c = part; *c; c++, at += width) {
            unsigned long character = 0;
            memcpy(&character, at, width);
            if (character != (unsigned char)*c)
                return false;
        }
    }
    unsigned long nothing = 0;
    return memcmp(at, &nothing, width) == 0;
}

static bool check(State *s)
{
    const Words *w = s->words;
    CHECK(s->same == words(0) && s->n == 2 && w->same == words(0));
    CHECK(reads(s->gone, 1, "the first ", "version only"));
    CHECK(reads(w->gone, 1, "the first ", "version only"));
    CHECK(w->wide_same == wide(0) && w->any == any(0));
    CHECK(reads(w->wide_gone, sizeof(wchar_t), "green ", "only here"));
    CHECK(reads(w->inside, sizeof(wchar_t), "only ", "here"));
    CHECK(reads(w->any_gone, sizeof(wchar_t), "a name of ", "the first"));
    CHECK(w->short_same == short_text() && w->long_same == long_text());
    CHECK(memcmp(w->short_same, u"sixteen \u20ac", sizeof u"sixteen \u20ac") == 0);
    CHECK(memcmp(w->long_same, U"thirty-two \U0001F41C", sizeof U"thirty-two \U0001F41C") == 0);
    CHECK(strcmp(w->utf8, u8"\u20ac") == 0);
    CHECK(w->numbers == &numbers[2]);
#if VERSION == 1
    CHECK(s->gone == words(1) && w->gone == words(1) && w->wide_gone == wide(1));
    CHECK(w->inside == wide(1) + 6 && w->any_gone == any(1));
#else
    CHECK(words(1) != s->gone && wide(1) != w->wide_gone && any(1) != w->any_gone);
#endif
    return true;
}

CASE_MAIN

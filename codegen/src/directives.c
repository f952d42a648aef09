#include "directives.h"

#include <ctype.h>
#include <string.h>

/* As much of a line is looked at as a name that the compilers know may take. */
enum { END = -1, LINE_SIZE = 512 };

/* Characters as the compiler sees them once lines that end in a backslash are joined. */
typedef struct Scan {
    const char *begin, *at, *end;
    int depth;   /* of braces and parentheses */
    bool broken; /* a word goes on in the next line */
} Scan;

static bool is_word(int c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

/* A directive: all of it goes into the digest. */
typedef struct Line {
    MoltDirectives *out;
    char head[LINE_SIZE]; /* NUL-terminated */
    size_t length;
} Line;

static void put(Line *line, int c)
{
    MoltDirectives *out = line->out;
    out->digest = (out->digest ^ (uint64_t)c) * 0x100000001b3u; /* FNV-1a */
    if (line->length + 1 < LINE_SIZE) {
        line->head[line->length++] = (char)c;
    }
}

static int next(Scan *scan)
{
    while (scan->at < scan->end && *scan->at == '\\') {
        const char *rest = scan->at + 1; /* compilers allow blanks after it */
        while (rest < scan->end && *rest != '\n' && isspace((unsigned char)*rest)) {
            rest++;
        }
        if (rest >= scan->end || *rest != '\n') {
            break;
        }
        scan->broken = scan->broken ||
                       (scan->at > scan->begin && rest + 1 < scan->end &&
                        is_word((unsigned char)scan->at[-1]) && is_word((unsigned char)rest[1]));
        scan->at = rest + 1;
    }
    return scan->at < scan->end ? (unsigned char)*scan->at++ : END;
}

static int peek(const Scan *scan)
{
    Scan ahead = *scan;
    return next(&ahead);
}

/* After a '/': true when that begins a comment, which is skipped, but not the line's end. */
static bool skip_comment(Scan *scan, MoltDirectives *out)
{
    int kind = peek(scan);
    if (kind == '/') {
        while (peek(scan) != '\n' && peek(scan) != END) {
            (void)next(scan);
        }
        return true;
    }
    if (kind != '*') {
        return false;
    }
    (void)next(scan);
    for (int c = next(scan); c != END; c = next(scan)) {
        if (c == '*' && peek(scan) == '/') {
            (void)next(scan);
            return true;
        }
    }
    out->plain = false; /* no end: whatever comes is not C */
    return true;
}

/* After its first quote; one without an end ends with the line. `line` (NULL: none) gets what it
 * holds. */
static void skip_literal(Scan *scan, int quote, Line *line)
{
    bool escaped = false;
    while (peek(scan) != '\n' && peek(scan) != END) {
        int c = next(scan);
        if (line != NULL) {
            put(line, c);
        }
        if (c == quote && !escaped) {
            return;
        }
        escaped = c == '\\' && !escaped;
    }
}

/* A word or number that begins with `c`. */
static void skip_word(Scan *scan, int c, MoltDirectives *out)
{
    char word[4] = {0};
    bool number = isdigit(c) != 0;
    size_t length = 0;
    for (;; c = next(scan)) {
        if (length + 1 < sizeof word) {
            word[length] = (char)c;
        }
        length++;
        if (!is_word(peek(scan))) {
            break;
        }
    }
    /* 1'000 is one number in C23; R"(...)" has quotes and line ends of its own. */
    bool separated = number && peek(scan) == '\'';
    bool raw = length <= 3 && word[length - 1] == 'R' && peek(scan) == '"';
    out->plain = out->plain && !separated && !raw;
}

/* ---- directives ------------------------------------------------------------------------------ */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

static bool begins(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && !is_word((unsigned char)text[length]);
}

/* A pragma that only says what to warn of, or that a file is read once. */
static bool is_harmless(const char *pragma)
{
    const char *rest = skip_blanks(pragma);
    if (begins(rest, "GCC") || begins(rest, "clang")) {
        rest = skip_blanks(rest + strcspn(rest, " "));
        return begins(rest, "diagnostic");
    }
    return begins(rest, "once");
}

static void add_name(MoltArena *arena, MoltDirectives *out, const char *text)
{
    size_t length = 0;
    while (is_word((unsigned char)text[length])) {
        length++;
    }
    out->names = molt__arena_grow(arena, out->names, out->name_count, &out->name_capacity,
                                  sizeof *out->names);
    out->names[out->name_count++] = molt__arena_copy(arena, text, length);
}

/* After the '#', up to the end of the line. */
static void read_directive(MoltArena *arena, Scan *scan, MoltDirectives *out)
{
    Line line = {.out = out};
    while (peek(scan) != '\n' && peek(scan) != END) {
        int c = next(scan);
        if (c == '/' && skip_comment(scan, out)) {
            c = ' ';
        }
        put(&line, isspace(c) ? ' ' : c);
        if (c == '"' || c == '\'') {
            skip_literal(scan, c, &line);
        }
    }
    const char *text = skip_blanks(line.head);
    if (begins(text, "define")) {
        add_name(arena, out, skip_blanks(text + strlen("define")));
    } else if (begins(text, "undef")) {
        add_name(arena, out, skip_blanks(text + strlen("undef")));
    } else if (begins(text, "pragma")) {
        out->plain = out->plain && is_harmless(text + strlen("pragma"));
    }
    put(&line, '\n');
    put(&line, scan->depth);
}

void molt__directives_read(MoltArena *arena, const char *text, size_t length, MoltDirectives *out)
{
    Scan scan = {.begin = text, .at = text, .end = text + length};
    bool fresh = true; /* nothing but blanks and comments in this line so far */
    *out = (MoltDirectives){.digest = 0xcbf29ce484222325u};
    out->plain = strlen(text) == length && strstr(text, "?\?") == NULL &&
                 strstr(text, "_Pragma") == NULL && strstr(text, "__pragma") == NULL;
    for (int c = next(&scan); c != END; c = next(&scan)) {
        if (c == '\n') {
            fresh = true;
            continue;
        }
        if (isspace(c) || (c == '/' && skip_comment(&scan, out))) {
            continue;
        }
        if (fresh && (c == '#' || (c == '%' && peek(&scan) == ':'))) {
            if (c == '%') {
                (void)next(&scan);
            }
            read_directive(arena, &scan, out);
            continue;
        }
        fresh = false;
        if (c == '"' || c == '\'') {
            skip_literal(&scan, c, NULL);
        } else if (is_word(c)) {
            skip_word(&scan, c, out);
        } else if (c == '{' || c == '(') {
            scan.depth++;
        } else if (c == '}' || c == ')') {
            scan.depth--;
        }
    }
    out->plain = out->plain && !scan.broken;
    out->digest = (out->digest ^ out->plain) * 0x100000001b3u;
}

#include "text_diff.h"

#include <stdio.h>
#include <string.h>

/* ---- the path -------------------------------------------------------------------------------- */

size_t molt__diff_push(MoltDiffPath *path, const char *text, size_t length)
{
    size_t was = path->length;
    if (path->room - was <= length) {
        size_t room = 2 * (was + length) + 256;
        char *grown = path->allocator.resize(path->allocator.context, path->text, path->room, room);
        if (!grown) {
            path->failed = true;
            return was;
        }
        path->text = grown;
        path->room = room;
    }
    memcpy(path->text + was, text, length);
    path->length += length;
    path->text[path->length] = '\0';
    return was;
}

size_t molt__diff_push_index(MoltDiffPath *path, uint64_t index)
{
    char text[32];
    int length = snprintf(text, sizeof text, "[%llu]", (unsigned long long)index);
    return molt__diff_push(path, text, (size_t)length);
}

void molt__diff_pop(MoltDiffPath *path, size_t length)
{
    path->length = length;
    if (path->text)
        path->text[length] = '\0';
}

void molt__diff_tell(MoltDiffPath *path, MoltDiffText a, MoltDiffText b)
{
    const MoltDiffSink *sink = path->sink;
    if (!path->failed && path->text && sink->wants(sink->context, path->text))
        sink->take(sink->context, path->text, a, b);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end)
            at++;
    }
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end)
{
    uint64_t depth = 0;
    if (at < end && *at != '"' && *at != '{' && *at != '[') {
        while (at < end && !memchr(",]} \n\t\r", *at, 7))
            at++;
        return at;
    }
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
        } else {
            depth += *at == '{' || *at == '[';
            depth -= *at == '}' || *at == ']';
            at++;
        }
        if (depth == 0)
            break;
    }
    return at;
}

/* The members of an object or the elements of a list, one after the other. */
typedef struct Cursor {
    const char *at, *end;
    MoltDiffText key; /* with its quotes */
    MoltDiffText value;
} Cursor;

static Cursor open_cursor(MoltDiffText text)
{
    return (Cursor){.at = text.bytes + 1, .end = text.bytes + text.length};
}

static bool next(Cursor *cursor, bool members)
{
    const char *at = skip_space(cursor->at, cursor->end);
    if (at < cursor->end && *at == ',')
        at = skip_space(at + 1, cursor->end);
    if (at >= cursor->end || *at == '}' || *at == ']')
        return false;
    if (members) {
        cursor->key.bytes = at;
        at = skip_string(at, cursor->end);
        cursor->key.length = (size_t)(at - cursor->key.bytes);
        at = skip_space(at, cursor->end);
        at = skip_space(at < cursor->end ? at + 1 : at, cursor->end); /* the colon */
    }
    cursor->value.bytes = at;
    cursor->at = skip_value(at, cursor->end);
    cursor->value.length = (size_t)(cursor->at - at);
    return true;
}

static int hex(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* The next character of a string, as UTF-16 counts those that are escaped: an escape and what it stands
 * for are the same to it but for pairs of them, of which each stands for itself. */
static uint32_t next_character(const char **at)
{
    const char *from = *at;
    unsigned char first = (unsigned char)*from;
    uint32_t code = first;
    if (first != '\\') {
        int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        if (more > 0)
            code = first & (0x3fu >> more);
        for (int i = 1; i <= more; i++)
            code = code << 6 | ((unsigned char)from[i] & 0x3fu);
        *at = from + 1 + more;
        return code;
    }
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, from[1]);
    *at = from + 2;
    if (from[1] != 'u')
        return (uint32_t)(unsigned char)(letter ? meant[letter - letters] : from[1]);
    code = 0;
    for (int i = 2; i < 6; i++)
        code = code << 4 | (uint32_t)hex(from[i]);
    *at = from + 6;
    if (code < 0xd800 || code >= 0xdc00 || from[6] != '\\' || from[7] != 'u')
        return code;
    uint32_t low = 0;
    for (int i = 8; i < 12; i++)
        low = low << 4 | (uint32_t)hex(from[i]);
    *at = from + 12;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

static bool same_text(MoltDiffText a, MoltDiffText b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* What they say is equal, however their characters are written. */
static bool same_string(MoltDiffText a, MoltDiffText b)
{
    const char *left = a.bytes + 1, *right = b.bytes + 1;
    const char *left_end = a.bytes + a.length - 1, *right_end = b.bytes + b.length - 1;
    if (same_text(a, b))
        return true;
    if (!memchr(a.bytes, '\\', a.length) && !memchr(b.bytes, '\\', b.length))
        return false;
    while (left < left_end && right < right_end) {
        if (next_character(&left) != next_character(&right))
            return false;
    }
    return left >= left_end && right >= right_end;
}

/* Finds a member from where the cursor is on, and else before that: in two states of one type they stand in
 * the same order. */
static bool find(Cursor *cursor, MoltDiffText object, MoltDiffText key)
{
    Cursor ahead = *cursor;
    while (next(&ahead, true)) {
        if (same_string(ahead.key, key)) {
            *cursor = ahead;
            return true;
        }
    }
    for (ahead = open_cursor(object); ahead.at < cursor->at && next(&ahead, true);) {
        if (same_string(ahead.key, key)) {
            cursor->value = ahead.value;
            return true;
        }
    }
    return false;
}

MoltDiffText molt__text_member(MoltDiffText object, const char *key)
{
    Cursor cursor = open_cursor(object);
    size_t length = strlen(key);
    while (next(&cursor, true)) {
        if (cursor.key.length == length + 2 && memcmp(cursor.key.bytes + 1, key, length) == 0)
            return cursor.value;
    }
    return (MoltDiffText){NULL, 0};
}

static size_t push_member(MoltDiffPath *path, MoltDiffText key)
{
    size_t was = path->length;
    if (was > 0)
        molt__diff_push(path, ".", 1);
    molt__diff_push(path, key.bytes + 1, key.length - 2);
    return was;
}

static void compare_objects(MoltDiffPath *path, MoltDiffText a, MoltDiffText b)
{
    const MoltDiffText none = {NULL, 0};
    Cursor left = open_cursor(a), right = open_cursor(b);
    uint64_t found = 0, count = 0;
    while (next(&left, true)) {
        bool there = find(&right, b, left.key);
        size_t was = push_member(path, left.key);
        found += there;
        molt__text_diff(path, left.value, there ? right.value : none);
        molt__diff_pop(path, was);
    }
    right = open_cursor(b);
    while (next(&right, true))
        count++;
    if (count == found)
        return;
    left = open_cursor(a);
    for (right = open_cursor(b); next(&right, true);) {
        if (find(&left, a, right.key))
            continue;
        size_t was = push_member(path, right.key);
        molt__diff_tell(path, none, right.value);
        molt__diff_pop(path, was);
    }
}

static void compare_lists(MoltDiffPath *path, MoltDiffText a, MoltDiffText b)
{
    const MoltDiffText none = {NULL, 0};
    Cursor left = open_cursor(a), right = open_cursor(b);
    for (uint64_t index = 0;; index++) {
        bool is_left = next(&left, false), is_right = next(&right, false);
        if (!is_left && !is_right)
            return;
        size_t was = molt__diff_push_index(path, index);
        molt__text_diff(path, is_left ? left.value : none, is_right ? right.value : none);
        molt__diff_pop(path, was);
    }
}

void molt__text_diff(MoltDiffPath *path, MoltDiffText a, MoltDiffText b)
{
    if (!a.bytes || !b.bytes) {
        if (a.bytes || b.bytes)
            molt__diff_tell(path, a, b);
        return;
    }
    if (same_text(a, b))
        return;
    char kind = a.bytes[0] == b.bytes[0] ? a.bytes[0] : '\0';
    if (kind == '{')
        compare_objects(path, a, b);
    else if (kind == '[')
        compare_lists(path, a, b);
    else if (kind != '"' || !same_string(a, b))
        molt__diff_tell(path, a, b);
}

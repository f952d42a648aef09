#include "json_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

void molt__json_open(MoltJsonReader *reader, const char *text, size_t length, const char *name,
                     const MoltAllocator *allocator, MoltError *error)
{
    memset(reader, 0, offsetof(MoltJsonReader, frames));
    reader->key_buffer = reader->string_buffer = (MoltJsonBuffer){0};
    reader->allocator = *allocator;
    reader->text = text;
    reader->length = length;
    reader->name = name;
    reader->status = MOLT_OK;
    reader->error = error;
    reader->placed_line = 0;
}

static void free_buffer(MoltJsonReader *reader, MoltJsonBuffer *buffer)
{
    if (buffer->bytes)
        reader->allocator.resize(reader->allocator.context, buffer->bytes, buffer->size, 0);
    *buffer = (MoltJsonBuffer){0};
}

void molt__json_release(MoltJsonReader *reader)
{
    free_buffer(reader, &reader->key_buffer);
    free_buffer(reader, &reader->string_buffer);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* Places are mostly asked for in order of the text, so that each search goes on where the last one
 * ended. */
void molt__json_place(MoltJsonReader *reader, size_t at, uint64_t *line, uint64_t *column)
{
    if (at < reader->placed_at || reader->placed_line == 0) {
        reader->placed_at = 0;
        reader->placed_line = reader->placed_column = 1;
    }
    for (; reader->placed_at < at && reader->placed_at < reader->length; reader->placed_at++) {
        unsigned char byte = (unsigned char)reader->text[reader->placed_at];
        if (byte == '\n') {
            reader->placed_line++;
            reader->placed_column = 1;
        } else if ((byte & 0xc0u) != 0x80u) {
            reader->placed_column++;
        }
    }
    *line = reader->placed_line;
    *column = reader->placed_column;
}

static bool is_plain_key(const char *key, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = key[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
              (c >= '0' && c <= '9' && i > 0)))
            return false;
    }
    return length > 0;
}

static int step_text(const MoltJsonReader *reader, uint32_t level, char *buffer, size_t size)
{
    const MoltJsonFrame *frame = &reader->frames[level];
    const char *key = reader->text + frame->key_at;
    int length = frame->key_length > 60 ? 60 : (int)frame->key_length;
    if (!frame->started)
        return snprintf(buffer, size, "%s", "");
    if (!frame->object)
        return snprintf(buffer, size, "[%llu]", (unsigned long long)frame->index);
    if (is_plain_key(key, frame->key_length))
        return snprintf(buffer, size, ".%.*s", length, key);
    return snprintf(buffer, size, "[\"%.*s\"]", length, key);
}

/* The innermost steps say most, so that the outer ones give way. */
void molt__json_path(const MoltJsonReader *reader, char *buffer, size_t size)
{
    char step[160];
    uint32_t first = reader->depth;
    size_t total = sizeof "$...";
    while (first > 0) {
        size_t length = (size_t)step_text(reader, first - 1, step, sizeof step);
        if (total + length >= size)
            break;
        total += length;
        first--;
    }
    size_t at = (size_t)snprintf(buffer, size, "$%s", first > 0 ? "..." : "");
    for (uint32_t level = first; level < reader->depth && at < size; level++)
        at += (size_t)step_text(reader, level, buffer + at, size - at);
}

__attribute__((format(printf, 4, 0))) static bool fail_at(MoltJsonReader *reader, size_t at,
                                                          MoltStatus status, const char *format,
                                                          va_list arguments)
{
    char path[320], text[600];
    uint64_t line, column;
    if (reader->status != MOLT_OK)
        return false;
    reader->status = status;
    vsnprintf(text, sizeof text, format, arguments);
    molt__json_path(reader, path, sizeof path);
    molt__json_place(reader, at, &line, &column);
    molt_error(reader->error, status, "%s%s%llu:%llu: %s: %s",
               reader->name ? reader->name : "line ", reader->name ? ":" : "",
               (unsigned long long)line, (unsigned long long)column, path, text);
    return false;
}

bool molt__json_fail(MoltJsonReader *reader, MoltStatus status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(reader, reader->mark, status, format, arguments);
    va_end(arguments);
    return false;
}

bool molt__json_fail_key(MoltJsonReader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(reader, reader->key_at, MOLT_INVALID, format, arguments);
    va_end(arguments);
    return false;
}

/* The text itself is wrong here. */
__attribute__((format(printf, 2, 3))) static bool fail_here(MoltJsonReader *reader,
                                                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(reader, reader->at, MOLT_INVALID, format, arguments);
    va_end(arguments);
    return false;
}

static bool fail_syntax(MoltJsonReader *reader, const char *wanted)
{
    if (reader->at >= reader->length)
        return fail_here(reader, "the text ends where %s is needed; it may be cut off", wanted);
    unsigned char found = (unsigned char)reader->text[reader->at];
    if (found > 0x20 && found < 0x7f)
        return fail_here(reader, "'%c' stands where %s is needed", found, wanted);
    return fail_here(reader, "the byte 0x%02x stands where %s is needed", found, wanted);
}

/* ---- the text -------------------------------------------------------------------------------- */

/* -1 at the end. */
static int current(const MoltJsonReader *reader)
{
    return reader->at < reader->length ? (unsigned char)reader->text[reader->at] : -1;
}

static void skip_space(MoltJsonReader *reader)
{
    int c;
    while ((c = current(reader)) == ' ' || c == '\n' || c == '\t' || c == '\r')
        reader->at++;
}

const char *molt__json_kind_text(MoltJsonKind kind)
{
    static const char *const texts[] = {"nothing",  "null",   "true or false", "a number",
                                        "a string", "a list", "an object"};
    return texts[kind];
}

static MoltJsonKind kind_of(int c)
{
    switch (c) {
    case 'n': return MOLT__JSON_NULL;
    case 't':
    case 'f': return MOLT__JSON_BOOL;
    case '"': return MOLT__JSON_STRING;
    case '[': return MOLT__JSON_LIST;
    case '{': return MOLT__JSON_OBJECT;
    default: return c == '-' || (c >= '0' && c <= '9') ? MOLT__JSON_NUMBER : MOLT__JSON_NONE;
    }
}

MoltJsonKind molt__json_peek(MoltJsonReader *reader)
{
    if (reader->status != MOLT_OK)
        return MOLT__JSON_NONE;
    skip_space(reader);
    reader->mark = reader->at;
    MoltJsonKind kind = kind_of(current(reader));
    if (kind == MOLT__JSON_NONE)
        fail_syntax(reader, "a value");
    return kind;
}

static bool want(MoltJsonReader *reader, MoltJsonKind wanted)
{
    MoltJsonKind kind = molt__json_peek(reader);
    if (kind == MOLT__JSON_NONE)
        return false;
    if (kind != wanted)
        return molt__json_fail(reader, MOLT_INVALID, "this must be %s, not %s",
                               molt__json_kind_text(wanted), molt__json_kind_text(kind));
    return true;
}

static bool take_word(MoltJsonReader *reader, const char *word)
{
    size_t length = strlen(word);
    if (reader->length - reader->at < length ||
        memcmp(reader->text + reader->at, word, length) != 0) {
        while (*word != '\0' && current(reader) == *word) {
            reader->at++;
            word++;
        }
        return fail_syntax(reader, "null, true or false");
    }
    reader->at += length;
    return true;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

bool molt__json_null(MoltJsonReader *reader)
{
    return want(reader, MOLT__JSON_NULL) && take_word(reader, "null");
}

bool molt__json_bool(MoltJsonReader *reader, bool *out)
{
    if (!want(reader, MOLT__JSON_BOOL))
        return false;
    *out = current(reader) == 't';
    return take_word(reader, *out ? "true" : "false");
}

static bool take_digits(MoltJsonReader *reader)
{
    int c = current(reader);
    if (c < '0' || c > '9')
        return fail_syntax(reader, "a digit");
    while ((c = current(reader)) >= '0' && c <= '9')
        reader->at++;
    return true;
}

bool molt__json_number(MoltJsonReader *reader, MoltJsonText *out)
{
    if (!want(reader, MOLT__JSON_NUMBER))
        return false;
    size_t start = reader->at;
    if (current(reader) == '-')
        reader->at++;
    size_t digits = reader->at;
    if (!take_digits(reader))
        return false;
    if (reader->text[digits] == '0' && reader->at - digits > 1)
        return molt__json_fail(reader, MOLT_INVALID, "a number does not start with 0");
    if (current(reader) == '.') {
        reader->at++;
        if (!take_digits(reader))
            return false;
    }
    if (current(reader) == 'e' || current(reader) == 'E') {
        reader->at++;
        if (current(reader) == '+' || current(reader) == '-')
            reader->at++;
        if (!take_digits(reader))
            return false;
    }
    *out = (MoltJsonText){reader->text + start, reader->at - start};
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool make_room(MoltJsonReader *reader, MoltJsonBuffer *buffer, size_t size)
{
    if (size <= buffer->size)
        return true;
    size_t grown = size < 256 ? 256 : size;
    char *bytes =
        reader->allocator.resize(reader->allocator.context, buffer->bytes, buffer->size, grown);
    if (!bytes)
        return molt__json_fail(reader, MOLT_OUT_OF_MEMORY, "no memory for a string of %zu bytes",
                               size);
    *buffer = (MoltJsonBuffer){bytes, grown};
    return true;
}

static bool take_hex(MoltJsonReader *reader, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int c = current(reader);
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        else
            return fail_syntax(reader, "a hexadecimal digit");
        *out = *out << 4 | digit;
        reader->at++;
    }
    return true;
}

static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0u | code >> 6);
        out[1] = (char)(0x80u | (code & 63u));
        return 2;
    }
    size_t at = 0;
    if (code < 0x10000) {
        out[at++] = (char)(0xe0u | code >> 12);
    } else {
        out[at++] = (char)(0xf0u | code >> 18);
        out[at++] = (char)(0x80u | (code >> 12 & 63u));
    }
    out[at++] = (char)(0x80u | (code >> 6 & 63u));
    out[at++] = (char)(0x80u | (code & 63u));
    return at;
}

/* What follows "\u": one unit, or the two of a character beyond U+FFFF. */
static bool take_unicode(MoltJsonReader *reader, uint32_t *code)
{
    uint32_t low;
    if (!take_hex(reader, code))
        return false;
    if (*code < 0xd800 || *code > 0xdfff)
        return true;
    if (*code > 0xdbff || current(reader) != '\\')
        return fail_here(reader, "half of a character stands alone in \\u%04x", (unsigned)*code);
    reader->at++;
    if (current(reader) != 'u')
        return fail_syntax(reader, "the second half of a character, \\u");
    reader->at++;
    if (!take_hex(reader, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        return fail_here(reader, "\\u%04x is not the second half of a character", (unsigned)low);
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool take_escape(MoltJsonReader *reader, char *out, size_t *length)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    int c = current(reader);
    const char *found = c > 0 ? strchr(letters, c) : NULL;
    uint32_t code;
    if (c == 'u') {
        reader->at++;
        if (!take_unicode(reader, &code))
            return false;
        *length += encode(code, out + *length);
        return true;
    }
    if (!found)
        return fail_syntax(reader, "one of \" \\ / b f n r t u");
    out[(*length)++] = values[found - letters];
    reader->at++;
    return true;
}

/* Goes to the quote that ends the string and checks what lies before it; *escapes when it holds
 * any. The reader stays at the start. */
static bool find_end(MoltJsonReader *reader, size_t *end, bool *escapes)
{
    const unsigned char *text = (const unsigned char *)reader->text;
    size_t at = reader->at, start = at;
    *escapes = false;
    while (at < reader->length && text[at] != '"') {
        size_t step = molt__utf8_length(text + at, reader->length - at);
        if (text[at] == '\\') {
            *escapes = true;
            step = reader->length - at < 2 ? 1 : 2;
        } else if (text[at] < 0x20 || step == 0) {
            reader->at = at;
            return fail_here(reader,
                             step == 0 ? "the byte 0x%02x is no UTF-8; bytes that are no text are "
                                         "written as {\"bytes\":\"...\"}"
                                       : "the byte 0x%02x must be escaped in a string",
                             text[at]);
        }
        at += step;
    }
    if (at >= reader->length) {
        reader->at = reader->length;
        return fail_syntax(reader, "the end of a string");
    }
    reader->at = start;
    *end = at;
    return true;
}

/* The string that starts here, quotes around it. */
static bool take_string(MoltJsonReader *reader, MoltJsonBuffer *buffer, MoltJsonText *out)
{
    size_t end = 0, length = 0;
    bool escapes;
    reader->at++;
    if (!find_end(reader, &end, &escapes))
        return false;
    *out = (MoltJsonText){reader->text + reader->at, end - reader->at};
    if (escapes) {
        /* No escape is shorter than what it stands for. */
        if (!make_room(reader, buffer, out->length))
            return false;
        while (reader->at < end) {
            char c = reader->text[reader->at++];
            if (c != '\\')
                buffer->bytes[length++] = c;
            else if (!take_escape(reader, buffer->bytes, &length))
                return false;
        }
        *out = (MoltJsonText){buffer->bytes, length};
    }
    reader->at = end + 1;
    return true;
}

bool molt__json_string(MoltJsonReader *reader, MoltJsonText *out)
{
    return want(reader, MOLT__JSON_STRING) && take_string(reader, &reader->string_buffer, out);
}

bool molt__json_is(MoltJsonText text, const char *word)
{
    return strlen(word) == text.length && memcmp(text.bytes, word, text.length) == 0;
}

/* ---- objects and lists ----------------------------------------------------------------------- */

bool molt__json_enter(MoltJsonReader *reader, MoltJsonKind kind)
{
    if (!want(reader, kind))
        return false;
    if (reader->depth == MOLT__JSON_DEPTH)
        return molt__json_fail(reader, MOLT_INVALID,
                               "values stand inside each other more than %u deep",
                               MOLT__JSON_DEPTH);
    reader->at++;
    reader->frames[reader->depth++] = (MoltJsonFrame){.object = kind == MOLT__JSON_OBJECT};
    return true;
}

static bool take_key(MoltJsonReader *reader, MoltJsonFrame *frame)
{
    skip_space(reader);
    if (current(reader) != '"')
        return fail_syntax(reader, "a key in quotes");
    reader->key_at = reader->at;
    frame->key_at = reader->at + 1;
    frame->key_length = 0; /* errors in the key name what is around it */
    if (!take_string(reader, &reader->key_buffer, &reader->key))
        return false;
    frame->key_length = reader->at - 1 - frame->key_at;
    skip_space(reader);
    if (current(reader) != ':')
        return fail_syntax(reader, "':'");
    reader->at++;
    return true;
}

bool molt__json_next(MoltJsonReader *reader)
{
    if (reader->status != MOLT_OK)
        return false;
    MoltJsonFrame *frame = &reader->frames[reader->depth - 1];
    skip_space(reader);
    if (current(reader) == (frame->object ? '}' : ']')) {
        reader->at++;
        reader->depth--;
        return false;
    }
    if (frame->started) {
        if (current(reader) != ',')
            return fail_syntax(reader, frame->object ? "',' or '}'" : "',' or ']'");
        reader->at++;
        frame->index++;
    }
    frame->started = true;
    return !frame->object || take_key(reader, frame);
}

static bool skip_leaf(MoltJsonReader *reader, MoltJsonKind kind)
{
    MoltJsonText text;
    bool truth;
    switch (kind) {
    case MOLT__JSON_NULL: return molt__json_null(reader);
    case MOLT__JSON_BOOL: return molt__json_bool(reader, &truth);
    case MOLT__JSON_NUMBER: return molt__json_number(reader, &text);
    default: return molt__json_string(reader, &text);
    }
}

bool molt__json_skip(MoltJsonReader *reader, uint64_t *elements)
{
    uint32_t base = reader->depth;
    uint64_t count = 0;
    do {
        MoltJsonKind kind = molt__json_peek(reader);
        bool holds = kind == MOLT__JSON_LIST || kind == MOLT__JSON_OBJECT;
        if (!(holds ? molt__json_enter(reader, kind) : skip_leaf(reader, kind)))
            return false;
        while (reader->depth > base && !molt__json_next(reader)) {
            if (reader->status != MOLT_OK)
                return false;
        }
        if (reader->depth == base + 1 && !reader->frames[base].object)
            count++;
    } while (reader->depth > base);
    if (elements)
        *elements = count;
    return true;
}

bool molt__json_end(MoltJsonReader *reader)
{
    if (reader->status != MOLT_OK)
        return false;
    skip_space(reader);
    return reader->at == reader->length || fail_syntax(reader, "the end of the text");
}

#include "json_writer.h"

#include "number_text.h"

void molt__json_start(MoltJsonWriter *writer, const MoltTextSink *sink, MoltError *error)
{
    writer->sink = *sink;
    writer->error = error;
    writer->status = MOLT_OK;
    writer->used = 0;
    writer->flushed = 0;
}

void molt__json_flush(MoltJsonWriter *writer)
{
    if (writer->status == MOLT_OK && writer->used > 0)
        writer->status =
            writer->sink.write(writer->sink.context, writer->buffer, writer->used, writer->error);
    writer->flushed += writer->used;
    writer->used = 0;
}

MoltStatus molt__json_finish(MoltJsonWriter *writer)
{
    molt__json_flush(writer);
    return writer->status;
}

void molt__json_put(MoltJsonWriter *writer, const char *text, size_t length)
{
    while (length > 0) {
        if (writer->used == MOLT__JSON_BUFFER)
            molt__json_flush(writer);
        size_t room = MOLT__JSON_BUFFER - writer->used, part = length < room ? length : room;
        memcpy(writer->buffer + writer->used, text, part);
        writer->used += part;
        text += part;
        length -= part;
    }
}

void molt__json_put_number(MoltJsonWriter *writer, uint64_t value, bool is_signed)
{
    char *to = molt__json_room(writer, MOLT__NUMBER_TEXT);
    molt__json_take(writer, molt__word_text(value, is_signed, to));
}

/* ---- strings --------------------------------------------------------------------------------- */

#define EACH_BYTE(value) (UINT64_MAX / 255u * (value))

/* Whether one of eight bytes is a control character, a quote or a backslash. A byte is below n if
 * subtracting n borrows from its highest bit while that bit was clear; a borrow that runs into the byte
 * above can only tell of one too many, never of one too few. */
static bool has_special(uint64_t word)
{
    uint64_t quote = word ^ EACH_BYTE('"'), slash = word ^ EACH_BYTE('\\');
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word;
    quote = (quote - EACH_BYTE(1)) & ~quote;
    slash = (slash - EACH_BYTE(1)) & ~slash;
    return ((control | quote | slash) & EACH_BYTE(0x80)) != 0;
}

static bool is_special(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Bytes at the start of a text that stand for themselves. */
static size_t plain_length(const char *text, size_t length)
{
    size_t i = 0;
    for (uint64_t word; length - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        if (has_special(word))
            break;
    }
    while (i < length && !is_special((unsigned char)text[i]))
        i++;
    return i;
}

static size_t escape_byte(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    to[0] = '\\';
    for (size_t i = 0; i + 1 < sizeof letters; i += 2) {
        if ((unsigned char)letters[i] == byte) {
            to[1] = letters[i + 1];
            return 2;
        }
    }
    memcpy(to + 1, "u00", 3);
    to[4] = digits[byte >> 4];
    to[5] = digits[byte & 15u];
    return 6;
}

size_t molt__json_escape(char *to, const char *text, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (is_special(byte))
            at += escape_byte(to + at, byte);
        else
            to[at++] = text[i];
    }
    return at;
}

void molt__json_put_escaped(MoltJsonWriter *writer, const char *text, size_t length)
{
    while (length > 0) {
        size_t plain = plain_length(text, length);
        molt__json_put(writer, text, plain);
        text += plain;
        length -= plain;
        if (length > 0) {
            char *to = molt__json_room(writer, 6);
            molt__json_take(writer, escape_byte(to, (unsigned char)*text));
            text++;
            length--;
        }
    }
}

void molt__json_put_string(MoltJsonWriter *writer, const char *text, size_t length)
{
    molt__json_put_char(writer, '"');
    molt__json_put_escaped(writer, text, length);
    molt__json_put_char(writer, '"');
}

void molt__json_put_hex(MoltJsonWriter *writer, const unsigned char *bytes, uint64_t size)
{
    static const char digits[] = "0123456789abcdef";
    molt__json_put_char(writer, '"');
    while (size > 0) {
        uint64_t part = size < MOLT__JSON_ROOM / 2 ? size : MOLT__JSON_ROOM / 2;
        char *to = molt__json_room(writer, (size_t)part * 2);
        for (uint64_t i = 0; i < part; i++) {
            to[2 * i] = digits[bytes[i] >> 4];
            to[2 * i + 1] = digits[bytes[i] & 15u];
        }
        molt__json_take(writer, (size_t)part * 2);
        bytes += part;
        size -= part;
    }
    molt__json_put_char(writer, '"');
}

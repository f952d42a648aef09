/* JSON text on its way to a sink: numbers, strings and bytes go through one buffer of fixed size, so a
 * document of any length needs no more. It must never know what the text says, and it checks no
 * grammar.
 *
 * Failure is sticky: after the sink failed once it is not called again, and what is written goes
 * nowhere. */
#ifndef MOLT__JSON_WRITER_H
#define MOLT__JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "molt/text_sink.h"

#define MOLT__JSON_BUFFER 65536u
/* What molt__json_room gives at most. */
#define MOLT__JSON_ROOM 512u
/* Bytes of its source that molt__json_put_short may read beyond the text. */
#define MOLT__JSON_SLACK 16u

/* Invariant: used <= MOLT__JSON_BUFFER; flushed bytes went to the sink, in order. */
typedef struct MoltJsonWriter {
    MoltTextSink sink;
    MoltError *error; /* the sink's, NULL allowed */
    MoltStatus status;
    size_t used;
    uint64_t flushed;
    char buffer[MOLT__JSON_BUFFER];
} MoltJsonWriter;

/* The sink must stay until finish. */
void molt__json_start(MoltJsonWriter *writer, const MoltTextSink *sink, MoltError *error);
/* Hands over what is left; the status of the whole. */
MoltStatus molt__json_finish(MoltJsonWriter *writer);
void molt__json_flush(MoltJsonWriter *writer);

/* Any bytes as they are. */
void molt__json_put(MoltJsonWriter *writer, const char *text, size_t length);
/* A string with its quotes; bytes that are not UTF-8 are not looked at. */
void molt__json_put_string(MoltJsonWriter *writer, const char *text, size_t length);
/* The same without quotes. */
void molt__json_put_escaped(MoltJsonWriter *writer, const char *text, size_t length);
/* A string of hexadecimal digits, two for each byte. */
void molt__json_put_hex(MoltJsonWriter *writer, const unsigned char *bytes, uint64_t size);
void molt__json_put_number(MoltJsonWriter *writer, uint64_t value, bool is_signed);

/* Writes a string's content as JSON escapes it, without quotes, and returns its length; `to` has room
 * for 6 * length. */
size_t molt__json_escape(char *to, const char *text, size_t length);

/* Room for `size` bytes (at most MOLT__JSON_ROOM), of which molt__json_take takes those that were
 * written. */
static inline char *molt__json_room(MoltJsonWriter *writer, size_t size)
{
    if (MOLT__JSON_BUFFER - writer->used < size)
        molt__json_flush(writer);
    return writer->buffer + writer->used;
}

static inline void molt__json_take(MoltJsonWriter *writer, size_t size)
{
    writer->used += size;
}

static inline void molt__json_put_char(MoltJsonWriter *writer, char character)
{
    *molt__json_room(writer, 1) = character;
    molt__json_take(writer, 1);
}

/* For texts that are mostly short and that MOLT__JSON_SLACK readable bytes follow: copies in steps of a
 * known size. */
static inline void molt__json_put_short(MoltJsonWriter *writer, const char *text, size_t length)
{
    if (length > MOLT__JSON_ROOM - MOLT__JSON_SLACK) {
        molt__json_put(writer, text, length);
        return;
    }
    char *to = molt__json_room(writer, length + MOLT__JSON_SLACK);
    for (size_t i = 0; i < length; i += MOLT__JSON_SLACK)
        memcpy(to + i, text + i, MOLT__JSON_SLACK);
    molt__json_take(writer, length);
}

/* Of a literal. */
#define molt__json_put_literal(writer, literal) molt__json_put(writer, literal, sizeof(literal) - 1)

#endif

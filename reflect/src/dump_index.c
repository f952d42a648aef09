#include "dump_index.h"

#include <stdlib.h>
#include <string.h>

#include "json_reader.h"

int molt__dump_order(const char *a, size_t a_length, uint64_t a_number, const char *b,
                     size_t b_length, uint64_t b_number)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    if (order == 0)
        order = (a_length > b_length) - (a_length < b_length);
    return order != 0 ? order : (a_number > b_number) - (a_number < b_number);
}

static int compare(const void *left, const void *right)
{
    const MoltIndexedObject *a = left, *b = right;
    return molt__dump_order(a->id, a->name_length, a->number, b->id, b->name_length, b->number);
}

static bool add(MoltDumpIndex *index, MoltJsonReader *reader, const MoltIndexedObject *object)
{
    if (index->count == index->room) {
        size_t room = index->room + index->room / 2 + 1024;
        MoltIndexedObject *grown =
            index->allocator.resize(index->allocator.context, index->objects,
                                    index->room * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return molt__json_fail(reader, MOLT_OUT_OF_MEMORY, "no memory for %zu objects", room);
        index->objects = grown;
        index->room = room;
    }
    index->objects[index->count++] = *object;
    return true;
}

/* "Ant:17" as it stands in the text. */
static bool read_id(MoltJsonReader *reader, MoltIndexedObject *object)
{
    MoltJsonText text;
    if (!molt__json_string(reader, &text))
        return false;
    const char *id = reader->text + reader->mark + 1, *end = reader->text + reader->at - 1;
    const char *digit = end;
    while (digit > id && digit[-1] >= '0' && digit[-1] <= '9')
        digit--;
    size_t digits = (size_t)(end - digit), length = (size_t)(digit - id);
    if (digits == 0 || digits > 19 || length < 2 || length > UINT32_MAX || digit[-1] != ':')
        return molt__json_fail(reader, MOLT_INVALID,
                               "an id is a type and a number, such as Ant:17");
    object->id = id;
    object->name_length = (uint32_t)(length - 1);
    for (object->number = 0; digit < end; digit++)
        object->number = object->number * 10 + (uint64_t)(*digit - '0');
    return true;
}

static bool read_object(MoltDumpIndex *index, MoltJsonReader *reader)
{
    MoltIndexedObject object = {.id = NULL};
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t mark = object.begin = reader->mark;
    while (molt__json_next(reader)) {
        if (!(molt__json_is(reader->key, "id") ? read_id(reader, &object)
                                               : molt__json_skip(reader, NULL)))
            return false;
    }
    object.end = reader->at;
    if (reader->status == MOLT_OK && !object.id) {
        reader->mark = mark;
        return molt__json_fail(reader, MOLT_INVALID, "the object has no id");
    }
    return reader->status == MOLT_OK && add(index, reader, &object);
}

static bool read_document(MoltDumpIndex *index, MoltJsonReader *reader)
{
    bool objects = false;
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    while (molt__json_next(reader)) {
        if (molt__json_is(reader->key, "objects") && !objects) {
            objects = true;
            if (!molt__json_enter(reader, MOLT__JSON_LIST))
                return false;
            while (molt__json_next(reader) && read_object(index, reader)) {
            }
        } else {
            bool roots = molt__json_is(reader->key, "roots");
            molt__json_peek(reader);
            size_t begin = reader->at;
            molt__json_skip(reader, NULL);
            index->roots_begin = roots ? begin : index->roots_begin;
            index->roots_end = roots ? reader->at : index->roots_end;
        }
    }
    if (reader->status == MOLT_OK && !objects) {
        reader->mark = start;
        return molt__json_fail(reader, MOLT_INVALID, "this is no dump: it has no objects");
    }
    return molt__json_end(reader);
}

MoltStatus molt__dump_index(MoltDumpIndex *index, const char *text, size_t length, const char *name,
                            const MoltAllocator *allocator, MoltError *error)
{
    *index = (MoltDumpIndex){.allocator = *allocator};
    MoltJsonReader *reader = allocator->resize(allocator->context, NULL, 0, sizeof *reader);
    if (!reader)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a reader");
    molt__json_open(reader, text, length, name, allocator, error);
    bool good = read_document(index, reader);
    MoltStatus status = good ? MOLT_OK : reader->status;
    molt__json_release(reader);
    allocator->resize(allocator->context, reader, sizeof *reader, 0);
    bool sorted = true;
    for (size_t i = 1; i < index->count && sorted; i++)
        sorted = compare(&index->objects[i - 1], &index->objects[i]) <= 0;
    if (!sorted)
        qsort(index->objects, index->count, sizeof *index->objects, compare);
    return status;
}

void molt__dump_index_free(MoltDumpIndex *index)
{
    if (index->objects)
        index->allocator.resize(index->allocator.context, index->objects,
                                index->room * sizeof *index->objects, 0);
    *index = (MoltDumpIndex){.objects = NULL};
}

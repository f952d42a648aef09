#include "pool.h"

#include <ctype.h>
#include <string.h>

#include "wanted.h"

static const char *trimmed(MoltArena *arena, const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        length--;
    }
    return molt__arena_copy(arena, text, length);
}

MoltPoolNames molt__pool_names(MoltArena *arena, const char *text)
{
    size_t length = strcspn(text, ",");
    const char *rest = text[length] == ',' ? text + length + 1 : "";
    return (MoltPoolNames){trimmed(arena, text, length), trimmed(arena, rest, strlen(rest))};
}

const char *molt__pool_text(MoltArena *arena, MoltPoolNames names)
{
    return names.header[0] == '\0' ? names.type
                                   : molt__arena_format(arena, "%s, %s", names.type, names.header);
}

static const char *read_name(MoltTypeReader *reader, MoltPlace place, const char *name)
{
    CXType named;
    if (!molt__wanted_find(reader, name, &named)) {
        return molt__wanted_name(name);
    }
    const MoltModelType *read = molt__type_read(reader, named, place);
    return read != NULL ? read->name : name;
}

void molt__pool_read(MoltTypeReader *reader, MoltPlace place, MoltModelNotes *notes)
{
    MoltModelNote *note = molt__model_note(notes, MOLT_NOTE_POOL);
    if (note == NULL) {
        return;
    }
    MoltPoolNames names = molt__pool_names(reader->model->arena, note->text);
    names.type = read_name(reader, place, names.type);
    if (names.header[0] != '\0') {
        names.header = read_name(reader, place, names.header);
    }
    note->text = molt__pool_text(reader->model->arena, names);
}

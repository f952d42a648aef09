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

/* "const char**" as the schema spells it: "char **"; `base` gets what it leads to in the end. */
static const char *stars_of(MoltArena *arena, const char *name, const char **base)
{
    const char *stars = "";
    size_t length = strcspn(name, "*");
    *base = trimmed(arena, name, length);
    if (strncmp(*base, "const ", strlen("const ")) == 0) {
        *base = trimmed(arena, *base + strlen("const "), strlen(*base + strlen("const ")));
    }
    for (const char *at = name + length; *at != '\0'; at++) {
        if (*at == '*') {
            stars = molt__arena_format(arena, "%s*", stars);
        }
    }
    return stars;
}

/* "unsigned" as the schema spells it. */
static const char *number_name(const char *name)
{
    static const char *const spelled[][2] = {{"unsigned", "unsigned int"}, {"_Bool", "bool"}};
    for (size_t i = 0; i < sizeof spelled / sizeof spelled[0]; i++) {
        if (strcmp(spelled[i][0], name) == 0) {
            return spelled[i][1];
        }
    }
    return name;
}

static const char *read_name(MoltTypeReader *reader, MoltPlace place, const char *name)
{
    CXType named;
    const char *base = name;
    const char *stars = stars_of(reader->model->arena, name, &base);
    const char *known = molt__wanted_name(base);
    if (molt__wanted_find(reader, base, &named)) {
        const MoltModelType *read = molt__type_read(reader, named, place);
        known = read != NULL ? read->name : base;
    } else {
        const MoltModelType *number = molt__type_read_number(reader, number_name(base));
        known = number != NULL ? number->name : known;
    }
    size_t length = strlen(known); /* a typedef may be a pointer itself */
    bool pointer = length > 0 && known[length - 1] == '*';
    return stars[0] == '\0' ? known
                            : molt__arena_format(reader->model->arena, "%s%s%s", known,
                                                 pointer ? "" : " ", stars);
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

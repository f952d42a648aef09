#include "pool.h"

#include "wanted.h"

bool molt__pool_check(MoltTypeReader *reader, MoltPlace place, const char *path,
                      const MoltModelType *type, MoltModelNotes *notes)
{
    MoltModelNote *note = molt__model_note(notes, MOLT_NOTE_POOL);
    const MoltModelType *holds = type;
    CXType named;
    if (note == NULL) {
        return true;
    }
    while (holds->kind == MOLT_KIND_ARRAY || holds->kind == MOLT_KIND_ATOMIC) {
        holds = holds->elem;
    }
    if (holds->kind != MOLT_KIND_POINTER) {
        molt__refuse(reader->diagnostics, place,
                     "declare it as an array of that type, or allocate the memory and keep a pointer "
                     "to it",
                     "MOLT_POOL belongs on pointers that take memory; '%s' is %s", path, type->name);
        return false;
    }
    if (molt__wanted_find(reader, note->text, &named)) {
        const MoltModelType *read = molt__type_read(reader, named, place);
        note->text = read != NULL ? read->name : note->text;
    } else {
        note->text = molt__wanted_name(note->text);
    }
    return true;
}

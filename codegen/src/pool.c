#include "pool.h"

#include "wanted.h"

void molt__pool_read(MoltTypeReader *reader, MoltPlace place, MoltModelNotes *notes)
{
    MoltModelNote *note = molt__model_note(notes, MOLT_NOTE_POOL);
    CXType named;
    if (note == NULL) {
        return;
    }
    if (molt__wanted_find(reader, note->text, &named)) {
        const MoltModelType *read = molt__type_read(reader, named, place);
        note->text = read != NULL ? read->name : note->text;
    } else {
        note->text = molt__wanted_name(note->text);
    }
}

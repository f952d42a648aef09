/* What a state that goes on in another process leaves behind, in words for people: pointers to what
 * only this process has, and, where nobody can take these along, values that edits took away and the
 * attic still keeps. It must never know who goes on, or where the words are shown. */
#ifndef MOLT_CORE_LOST_WORDS_H
#define MOLT_CORE_LOST_WORDS_H

#include <molt/heap.h>
#include <molt/report.h>

/* `report`: of the save. False when the file cannot be written. Nothing to say makes no file. */
bool molt__lost_words_write(const char *path, const MoltHeap *heap, const MoltReport *report);
/* The lines of such a file, without the last end of line; "" without one. Cut to the size. `kept`:
 * those values were taken along, and no line is about them. */
void molt__lost_words_read(const char *path, bool kept, char *text, size_t size);

#endif

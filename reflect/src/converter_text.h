/* The text of converters. It must never know whether anybody compiles it. */
#ifndef MOLT_CONVERTER_TEXT_H
#define MOLT_CONVERTER_TEXT_H

#include "converter_rest.h"

/* Text that grows; `failed` is sticky. */
typedef struct MoltConverterText {
    const MoltAllocator *allocator;
    char *bytes;
    uint64_t length, slots;
    bool failed;
} MoltConverterText;

enum { MOLT__CONVERTER_NAME = 64 };

/* How many operations from `first` on, before `end`, one converter can stand for; 0: none, or so
 * few that none is worth it. */
uint32_t molt__converter_span(const MoltPlan *plan, uint32_t first, uint32_t end);
/* The function for them, and the name that its text gives it. `rest`: what it does beside; NULL:
 * nothing. */
void molt__converter_text(MoltConverterText *text, const MoltPlan *plan, uint32_t first,
                          uint32_t count, const MoltConverterRest *rest,
                          char name[MOLT__CONVERTER_NAME]);
/* What stands in front of all of them. */
void molt__converter_prelude(MoltConverterText *text);
/* The operation notes the objects that lose a value to it: a drop, or an integer field that becomes
 * a shorter or another one, of which the converter stores the nearest. */
bool molt__converter_notes(const MoltPlan *plan, uint32_t index);
/* Such operations from `first` up to `end` that are in no loop. */
uint32_t molt__converter_noting(const MoltPlan *plan, uint32_t first, uint32_t end);
void molt__converter_text_free(MoltConverterText *text);

#endif

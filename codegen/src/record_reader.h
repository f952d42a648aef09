/* The fields of followed structs and unions: offsets, widths, notes, and where anonymous members
 * stand. It must never know how a field's type is named, only ask for it. */
#ifndef MOLT_CODEGEN_RECORD_READER_H
#define MOLT_CODEGEN_RECORD_READER_H

#include "type_reader.h"

/* Reads the fields of every record met so far and of all that they reach. */
void molt__records_follow(MoltTypeReader *reader);

#endif

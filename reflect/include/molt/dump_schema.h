/* What dumps of a schema look like, as a JSON Schema for validators and editors. It must never know a
 * state. docs/dump-format.md describes the dumps. */
#ifndef MOLT_DUMP_SCHEMA_H
#define MOLT_DUMP_SCHEMA_H

#include "schema.h"

/* A JSON Schema (draft 2020-12) of the dumps of one schema as JSON text (UTF-8, ends in a newline); the
 * caller frees it with free(). MOLT_OUT_OF_MEMORY is the only failure; *out is then untouched. */
MoltStatus molt_dump_schema_json(const MoltSchema *schema, char **out, MoltError *error);

#endif

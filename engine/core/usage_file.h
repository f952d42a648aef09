/* What the code of a library uses (molt/usage.h), from the file that molt-codegen writes beside it. It
 * must never know what the evidence is for. */
#ifndef MOLT_CORE_USAGE_FILE_H
#define MOLT_CORE_USAGE_FILE_H

#include <stddef.h>

#include <molt/usage.h>

/* The content, not looked at yet: most reloads need none of it. */
typedef struct MoltUsageFile {
    char *text; /* NULL: there is none */
    size_t length;
} MoltUsageFile;

/* Reads `library`.usage as it is now. Without such a file, or without memory, there is no evidence. */
MoltUsageFile molt__usage_file_read(const char *library);
void molt__usage_file_free(MoltUsageFile *file);

/* NULL when there is none or it is damaged: evidence only helps. */
MoltUsage *molt__usage_file_parse(const MoltUsageFile *file);

#endif

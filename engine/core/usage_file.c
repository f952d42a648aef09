#include "usage_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LARGEST = 64 << 20 };

MoltUsageFile molt__usage_file_read(const char *library)
{
    MoltUsageFile out = {0};
    struct stat info;
    char *path = NULL;
    FILE *file = asprintf(&path, "%s.usage", library) > 0 ? fopen(path, "rbe") : NULL;
    if (file != NULL && fstat(fileno(file), &info) == 0 && info.st_size > 0 &&
        info.st_size <= LARGEST) {
        out.text = malloc((size_t)info.st_size);
        out.length = out.text != NULL ? fread(out.text, 1, (size_t)info.st_size, file) : 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    free(path);
    return out;
}

void molt__usage_file_free(MoltUsageFile *file)
{
    free(file->text);
    *file = (MoltUsageFile){0};
}

MoltUsage *molt__usage_file_parse(const MoltUsageFile *file)
{
    MoltUsage *usage = NULL;
    if (file->text != NULL) {
        (void)molt_usage_from_text(file->text, file->length, &usage, NULL);
    }
    return usage;
}

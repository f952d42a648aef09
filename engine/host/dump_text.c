#include "dump_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <molt/json_intake.h>

/* A text on its way in. */
typedef struct Input {
    const char *path;
    FILE *file;
    uint64_t most; /* bytes that it may have */
    MoltJsonIntake intake;
    char *bytes;
    size_t used, room;
} Input;

static MoltStatus fail(const Input *input, MoltError *error)
{
    return molt_error(error, MOLT_SYSTEM, "Cannot read %s: %s.", input->path, strerror(errno));
}

static MoltStatus make_room(Input *input, MoltError *error)
{
    size_t room = input->room > 0 ? 2 * input->room : 1u << 16;
    char *grown = realloc(input->bytes, room);
    if (!grown)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for more than %zu bytes of %s.",
                          input->used, input->path);
    input->bytes = grown;
    input->room = room;
    return MOLT_OK;
}

static MoltStatus read_all(Input *input, MoltError *error)
{
    size_t got = 1, taken = 1;
    while (got > 0 && taken == got) {
        MoltStatus status = input->used == input->room ? make_room(input, error) : MOLT_OK;
        if (status)
            return status;
        char *at = input->bytes + input->used;
        got = fread(at, 1, input->room - input->used, input->file);
        if (got == 0 && ferror(input->file))
            return fail(input, error);
        taken = molt_json_intake_take(&input->intake, at, got);
        input->used += taken;
        if (input->used > input->most)
            return molt_error(error, MOLT_INVALID,
                              "%s: more than %llu bytes came, and nothing says how many there are. Give "
                              "what is so large as a file, or allow more with --max-memory.",
                              input->path, (unsigned long long)input->most);
    }
    return MOLT_OK;
}

MoltStatus molt__dump_text_read(const char *path, uint64_t most, char **text, size_t *length,
                                MoltError *error)
{
    struct stat info;
    Input input = {.path = path, .file = fopen(path, "re")};
    MoltStatus status =
        input.file && fstat(fileno(input.file), &info) == 0 ? MOLT_OK : fail(&input, error);
    if (!status) {
        input.most = S_ISREG(info.st_mode) ? UINT64_MAX : most > 0 ? most : MOLT__DUMP_TEXT_MAX;
        status = read_all(&input, error);
    }
    if (input.file)
        fclose(input.file);
    if (status) {
        free(input.bytes);
        return status;
    }
    *text = input.bytes;
    *length = input.used;
    return MOLT_OK;
}

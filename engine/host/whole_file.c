#include "whole_file.h"

#include <errno.h>
#include <string.h>

static MoltStatus fail(const char *path, int number, MoltError *error)
{
    return molt_error(error, MOLT_SYSTEM, "Cannot write %s: %s. What was there before is unchanged.",
                      path, strerror(number));
}

MoltStatus molt__whole_file_open(MoltWholeFile *file, const char *path, MoltError *error)
{
    MoltError reason;
    if (molt_replaced_file_open(&file->replaced, path, &reason))
        return molt_error(error, MOLT_SYSTEM, "Cannot write %s.", reason.text);
    file->stream = fdopen(file->replaced.fd, "w");
    if (!file->stream) {
        MoltStatus status = fail(path, errno, error);
        molt_replaced_file_close(&file->replaced, false, NULL);
        return status;
    }
    file->replaced.fd = -1;
    return MOLT_OK;
}

MoltStatus molt__whole_file_close(MoltWholeFile *file, bool keep, MoltError *error)
{
    int number = ferror(file->stream) ? errno : 0; /* of the last call that failed, as a rule the write */
    bool good = !ferror(file->stream);
    if (fclose(file->stream) != 0 && good) {
        number = errno;
        good = false;
    }
    file->stream = NULL;
    MoltStatus status = keep && !good ? fail(file->replaced.path, number ? number : EIO, error) : MOLT_OK;
    MoltStatus closed = molt_replaced_file_close(&file->replaced, keep && good, status ? NULL : error);
    return status ? status : closed;
}

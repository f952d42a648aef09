#include "cause.h"

#include <stdlib.h>
#include <string.h>

void molt__cause_clear(MoltCause *cause)
{
    free(cause->path);
    *cause = (MoltCause){0};
}

void molt__cause_note(MoltCause *cause, const char *path, uint64_t first_ns)
{
    if (cause->first_ns == 0 || first_ns < cause->first_ns) {
        cause->first_ns = first_ns;
    }
    if (cause->path == NULL) {
        cause->path = strdup(path);
    }
}

void molt__cause_pass(MoltCause *from, MoltCause *to)
{
    if (to->first_ns == 0) {
        molt__cause_clear(to);
        *to = *from;
        *from = (MoltCause){0};
    } else {
        molt__cause_clear(from);
    }
}

#include "abort_text.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* glibc's, for debuggers and core dumps: mapped for this one message, and unmapped by the next. */
typedef struct AbortMessage {
    unsigned size; /* of the mapping */
    char text[];
} AbortMessage;

static AbortMessage **message;

void molt__abort_text_prepare(void)
{
#ifdef __GLIBC__
    message = dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE");
#endif
}

void molt__abort_text_take(char *text, size_t size)
{
    text[0] = 0;
    if (message == NULL || *message == NULL) {
        return;
    }
    AbortMessage *said = *message;
    const char *from = said->text, *assertion = strstr(from, "Assertion `");
    size_t name = strlen(program_invocation_short_name);
    if (strncmp(from, program_invocation_short_name, name) == 0 &&
        strncmp(from + name, ": ", 2) == 0) {
        from += name + 2;
    }
    from = assertion != NULL ? assertion : from;
    size_t length = strcspn(from, "\n");
    length = length < size ? length : size - 1;
    memcpy(text, from, length);
    text[length] = 0;
    *message = NULL;
    munmap(said, said->size);
}

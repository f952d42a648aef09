#include "last_words.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "called_function.h"
#include "crash_words.h"
#include "fault_signals.h"

#define CHILD_SECONDS 2
#define WHY ", which cannot be ended safely, and there is no checkpoint to go back to"

static void add(char *text, size_t size, const char *more)
{
    size_t length = strlen(text), room = size - length - 1;
    size_t count = strlen(more) < room ? strlen(more) : room;
    memcpy(text + length, more, count);
    text[length + count] = 0;
}

/* In the child. */
static void say_all(const MoltCrash *crash, void (*say)(void *context, const char *text),
                    void *context)
{
    MoltCodePlace places[MOLT__CRASH_FRAMES];
    MoltCrash known = *crash;
    char text[500];
    molt__code_places(known.file, known.base, NULL, known.frames, known.frame_count, places);
    if (known.outside && known.frame_count > 0) {
        molt__called_function(known.file, known.base, known.frames[0], known.called,
                              sizeof known.called);
    }
    molt__crash_write(&known, places, text, sizeof text - sizeof WHY);
    add(text, sizeof text, WHY);
    say(context, text);
}

static void say_signal(const MoltCrash *crash, void (*say)(void *context, const char *text),
                       void *context)
{
    char text[160] = "";
    add(text, sizeof text,
        crash->signal != 0               ? molt__crash_signal_name(crash->signal)
        : crash->kind == MOLT_CRASH_HANG ? "a step without end"
                                         : "misuse of the heap");
    if (crash->thread[0] != 0) {
        add(text, sizeof text, " on the thread ");
        add(text, sizeof text, crash->thread);
    }
    add(text, sizeof text, WHY);
    say(context, text);
}

/* What kills it is neither told nor dumped. */
static void become_child(void)
{
    const struct rlimit no_core = {0, 0};
    sigset_t none;
#define X(number) signal(number, SIG_DFL);
    MOLT__FAULT_SIGNALS(X)
    X(SIGALRM)
#undef X
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(CHILD_SECONDS);
}

void molt__last_words(const MoltCrash *crash, void (*say)(void *context, const char *text),
                      void *context)
{
    int status = 1;
    /* fork() takes the locks of malloc, of which this thread may have one. */
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        become_child();
        say_all(crash, say, context);
        _exit(0);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        say_signal(crash, say, context);
    }
}

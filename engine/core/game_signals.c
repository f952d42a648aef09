#include "game_signals.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fault_signals.h"
#include "guard.h"

#define X(number) number,
static const int faults[] = {MOLT__FAULT_SIGNALS(X)};
#undef X
enum { FAULTS = sizeof faults / sizeof faults[0] };

/* What the game has set, of a process as the guard is. */
static struct {
    pthread_mutex_t lock;
    struct sigaction actions[FAULTS];
    bool untold[FAULTS], told[FAULTS];
} wishes = {.lock = PTHREAD_MUTEX_INITIALIZER};

int molt__game_signals_mask(int how, const sigset_t *set, sigset_t *before)
{
    sigset_t kept;
    if (set != NULL && how != SIG_UNBLOCK && molt__guard_is_on()) {
        kept = *set;
        for (int i = 0; i < FAULTS; i++) {
            sigdelset(&kept, faults[i]);
        }
        sigdelset(&kept, MOLT__HANG_SIGNAL);
        set = &kept;
    }
    return pthread_sigmask(how, set, before);
}

static int find_fault(int number)
{
    for (int i = 0; i < FAULTS; i++) {
        if (faults[i] == number) {
            return i;
        }
    }
    return -1;
}

int molt__game_signals_action(int number, const struct sigaction *action, struct sigaction *before)
{
    int fault = find_fault(number);
    if (fault < 0 || !molt__guard_is_on()) {
        return sigaction(number, action, before);
    }
    pthread_mutex_lock(&wishes.lock);
    struct sigaction last = wishes.actions[fault];
    if (action != NULL) {
        wishes.actions[fault] = *action;
        wishes.untold[fault] = !wishes.told[fault] && action->sa_handler != SIG_DFL;
    }
    pthread_mutex_unlock(&wishes.lock);
    if (before != NULL) {
        *before = last;
    }
    return 0;
}

bool molt__game_signals_tell(char *text, size_t size)
{
    int number = 0;
    pthread_mutex_lock(&wishes.lock);
    for (int i = 0; i < FAULTS && number == 0; i++) {
        if (wishes.untold[i]) {
            wishes.untold[i] = false;
            wishes.told[i] = true;
            number = faults[i];
        }
    }
    pthread_mutex_unlock(&wishes.lock);
    if (number != 0) {
        snprintf(text, size,
                 "the game ignores %s or has a handler of its own for it, which is left out: the host has "
                 "that signal to survive crashes. --no-guard leaves it to the game",
                 molt__crash_signal_name(number));
    }
    return number != 0;
}

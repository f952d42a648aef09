#include "reload_parts.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "clock.h"

/* While an interrupted build ends there is nothing to wait on but time. */
#define GLANCE_NS (5 * MOLT__MILLISECOND)

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* An attempt has been prepared, and is not one that waits for a thread of the game. */
static bool attempt_ready(const MoltReload *reload)
{
    return reload->transaction != NULL && !reload->postponed &&
           molt__transaction_ready(reload->transaction);
}

/* When there is something to be done that no descriptor tells. */
static uint64_t next_look(const MoltReload *reload, uint64_t now)
{
    uint64_t at = reload->watch != NULL ? molt__watch_due_ns(reload->watch) : UINT64_MAX;
    if (reload->give_up_ns != 0 && reload->transaction == NULL) {
        at = earlier(at, reload->retry_ns);
    }
    if (reload->building && reload->saved.first_ns != 0) {
        at = earlier(at, now + GLANCE_NS);
    } else if (reload->saved.first_ns != 0 && reload->build != NULL) {
        uint64_t hold = molt__source_changes_hold_ns(reload->changes);
        at = hold > now ? earlier(at, hold) : at;
    }
    return at;
}

static struct timespec time_until(uint64_t now, uint64_t at)
{
    uint64_t left = at > now ? at - now : 0;
    return (struct timespec){.tv_sec = (time_t)(left / (1000 * MOLT__MILLISECOND)),
                             .tv_nsec = (long)(left % (1000 * MOLT__MILLISECOND))};
}

bool molt_reload_wait(MoltReload *reload, uint64_t until_ns)
{
    int descriptors[MOLT__SOURCE_DESCRIPTORS];
    struct pollfd polled[MOLT__SOURCE_DESCRIPTORS + 1];
    uint64_t now = molt__clock_ns(), look = next_look(reload, now);
    if (attempt_ready(reload)) {
        return true;
    }
    size_t count = reload->running ? molt__reload_source_descriptors(reload, descriptors) : 0;
    for (size_t i = 0; i < count; i++) {
        polled[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    }
    polled[count] =
        (struct pollfd){.fd = reload->wake, .events = POLLIN}; /* below 0: passed over */
    const struct timespec timeout = time_until(now, earlier(until_ns, look));
    int ready = ppoll(polled, count + 1, &timeout, NULL);
    if (ready > 0 && reload->wake >= 0 && polled[count].revents != 0) {
        eventfd_t times;
        eventfd_read(reload->wake, &times);
    }
    return ready > 0 || look <= until_ns;
}

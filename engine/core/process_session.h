/* All processes that a command has started, however deep, as long as they stay in its session: build tools
 * put each compiler into a group of its own. It must never know what they do. */
#ifndef MOLT_CORE_PROCESS_SESSION_H
#define MOLT_CORE_PROCESS_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

/* Sends `signal` to every process of the session that `leader` was started as the leader of. The leader
 * itself may be gone. */
void molt__process_session_signal(pid_t leader, int signal);

/* One of them is still there; dead ones that nobody has waited for do not count. */
bool molt__process_session_alive(pid_t leader);

#endif

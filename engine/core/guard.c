#include "guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "abort_text.h"
#include "crashed_stack.h"
#include "fault_signals.h"
#include "hang_watch.h"
#include "last_words.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__clang__)
#define ALONE __attribute__((noinline))
#else
#define ALONE __attribute__((noipa))
#endif

/* Below the stack's end: a large frame steps over pages. */
#define OVERFLOW_REACH ((uintptr_t)1 << 20)

#define X(number) number,
static const int signals[] = {MOLT__FAULT_SIGNALS(X)};
#undef X
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* Invariant: `inside` is set only while `boundary` can be jumped to, by the owner's thread. `crash` belongs
 * to the thread that `handling` names. */
struct MoltGuard {
    MoltGuardDesc desc;
    pid_t process, thread;
    int hang_signal;
    MoltHangWatch watch;
    MoltSignalStack stack;
    struct sigaction before[SIGNALS], hang_before;
    uintptr_t stack_low; /* the owner's stack ends here; 0: not known */
    MoltStackOwner owner;
    char file[sizeof((MoltCrash *)NULL)->file]; /* as in MoltCrash */
    uint64_t base;
    sigjmp_buf boundary;
    volatile sig_atomic_t inside;
    volatile sig_atomic_t watching; /* beside of a call */
    atomic_int handling; /* the thread in the handler, whose next fault is one of its own; or 0 */
    MoltCrash crash;
};

/* A signal handler can reach nothing else. */
static MoltGuard *_Atomic active;

/* ---- the boundary ---------------------------------------------------------------------------- */

/* The frame at which unwinding has arrived. A function of its own, never inlined or cloned, so that the
 * unwinder can tell it by its entry. */
ALONE static bool enter(MoltGuard *guard, MoltGuardedCall *call);

/* ---- the handler ----------------------------------------------------------------------------- */

bool molt__guard_is_traced(void)
{
    static const char name[] = "TracerPid:\t";
    char text[2048];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : 0;
    if (file >= 0) {
        close(file);
    }
    text[length > 0 ? length : 0] = 0;
    const char *found = strstr(text, name);
    return found != NULL && found[sizeof name - 1] != '0';
}

/* raise() and what calls it; kill() of the process itself. */
static bool is_own(const siginfo_t *info)
{
    return (info->si_code == SI_TKILL || info->si_code == SI_USER) && info->si_pid == getpid();
}

/* The instruction fails again when the handler returns. Those behind which a trap or a forbidden call of the
 * system is told do not. */
static bool comes_again(int number, const siginfo_t *info)
{
    return info->si_code > 0 && number != SIGTRAP && number != SIGSYS;
}

/* The process ends as it would have without a guard: with the signal, and with its core. */
static void die(int number, bool again)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
    if (!again) {
        raise(number);
    }
}

/* Where the owner's stack ends is known; that of another thread ends near its last frame. */
static MoltCrashKind kind_of(const MoltGuard *guard, bool own, int number, const siginfo_t *info,
                             const void *context)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    uintptr_t low = own ? guard->stack_low : molt__stack_pointer(context);
    if (number == guard->hang_signal) {
        return MOLT_CRASH_HANG;
    }
    if (number == SIGABRT) {
        return MOLT_CRASH_ABORT;
    }
    bool stack = low > OVERFLOW_REACH && number == SIGSEGV && info->si_code > 0 &&
                 address >= low - OVERFLOW_REACH && address < low + OVERFLOW_REACH / 16;
    return stack ? MOLT_CRASH_OVERFLOW : MOLT_CRASH_SIGNAL;
}

static void jump_out(MoltGuard *guard)
{
    guard->inside = 0;
    atomic_store(&guard->handling, 0);
    molt__hang_watch_end(&guard->watch);
    siglongjmp(guard->boundary, 1); /* with the signal mask of the boundary */
}

static bool is_recoverable(MoltGuard *guard, int number, const siginfo_t *info, void *context)
{
    bool sent = is_own(info) && number != guard->hang_signal;
    return molt__stack_is_games(&guard->owner, number, info, sent, context, &guard->crash);
}

/* Waits while another thread is in the handler: it ends in a jump, which takes no other thread along, or
 * with the process. False when this thread is in it already. */
static bool begin_handling(MoltGuard *guard, int self)
{
    int none = 0;
    while (!atomic_compare_exchange_weak(&guard->handling, &none, self)) {
        if (none == self) {
            return false;
        }
        none = 0;
        sched_yield();
    }
    return true;
}

/* Which image the frames are of: of a call that is none of the code that runs, too. */
static void note_image(const MoltGuard *guard, MoltCrash *crash)
{
    memcpy(crash->file, guard->file, sizeof crash->file);
    crash->base = guard->base;
}

/* A call, or a read, of what a reload has taken away: nobody has that memory now. */
static void note_retired(int number, const siginfo_t *info, const void *context, MoltCrash *crash)
{
    if (number == SIGSEGV && info->si_code > 0) {
        (void)molt__retired_code_find((uintptr_t)info->si_addr, &crash->retired);
        crash->retired_call = (uintptr_t)info->si_addr == molt__stack_counter(context);
    }
}

static void note_crash(MoltGuard *guard, bool own, int number, const siginfo_t *info,
                       const void *context)
{
    MoltCrash *crash = &guard->crash;
    bool hang = number == guard->hang_signal;
    memset(crash, 0, sizeof *crash);
    crash->signal = hang ? 0 : number;
    crash->kind = kind_of(guard, own, number, info, context);
    crash->address = info->si_code > 0 && !hang ? (uintptr_t)info->si_addr : 0;
    crash->hang_ns = own && guard->watch.found_ns != 0 ? guard->watch.found_ns : guard->desc.hang_ns;
    note_image(guard, crash);
    note_retired(number, info, context, crash);
    if (number == SIGABRT) {
        molt__abort_text_take(crash->text, sizeof crash->text);
    }
    if (!own) {
        prctl(PR_GET_NAME, crash->thread);
    }
}

/* Of a loop without end: the timer is the owner's, in a call or beside one; a thread sends what another one
 * found. */
static bool is_meant(const MoltGuard *guard, bool own, const siginfo_t *info)
{
    return info->si_code == SI_TKILL ||
           (own && (guard->inside || guard->watching) && atomic_load(&guard->handling) == 0);
}

static bool is_hang(MoltGuard *guard, bool own, const siginfo_t *info)
{
    return is_meant(guard, own, info) && !molt__guard_is_traced() &&
           (info->si_code == SI_TKILL || molt__hang_watch_judge(&guard->watch, info) != 0);
}

static void take_signal(MoltGuard *guard, int number, siginfo_t *info, void *context)
{
    int self = (int)syscall(SYS_gettid);
    bool own = self == guard->thread, hang = number == guard->hang_signal;
    bool foreign = !hang && info->si_code <= 0 && !is_own(info); /* kill -ABRT and the like */
    if (hang && !is_hang(guard, own, info)) {
        return;
    }
    bool child = guard->process != getpid(); /* that the game has forked: it is no host */
    if (foreign || child || (!hang && molt__guard_is_traced())) {
        die(number, comes_again(number, info));
        return;
    }
    if (begin_handling(guard, self)) {
        note_crash(guard, own, number, info, context);
        if (own && guard->inside && is_recoverable(guard, number, info, context)) {
            jump_out(guard);
        }
        if (hang && info->si_code != SI_TKILL && molt__hang_watch_again(&guard->watch)) {
            atomic_store(&guard->handling, 0);
            return; /* a moment later it may be in the game's code */
        }
        /* a fault in here comes back as the handler's own */
        molt__stack_name(&guard->owner, context, &guard->crash);
    }
    if (guard->desc.last_resort != NULL) {
        guard->desc.last_resort(guard->desc.context, &guard->crash);
    }
    if (guard->desc.dying != NULL) {
        molt__last_words(&guard->crash, guard->desc.dying, guard->desc.dying_context);
    }
    die(hang ? SIGABRT : number, !hang && comes_again(number, info));
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    int error = errno;
    MoltGuard *guard = atomic_load(&active);
    if (guard != NULL) {
        take_signal(guard, number, info, context);
    }
    errno = error;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool enter(MoltGuard *guard, MoltGuardedCall *call)
{
    if (sigsetjmp(guard->boundary, 1) != 0) {
        return false;
    }
    guard->inside = 1;
    if (call->loop != NULL) {
        call->going = call->loop(call->state);
    } else if (call->notice != NULL) {
        call->notice(call->state);
    } else if (call->start != NULL) {
        call->made = call->start(call->api);
    } else {
        call->going = call->hook(call->old, call->state);
    }
    guard->inside = 0;
    return true;
}

void molt__guard_image(MoltGuard *guard, uintptr_t begin, uintptr_t end, const char *file,
                       uint64_t base)
{
    guard->owner.begin = begin;
    guard->owner.end = end;
    size_t length = strlen(file);
    length = length < sizeof guard->file ? length : sizeof guard->file - 1;
    memcpy(guard->file, file, length);
    guard->file[length] = 0;
    guard->base = base;
}

bool molt__guard_call(MoltGuard *guard, MoltGuardedCall *call, MoltCrash *crash)
{
    molt__guard_image(guard, call->begin, call->end, call->file, call->base);
    molt__hang_watch_begin(&guard->watch);
    bool good = enter(guard, call);
    molt__hang_watch_end(&guard->watch);
    if (!good) {
        *crash = guard->crash;
    }
    return good;
}

void molt__guard_watch(MoltGuard *guard, bool on)
{
    guard->watching = on;
    if (on) {
        molt__hang_watch_begin(&guard->watch);
    } else {
        molt__hang_watch_end(&guard->watch);
    }
}

void molt__guard_misuse(MoltGuard *guard, const char *text)
{
    int self = (int)syscall(SYS_gettid);
    MoltCrash *crash = &guard->crash;
    if (molt__guard_is_traced() || !begin_handling(guard, self)) {
        return;
    }
    memset(crash, 0, sizeof *crash);
    crash->kind = MOLT_CRASH_MISUSE;
    snprintf(crash->text, sizeof crash->text, "%s", text);
    note_image(guard, crash);
    if (self == guard->thread && guard->inside &&
        molt__stack_is_games_here(&guard->owner, crash)) {
        jump_out(guard);
    }
    if (self != guard->thread) {
        prctl(PR_GET_NAME, crash->thread);
    }
    molt__stack_name(&guard->owner, NULL, crash);
    if (guard->desc.last_resort != NULL) {
        guard->desc.last_resort(guard->desc.context, crash);
    }
    atomic_store(&guard->handling, 0);
}

const char *molt__crash_signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGABRT: return "SIGABRT";
    case SIGTRAP: return "SIGTRAP";
    case SIGSYS: return "SIGSYS";
    default: return "a signal";
    }
}

/* ---- setting up ------------------------------------------------------------------------------ */

bool molt__guard_possible(const char **reason)
{
#if !defined(__x86_64__) && !defined(__aarch64__)
    *reason = "crashes are caught on x86-64 and aarch64 alone";
    return false;
#else
    *reason = SANITIZED ? "a sanitizer has the signals" : "";
    return !SANITIZED;
#endif
}

/* The functions by which a program ends itself, called by the game directly. */
static void find_ends(MoltGuard *guard)
{
    static const char *const names[] = {"abort",    "raise",
                                        "kill",     "pthread_kill",
                                        "__assert", "__assert_fail",
                                        "__assert_perror_fail"};
    _Static_assert(sizeof names / sizeof names[0] <= MOLT__ENDS, "each has room");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        guard->owner.ends[i] = (uintptr_t)dlsym(RTLD_DEFAULT, names[i]);
    }
}

static void find_stack(MoltGuard *guard)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
            guard->stack_low = (uintptr_t)low;
        }
        pthread_attr_destroy(&attributes);
    }
}

static bool take_signals(MoltGuard *guard)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               /* a fault of the handler's own is to reach it, too */
                               .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_NODEFER)};
    for (int i = 0; i < SIGNALS; i++) {
        if (sigaction(signals[i], &action, &guard->before[i]) != 0) {
            return false;
        }
    }
    struct sigaction hang = {.sa_sigaction = on_signal,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    return sigaction(guard->hang_signal, &hang, &guard->hang_before) == 0;
}

MoltStatus molt__guard_create(const MoltGuardDesc *desc, MoltGuard **out, MoltError *error)
{
    const char *reason = "";
    if (!molt__guard_possible(&reason)) {
        return molt_error(error, MOLT_INVALID, "No guard against crashes: %s.", reason);
    }
    if (atomic_load(&active) != NULL) {
        return molt_error(error, MOLT_INVALID,
                          "There is a guard against crashes in this process already.");
    }
    MoltGuard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for a guard against crashes.");
    }
    guard->desc = *desc;
    guard->process = getpid();
    guard->thread = (pid_t)syscall(SYS_gettid);
    guard->hang_signal = MOLT__HANG_SIGNAL;
    guard->owner.boundary = (uintptr_t)enter;
    find_ends(guard);
    find_stack(guard);
    molt__stack_prepare();
    molt__abort_text_prepare();
    atomic_store(&active, guard);
    molt__signal_stack_take(&guard->stack);
    if (!take_signals(guard)) {
        MoltStatus status = molt_error(
            error, MOLT_SYSTEM, "The system refuses a guard against crashes: %s.", strerror(errno));
        molt__guard_destroy(guard);
        return status;
    }
    molt__hang_watch_create(&guard->watch, desc->hang_ns, guard->hang_signal, guard->thread);
    *out = guard;
    return MOLT_OK;
}

void molt__guard_destroy(MoltGuard *guard)
{
    if (guard == NULL) {
        return;
    }
    molt__hang_watch_destroy(&guard->watch);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &guard->before[i], NULL);
    }
    sigaction(guard->hang_signal, &guard->hang_before, NULL);
    atomic_store(&active, NULL);
    molt__signal_stack_give(&guard->stack);
    free(guard);
}

void molt__guard_renounce(MoltGuard *guard)
{
    guard->desc.last_resort = NULL;
}

bool molt__guard_is_on(void)
{
    const MoltGuard *guard = atomic_load(&active);
    return guard != NULL && guard->process == getpid();
}

MoltGuard *molt__guard_mine(void)
{
    MoltGuard *guard = atomic_load(&active);
    return guard != NULL && syscall(SYS_gettid) == guard->thread ? guard : NULL;
}

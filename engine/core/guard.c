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
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "fault_signals.h"

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
#define HANG_RETRY_NS UINT64_C(10000000)
#define HANG_RETRIES 200 /* of a loop that is caught outside of the game's own code each time */
#define SECOND_NS UINT64_C(1000000000)

#define X(number) number,
static const int signals[] = {MOLT__FAULT_SIGNALS(X)};
#undef X
enum { SIGNALS = sizeof signals / sizeof signals[0], DIRECT = 8 };

/* Invariant: `inside` is set only while `boundary` can be jumped to, by the owner's thread. `crash` belongs
 * to the thread that `handling` names. */
struct MoltGuard {
    MoltGuardDesc desc;
    pid_t thread;
    int hang_signal;
    bool timed;
    timer_t timer;
    MoltSignalStack stack;
    struct sigaction before[SIGNALS], hang_before;
    uintptr_t stack_low;      /* the owner's stack ends here; 0: not known */
    uintptr_t direct[DIRECT]; /* entries of libc functions by which a program ends itself */
    sigjmp_buf boundary;
    volatile sig_atomic_t inside;
    volatile sig_atomic_t watching; /* beside of a call */
    atomic_int handling; /* the thread in the handler, whose next fault is one of its own; or 0 */
    volatile sig_atomic_t hang_retries;
    uintptr_t begin, end;
    MoltCrash crash;
};

/* A signal handler can reach nothing else. */
static MoltGuard *_Atomic active;

/* ---- the boundary ---------------------------------------------------------------------------- */

/* The frame at which unwinding has arrived. A function of its own, never inlined or cloned, so that the
 * unwinder can tell it by its entry. */
ALONE static bool enter(MoltGuard *guard, MoltGuardedCall *call);

/* ---- the interrupted stack ------------------------------------------------------------------- */

static uintptr_t *counter_of(void *context)
{
    ucontext_t *user = context;
#if defined(__x86_64__)
    return (uintptr_t *)&user->uc_mcontext.gregs[REG_RIP]; /* NOLINT: a register of pointer size */
#elif defined(__aarch64__)
    return (uintptr_t *)&user->uc_mcontext.pc;
#else
    (void)user;
    return NULL;
#endif
}

static uintptr_t stack_of(const void *context)
{
    const ucontext_t *user = context;
#if defined(__x86_64__)
    return (uintptr_t)user->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)user->uc_mcontext.sp;
#else
    (void)user;
    return 0;
#endif
}

/* A call of an address that is no code: the fault is the caller's. Its frame is the one to begin with,
 * as if the call were the instruction that failed. */
static void undo_wild_call(const MoltGuard *guard, int number, const siginfo_t *info, void *context)
{
#if defined(__x86_64__)
    ucontext_t *user = context;
    greg_t *registers = user->uc_mcontext.gregs;
    uintptr_t counter = (uintptr_t)registers[REG_RIP], stack = (uintptr_t)registers[REG_RSP];
    if (number != SIGSEGV || counter != (uintptr_t)info->si_addr ||
        stack % sizeof(uintptr_t) != 0) {
        return;
    }
    /* A fault here is one of the handler's own. */
    uintptr_t back = *(const uintptr_t *)stack; /* NOLINT */
    if (back > guard->begin && back < guard->end) {
        registers[REG_RIP] = (greg_t)(back - 1);
        registers[REG_RSP] = (greg_t)(stack + sizeof(uintptr_t));
    }
#else
    (void)guard, (void)number, (void)info, (void)context;
#endif
}

typedef struct Walk {
    const MoltGuard *guard;
    MoltCrash *crash;
    uintptr_t counter; /* at which the signal came */
    bool started;
    bool sent;   /* by the program itself, so that libc's frames come first */
    bool misuse; /* found by the host, whose frames come first */
    bool mere;   /* only for the names: other frames may come in between, whatever they are */
    uintptr_t outermost; /* entry of the last function outside of the image */
    bool arrived;
} Walk;

static bool ends_program(const MoltGuard *guard, uintptr_t entry)
{
    for (int i = 0; i < DIRECT; i++) {
        if (entry != 0 && guard->direct[i] == entry) {
            return true;
        }
    }
    return false;
}

static _Unwind_Reason_Code visit_frame(struct _Unwind_Context *context, void *argument)
{
    Walk *walk = argument;
    const MoltGuard *guard = walk->guard;
    int exact = 0;
    uintptr_t at = _Unwind_GetIPInfo(context, &exact);
    if (!walk->started) {
        walk->started = exact != 0 && at == walk->counter;
        if (!walk->started) {
            return _URC_NO_REASON;
        }
    }
    at -= exact != 0 ? 0 : 1;
    bool game = at >= guard->begin && at < guard->end;
    if (game) {
        if (walk->crash->frame_count == 0 && walk->outermost != 0 && !walk->mere && !walk->misuse &&
            !ends_program(guard, walk->outermost)) {
            return _URC_END_OF_STACK;
        }
        if (walk->crash->frame_count < MOLT__CRASH_FRAMES) {
            walk->crash->frames[walk->crash->frame_count++] = at;
        }
        return _URC_NO_REASON;
    }
    uintptr_t entry = (uintptr_t)_Unwind_FindEnclosingFunction((void *)at); /* NOLINT: code */
    if (entry == (uintptr_t)enter) {
        walk->arrived = walk->crash->frame_count > 0;
        return _URC_END_OF_STACK;
    }
    bool first = (walk->sent || walk->misuse) && walk->crash->frame_count == 0;
    if (!walk->mere && !first) {
        return _URC_END_OF_STACK;
    }
    walk->outermost = entry != 0 ? entry : 1;
    return _URC_NO_REASON;
}

/* Every frame from the signal to the boundary is the game's. Fills in the first ones. */
static bool is_games_alone(const MoltGuard *guard, bool sent, void *context, MoltCrash *crash)
{
    Walk walk = {.guard = guard, .crash = crash, .counter = *counter_of(context), .sent = sent};
    _Unwind_Backtrace(visit_frame, &walk);
    return walk.arrived;
}

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

static void set_watch(const MoltGuard *guard, uint64_t nanoseconds)
{
    const struct itimerspec time = {
        .it_value = {(time_t)(nanoseconds / SECOND_NS), (long)(nanoseconds % SECOND_NS)}};
    if (guard->timed) {
        timer_settime(guard->timer, 0, &time, NULL);
    }
}

static void say(char *text, size_t size, const char *more)
{
    size_t length = strlen(text), room = size - length - 1;
    size_t count = strlen(more) < room ? strlen(more) : room;
    memcpy(text + length, more, count);
    text[length + count] = 0;
}

static void say_last_words(const MoltGuard *guard, const MoltCrash *crash)
{
    char text[160] = "";
    if (guard->desc.dying == NULL) {
        return;
    }
    say(text, sizeof text,
        crash->signal != 0               ? molt__crash_signal_name(crash->signal)
        : crash->kind == MOLT_CRASH_HANG ? "a step without end"
                                         : "misuse of the heap");
    if (crash->thread[0] != 0) {
        say(text, sizeof text, " on the thread ");
        say(text, sizeof text, crash->thread);
    }
    say(text, sizeof text,
        ", which cannot be ended safely, and there is no checkpoint to go back to");
    guard->desc.dying(guard->desc.dying_context, text);
}

/* The process ends as it would have without a guard: with the signal, and with its core. */
static void die(int number, bool again)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
    if (!again) {
        raise(number); /* else the instruction fails again when the handler returns */
    }
}

/* Where the owner's stack ends is known; that of another thread ends near its last frame. */
static MoltCrashKind kind_of(const MoltGuard *guard, bool own, int number, const siginfo_t *info,
                             const void *context)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    uintptr_t low = own ? guard->stack_low : stack_of(context);
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

/* The watchdog found the thread in code that is not the game's: a moment later it may be back. */
static bool wait_for_game(MoltGuard *guard)
{
    if (guard->hang_retries >= HANG_RETRIES) {
        return false;
    }
    guard->hang_retries++;
    set_watch(guard, HANG_RETRY_NS);
    return true;
}

static void jump_out(MoltGuard *guard)
{
    guard->inside = 0;
    atomic_store(&guard->handling, 0);
    set_watch(guard, 0);
    siglongjmp(guard->boundary, 1); /* with the signal mask of the boundary */
}

/* Leaves the context as it was: the process may yet have to die of it. */
static bool is_recoverable(MoltGuard *guard, int number, const siginfo_t *info, void *context)
{
    const mcontext_t registers = ((ucontext_t *)context)->uc_mcontext;
    bool sent = info->si_code == SI_TKILL && number != guard->hang_signal;
    undo_wild_call(guard, number, info, context);
    bool good = is_games_alone(guard, sent, context, &guard->crash);
    ((ucontext_t *)context)->uc_mcontext = registers;
    return good;
}

/* The game's frames of any stack, for the message alone. */
static void name_frames(MoltGuard *guard, void *context)
{
    guard->crash.frame_count = 0;
    Walk walk = {
        .guard = guard, .crash = &guard->crash, .counter = *counter_of(context), .mere = true};
    _Unwind_Backtrace(visit_frame, &walk);
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

static void note_crash(MoltGuard *guard, bool own, int number, const siginfo_t *info,
                       const void *context)
{
    MoltCrash *crash = &guard->crash;
    bool hang = number == guard->hang_signal;
    memset(crash, 0, sizeof *crash);
    crash->signal = hang ? 0 : number;
    crash->kind = kind_of(guard, own, number, info, context);
    crash->address = info->si_code > 0 && !hang ? (uintptr_t)info->si_addr : 0;
    crash->hang_ns = guard->desc.hang_ns;
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

static void take_signal(MoltGuard *guard, int number, siginfo_t *info, void *context)
{
    int self = (int)syscall(SYS_gettid);
    bool own = self == guard->thread, hang = number == guard->hang_signal;
    bool sent = info->si_code == SI_TKILL && info->si_pid == getpid();
    bool foreign = !hang && info->si_code <= 0 && !sent; /* kill -ABRT and the like */
    if (hang && (!is_meant(guard, own, info) || molt__guard_is_traced())) {
        return;
    }
    if (foreign || molt__guard_is_traced()) {
        die(number, info->si_code > 0);
        return;
    }
    if (begin_handling(guard, self)) {
        note_crash(guard, own, number, info, context);
        if (own && guard->inside && is_recoverable(guard, number, info, context)) {
            jump_out(guard);
        }
        if (hang && info->si_code != SI_TKILL && wait_for_game(guard)) {
            atomic_store(&guard->handling, 0);
            return;
        }
        name_frames(guard, context); /* a fault in here comes back as the handler's own */
    }
    if (guard->desc.last_resort != NULL) {
        guard->desc.last_resort(guard->desc.context, &guard->crash);
    }
    say_last_words(guard, &guard->crash);
    die(hang ? SIGABRT : number, !hang && info->si_code > 0);
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

bool molt__guard_call(MoltGuard *guard, MoltGuardedCall *call, MoltCrash *crash)
{
    guard->begin = call->begin;
    guard->end = call->end;
    guard->hang_retries = 0;
    set_watch(guard, guard->desc.hang_ns);
    bool good = enter(guard, call);
    set_watch(guard, 0);
    if (!good) {
        *crash = guard->crash;
    }
    return good;
}

void molt__guard_watch(MoltGuard *guard, bool on)
{
    guard->hang_retries = 0;
    guard->watching = on;
    set_watch(guard, on ? guard->desc.hang_ns : 0);
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
    Walk walk = {.guard = guard, .crash = crash, .started = true, .misuse = true};
    if (self == guard->thread && guard->inside) {
        _Unwind_Backtrace(visit_frame, &walk);
    }
    if (walk.arrived) {
        jump_out(guard);
    }
    if (self != guard->thread) {
        prctl(PR_GET_NAME, crash->thread);
    }
    crash->frame_count = 0;
    walk = (Walk){.guard = guard, .crash = crash, .started = true, .mere = true};
    _Unwind_Backtrace(visit_frame, &walk);
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
static void find_direct(MoltGuard *guard)
{
    static const char *const names[] = {"abort", "raise", "__assert_fail", "__assert",
                                        "__assert_perror_fail"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        guard->direct[i] = (uintptr_t)dlsym(RTLD_DEFAULT, names[i]);
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

/* Processor time: a process that is stopped or starved does not hang. */
static void take_timer(MoltGuard *guard)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = guard->hang_signal};
    event._sigev_un._tid = guard->thread;
    guard->timed = guard->desc.hang_ns > 0 &&
                   timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &guard->timer) == 0;
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
    guard->thread = (pid_t)syscall(SYS_gettid);
    guard->hang_signal = MOLT__HANG_SIGNAL;
    find_direct(guard);
    find_stack(guard);
    /* The unwinder sets itself up when it is used first, which is not to be in a handler. */
    Walk nowhere = {.guard = guard, .crash = &guard->crash};
    _Unwind_Backtrace(visit_frame, &nowhere);
    atomic_store(&active, guard);
    molt__signal_stack_take(&guard->stack);
    if (!take_signals(guard)) {
        MoltStatus status = molt_error(
            error, MOLT_SYSTEM, "The system refuses a guard against crashes: %s.", strerror(errno));
        molt__guard_destroy(guard);
        return status;
    }
    take_timer(guard);
    *out = guard;
    return MOLT_OK;
}

void molt__guard_destroy(MoltGuard *guard)
{
    if (guard == NULL) {
        return;
    }
    if (guard->timed) {
        timer_delete(guard->timer);
    }
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

MoltGuard *molt__guard_mine(void)
{
    MoltGuard *guard = atomic_load(&active);
    return guard != NULL && syscall(SYS_gettid) == guard->thread ? guard : NULL;
}

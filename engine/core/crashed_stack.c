#include "crashed_stack.h"

#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

/* How far up a stack that cannot be unwound is looked through, and how much of it at a time. */
enum { REACH = 64 << 10, PIECE = 512 };

uintptr_t molt__stack_counter(const void *context)
{
    const ucontext_t *user = context;
#if defined(__x86_64__)
    return (uintptr_t)user->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)user->uc_mcontext.pc;
#else
    (void)user;
    return 0;
#endif
}

uintptr_t molt__stack_pointer(const void *context)
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

/* Reads memory that may not be there. */
static bool peek(uintptr_t address, void *out, size_t size)
{
    struct iovec here = {out, size}, there = {(void *)address, size}; /* NOLINT: an address */
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* A call of an address that is no code: the fault is the caller's. Its frame is the one to begin with,
 * as if the call were the instruction that failed. Of a breakpoint it is the one before the counter. */
static void find_fault(const MoltStackOwner *owner, int number, const siginfo_t *info,
                       void *context)
{
#if defined(__x86_64__)
    ucontext_t *user = context;
    greg_t *registers = user->uc_mcontext.gregs;
    uintptr_t counter = (uintptr_t)registers[REG_RIP], stack = (uintptr_t)registers[REG_RSP];
    if (number == SIGTRAP && info->si_code == SI_KERNEL) {
        registers[REG_RIP]--;
        return;
    }
    if (number != SIGSEGV || counter != (uintptr_t)info->si_addr ||
        stack % sizeof(uintptr_t) != 0) {
        return;
    }
    /* A fault here is one of the handler's own. */
    uintptr_t back = *(const uintptr_t *)stack; /* NOLINT */
    if (back > owner->begin && back < owner->end) {
        registers[REG_RIP] = (greg_t)(back - 1);
        registers[REG_RSP] = (greg_t)(stack + sizeof(uintptr_t));
    }
#else
    (void)owner, (void)number, (void)info, (void)context;
#endif
}

/* ---- unwinding ------------------------------------------------------------------------------- */

typedef struct Walk {
    const MoltStackOwner *owner;
    uint64_t frames[MOLT__CRASH_FRAMES]; /* the game's */
    uint32_t count;
    uintptr_t counter; /* at which the signal came */
    bool started;
    bool sent;   /* by the program itself, so that libc's frames come first */
    bool misuse; /* found by the host, whose frames come first */
    bool mere;   /* only for the names: other frames may come in between, whatever they are */
    uintptr_t outermost; /* entry of the last function outside of the image */
    bool arrived;
} Walk;

static bool ends_program(const MoltStackOwner *owner, uintptr_t entry)
{
    for (int i = 0; i < MOLT__ENDS; i++) {
        if (entry != 0 && owner->ends[i] == entry) {
            return true;
        }
    }
    return false;
}

static _Unwind_Reason_Code visit_frame(struct _Unwind_Context *context, void *argument)
{
    Walk *walk = argument;
    const MoltStackOwner *owner = walk->owner;
    int exact = 0;
    uintptr_t at = _Unwind_GetIPInfo(context, &exact);
    if (!walk->started) {
        walk->started = exact != 0 && at == walk->counter;
        if (!walk->started) {
            return _URC_NO_REASON;
        }
    }
    at -= exact != 0 ? 0 : 1;
    if (at >= owner->begin && at < owner->end) {
        if (walk->count == 0 && walk->outermost != 0 && !walk->mere && !walk->misuse &&
            !ends_program(owner, walk->outermost)) {
            return _URC_END_OF_STACK;
        }
        if (walk->count < MOLT__CRASH_FRAMES) {
            walk->frames[walk->count++] = at;
        }
        return _URC_NO_REASON;
    }
    uintptr_t entry = (uintptr_t)_Unwind_FindEnclosingFunction((void *)at); /* NOLINT: code */
    if (entry == owner->boundary) {
        walk->arrived = walk->count > 0;
        return _URC_END_OF_STACK;
    }
    bool first = (walk->sent || walk->misuse) && walk->count == 0;
    if (!walk->mere && !first) {
        return _URC_END_OF_STACK;
    }
    walk->outermost = entry != 0 ? entry : 1;
    return _URC_NO_REASON;
}

static _Unwind_Reason_Code visit_nothing(struct _Unwind_Context *context, void *argument)
{
    (void)context, (void)argument;
    return _URC_NO_REASON;
}

void molt__stack_prepare(void)
{
    _Unwind_Backtrace(visit_nothing, NULL);
}

/* A fault on the way is the handler's own, and leaves the crash as it is. */
static void unwind(Walk *walk, MoltCrash *crash)
{
    _Unwind_Backtrace(visit_frame, walk);
    if (walk->count > 0) {
        memcpy(crash->frames, walk->frames, sizeof crash->frames);
        crash->frame_count = walk->count;
    }
}

bool molt__stack_is_games(const MoltStackOwner *owner, int number, const siginfo_t *info, bool sent,
                          void *context, MoltCrash *crash)
{
    const mcontext_t registers = ((ucontext_t *)context)->uc_mcontext;
    char code;
    find_fault(owner, number, info, context);
    Walk walk = {.owner = owner, .counter = molt__stack_counter(context), .sent = sent};
    if (peek(walk.counter, &code, 1)) { /* the unwinder looks at what it knows nothing about */
        unwind(&walk, crash);
    }
    ((ucontext_t *)context)->uc_mcontext = registers;
    return walk.arrived;
}

bool molt__stack_is_games_here(const MoltStackOwner *owner, MoltCrash *crash)
{
    Walk walk = {.owner = owner, .started = true, .misuse = true};
    unwind(&walk, crash);
    return walk.arrived;
}

/* ---- names alone ----------------------------------------------------------------------------- */

/* The address is one behind a call instruction of the game's. */
static bool is_behind_call(const MoltStackOwner *owner, uintptr_t address)
{
#if defined(__x86_64__)
    enum {
        LONGEST = 7,
        CALL = 0xe8,
        CALL_SIZE = 5,
        INDIRECT = 0xff,
        KIND = 0x38,
        KIND_CALL = 0x10
    };
    if (address < owner->begin + LONGEST || address >= owner->end) {
        return false;
    }
    unsigned char code[LONGEST]; /* what is read may be no code, and no memory */
    if (!peek(address - LONGEST, code, sizeof code)) {
        return false;
    }
    bool indirect = false;
    for (int i = 0; i + 1 < LONGEST; i++) {
        indirect = indirect || (code[i] == INDIRECT && (code[i + 1] & KIND) == KIND_CALL);
    }
    return indirect || code[LONGEST - CALL_SIZE] == CALL;
#else
    return address > owner->begin && address < owner->end;
#endif
}

/* Words of calls that have returned lie there as well, so the first one alone is taken. */
static void search_words(const MoltStackOwner *owner, uintptr_t stack, MoltCrash *crash)
{
    uintptr_t words[PIECE / sizeof(uintptr_t)];
    stack &= ~(uintptr_t)(sizeof *words - 1);
    for (uintptr_t at = stack; at < stack + REACH; at += PIECE) {
        if (!peek(at, words, sizeof words)) {
            return;
        }
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if (is_behind_call(owner, words[i])) {
                crash->frames[0] = words[i] - 1;
                crash->frame_count = 1;
                return;
            }
        }
    }
}

/* Where the counter is no code, some function has called that: it is unwound as if it had returned. */
static void leave_no_code(void *context)
{
#if defined(__x86_64__)
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t back;
    char code;
    if (!peek((uintptr_t)registers[REG_RIP], &code, 1) &&
        peek((uintptr_t)registers[REG_RSP], &back, sizeof back) && peek(back - 1, &code, 1)) {
        registers[REG_RIP] = (greg_t)(back - 1);
        registers[REG_RSP] += (greg_t)sizeof back;
    }
#else
    (void)context;
#endif
}

static void name_interrupted(const MoltStackOwner *owner, void *context, MoltCrash *crash)
{
    const mcontext_t registers = ((ucontext_t *)context)->uc_mcontext;
    leave_no_code(context);
    uintptr_t counter = molt__stack_counter(context);
    crash->outside = counter < owner->begin || counter >= owner->end;
    search_words(owner, molt__stack_pointer(context), crash);
    Walk walk = {.owner = owner, .counter = counter, .mere = true};
    unwind(&walk, crash);
    ((ucontext_t *)context)->uc_mcontext = registers;
}

void molt__stack_name(const MoltStackOwner *owner, void *context, MoltCrash *crash)
{
    Walk walk = {.owner = owner, .mere = true, .started = true};
    crash->frame_count = 0;
    if (context != NULL) {
        name_interrupted(owner, context, crash);
    } else {
        unwind(&walk, crash);
    }
}

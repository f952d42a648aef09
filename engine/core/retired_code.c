#include "retired_code.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols.h"

enum {
    MOST = 256, /* ranges: of the 65,530 mappings that a process may have */
    PATIENCE = 100
};
#define ADDRESSES_MOST ((uint64_t)16 << 30)
#define NAMES_MOST ((uint64_t)1 << 20) /* bytes, of all libraries together */
#define NAMES_EACH ((uint64_t)256 << 10)

typedef struct RetiredName {
    uintptr_t begin, end;
    uint32_t name, file; /* where they begin in the texts */
} RetiredName;

/* One allocation: the items, sorted by address, and the texts behind them, the library's name first. */
struct MoltRetiredNames {
    uint64_t bytes;
    uint32_t count;
    RetiredName items[];
};

typedef struct RetiredRange {
    uintptr_t begin, end; /* whole pages */
    MoltRetiredNames *names;
} RetiredRange;

/* Invariant: everything is read and written by who has set `busy`; the ranges are those in which
 * this process has pages without access, oldest first. */
static struct {
    atomic_flag busy;
    uint32_t count;
    uint64_t addresses, names;
    RetiredRange ranges[MOST];
} all = {.busy = ATOMIC_FLAG_INIT};

/* ---- names ----------------------------------------------------------------------------------- */

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool is_function(const MoltSymbol *symbol)
{
    return symbol->kind == MOLT_CODE_FUNCTION && symbol->size > 0;
}

static char *texts_of(const MoltRetiredNames *names)
{
    return (char *)(uintptr_t)&names->items[names->count]; /* NOLINT: its own memory */
}

static uint32_t append(char *texts, uint64_t *used, const char *text)
{
    uint64_t at = *used, size = strlen(text) + 1;
    memcpy(texts + at, text, size);
    *used += size;
    return (uint32_t)at;
}

/* Symbols of one source follow each other mostly, with one text for its name. */
static bool same_file(const MoltSymbol *last, const MoltSymbol *symbol)
{
    return last != NULL && last->file == symbol->file;
}

static uint64_t measure(const MoltSymbols *symbols, const char *file, uint32_t *count)
{
    uint64_t texts = strlen(last_component(file)) + 1;
    const MoltSymbol *last = NULL;
    for (uint32_t i = 0; i < symbols->count; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        if (is_function(symbol)) {
            texts += strlen(symbol->name) + 1;
            texts += same_file(last, symbol) ? 0 : strlen(last_component(symbol->file)) + 1;
            last = symbol;
            ++*count;
        }
    }
    return sizeof(MoltRetiredNames) + *count * sizeof(RetiredName) + texts;
}

MoltRetiredNames *molt__retired_names(const MoltSymbols *symbols, const char *file)
{
    uint32_t count = 0;
    uint64_t bytes = measure(symbols, file, &count), used = 0;
    MoltRetiredNames *names = bytes <= NAMES_EACH ? malloc(bytes) : NULL;
    const MoltSymbol *last = NULL;
    if (names == NULL) {
        return NULL;
    }
    names->bytes = bytes;
    names->count = count;
    char *texts = texts_of(names);
    append(texts, &used, last_component(file));
    RetiredName *out = names->items;
    for (uint32_t i = 0; i < symbols->count; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        if (!is_function(symbol)) {
            continue;
        }
        out->begin = symbol->address;
        out->end = symbol->address + symbol->size;
        out->name = append(texts, &used, symbol->name);
        out->file = same_file(last, symbol) ? out[-1].file
                                            : append(texts, &used, last_component(symbol->file));
        last = symbol;
        out++;
    }
    return names;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void forget_names(RetiredRange *range)
{
    all.names -= range->names != NULL ? range->names->bytes : 0;
    free(range->names);
    range->names = NULL;
}

static void give_up(uint32_t index)
{
    RetiredRange *range = &all.ranges[index];
    munmap((void *)range->begin, range->end - range->begin); /* NOLINT: an address */
    all.addresses -= range->end - range->begin;
    forget_names(range);
    all.count--;
    memmove(range, range + 1, (all.count - index) * sizeof *range);
}

static void keep_bounds(void)
{
    while (all.count == MOST || (all.addresses > ADDRESSES_MOST && all.count > 0)) {
        give_up(all.count > 1 ? 1 : 0);
    }
    for (uint32_t i = 1; i < all.count && all.names > NAMES_MOST; i++) {
        forget_names(&all.ranges[i]);
    }
}

/* Whoever has mapped something there meanwhile keeps it; so does a library that the loader has not let go. */
static bool take_addresses(uintptr_t begin, uintptr_t end)
{
    void *wanted = (void *)begin; /* NOLINT: an address */
    void *got = mmap(wanted, end - begin, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED && got != wanted) { /* by a system that does not know the flag */
        munmap(got, end - begin);
    }
    return got == wanted;
}

void molt__retired_code_keep(uintptr_t begin, uintptr_t end, MoltRetiredNames *names)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    begin &= ~(page - 1);
    end = (end + page - 1) & ~(page - 1);
    if (!take_addresses(begin, end)) {
        free(names);
        return;
    }
    while (atomic_flag_test_and_set(&all.busy)) {
        sched_yield();
    }
    keep_bounds();
    all.ranges[all.count++] = (RetiredRange){begin, end, names};
    all.addresses += end - begin;
    all.names += names != NULL ? names->bytes : 0;
    keep_bounds();
    atomic_flag_clear(&all.busy);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void copy(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);
    length = length < size ? length : size - 1;
    memcpy(out, text, length);
    out[length] = 0;
}

static void name_place(const MoltRetiredNames *names, uintptr_t address, MoltRetiredPlace *out)
{
    const char *texts = texts_of(names);
    copy(out->library, sizeof out->library, texts);
    for (uint32_t i = 0; i < names->count; i++) {
        const RetiredName *name = &names->items[i];
        if (address >= name->begin && address < name->end) {
            copy(out->function, sizeof out->function, texts + name->name);
            copy(out->file, sizeof out->file, texts + name->file);
            return;
        }
    }
}

bool molt__retired_code_find(uintptr_t address, MoltRetiredPlace *out)
{
    bool found = false;
    for (int i = 0; atomic_flag_test_and_set(&all.busy); i++) {
        if (i == PATIENCE) { /* it may be this very thread that has it */
            return false;
        }
        sched_yield();
    }
    for (uint32_t i = 0; i < all.count && !found; i++) {
        const RetiredRange *range = &all.ranges[i];
        found = address >= range->begin && address < range->end;
        if (found) {
            *out = (MoltRetiredPlace){.known = true};
            if (range->names != NULL) {
                name_place(range->names, address, out);
            }
        }
    }
    atomic_flag_clear(&all.busy);
    return found;
}

#include "symbols.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol_source.h"

/* What is open while a file is read; everything it finds goes to `symbols`. */
typedef struct Reader {
    MoltSymbols *symbols;
    Elf *elf;
    uint32_t capacity;
    MoltByteRange
        *constants; /* read-only sections; bytes are libelf's, as long as the file is open */
    size_t constant_count;
} Reader;

/* ---- names that compilers make ------------------------------------------------------------- */

static bool only_digits(const char *text)
{
    if (*text == 0) {
        return false;
    }
    for (; *text != 0; text++) {
        if (!isdigit((unsigned char)*text)) {
            return false;
        }
    }
    return true;
}

/* "cold" matches ".cold" and ".cold.0" at `dot`. */
static bool suffix_is(const char *dot, const char *word)
{
    size_t length = strlen(word);
    return strncmp(dot + 1, word, length) == 0 && (dot[1 + length] == 0 || dot[1 + length] == '.');
}

static bool is_fragment(const char *raw)
{
    static const char *const words[] = {"part", "cold", "constprop", "isra", "localalias"};
    for (const char *dot = strchr(raw, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (dot != raw && suffix_is(dot, words[i])) {
                return true;
            }
        }
    }
    return false;
}

/* Length of the source's name in front of a meaningless number; the whole length without one. */
static size_t source_length(const char *raw)
{
    size_t whole = strlen(raw);
    const char *last = strrchr(raw, '.');
    if (last == NULL || last == raw || !only_digits(last + 1)) {
        return whole;
    }
    size_t length = (size_t)(last - raw);
    static const char *const words[] = {".lto_priv", ".llvm"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t word = strlen(words[i]);
        if (length > word && memcmp(raw + length - word, words[i], word) == 0) {
            return length - word;
        }
    }
    return length;
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare_number(uintptr_t a, uintptr_t b)
{
    return (a > b) - (a < b);
}

static int compare_address(const void *left, const void *right)
{
    const MoltSymbol *a = left, *b = right;
    int order = compare_number(a->address, b->address);
    if (order == 0) {
        order = (a->file[0] != 0) - (b->file[0] != 0);
    }
    if (order == 0) {
        order = strcmp(a->name, b->name);
    }
    return order != 0 ? order : strcmp(a->raw, b->raw);
}

static int compare_class(const MoltSymbol *a, MoltCodeKind kind, const char *name, bool numbered)
{
    int order = (a->kind > kind) - (a->kind < kind);
    if (order == 0) {
        order = strcmp(a->name, name);
    }
    return order != 0 ? order : (int)a->numbered - (int)numbered;
}

static int compare_name(const void *left, const void *right)
{
    const MoltSymbol *a = *(MoltSymbol *const *)left, *b = *(MoltSymbol *const *)right;
    int order = compare_class(a, b->kind, b->name, b->numbered);
    if (order == 0) {
        order = strcmp(a->file, b->file);
    }
    return order != 0 ? order : compare_number(a->address, b->address);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A function may keep a number in one build and none in the next (link-time optimisation
 * promotes it or not), an object of the same name as a function's static is another object. */
static bool number_matters(MoltCodeKind kind)
{
    return kind == MOLT_CODE_DATA;
}

static MoltStatus add_symbol(Reader *reader, const GElf_Sym *entry, const char *raw,
                             const char *file)
{
    MoltSymbols *symbols = reader->symbols;
    if (symbols->count == reader->capacity) {
        uint32_t capacity = reader->capacity != 0 ? reader->capacity * 2 : 256;
        MoltSymbol *items = realloc(symbols->items, capacity * sizeof *items);
        if (items == NULL) {
            return MOLT_OUT_OF_MEMORY;
        }
        symbols->items = items;
        reader->capacity = capacity;
    }
    MoltSymbol *symbol = &symbols->items[symbols->count];
    *symbol = (MoltSymbol){
        .address = (uintptr_t)entry->st_value,
        .size = entry->st_size,
        .name = raw,
        .raw = raw,
        .file = GELF_ST_BIND(entry->st_info) == STB_LOCAL ? file : "",
        .local = GELF_ST_BIND(entry->st_info) == STB_LOCAL,
        .kind = GELF_ST_TYPE(entry->st_info) == STT_FUNC ? MOLT_CODE_FUNCTION : MOLT_CODE_DATA,
        .ambiguous = raw[0] == '.',
    };
    size_t length = source_length(raw);
    if (raw[length] != 0) {
        char *name = strndup(raw, length);
        if (name == NULL) {
            return MOLT_OUT_OF_MEMORY;
        }
        symbol->name = name;
        symbol->numbered = number_matters(symbol->kind);
    }
    symbols->count++;
    return MOLT_OK;
}

/* Own storage for the string table: libelf's goes with the file. */
static const char *copy_strings(Reader *reader, Elf_Scn *section, size_t *size)
{
    Elf_Data *data = elf_getdata(section, NULL);
    if (data == NULL || data->d_buf == NULL || data->d_size == 0) {
        return NULL;
    }
    char *strings = malloc(data->d_size + 1);
    if (strings != NULL) {
        memcpy(strings, data->d_buf, data->d_size);
        strings[data->d_size] = 0;
        *size = data->d_size;
        reader->symbols->strings = strings;
    }
    return strings;
}

/* Objects without a size are marks of the linker (__TMC_END__ and the like) that share their
 * address with whatever comes next. Names that begin with a dot are no C names: clang calls
 * literals `.str.4` when it builds for sanitizers. */
static bool has_c_name(const GElf_Sym *entry, const char *name)
{
    int type = GELF_ST_TYPE(entry->st_info);
    return (type == STT_FUNC || (type == STT_OBJECT && entry->st_size > 0)) &&
           entry->st_shndx != SHN_UNDEF && entry->st_shndx != SHN_ABS && *name != 0 && *name != '.';
}

/* What clang calls an array or struct without a name. */
static bool is_unnamed(const GElf_Sym *entry, const char *name)
{
    return GELF_ST_TYPE(entry->st_info) == STT_OBJECT && strncmp(name, ".compoundliteral", 16) == 0;
}

static MoltStatus add_unnamed(Reader *reader, const GElf_Sym *entry)
{
    MoltSymbols *symbols = reader->symbols;
    MoltByteRange *ranges =
        realloc(symbols->unnamed, (symbols->unnamed_count + 1u) * sizeof *ranges);
    if (ranges == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    symbols->unnamed = ranges;
    uintptr_t begin = (uintptr_t)entry->st_value;
    if (begin < symbols->begin || begin > symbols->end || entry->st_size > symbols->end - begin) {
        return MOLT_OK; /* of a damaged table */
    }
    ranges[symbols->unnamed_count++] =
        (MoltByteRange){.begin = begin, .end = begin + (uintptr_t)entry->st_size};
    return MOLT_OK;
}

/* One that code may write. Another build numbers them
 * otherwise, so no pointer is ever resolved to one. */
static bool is_unnamed_variable(const Reader *reader, const GElf_Sym *entry, const char *name)
{
    GElf_Shdr header;
    Elf_Scn *section = is_unnamed(entry, name) ? elf_getscn(reader->elf, entry->st_shndx) : NULL;
    return section != NULL &&
           gelf_getshdr(section, &header) != NULL && (header.sh_flags & SHF_WRITE) != 0;
}

static MoltStatus read_table(Reader *reader, Elf_Scn *section, const GElf_Shdr *header)
{
    size_t strings_size = 0;
    Elf_Scn *string_section = elf_getscn(reader->elf, header->sh_link);
    const char *strings =
        string_section != NULL ? copy_strings(reader, string_section, &strings_size) : NULL;
    Elf_Data *data = elf_getdata(section, NULL);
    if (strings == NULL || data == NULL || header->sh_entsize == 0) {
        return MOLT_INVALID;
    }
    const char *file = "";
    int count = (int)(header->sh_size / header->sh_entsize);
    for (int i = 0; i < count; i++) {
        GElf_Sym entry;
        if (gelf_getsym(data, i, &entry) == NULL || entry.st_name >= strings_size) {
            return MOLT_INVALID;
        }
        const char *name = strings + entry.st_name;
        if (GELF_ST_TYPE(entry.st_info) == STT_FILE) {
            file = name;
        } else if ((has_c_name(&entry, name) && !is_fragment(name)) ||
                   is_unnamed_variable(reader, &entry, name)) {
            MoltStatus status = add_symbol(reader, &entry, name, file);
            if (status != MOLT_OK) {
                return status;
            }
        } else if (is_unnamed(&entry, name) && add_unnamed(reader, &entry) != MOLT_OK) {
            return MOLT_OUT_OF_MEMORY;
        }
    }
    reader->symbols->available = true;
    return MOLT_OK;
}

/* Tables of the loader and the unwinder are read-only data too, but hold no text of the program. */
static bool holds_constants(const GElf_Shdr *header, const char *name)
{
    return header->sh_type == SHT_PROGBITS && (header->sh_flags & SHF_ALLOC) != 0 &&
           (header->sh_flags & (SHF_WRITE | SHF_EXECINSTR)) == 0 && header->sh_size > 0 &&
           name != NULL && strncmp(name, ".eh_frame", 9) != 0 &&
           strncmp(name, ".gcc_except", 11) != 0 && strcmp(name, ".interp") != 0;
}

static MoltStatus add_constants(Reader *reader, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_rawdata(section, NULL);
    MoltByteRange range = {.begin = (uintptr_t)header->sh_addr};
    range.end = range.begin + (uintptr_t)header->sh_size;
    if (data == NULL || data->d_buf == NULL || data->d_size != header->sh_size ||
        range.begin < reader->symbols->begin || range.end > reader->symbols->end) {
        return MOLT_INVALID;
    }
    MoltByteRange *ranges =
        realloc(reader->constants, (reader->constant_count + 1) * sizeof *ranges);
    if (ranges == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    range.bytes = data->d_buf;
    reader->constants = ranges;
    ranges[reader->constant_count++] = range;
    return MOLT_OK;
}

static MoltStatus read_sections(Reader *reader)
{
    size_t names = 0;
    if (elf_getshdrstrndx(reader->elf, &names) != 0) {
        return MOLT_INVALID;
    }
    for (Elf_Scn *section = elf_nextscn(reader->elf, NULL); section != NULL;
         section = elf_nextscn(reader->elf, section)) {
        GElf_Shdr header;
        MoltStatus status = MOLT_OK;
        if (gelf_getshdr(section, &header) == NULL) {
            return MOLT_INVALID;
        }
        const char *name = elf_strptr(reader->elf, names, header.sh_name);
        if (header.sh_type == SHT_SYMTAB && !reader->symbols->available) {
            status = read_table(reader, section, &header);
        } else if (holds_constants(&header, name)) {
            status = add_constants(reader, section, &header);
        }
        if (status != MOLT_OK) {
            return status;
        }
    }
    return MOLT_OK;
}

/* ---- indices ------------------------------------------------------------------------------- */

static MoltStatus index_names(MoltSymbols *symbols)
{
    uint32_t count = symbols->count;
    symbols->by_name = malloc((count + 1u) * sizeof *symbols->by_name);
    if (symbols->by_name == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    if (count == 0) {
        return MOLT_OK;
    }
    qsort(symbols->items, count, sizeof *symbols->items, compare_address);
    for (uint32_t i = 0; i < count; i++) {
        symbols->by_name[i] = &symbols->items[i];
    }
    qsort(symbols->by_name, count, sizeof *symbols->by_name, compare_name);
    for (uint32_t i = 1; i < count; i++) {
        MoltSymbol *a = symbols->by_name[i - 1], *b = symbols->by_name[i];
        if (compare_class(a, b->kind, b->name, b->numbered) == 0 && strcmp(a->file, b->file) == 0 &&
            a->address != b->address) {
            a->ambiguous = b->ambiguous = true;
        }
    }
    return MOLT_OK;
}

static int compare_range(const void *left, const void *right)
{
    const MoltByteRange *a = left, *b = right;
    return compare_number(a->begin, b->begin);
}

static MoltByteRange part_of(const MoltByteRange *whole, uintptr_t begin, uintptr_t end)
{
    return (MoltByteRange){begin, end, whole->bytes + (begin - whole->begin)};
}

/* Literals are what lies between named objects in read-only sections. */
static MoltStatus index_literals(Reader *reader, MoltError *error)
{
    const MoltSymbols *symbols = reader->symbols;
    size_t count = 0;
    MoltByteRange *gaps = malloc((reader->constant_count + symbols->count + 1u) * sizeof *gaps);
    if (gaps == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to index the library's literals.");
    }
    if (reader->constant_count > 0) {
        qsort(reader->constants, reader->constant_count, sizeof *gaps, compare_range);
    }
    uint32_t next = 0;
    for (size_t i = 0; i < reader->constant_count; i++) {
        MoltByteRange rest = reader->constants[i];
        for (; next < symbols->count && symbols->items[next].address < rest.end; next++) {
            const MoltSymbol *symbol = &symbols->items[next];
            if (symbol->address < rest.begin || symbol->kind != MOLT_CODE_DATA) {
                continue;
            }
            if (symbol->address > rest.begin) {
                gaps[count++] = part_of(&reader->constants[i], rest.begin, symbol->address);
            }
            uint64_t left = rest.end - symbol->address;
            rest.begin = symbol->address + (uintptr_t)(symbol->size < left ? symbol->size : left);
        }
        if (rest.begin < rest.end) {
            gaps[count++] = part_of(&reader->constants[i], rest.begin, rest.end);
        }
    }
    MoltStatus status = molt__literals_create(gaps, count, &reader->symbols->literals, error);
    free(gaps);
    return status;
}

MoltStatus molt__symbols_open(const char *path, uintptr_t begin, uintptr_t end, MoltSymbols **out,
                              MoltError *error)
{
    MoltStatus status = MOLT_OK;
    Reader reader = {.symbols = NULL};
    int file = -1;
    reader.symbols = calloc(1, sizeof *reader.symbols);
    if (reader.symbols == NULL) {
        status =
            molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read the symbols of %s.", path);
        goto cleanup;
    }
    reader.symbols->begin = begin;
    reader.symbols->end = end;
    elf_version(EV_CURRENT);
    file = open(path, O_RDONLY | O_CLOEXEC);
    reader.elf = file >= 0 ? elf_begin(file, ELF_C_READ_MMAP, NULL) : NULL;
    if (reader.elf == NULL) {
        status = molt_error(error, MOLT_INVALID, "Cannot read the symbols of %s: %s.", path,
                            file < 0 ? strerror(errno) : elf_errmsg(-1));
        goto cleanup;
    }
    GElf_Ehdr header;
    bool has_sections = gelf_getehdr(reader.elf, &header) != NULL && header.e_shoff != 0;
    status = has_sections ? read_sections(&reader) : MOLT_OK;
    if (status == MOLT_OK) {
        status = molt__symbol_sources(reader.symbols, path);
    }
    if (status == MOLT_OK) {
        status = index_names(reader.symbols);
    }
    if (status != MOLT_OK) {
        molt_error(error, status, "The symbol table of %s is damaged or too large to read.", path);
        goto cleanup;
    }
    status = index_literals(&reader, error);
    if (status == MOLT_OK) {
        *out = reader.symbols;
        reader.symbols = NULL;
    }
cleanup:
    if (reader.elf != NULL) {
        elf_end(reader.elf);
    }
    if (file >= 0) {
        close(file);
    }
    free(reader.constants);
    molt__symbols_free(reader.symbols);
    return status;
}

void molt__symbols_load(MoltSymbols *symbols, uintptr_t base)
{
    symbols->begin += base;
    symbols->end += base;
    for (uint32_t i = 0; i < symbols->count; i++) {
        symbols->items[i].address += base;
    }
    for (uint32_t i = 0; i < symbols->unnamed_count; i++) {
        symbols->unnamed[i].begin += base;
        symbols->unnamed[i].end += base;
    }
    molt__literals_move(symbols->literals, base);
}

void molt__symbols_free(MoltSymbols *symbols)
{
    if (symbols == NULL) {
        return;
    }
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (symbols->items[i].name != symbols->items[i].raw) {
            free((char *)(uintptr_t)symbols->items[i].name);
        }
    }
    for (uint32_t i = 0; i < symbols->source_count; i++) {
        free(symbols->sources[i]);
    }
    free(symbols->sources);
    free(symbols->signatures);
    free(symbols->unnamed);
    free(symbols->items);
    free(symbols->by_name);
    molt__literals_free(symbols->literals);
    free(symbols->strings);
    free(symbols);
}

/* ---- address to name ----------------------------------------------------------------------- */

/* First index whose address is greater than `address`. */
static uint32_t upper_bound(const MoltSymbols *symbols, uintptr_t address)
{
    uint32_t low = 0, high = symbols->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (symbols->items[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The symbol that holds the address; for an object also one past its end where nothing else
 * begins. */
static const MoltSymbol *symbol_at(const MoltSymbols *symbols, uintptr_t address)
{
    uint32_t above = upper_bound(symbols, address);
    if (above == 0) {
        return NULL;
    }
    uint32_t first = above - 1;
    while (first > 0 && symbols->items[first - 1].address == symbols->items[above - 1].address) {
        first--;
    }
    for (uint32_t i = first; i < above; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        uint64_t offset = address - symbol->address;
        if (offset == 0 || offset < symbol->size ||
            (symbol->kind == MOLT_CODE_DATA && offset == symbol->size)) {
            return symbol;
        }
    }
    return NULL;
}

bool molt__symbols_inside(const MoltSymbols *symbols, uintptr_t address)
{
    const MoltSymbol *symbol = symbol_at(symbols, address);
    return symbol != NULL && symbol->kind == MOLT_CODE_FUNCTION && symbol->address != address;
}

bool molt__symbols_describe(const MoltSymbols *symbols, uintptr_t address, MoltCodeTarget *out)
{
    const MoltSymbol *symbol = symbol_at(symbols, address);
    uint64_t offset = symbol != NULL ? address - symbol->address : 0;
    /* One past an object's end is a literal's begin as well as the object's end; text wins. */
    bool past_end =
        symbol != NULL && symbol->kind == MOLT_CODE_DATA && offset > 0 && offset >= symbol->size;
    size_t size = 0;
    const char *text = NULL;
    if (symbol == NULL || past_end) {
        text = molt__literals_at(symbols->literals, address, &size);
    }
    if (text != NULL) {
        *out = (MoltCodeTarget){
            .kind = MOLT_CODE_LITERAL, .file = "", .name = "", .bytes = text, .size = size};
        return true;
    }
    if (symbol == NULL || (symbol->kind == MOLT_CODE_FUNCTION && offset != 0)) {
        return false;
    }
    *out = (MoltCodeTarget){.kind = symbol->kind,
                            .file = symbol->file,
                            .name = symbol->ambiguous ? symbol->raw : symbol->name,
                            .offset = offset};
    if (symbol->kind == MOLT_CODE_DATA) {
        out->bytes = (const char *)symbol->address; /* NOLINT: an object of the loaded image */
        out->size = symbol->size;
    }
    return true;
}

bool molt__symbols_wide_text(const MoltSymbols *symbols, uintptr_t address, uint32_t width,
                             MoltCodeTarget *out)
{
    const MoltSymbol *symbol = symbol_at(symbols, address);
    bool past_end = symbol != NULL && symbol->kind == MOLT_CODE_DATA &&
                    address - symbol->address >= symbol->size && symbol->size > 0;
    size_t size = 0;
    if (!symbols->available || (symbol != NULL && !past_end) ||
        (width == 0 && molt__literals_is_split(symbols->literals, address))) {
        return false;
    }
    for (uint32_t i = 0; i < symbols->unnamed_count; i++) {
        const MoltByteRange *range = &symbols->unnamed[i];
        if (address - range->begin < range->end - range->begin) {
            return false;
        }
    }
    const char *text = molt__literals_wide_at(symbols->literals, address, width, &size);
    *out = (MoltCodeTarget){
        .kind = MOLT_CODE_LITERAL, .file = "", .name = "", .bytes = text, .size = size};
    return text != NULL;
}

/* ---- name to address ----------------------------------------------------------------------- */

/* First position in by_name that is not before the class (kind, name, numbered). */
static uint32_t lower_bound(const MoltSymbols *symbols, MoltCodeKind kind, const char *name,
                            bool numbered)
{
    uint32_t low = 0, high = symbols->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_class(symbols->by_name[middle], kind, name, numbered) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const char *molt__symbol_signature(const MoltSymbols *symbols, const MoltSymbol *symbol)
{
    return symbol->signature != 0 ? symbols->signatures + symbol->signature : NULL;
}

MoltSymbolMatch molt__symbols_find(const MoltSymbols *symbols, MoltCodeKind kind, const char *file,
                                   const char *name, bool numbered, const MoltSymbol **out)
{
    const MoltSymbol *any = NULL, *exact = NULL;
    bool several = false;
    for (uint32_t i = lower_bound(symbols, kind, name, numbered); i < symbols->count; i++) {
        const MoltSymbol *symbol = symbols->by_name[i];
        if (compare_class(symbol, kind, name, numbered) != 0) {
            break;
        }
        if (strcmp(symbol->file, file) == 0) {
            exact = symbol;
        }
        several = several || (any != NULL && any->address != symbol->address);
        any = symbol;
    }
    const MoltSymbol *found = exact != NULL ? exact : any;
    if (found == NULL) {
        return MOLT_SYMBOL_MISSING;
    }
    if (found->ambiguous || (exact == NULL && several)) {
        return MOLT_SYMBOL_AMBIGUOUS;
    }
    *out = found;
    return MOLT_SYMBOL_FOUND;
}

/* Reading a snapshot that anybody may have written: the header first, then the tables, each number
 * before it is used. */
#include "molt/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "snapshot_reader.h"
#include "tables.h"

#define SERIAL_LIMIT ((uint64_t)1 << 62)
#define CAPACITY_LIMIT ((uint64_t)1 << 48)
#define POSITION_LIMIT ((uint64_t)1 << 46)

const char *molt__file_section_word(MoltFileSection section)
{
    static const char *const words[] = {
#define X(name, word) word,
        MOLT__FILE_SECTIONS(X)
#undef X
    };
    return words[section];
}

static void *make(const MoltSnapshotFile *file, uint64_t count, size_t size)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *made = file->allocator.resize(file->allocator.context, NULL, 0, bytes ? bytes : 1);
    if (made)
        memset(made, 0, bytes);
    return made;
}

static void unmake(const MoltSnapshotFile *file, void *made, uint64_t count, size_t size)
{
    uint64_t bytes = count * size;
    if (made)
        file->allocator.resize(file->allocator.context, made, bytes ? bytes : 1, 0);
}

static MoltStatus out_of_memory(const MoltSnapshotFile *file, MoltError *error)
{
    return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", file->name);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

MoltStatus molt__file_damaged(const MoltSnapshotFile *file, MoltFileSection section,
                              uint64_t offset, MoltError *error, const char *format, ...)
{
    char what[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return molt_error(error, MOLT_INVALID,
                      "%.300s is damaged: section %s, offset %llu (byte %llu of the file): %s. Use "
                      "another save; this one was not loaded.",
                      file->name, molt__file_section_word(section), (unsigned long long)offset,
                      (unsigned long long)(file->begins[section] + offset), what);
}

__attribute__((format(printf, 4, 5))) static MoltStatus damaged_header(const MoltSnapshotFile *file,
                                                                       uint64_t offset,
                                                                       MoltError *error,
                                                                       const char *format, ...)
{
    char what[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return molt_error(error, MOLT_INVALID,
                      "%.300s is damaged: header, offset %llu: %s. Use another save; this one was "
                      "not loaded.",
                      file->name, (unsigned long long)offset, what);
}

MoltStatus molt__file_read(const MoltSnapshotFile *file, uint64_t offset, void *to, uint64_t size,
                           MoltError *error)
{
    unsigned char *at = to;
    if (offset > file->size || size > file->size - offset)
        return damaged_header(file, file->size, error, "the file ends too early");
    if (file->fd < 0 && size > 0)
        memcpy(to, file->memory + offset, size);
    while (file->fd >= 0 && size > 0) {
        ssize_t count = pread(file->fd, at, size, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return molt_error(error, MOLT_SYSTEM, "Cannot read %s: %s.", file->name,
                              strerror(errno));
        if (count == 0)
            return damaged_header(file, offset, error, "the file became shorter");
        at += count;
        offset += (uint64_t)count;
        size -= (uint64_t)count;
    }
    return MOLT_OK;
}

static uint64_t number_at(const unsigned char *bytes)
{
    uint64_t number;
    memcpy(&number, bytes, sizeof number);
    return number;
}

MoltFileSlot molt__file_slot(const MoltSnapshotFile *file, uint64_t index)
{
    MoltFileSlot slot;
    memcpy(&slot, molt__file_section(file, MOLT__FILE_CODE) + index * sizeof slot, sizeof slot);
    return slot;
}

/* ---- header --------------------------------------------------------------------------------- */

static void describe_abi(const MoltAbi *abi, char *text, size_t size)
{
    snprintf(text, size, "%s-endian, %u-byte pointers, %u-byte long, %s char, alignment up to %u",
             abi->little_endian ? "little" : "big", abi->pointer_size, abi->long_size,
             abi->char_signed ? "signed" : "unsigned", abi->max_align);
}

static MoltStatus check_abi(const MoltSnapshotFile *file, MoltError *error)
{
    char theirs[120], ours[120];
    const MoltAbi own = molt__own_abi();
    if (memcmp(&file->header.abi, &own, sizeof own) == 0)
        return MOLT_OK;
    describe_abi(&file->header.abi, theirs, sizeof theirs);
    describe_abi(&own, ours, sizeof ours);
    return molt_error(error, MOLT_VERSION,
                      "%.300s was saved for another ABI: %s; this process has %s. Load it where it "
                      "was saved.",
                      file->name, theirs, ours);
}

static MoltStatus check_version(MoltSnapshotFile *file, MoltError *error)
{
    const MoltFileHeader *header = &file->header;
    const uint16_t own[3] = {MOLT_VERSION_MAJOR, MOLT_VERSION_MINOR, MOLT_VERSION_PATCH};
    snprintf(file->version, sizeof file->version, "%u.%u.%u", header->version[0],
             header->version[1], header->version[2]);
    int newer = 0;
    for (int i = 0; i < 3 && newer == 0; i++)
        newer = (header->version[i] > own[i]) - (header->version[i] < own[i]);
    if (newer <= 0 && header->format == MOLT__FILE_FORMAT)
        return MOLT_OK;
    return molt_error(error, MOLT_VERSION,
                      "%.300s was written by Molt %s in format %u; this is Molt %u.%u.%u, which "
                      "reads format %u. Use a Molt that is at least as new as the file.",
                      file->name, file->version, header->format, own[0], own[1], own[2],
                      MOLT__FILE_FORMAT);
}

static MoltStatus check_region(const MoltSnapshotFile *file, MoltError *error)
{
    unsigned char region[MOLT__FILE_PAGE];
    const MoltFileHeader *header = &file->header;
    MoltFileHeader bare = *header;
    bool paged = header->sections[MOLT__FILE_PAGES].size > 0;
    uint32_t size = paged ? (uint32_t)MOLT__FILE_PAGE : MOLT__FILE_HEADER_SMALL;
    if (header->size != size)
        return damaged_header(file, offsetof(MoltFileHeader, size), error,
                              "a header of %u bytes where one of %u belongs", header->size, size);
    MoltStatus status = molt__file_read(file, 0, region, size, error);
    if (status != MOLT_OK)
        return status;
    bare.hash = 0;
    memcpy(region, &bare, sizeof bare);
    if (XXH3_64bits(region, size) != header->hash)
        return damaged_header(file, 0, error, "the checksum does not match");
    return MOLT_OK;
}

/* Sections follow each other and end with the file. */
static MoltStatus place_sections(MoltSnapshotFile *file, MoltError *error)
{
    const MoltFileHeader *header = &file->header;
    uint64_t at = header->size;
    for (int s = 0; s < MOLT__FILE_SECTION_COUNT; s++) {
        uint64_t size = header->sections[s].size;
        uint64_t unit = s == MOLT__FILE_PAGES ? MOLT__FILE_PAGE : 8;
        file->begins[s] = at;
        if (size % unit != 0 || __builtin_add_overflow(at, size, &at) || at > header->file_size)
            return damaged_header(file, offsetof(MoltFileHeader, sections), error,
                                  "section %s cannot have %llu bytes",
                                  molt__file_section_word((MoltFileSection)s),
                                  (unsigned long long)size);
    }
    file->begins[MOLT__FILE_SECTION_COUNT] = at;
    if (at != header->file_size || header->base % MOLT__GRANULE != 0 ||
        header->base > (uint64_t)1 << 62 || header->version[3] != 0)
        return damaged_header(file, offsetof(MoltFileHeader, file_size), error,
                              "size or base of the file is wrong");
    return MOLT_OK;
}

static MoltStatus read_header(MoltSnapshotFile *file, MoltError *error)
{
    MoltFileHeader *header = &file->header;
    uint64_t known = file->size < sizeof *header ? file->size : sizeof *header;
    MoltStatus status = molt__file_read(file, 0, header, known, error);
    if (status != MOLT_OK)
        return status;
    uint64_t magic = known < sizeof header->magic ? known : sizeof header->magic;
    if (memcmp(header->magic, MOLT__FILE_MAGIC, magic) != 0 || magic == 0)
        return molt_error(error, MOLT_INVALID,
                          "%.300s is no Molt snapshot: header, offset 0: it does not begin as one.",
                          file->name);
    if (known < sizeof *header)
        return damaged_header(file, known, error, "the file was cut in its header");
    status = check_abi(file, error);
    if (status == MOLT_OK)
        status = check_version(file, error);
    if (status == MOLT_OK && header->file_size != file->size)
        status =
            damaged_header(file, offsetof(MoltFileHeader, file_size), error,
                           "the file has %llu bytes and should have %llu",
                           (unsigned long long)file->size, (unsigned long long)header->file_size);
    if (status == MOLT_OK)
        status = check_region(file, error);
    return status == MOLT_OK ? place_sections(file, error) : status;
}

/* ---- tables --------------------------------------------------------------------------------- */

static MoltStatus read_tables(MoltSnapshotFile *file, MoltError *error)
{
    uint64_t begin = file->begins[MOLT__FILE_TYPES];
    file->tables_size = file->size - begin;
    file->tables = make(file, file->tables_size, 1);
    if (!file->tables)
        return out_of_memory(file, error);
    MoltStatus status = molt__file_read(file, begin, file->tables, file->tables_size, error);
    for (int s = MOLT__FILE_TYPES; s < MOLT__FILE_SECTION_COUNT && status == MOLT_OK; s++) {
        const MoltFileSectionRow *row = &file->header.sections[s];
        if (XXH3_64bits(molt__file_section(file, (MoltFileSection)s), row->size) != row->hash)
            status = molt__file_damaged(file, (MoltFileSection)s, 0, error,
                                        "the checksum does not match");
    }
    return status;
}

static MoltStatus read_schema(MoltSnapshotFile *file, MoltError *error)
{
    const char *text = (const char *)molt__file_section(file, MOLT__FILE_SCHEMA);
    uint64_t size = file->header.sections[MOLT__FILE_SCHEMA].size;
    const char *end = size > 0 ? memchr(text, 0, size) : NULL;
    MoltError why = {0};
    if (!end || (uint64_t)(text + size - end) > 8)
        return molt__file_damaged(file, MOLT__FILE_SCHEMA, 0, error, "the schema does not end");
    MoltStatus status =
        molt_schema_from_json(text, (size_t)(end - text), &file->allocator, &file->schema, &why);
    if (status == MOLT_OUT_OF_MEMORY)
        return out_of_memory(file, error);
    return status == MOLT_OK
               ? status
               : molt__file_damaged(file, MOLT__FILE_SCHEMA, 0, error, "%.250s", why.text);
}

static MoltStatus read_types(MoltSnapshotFile *file, MoltError *error)
{
    uint32_t types = file->schema->tables.type_count;
    uint64_t size = file->header.sections[MOLT__FILE_TYPES].size, next = 0;
    file->serials = make(file, types, sizeof *file->serials);
    if (!file->serials)
        return out_of_memory(file, error);
    if (size % sizeof(MoltFileType) != 0)
        return molt__file_damaged(file, MOLT__FILE_TYPES, size, error, "a row is cut off");
    for (uint64_t at = 0; at < size; at += sizeof(MoltFileType)) {
        MoltFileType row;
        memcpy(&row, molt__file_section(file, MOLT__FILE_TYPES) + at, sizeof row);
        if (row.type >= types || row.type < next || row.reserved != 0 || row.serial == 0 ||
            row.serial > SERIAL_LIMIT)
            return molt__file_damaged(file, MOLT__FILE_TYPES, at, error,
                                      "type %u cannot stand here", row.type);
        file->serials[row.type] = row.serial;
        next = row.type + (uint64_t)1;
    }
    return MOLT_OK;
}

/* ---- spans ---------------------------------------------------------------------------------- */

static bool has_objects(const MoltSchema *schema, MoltTypeId id)
{
    if (id >= schema->tables.type_count)
        return false;
    const MoltType *type = molt_type(schema, id);
    return type->size > 0 && type->kind != MOLT_KIND_VOID && type->kind != MOLT_KIND_FUNCTION &&
           type->kind != MOLT_KIND_OPAQUE;
}

/* `before` is NULL for the first span. */
static const char *check_span(const MoltSnapshotFile *file, const MoltFileSpan *row,
                              const MoltSpan *before, MoltSpan *shape)
{
    uint64_t end;
    if (!has_objects(file->schema, row->type))
        return "there are no objects of that type";
    if (row->blocks == 0 || row->blocks > MOLT__SPAN_BLOCKS_MAX || row->capacity == 0 ||
        row->capacity > CAPACITY_LIMIT)
        return "a span cannot have so many blocks or elements";
    if (row->align > MOLT__GRANULE || (row->align & (row->align - 1)) != 0 || row->reserved != 0)
        return "blocks cannot be aligned so";
    if (!molt__span_shape(shape, file->schema, row->type, row->capacity, row->blocks, row->align) ||
        shape->bytes > POSITION_LIMIT)
        return "a span cannot be so large";
    if (__builtin_add_overflow(row->first_serial, row->blocks, &end) ||
        end > file->serials[row->type])
        return "numbers of blocks are too large";
    if (before &&
        (row->type < before->type ||
         (row->type == before->type && row->first_serial < before->first_serial + before->blocks)))
        return "spans overlap, or are not in order";
    shape->type = row->type;
    shape->first_serial = row->first_serial;
    return NULL;
}

/* Takes a span's live bits and counts from `*at` on, which ends behind them. */
static const char *check_blocks(MoltSnapshotFile *file, MoltFileSpanPlace *span, uint64_t *at)
{
    uint64_t size = file->header.sections[MOLT__FILE_BLOCKS].size;
    uint64_t words = ((uint64_t)span->shape.blocks + 63) / 64, last = 0, count = 1;
    bool flexible = span->shape.header > 0, counted = flexible || span->shape.capacity > 1;
    const unsigned char *section = molt__file_section(file, MOLT__FILE_BLOCKS);
    if (words * 8 > size - *at)
        return "the bits of a span are cut off";
    span->blocks = section + *at;
    *at += words * 8;
    for (uint64_t w = 0; w < words; w++) {
        uint64_t bits = number_at(span->blocks + w * 8);
        if (w == words - 1 && span->shape.blocks % 64 != 0 && bits >> span->shape.blocks % 64 != 0)
            return "a block is live that the span does not have";
        if (bits != 0)
            last = w * 64 + 63 - (uint64_t)__builtin_clzll(bits);
        span->shape.live += (uint32_t)__builtin_popcountll(bits);
    }
    if (counted && span->shape.live > (size - *at) / 8)
        return "the counts of a span are cut off";
    for (uint32_t i = 0; counted && i < span->shape.live; i++) {
        count = number_at(section + *at);
        *at += 8;
        if (count > span->shape.capacity || (count == 0 && !flexible))
            return "a block cannot have so many elements";
    }
    if (span->shape.live > 0)
        span->content = molt__file_content(&span->shape, last, count);
    return NULL;
}

static MoltStatus read_spans(MoltSnapshotFile *file, MoltError *error)
{
    uint64_t size = file->header.sections[MOLT__FILE_SPANS].size, at = 0;
    uint64_t sizes[2] = {file->header.sections[0].size, file->header.sections[1].size};
    uint64_t offsets[2] = {0, 0};
    if (size % sizeof(MoltFileSpan) != 0)
        return molt__file_damaged(file, MOLT__FILE_SPANS, size, error, "a row is cut off");
    file->span_count = size / sizeof(MoltFileSpan);
    file->spans = make(file, file->span_count, sizeof *file->spans);
    if (!file->spans)
        return out_of_memory(file, error);
    for (uint64_t i = 0; i < file->span_count; i++) {
        MoltFileSpan row;
        MoltFileSpanPlace *span = &file->spans[i];
        uint64_t place = i * sizeof row;
        memcpy(&row, molt__file_section(file, MOLT__FILE_SPANS) + place, sizeof row);
        const char *problem = check_span(file, &row, i > 0 ? &span[-1].shape : NULL, &span->shape);
        if (problem)
            return molt__file_damaged(file, MOLT__FILE_SPANS, place, error, "%s", problem);
        uint64_t blocks = at;
        if ((problem = check_blocks(file, span, &at)) != NULL)
            return molt__file_damaged(file, MOLT__FILE_BLOCKS, blocks, error, "%s", problem);
        int packed = span->content < MOLT__FILE_PAGED;
        if (span->content > sizes[packed] - offsets[packed])
            return molt__file_damaged(file, MOLT__FILE_SPANS, place, error,
                                      "its blocks have more content than the file");
        span->offset = offsets[packed];
        offsets[packed] += span->content;
        span->position = file->position;
        file->position += span->shape.bytes;
        if (file->position > POSITION_LIMIT)
            return molt__file_damaged(file, MOLT__FILE_SPANS, place, error, "no heap is so large");
    }
    if (at != file->header.sections[MOLT__FILE_BLOCKS].size)
        return molt__file_damaged(file, MOLT__FILE_BLOCKS, at, error, "there is more than spans");
    for (int s = 0; s < 2; s++)
        if (offsets[s] != sizes[s])
            return molt__file_damaged(file, (MoltFileSection)s, offsets[s], error,
                                      "there is more content than blocks");
    return MOLT_OK;
}

/* ---- names ---------------------------------------------------------------------------------- */

static MoltStatus read_symbols(MoltSnapshotFile *file, MoltError *error)
{
    uint64_t offset = 0, size = file->header.sections[MOLT__FILE_CODE].size;
    const char *what = NULL;
    MoltStatus status =
        molt__file_symbols_parse(molt__file_section(file, MOLT__FILE_SYMBOLS),
                                 file->header.sections[MOLT__FILE_SYMBOLS].size, &file->allocator,
                                 &file->symbols, &file->symbol_count, &offset, &what);
    if (status == MOLT_OUT_OF_MEMORY)
        return out_of_memory(file, error);
    if (status != MOLT_OK)
        return molt__file_damaged(file, MOLT__FILE_SYMBOLS, offset, error, "%s", what);
    if (size % sizeof(MoltFileSlot) != 0)
        return molt__file_damaged(file, MOLT__FILE_CODE, size, error, "a row is cut off");
    file->slot_count = size / sizeof(MoltFileSlot);
    for (uint64_t i = 0; i < file->slot_count; i++) {
        MoltFileSlot slot = molt__file_slot(file, i);
        if (slot.symbol >= file->symbol_count || slot.reserved != 0 ||
            slot.position > file->position || file->position - slot.position < sizeof(void *))
            return molt__file_damaged(file, MOLT__FILE_CODE, i * sizeof slot, error,
                                      "a pointer has no place or means nothing");
    }
    return MOLT_OK;
}

static MoltStatus read_host(MoltSnapshotFile *file, MoltError *error)
{
    const unsigned char *section = molt__file_section(file, MOLT__FILE_HOST);
    uint64_t size = file->header.sections[MOLT__FILE_HOST].size;
    uint64_t told = size >= sizeof told ? number_at(section) : 0;
    if (size < sizeof told || told > MOLT_SNAPSHOT_HOST_MAX ||
        (told + 7) / 8 * 8 != size - sizeof told)
        return molt__file_damaged(file, MOLT__FILE_HOST, 0, error,
                                  "the host's bytes do not fit their section");
    file->host = told > 0 ? section + sizeof told : NULL;
    file->host_size = (size_t)told;
    if (file->header.sections[MOLT__FILE_ROOTS].size !=
        file->schema->tables.root_count * (uint64_t)8)
        return molt__file_damaged(file, MOLT__FILE_ROOTS, 0, error, "the schema has %u roots",
                                  file->schema->tables.root_count);
    return MOLT_OK;
}

/* ---- public --------------------------------------------------------------------------------- */

static MoltStatus read_all(MoltSnapshotFile *file, MoltError *error)
{
    MoltStatus (*const steps[])(MoltSnapshotFile *, MoltError *) = {
        read_header, read_tables, read_schema, read_types, read_spans, read_symbols, read_host};
    MoltStatus status = MOLT_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == MOLT_OK; i++)
        status = steps[i](file, error);
    return status;
}

static MoltSnapshotFile *make_file(const MoltAllocator *allocator, const char *name)
{
    allocator = allocator ? allocator : molt_allocator_default();
    MoltSnapshotFile *file = allocator->resize(allocator->context, NULL, 0, sizeof *file);
    if (!file)
        return NULL;
    *file = (MoltSnapshotFile){.allocator = *allocator, .fd = -1};
    file->name = make(file, strlen(name) + 1, 1);
    if (!file->name) {
        molt_snapshot_file_close(file);
        return NULL;
    }
    memcpy(file->name, name, strlen(name));
    return file;
}

static MoltStatus open_path(MoltSnapshotFile *file, MoltError *error)
{
    struct stat info;
    /* Not to be held up by a pipe of that name. */
    file->fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0 || fstat(file->fd, &info) != 0)
        return molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM,
                          "Cannot open %s: %s.", file->name, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return molt_error(error, MOLT_INVALID, "%s is no Molt snapshot: it is no regular file.",
                          file->name);
    file->size = (uint64_t)info.st_size;
    return MOLT_OK;
}

MoltStatus molt_snapshot_file_open(const char *path, bool trusted, const MoltAllocator *allocator,
                                   MoltSnapshotFile **out, MoltError *error)
{
    MoltSnapshotFile *file = make_file(allocator, path);
    if (!file)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
    file->trusted = trusted;
    MoltStatus status = open_path(file, error);
    if (status == MOLT_OK)
        status = read_all(file, error);
    if (status == MOLT_OK)
        *out = file;
    else
        molt_snapshot_file_close(file);
    return status;
}

MoltStatus molt_snapshot_file_open_memory(const void *bytes, size_t size,
                                          const MoltAllocator *allocator, MoltSnapshotFile **out,
                                          MoltError *error)
{
    MoltSnapshotFile *file = make_file(allocator, "The snapshot in memory");
    if (!file)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read a snapshot.");
    file->memory = bytes;
    file->size = size;
    MoltStatus status = read_all(file, error);
    if (status == MOLT_OK)
        *out = file;
    else
        molt_snapshot_file_close(file);
    return status;
}

uint64_t molt_snapshot_file_size(const void *bytes, size_t known)
{
    MoltFileHeader header = {0};
    size_t magic = known < sizeof header.magic ? known : sizeof header.magic;
    if (memcmp(bytes, MOLT__FILE_MAGIC, magic) != 0)
        return 0;
    if (known < offsetof(MoltFileHeader, file_size) + sizeof header.file_size)
        return UINT64_MAX;
    return number_at((const unsigned char *)bytes + offsetof(MoltFileHeader, file_size));
}

void molt_snapshot_file_close(MoltSnapshotFile *file)
{
    if (!file)
        return;
    if (file->code.begin != file->code.end)
        munmap((void *)file->code.begin, file->code.end - file->code.begin); /* NOLINT: reserved */
    if (file->fd >= 0)
        close(file->fd);
    unmake(file, file->symbols, file->symbol_count, sizeof *file->symbols);
    unmake(file, file->spans, file->span_count, sizeof *file->spans);
    if (file->schema)
        unmake(file, file->serials, file->schema->tables.type_count, sizeof *file->serials);
    molt_schema_free(file->schema);
    unmake(file, file->tables, file->tables_size, 1);
    if (file->name)
        unmake(file, file->name, strlen(file->name) + 1, 1);
    const MoltAllocator allocator = file->allocator;
    allocator.resize(allocator.context, file, sizeof *file, 0);
}

const MoltSchema *molt_snapshot_file_schema(const MoltSnapshotFile *file)
{
    return file->schema;
}

const void *molt_snapshot_file_host(const MoltSnapshotFile *file, size_t *size)
{
    *size = file->host_size;
    return file->host;
}

uint64_t molt_snapshot_file_blocks(const MoltSnapshotFile *file, MoltTypeId type)
{
    return file->serials[type];
}

const char *molt_snapshot_file_version(const MoltSnapshotFile *file)
{
    return file->version;
}

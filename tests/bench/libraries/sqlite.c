/* SQLite: a table in a database in memory, written in one transaction and read in the order of its rows. */
#include <sqlite3.h>

#include "round_trip.h"

static const char create[] =
    "CREATE TABLE ants (next, prey, x, y, heading_x, heading_y, energy, hunger, born, id, nest, "
    "caste, task, load0, load1, load2, load3, age, speed)";
static const char insert[] =
    "INSERT INTO ants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static sqlite3 *database;

static bool tell(const char *text)
{
    return sqlite3_exec(database, text, NULL, NULL, NULL) == SQLITE_OK;
}

static bool open_table(void)
{
    return database ? tell("DELETE FROM ants")
                    : sqlite3_open(":memory:", &database) == SQLITE_OK && tell(create);
}

static bool write_ant(sqlite3_stmt *statement, const AntBefore *ants, const AntBefore *ant)
{
    int at = 0;
    sqlite3_bind_int64(statement, ++at, bench_ant_number(ants, ant->next));
    sqlite3_bind_int64(statement, ++at, bench_ant_number(ants, ant->prey));
    sqlite3_bind_double(statement, ++at, (double)ant->x);
    sqlite3_bind_double(statement, ++at, (double)ant->y);
    sqlite3_bind_double(statement, ++at, (double)ant->heading_x);
    sqlite3_bind_double(statement, ++at, (double)ant->heading_y);
    sqlite3_bind_int64(statement, ++at, ant->energy);
    sqlite3_bind_double(statement, ++at, (double)ant->hunger);
    sqlite3_bind_int64(statement, ++at, (sqlite3_int64)ant->born);
    sqlite3_bind_int64(statement, ++at, ant->id);
    sqlite3_bind_int64(statement, ++at, ant->nest);
    sqlite3_bind_int64(statement, ++at, ant->caste);
    sqlite3_bind_int64(statement, ++at, ant->task);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_int64(statement, ++at, ant->load[i]);
    sqlite3_bind_double(statement, ++at, ant->age);
    sqlite3_bind_double(statement, ++at, ant->speed);
    return sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK;
}

static void take(sqlite3_stmt *row, AntAfter *ants, AntAfter *ant)
{
    AntBefore was = {.x = (float)sqlite3_column_double(row, 2),
                     .y = (float)sqlite3_column_double(row, 3),
                     .heading_x = (float)sqlite3_column_double(row, 4),
                     .heading_y = (float)sqlite3_column_double(row, 5),
                     .energy = sqlite3_column_int(row, 6),
                     .hunger = (float)sqlite3_column_double(row, 7),
                     .born = (uint64_t)sqlite3_column_int64(row, 8),
                     .id = (uint32_t)sqlite3_column_int64(row, 9),
                     .nest = (uint32_t)sqlite3_column_int64(row, 10),
                     .caste = (int16_t)sqlite3_column_int(row, 11),
                     .task = (int16_t)sqlite3_column_int(row, 12),
                     .age = sqlite3_column_double(row, 17),
                     .speed = sqlite3_column_double(row, 18)};
    for (int i = 0; i < 4; i++)
        was.load[i] = sqlite3_column_int(row, 13 + i);
    bench_ant_take(ants, ant, &was, (uint32_t)sqlite3_column_int64(row, 0),
                   (uint32_t)sqlite3_column_int64(row, 1));
}

static bool run(const AntBefore *before, AntAfter *after, uint32_t count)
{
    sqlite3_stmt *statement = NULL;
    uint32_t done = 0;
    bool ok = open_table() && tell("BEGIN") &&
              sqlite3_prepare_v2(database, insert, -1, &statement, NULL) == SQLITE_OK;
    for (uint32_t i = 0; ok && i < count; i++)
        ok = write_ant(statement, before, &before[i]);
    sqlite3_finalize(statement);
    statement = NULL;
    ok = ok && tell("COMMIT") &&
         sqlite3_prepare_v2(database, "SELECT * FROM ants ORDER BY rowid", -1, &statement, NULL) ==
             SQLITE_OK;
    for (; ok && done < count && sqlite3_step(statement) == SQLITE_ROW; done++)
        take(statement, after, &after[done]);
    sqlite3_finalize(statement);
    return ok && done == count;
}

static void forget(void)
{
    sqlite3_close(database);
    database = NULL;
}

const RoundTrip bench_sqlite = {"SQLite", 100, run, forget};

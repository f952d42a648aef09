"""Schemas of types that the command line names, from sources and headers of any program."""
import json
import subprocess
import unittest

from fixture import COMPILERS, FLAGS, GameTest, Schema

HEADER = """#pragma once
#include <stdlib.h>
typedef struct Part { int x; struct Other *other; } Part;
struct Other { double y; Part parts[2]; };
union Number { int i; float f; };
typedef enum Colour { RED, BLUE } Colour;
typedef unsigned long Id;
struct Unused { char c; };
static int counter;
static inline void *make(void) { return malloc(sizeof(Part) + (size_t)counter); }
"""


class Wanted(GameTest):
    def wanted(self, *arguments):
        result = self.run_tool("--schema", "schema.json", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return Schema(json.loads((self.folder / "schema.json").read_text()))

    def setUp(self):
        super().setUp()
        self.write("part.h", HEADER)

    def test_root_and_what_it_reaches_from_a_header(self):
        schema = self.wanted("--root", "Part", "part.h")
        self.assertEqual(schema.json["roots"], {"Part": "Part"})
        self.assertEqual(schema.fields("Other"), ["y", "parts"])
        self.assertNotIn("Unused", schema.types)
        self.assertEqual(schema.types["Part"]["file"], "part.h")

    def test_roots_of_every_kind_repeat(self):
        schema = self.wanted("--root", "struct Other", "--root", "union Number", "--root", "Colour",
                             "--root", "Id", "part.h")
        self.assertEqual(schema.json["roots"],
                         {"Other": "Other", "Number": "Number", "Colour": "Colour",
                          "Id": "unsigned long"})

    def test_roots_come_from_any_of_the_sources(self):
        self.write("game.c", '#include "part.h"\nstruct Own { Part part; };\n')
        self.write("other.c", '#include "part.h"\nstruct Second { struct Own *own; };\n')
        schema = self.wanted("--root", "Own", "--root", "Second", "--root", "Part", "game.c",
                             "other.c")
        self.assertEqual(sorted(schema.json["roots"]), ["Own", "Part", "Second"])
        self.assertEqual(schema.types["Own"]["kind"], "struct")

    def test_types_of_system_headers(self):
        self.write("game.c", "#include <time.h>\n")
        schema = self.wanted("--root", "struct tm", "game.c", "--", *FLAGS)
        self.assertEqual(schema.field("tm", "tm_year")["offset"], 20)

    def test_what_only_the_system_understands_is_bytes(self):
        types = ("pthread_mutex_t", "pthread_cond_t", "pthread_rwlock_t", "pthread_barrier_t",
                 "pthread_attr_t", "pthread_once_t", "pthread_t", "sem_t", "mtx_t", "cnd_t", "FILE",
                 "fpos_t", "jmp_buf", "sigjmp_buf", "sigset_t", "fd_set", "struct timespec", "time_t",
                 "struct timeval", "struct tm", "va_list", "struct stat", "struct sockaddr_in6",
                 "struct sockaddr_storage", "struct addrinfo", "struct epoll_event", "struct termios",
                 "regex_t", "mbstate_t", "fenv_t", "siginfo_t", "struct sigaction", "struct sigevent",
                 "union sigval", "ucontext_t", "struct rusage", "struct sysinfo", "struct cmsghdr",
                 "struct dirent", "DIR *", "cpu_set_t", "max_align_t", "locale_t")
        headers = ("pthread", "semaphore", "threads", "stdio", "setjmp", "signal", "sys/select", "time",
                   "stdarg", "sys/stat", "netdb", "netinet/in", "sys/socket", "sys/epoll", "termios",
                   "regex", "wchar", "fenv", "ucontext", "sys/resource", "sys/sysinfo", "dirent",
                   "sched", "stddef", "locale", "sys/time")
        fields = "".join(f"    {kind} m{i}[2];\n    int after{i};\n" for i, kind in enumerate(types))
        self.write("all.h", "#define _GNU_SOURCE\n" +
                   "".join(f"#include <{name}.h>\n" for name in headers) +
                   f"typedef struct All {{\n{fields}}} All;\n")
        schema = self.wanted("--root", "All", "all.h", "--", *FLAGS)
        self.assertEqual(len(schema.fields("All")), 2 * len(types))
        size = lambda kind: schema.types[schema.field("All", f"m{types.index(kind)}")["type"]]["size"]
        self.assertEqual((size("pthread_mutex_t"), size("struct epoll_event")), (80, 24))
        self.assertEqual(schema.field("All", "m0")["type"], "pthread_mutex_t[2]")
        for kind in ("pthread_mutex_t", "sem_t", "mtx_t", "epoll_data", "sigval", "_IO_FILE"):
            self.assertEqual(schema.fields(kind), ["bytes"])
        self.assertEqual(schema.fields("epoll_event"), ["events", "data"])
        self.check_in_game(schema)
        roots = [kind for kind in types if not kind.endswith("*")]  # and each for itself
        schema = self.wanted(*(word for kind in roots for word in ("--root", kind)), "all.h", "--", *FLAGS)
        self.assertEqual(len(schema.json["roots"]), len(roots))

    def check_in_game(self, wanted):
        """The same struct as a game's root: the same types, which both compilers lay out so."""
        self.write("game.c", '#include "all.h"\n#include <molt/molt.h>\nMOLT_ROOT(All);\n'
                             "void *start(void);\nvoid *start(void) { return molt_new(All); }\n"
                             "pthread_rwlock_t *lock(void);\n"
                             "pthread_rwlock_t *lock(void) { return molt_new(pthread_rwlock_t); }\n")
        self.generate("game.c", "--schema", "schema.json", "--metadata", "metadata.c")
        game = Schema(json.loads((self.folder / "schema.json").read_text()))
        for field in wanted.types["All"]["fields"]:
            self.assertEqual(game.field("All", field["name"])["type"], field["type"])
        for name, kind in game.types.items():
            if name in wanted.types and "fields" in kind and name != "All":
                self.assertEqual(kind["fields"], wanted.types[name]["fields"], name)
        for compiler in COMPILERS:
            result = subprocess.run([compiler, *FLAGS, "-c", "metadata.c", "-o", "metadata.o"],
                                    cwd=self.folder, text=True, capture_output=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_unknown_and_unmodelled_types_are_refused(self):
        for root, message in (("Missing", "--root Missing: no source defines it"),
                              ("struct Part2", "--root struct Part2: no source defines it"),
                              ("union Part", "--root union Part: no source defines it")):
            result = self.run_tool("--root", root, "part.h", "--schema", "schema.json")
            self.assertEqual(result.returncode, 1)
            self.assertIn(message, result.stderr)
        self.write("game.c", "union Bad { int *p; long n; };\n")
        result = self.run_tool("--root", "Bad", "game.c", "--schema", "schema.json")
        self.assertEqual(result.returncode, 1)
        self.assertIn("game.c:1:7: error: 'Bad'", result.stderr)
        self.assertFalse((self.folder / "schema.json").exists())

    def test_what_needs_a_game_is_wrong_usage(self):
        for more in (["--metadata", "m.c"], ["--cache", "units"], ["--unit", "-o", "u"]):
            result = self.run_tool("--root", "Part", "part.h", *more)
            self.assertEqual(result.returncode, 2, more)
            self.assertIn("--root and --all-records take sources and write a schema only",
                          result.stderr)

    def test_all_records_take_what_no_reload_could_carry(self):
        self.write("game.c", '#include "part.h"\n' """
union Pointers { int *p; long n; };
struct Empty {};
struct Odd { struct Empty empty; int zero[0]; _Atomic struct { char c[3]; } rgb; __float128 wide;
             unsigned bits : 3 __attribute__((aligned(8))); char tail[]; };
struct Holder { union Pointers pointers; struct Odd *odd; struct { int x; } inner; };
typedef struct { int tagless; } Tagless;
struct Tagless { char other; };
""")
        schema = self.wanted("--all-records", "game.c", "--", *FLAGS)
        self.assertEqual(schema.json["roots"], {})
        for name in ("Part", "Other", "Number", "Unused", "Pointers", "Empty", "Odd", "Holder",
                     "Tagless", "struct Tagless", "Holder::inner"):
            self.assertIn(name, schema.types)
        self.assertEqual(schema.fields("Odd"), ["empty", "zero", "rgb", "wide", "bits", "tail"])
        self.assertEqual([schema.field("Odd", f)["type"] for f in ("zero", "rgb", "wide", "tail")],
                         ["int[0]", "unsigned char[4]", "unsigned char[16]", "char[0]"])


if __name__ == "__main__":
    unittest.main()

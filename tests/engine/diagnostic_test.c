/* What compilers, linkers and build tools print, taken apart. The texts are theirs, word for word. */
#include "sandbox.h"

#include <stdio.h>
#include <string.h>

#include "diagnostic_list.h"
#include "diagnostics.h"

typedef struct Wanted {
    MoltDiagnosticKind kind;
    const char *file;
    uint32_t line, column;
    const char *message;
    const char *included;
} Wanted;

#define NOTE MOLT_DIAGNOSTIC_NOTE
#define WARNING MOLT_DIAGNOSTIC_WARNING
#define ERROR MOLT_DIAGNOSTIC_ERROR

static void expect(const char *output, const Wanted *wanted, size_t count)
{
    char text[8192];
    MoltDiagnosticList list = {0};
    assert_true(strlen(output) < sizeof text);
    memcpy(text, output, strlen(output) + 1);
    molt__diagnostics_clean(text, strlen(text));
    molt__diagnostic_list_read(&list, text);
    for (size_t i = 0; i < count && i < list.count; i++) {
        const MoltDiagnostic *item = &list.items[i];
        assert_string_equal(item->message, wanted[i].message);
        assert_string_equal(item->file, wanted[i].file);
        assert_int_equal(item->line, wanted[i].line);
        assert_int_equal(item->column, wanted[i].column);
        assert_int_equal(item->kind, wanted[i].kind);
        assert_string_equal(item->included, wanted[i].included);
    }
    assert_int_equal(list.count, count);
    molt__diagnostic_list_clear(&list);
}

#define EXPECT(output, ...)                                                                        \
    do {                                                                                           \
        const Wanted wanted[] = {__VA_ARGS__};                                                     \
        expect(output, wanted, sizeof wanted / sizeof wanted[0]);                                  \
    } while (0)

static void gcc_is_read(void **state)
{
    (void)state;
    EXPECT("[1/3] Building C object ant.o\n"
           "FAILED: ant.o\n"
           "/usr/bin/gcc -c -o ant.o ant.c\n"
           "In file included from game/actions.h:7,\n"
           "                 from \x1b[01m\x1b[Kgame/ants.c:2\x1b[m\x1b[K:\n"
           "\x1b[01m\x1b[Kgame/colony.h:230:5:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: "
           "\x1b[m\x1b[Kunknown "
           "type name \xe2\x80\x98"
           "flot\xe2\x80\x99; did you mean \xe2\x80\x98"
           "float\xe2\x80\x99?\n"
           "  230 |     flot speed;\n"
           "      |     ^~~~\n"
           "ant.c: In function 'step':\n"
           "ant.c:12:5: warning: unused variable 'y' [-Wunused-variable]\n"
           "ant.c:14:9: error: expected ';' before 'x'\n"
           "ant.c:20:1: fatal error: no.h: No such file or directory\n"
           "compilation terminated.\n"
           "ninja: build stopped: subcommand failed.\n",
           {ERROR, "game/colony.h", 230, 5, "unknown type name 'flot'; did you mean 'float'?",
            "game/ants.c:2"},
           {WARNING, "ant.c", 12, 5, "unused variable 'y' [-Wunused-variable]", ""},
           {ERROR, "ant.c", 14, 9, "expected ';' before 'x'", ""},
           {ERROR, "ant.c", 20, 1, "no.h: No such file or directory", ""});
    EXPECT("/tmp/ccX.s: Assembler messages:\n/tmp/ccX.s:25: Error: no such instruction: `hop'\n"
           "cc1: error: unrecognized command-line option '-fno-such'\n"
           "gcc: error: lost.c: No such file or directory\n"
           "gcc: fatal error: no input files\n",
           {ERROR, "/tmp/ccX.s", 25, 0, "no such instruction: `hop'", ""},
           {ERROR, "", 0, 0, "unrecognized command-line option '-fno-such'", ""},
           {ERROR, "", 0, 0, "lost.c: No such file or directory", ""},
           {ERROR, "", 0, 0, "no input files", ""});
}

static void clang_is_read(void **state)
{
    (void)state;
    EXPECT("In file included from /game/ants.c:2:\n"
           "In file included from /game/actions.h:7:\n"
           "/game/colony.h:230:5: error: unknown type name 'flot'\n"
           "    flot speed;\n"
           "    ^\n"
           "/game/ants.c:9:3: error: call to undeclared function 'hop'; ISO C99 and later do not "
           "support "
           "implicit function declarations [-Wimplicit-function-declaration]\n"
           "/game/ants.c:9:3: note: did you mean 'hops'?\n"
           "/game/ants.h:3:6: note: 'hops' declared here\n"
           "2 errors generated.\n"
           "clang: error: unknown argument: '-fno-such'\n"
           "clang-14: error: linker command failed with exit code 1 (use -v to see invocation)\n",
           {ERROR, "/game/colony.h", 230, 5, "unknown type name 'flot'", "/game/actions.h:7"},
           {ERROR, "/game/ants.c", 9, 3,
            "call to undeclared function 'hop'; ISO C99 and later do not support implicit function "
            "declarations [-Wimplicit-function-declaration]",
            ""},
           {NOTE, "/game/ants.c", 9, 3, "did you mean 'hops'?", ""},
           {NOTE, "/game/ants.h", 3, 6, "'hops' declared here", ""},
           {ERROR, "", 0, 0, "unknown argument: '-fno-such'", ""});
}

static void linkers_are_read(void **state)
{
    (void)state;
    EXPECT("/usr/bin/ld: ant.o: in function `step':\n"
           "/game/ant.c:5: undefined reference to `hatch'\n"
           "ant.c:(.text+0x5): undefined reference to `moult'\n"
           "/usr/bin/ld: bee.o:/game/bee.c:3: multiple definition of `sting'; "
           "ant.o:/game/ant.c:3: first defined here\n"
           "/usr/bin/ld: cannot find -lwings: No such file or directory\n"
           "/usr/bin/ld: ant.o: relocation R_X86_64_PC32 against undefined hidden symbol `x' can "
           "not be "
           "used when making a shared object\n"
           "/usr/bin/ld: final link failed: bad value\n"
           "collect2: error: ld returned 1 exit status\n",
           {ERROR, "/game/ant.c", 5, 0, "undefined reference to `hatch'", ""},
           {ERROR, "ant.c", 0, 0, "undefined reference to `moult'", ""},
           {ERROR, "/game/bee.c", 3, 0,
            "multiple definition of `sting'; ant.o:/game/ant.c:3: first defined here", ""},
           {ERROR, "", 0, 0, "cannot find -lwings: No such file or directory", ""},
           {ERROR, "ant.o", 0, 0,
            "relocation R_X86_64_PC32 against undefined hidden symbol `x' can not be used when "
            "making a "
            "shared object",
            ""});
    EXPECT("ld.lld: error: undefined symbol: hatch\n"
           ">>> referenced by ant.c:5 (/game/ant.c:5)\n"
           ">>>               ant.o:(step)\n"
           "ld.lld: error: duplicate symbol: sting\n"
           ">>> defined at ant.c:3\n"
           ">>>            ant.o:(sting)\n"
           ">>> defined at bee.c:3\n"
           "mold: error: undefined symbol: moult\n"
           ">>> referenced by ant.c\n"
           ">>>               ant.o:(step)\n"
           "collect2: error: ld returned 1 exit status\n",
           {ERROR, "/game/ant.c", 5, 0, "undefined symbol: hatch", ""},
           {ERROR, "ant.c", 3, 0, "duplicate symbol: sting", ""},
           {ERROR, "ant.c", 0, 0, "undefined symbol: moult", ""});
}

static void build_tools_are_read(void **state)
{
    (void)state;
    EXPECT("make[2]: *** [CMakeFiles/game.dir/build.make:76: CMakeFiles/game.dir/ant.c.o] Error 1\n"
           "make: *** No rule to make target 'lost.c', needed by 'lost.o'.  Stop.\n"
           "Makefile:5: *** missing separator.  Stop.\n"
           "ninja: error: 'lost.c', needed by 'lost.o', missing and no known rule to make it\n",
           {ERROR, "", 0, 0, "No rule to make target 'lost.c', needed by 'lost.o'.  Stop.", ""},
           {ERROR, "Makefile", 5, 0, "missing separator.  Stop.", ""},
           {ERROR, "", 0, 0, "'lost.c', needed by 'lost.o', missing and no known rule to make it",
            ""});
    EXPECT("CMake Error at CMakeLists.txt:12 (add_library):\n"
           "  Cannot find source file:\n"
           "\n"
           "    lost.c\n"
           "CMake Error: The source directory \"/x\" does not exist.\n",
           {ERROR, "CMakeLists.txt", 12, 0, "Cannot find source file:", ""},
           {ERROR, "", 0, 0, "The source directory \"/x\" does not exist.", ""});
    EXPECT("game.c:54:7: error: 'Fish.u': a union that holds pointers needs a tag\n"
           "   54 |     } u;\n"
           "  remedy: annotate the member with MOLT_TAG(kind), where kind is an enum beside it\n",
           {ERROR, "game.c", 54, 7, "'Fish.u': a union that holds pointers needs a tag", ""},
           {NOTE, "", 0, 0,
            "remedy: annotate the member with MOLT_TAG(kind), where kind is an enum beside it",
            ""});
}

/* A header's error comes once for each source that reads it. */
static void repeated_messages_are_told_once(void **state)
{
    (void)state;
    EXPECT("In file included from a.c:1:\nx.h:3:1: error: broken\nx.h:2:1: note: here\n"
           "In file included from b.c:1:\nx.h:3:1: error: broken\nx.h:2:1: note: here\n"
           "b.c:9:1: error: another\n",
           {ERROR, "x.h", 3, 1, "broken", "a.c:1"}, {NOTE, "x.h", 2, 1, "here", ""},
           {ERROR, "b.c", 9, 1, "another", ""});
}

static void any_text_is_survived(void **state)
{
    static const char *const pieces[] = {": error: ",
                                         ": note: ",
                                         "In file included from ",
                                         "                 from ",
                                         "CMake Error",
                                         " at ",
                                         " (",
                                         ": *** ",
                                         ":",
                                         "ld",
                                         ">>> referenced by ",
                                         ".o:",
                                         "\n",
                                         " ",
                                         "[",
                                         "]",
                                         ")",
                                         "12",
                                         "a.c",
                                         "remedy: ",
                                         "undefined symbol: "};
    char text[1024];
    unsigned seed = 7;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        text[0] = 0;
        for (int i = 0; i < 12; i++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(text, pieces[(seed >> 8) % (sizeof pieces / sizeof pieces[0])]);
        }
        MoltDiagnosticList list = {0};
        molt__diagnostic_list_read(&list, text);
        for (uint32_t i = 0; i < list.count; i++) {
            assert_non_null(list.items[i].file);
            assert_non_null(list.items[i].message);
            assert_non_null(list.items[i].included);
        }
        molt__diagnostic_list_clear(&list);
    }
    MoltDiagnosticList list = {0};
    char *many = test_calloc(1000, 32);
    for (int i = 0; i < 1000; i++) {
        snprintf(many + strlen(many), 32, "a.c:%d:1: error: x\n", i + 1);
    }
    molt__diagnostic_list_read(&list, many);
    assert_int_equal(list.count, MOLT__DIAGNOSTICS_MOST);
    assert_int_equal(list.items[63].line, 64);
    molt__diagnostic_list_clear(&list);
    test_free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcc_is_read),
        cmocka_unit_test(clang_is_read),
        cmocka_unit_test(linkers_are_read),
        cmocka_unit_test(build_tools_are_read),
        cmocka_unit_test(repeated_messages_are_told_once),
        cmocka_unit_test(any_text_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

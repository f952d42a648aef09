"""The cells of the coverage table that a run has to hit: rule, and kinds of declaration. Programs that
are after a cell make up for what chance leaves out. CANNOT says why the other kinds of a rule are not here.
"""

# With 300 programs.
FREQUENT = {
    "added":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "added with default":
        "2-D array, array, bit-field, bool, char *, char[N], enum, flags, float, int",
    "arm falls back": "tagged union",
    "arm kept": "tagged union",
    "arm removed, live": "tagged union",
    "arm renamed": "tagged union",
    "arm retyped": "tagged union",
    "array to scalar": "float, int, long double, pointer",
    "atomic": "int, pointer",
    "bit-field to plain": "int",
    "bool to int": "int",
    "bool-collapsed": "bool",
    "char * to char[N]": "char[N]",
    "char[N] to char *": "char[N]",
    "char[N] to numbers": "char[N]",
    "constant": "pointer, void *",
    "constant gone": "pointer",
    "dangling": "pointer",
    "element": "char *, pointer, pointer to pointer, void *",
    "elements follow names": "float, int",
    "enum kept": "bit-field, enum",
    "enum renumbered": "enum",
    "enum to int": "int",
    "enum-unnamed-value": "enum",
    "external": "pointer, void *",
    "flags moved": "flags",
    "flexible array converted": "int",
    "flexible array gained": "int",
    "flexible array kept": "enum, float, int, pointer, struct",
    "flexible array lost": "pointer, struct",
    "flexible array replaced": "pointer",
    "float to float": "float, long double",
    "float to number": "bool, int",
    "foreign": "pointer, void *",
    "function by name": "function pointer, void *",
    "grown": "2-D array, array",
    "interior": "char *, pointer, pointer to pointer, void *",
    "kept value returns": "char *, char[N], float, int",
    "kind changed, live": "float, int, pointer, struct",
    "late rename returns": "float, int",
    "literal": "char *",
    "literal copied": "char *",
    "moved": "array, float, int, pointer",
    "moved value returns": "int, pointer",
    "narrowed": "char, int",
    "number to bool": "bool",
    "number to enum": "enum, flags",
    "number to float": "float, long double",
    "number-fraction": "int",
    "number-out-of-range": "bit-field, int",
    "number-rounded": "float",
    "numbers to char[N]": "char[N]",
    "object": "char *, pointer, pointer to pointer, void *",
    "one past the end": "pointer, pointer to pointer",
    "packing": "int, pointer",
    "plain block": "char, enum, float, int, pointer, struct",
    "plain to bit-field": "int",
    "pointee changed, live": "pointer",
    "pool converted": "struct",
    "pool kept": "struct",
    "pointer in an arm": "char *, pointer",
    "removed field returns":
        "bool, char *, char[N], enum, flags, float, function pointer, int, long double, "
        "pointer",
    "removed, default":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "removed, live":
        "2-D array, array, bit-field, bool, char *, char[N], enum, flags, float, function "
        "pointer, int, long double, pointer, pointer to pointer, struct, vector, void *",
    "renamed":
        "2-D array, array, bit-field, bool, char[N], enum, flags, float, int, pointer, struct",
    "reordered":
        "2-D array, array, bit-field, bool, char *, char[N], enum, flags, float, function "
        "pointer, int, pointer, struct",
    "required in new struct": "struct",
    "required without source": "int",
    "reshaped, live": "array",
    "scalar to array": "float, int, pointer",
    "shrunk": "2-D array, array",
    "sign changed": "int",
    "struct to block": "struct",
    "tag renumbered": "tagged union",
    "target removed": "pointer, void *",
    "target retyped": "pointer",
    "text cut": "char[N]",
    "text resized": "char[N]",
    "three structs deep": "array, bit-field, bool, enum, float, int, pointer",
    "transient": "2-D array, array, bit-field, bool, char[N], enum, float, int",
    "type removed": "struct",
    "type renamed": "struct",
    "union changed, live": "union",
    "union kept": "anonymous union, union",
    "value without a name": "enum",
    "variable added": "2-D array, array, bool, char[N], enum, float, int, pointer, struct",
    "variable converted": "array, int",
    "variable kept":
        "2-D array, array, bool, char *, char[N], enum, flags, float, function pointer, int, "
        "pointer, struct, tagged union, void *",
    "variable not set": "2-D array, array, bool, char[N], enum, float, int, pointer",
    "variable pointed at": "char *, pointer",
    "variable removed, not set": "array, float, int, pointer",
    "variable removed, set": "array, int, pointer, struct",
    "variable renamed": "int",
    "void * to its type": "pointer",
    "widened": "int, int128",
    "wrapped or unwrapped": "array, float, int, pointer",
}

# With 10,000 programs.
RARE = {
    "added":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "added with default":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, int, "
        "long double",
    "alias lost": "pointer, void *",
    "alignment":
        "2-D array, array, bool, char *, char[N], enum, flags, float, function pointer, int, "
        "pointer, struct",
    "ambiguous rename": "array, bit-field, float, int, pointer",
    "arm falls back": "tagged union",
    "arm kept": "tagged union",
    "arm removed, live": "tagged union",
    "arm renamed": "tagged union",
    "arm retyped": "tagged union",
    "array to scalar":
        "bool, char *, enum, flags, float, function pointer, int, long double, pointer, "
        "struct, void *",
    "atomic":
        "array, bit-field, bool, char *, enum, flags, float, function pointer, int, pointer, "
        "void *",
    "bit-field to plain": "bool, enum, flags, int",
    "block to struct": "pointer",
    "block to struct, NULL": "pointer",
    "bool to int": "bit-field, char, int, int128",
    "bool-collapsed": "bool",
    "char * to char[N]": "char[N]",
    "char[N] to char *": "char[N]",
    "char[N] to numbers": "char[N]",
    "constant": "pointer, void *",
    "constant gone": "pointer, void *",
    "dangling": "pointer, void *",
    "element": "char *, pointer, pointer to pointer, void *",
    "element without a name": "int",
    "elements follow names": "array, bool, enum, float, int, pointer, struct",
    "enum kept": "bit-field, enum",
    "enum renumbered": "bit-field, enum",
    "enum to int": "int",
    "enum-unnamed-value": "enum",
    "enumerator removed": "enum",
    "external": "pointer, void *",
    "fallback": "enum",
    "flag removed": "flags",
    "flags moved": "bit-field, flags",
    "flexible array converted": "enum, float, int",
    "flexible array gained": "int",
    "flexible array kept": "bool, enum, float, int, long double, pointer, struct",
    "flexible array lost": "pointer, struct",
    "flexible array replaced": "int, pointer, struct",
    "float to float": "float, long double",
    "float to number": "bool, char, int, int128",
    "foreign": "pointer, void *",
    "function by name": "function pointer, void *",
    "function missing": "function pointer",
    "grown": "2-D array, array",
    "interior": "char *, pointer, pointer to pointer, void *",
    "kept value returns": "char, char *, char[N], enum, float, int, int128, long double, struct",
    "kind changed, default": "pointer",
    "kind changed, live": "float, int, long double, pointer, struct",
    "late rename returns": "bool, char[N], enum, float, int, pointer",
    "literal": "char *",
    "literal copied": "char *",
    "moved":
        "array, bool, char *, char[N], float, function pointer, int, pointer, "
        "pointer to pointer, void *",
    "moved value returns":
        "array, bool, char *, char[N], float, function pointer, int, pointer, "
        "pointer to pointer, void *",
    "narrowed": "char, int",
    "number to bool": "bool",
    "number to enum": "enum, flags",
    "number to float": "float, long double",
    "number-fraction": "int, int128",
    "number-nan": "bool, int",
    "number-out-of-range": "bit-field, char, float, int, int128",
    "number-rounded": "float",
    "numbers to char[N]": "char[N]",
    "object": "char *, pointer, pointer to pointer, void *",
    "one past the end": "pointer, pointer to pointer",
    "packing":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, pointer, pointer to pointer, struct, union, "
        "vector, void *",
    "plain block": "char, enum, flags, float, int, pointer, struct",
    "plain to bit-field": "bool, enum, flags, int",
    "pointee changed, live": "pointer",
    "pool converted": "struct",
    "pool kept": "struct",
    "pointer in an arm": "char *, pointer, void *",
    "removed field returns":
        "bool, char, char *, char[N], enum, flags, float, function pointer, int, int128, long "
        "double, pointer, pointer to pointer, union, void *",
    "removed, default":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "removed, live":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "renamed":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "reordered":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "required without source": "bool, char, enum, flags, float, int",
    "reshaped, live": "2-D array, array",
    "scalar to array":
        "bool, char *, enum, flags, float, function pointer, int, int128, long double, "
        "pointer, struct, void *",
    "shrunk": "2-D array, array",
    "sign changed": "char, int, int128",
    "signature changed, live": "function pointer, void *",
    "struct to block": "struct",
    "tag renumbered": "tagged union",
    "target removed": "char *, pointer, pointer to pointer, void *",
    "target retyped": "char *, pointer, pointer to pointer",
    "text cut": "char[N]",
    "text resized": "char[N]",
    "three structs deep":
        "2-D array, array, bit-field, bool, char, char *, char[N], complex, enum, flags, "
        "float, function pointer, int, int128, long double, pointer, pointer to pointer, "
        "struct, union, vector, void *",
    "transient":
        "2-D array, array, bit-field, bool, char, char[N], enum, flags, float, int, long "
        "double",
    "type removed": "pointer, struct",
    "type renamed": "struct",
    "union changed, live": "anonymous union, union",
    "union kept": "anonymous union, union",
    "unnamed bit-field": "2-D array, bit-field, bool, char[N], int, pointer",
    "value without a name": "bit-field, enum",
    "variable added":
        "2-D array, array, bool, char *, char[N], complex, enum, flags, float, "
        "function pointer, int, long double, pointer, pointer to pointer, struct, "
        "tagged union, union, vector, void *",
    "variable converted": "array, char[N], enum, float, int, pointer, struct",
    "variable kept":
        "2-D array, array, bool, char, char *, char[N], complex, enum, flags, float, "
        "function pointer, int, int128, long double, pointer, pointer to pointer, struct, "
        "tagged union, union, vector, void *",
    "variable not set":
        "2-D array, array, bool, char, char *, char[N], complex, enum, flags, float, "
        "function pointer, int, long double, pointer, pointer to pointer, struct, "
        "tagged union, union, vector, void *",
    "variable pointed at": "char *, pointer, void *",
    "variable removed, not set":
        "2-D array, array, bool, char[N], enum, float, int, pointer, struct",
    "variable removed, set": "2-D array, array, bool, char[N], enum, float, int, pointer, struct",
    "variable renamed": "2-D array, array, bool, char[N], enum, float, int, pointer, struct",
    "void * to another type, live": "pointer",
    "void * to its type": "pointer",
    "widened": "bit-field, int, int128",
    "wrapped or unwrapped":
        "2-D array, array, bit-field, bool, char *, char[N], enum, flags, float, function "
        "pointer, int, int128, long double, pointer, pointer to pointer, struct, union, "
        "vector, void *",
}

EVERY_KIND = "the edit is made to fields of any kind; the kinds left out are rare ones"
VALUES = "only such values take part"

CANNOT = {
    "added": "none",
    "added with default": "MOLT_DEFAULT is for numbers, enums and texts",
    "alias lost": "only pointers that may lead to structs",
    "alignment": EVERY_KIND + "; bit-fields cannot be aligned",
    "ambiguous rename": EVERY_KIND,
    "arm falls back": VALUES,
    "arm kept": VALUES,
    "arm removed, live": VALUES,
    "arm renamed": VALUES,
    "arm retyped": VALUES,
    "array to scalar": "what arrays are made of; char[N] goes by the rules of texts",
    "atomic": "scalars of up to eight bytes; others were changed by another edit too",
    "bit-field to plain": "bit-fields become numbers",
    "block to struct": VALUES,
    "block to struct, NULL": VALUES,
    "bool to int": "integers",
    "bool-collapsed": "bool",
    "char * to char[N]": "texts",
    "char[N] to char *": "texts",
    "char[N] to numbers": "texts",
    "constant": "pointers to what tables are made of",
    "constant gone": "pointers to what tables are made of",
    "dangling": "pointers that may lead to structs: no other block is freed",
    "element": "pointers to data",
    "element without a name": "what arrays are made of",
    "elements follow names": "what arrays are made of",
    "enum kept": "enums",
    "enum renumbered": "enums",
    "enum to int": "integers",
    "enum-unnamed-value": "enums",
    "enumerator removed": "enums",
    "external": "only pointers to structs and void * are annotated",
    "fallback": "enums",
    "flag removed": "flags",
    "flags moved": "flags",
    "flexible array converted": "the edit is of arrays of numbers; structs come with their own edits",
    "flexible array gained": "the edit adds an array of int",
    "flexible array kept": "what a flexible array is made of",
    "flexible array lost": "what a flexible array is made of",
    "flexible array replaced": "what a flexible array is made of",
    "float to float": "floats",
    "float to number": "numbers",
    "foreign": "only void * and external pointers get such values",
    "function by name": "pointers that may lead to functions",
    "function missing": "pointers that may lead to functions",
    "grown": "arrays",
    "interior": "pointers to data",
    "kept value returns": "values that a conversion makes smaller",
    "kind changed, default": "what an edit turns into something else",
    "kind changed, live": "what an edit turns into something else",
    "late rename returns": "leaves, as removed fields that return",
    "literal": "texts",
    "literal copied": "texts",
    "moved": "what moves: single values, texts and arrays of such",
    "moved value returns": "what moves: single values, texts and arrays of such",
    "narrowed": "integers",
    "number to bool": "bool",
    "number to enum": "enums",
    "number to float": "floats",
    "number-fraction": "what a fraction is cut for",
    "number-nan": "what has no NaN",
    "number-out-of-range": "numbers with a range",
    "number-rounded": "floats",
    "numbers to char[N]": "texts",
    "object": "pointers to data",
    "one past the end": "pointers to elements",
    "packing": "none",
    "plain block": "what blocks are made of",
    "plain to bit-field": "what a bit-field can be",
    "pointee changed, live": "pointers to data",
    "pointer in an arm": "what an arm may be",
    "pool converted": "what a pool is made of",
    "pool kept": "what a pool is made of",
    "removed field returns": "leaves: structs and arrays return part by part",
    "removed, default": "none",
    "removed, live": "none",
    "renamed": "none",
    "reordered": "none",
    "required in new struct": "structs",
    "required without source": "the edit adds numbers",
    "reshaped, default": "arrays",
    "reshaped, live": "arrays",
    "scalar to array": "scalars and structs",
    "shrunk": "arrays",
    "sign changed": "integers",
    "signature changed, live": "function pointers",
    "struct to block": "structs",
    "tag renumbered": VALUES,
    "target removed": "pointers to data",
    "target retyped": "pointers to data but void *",
    "text cut": "texts",
    "text resized": "texts",
    "three structs deep": "none",
    "transient": "the annotation is put on what takes a default",
    "type removed": "structs, and pointers to them in blocks of their own",
    "type renamed": "structs",
    "union changed, default": "unions",
    "union changed, live": "unions",
    "union kept": "unions",
    "unnamed bit-field": EVERY_KIND,
    "value without a name": "enums",
    "variable added": "bit-fields and flexible arrays are no variables; the rest are rare",
    "variable converted": "what another edit converts",
    "variable kept": "bit-fields and flexible arrays are no variables; the rest are rare",
    "variable not set": "bit-fields and flexible arrays are no variables; the rest are rare",
    "variable pointed at": "pointers to data",
    "variable removed, not set": "bit-fields and flexible arrays are no variables; the rest are rare",
    "variable removed, set": "bit-fields and flexible arrays are no variables; the rest are rare",
    "variable renamed": "bit-fields and flexible arrays are no variables; the rest are rare",
    "void * to another type, live": "pointers to structs",
    "void * to its type": "pointers to structs",
    "widened": "integers",
    "wrapped or unwrapped": EVERY_KIND,
}

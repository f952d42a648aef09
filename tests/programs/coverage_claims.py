"""The cells of the coverage table that the generator claims to reach: rule, and kinds of declaration.
"""

# Within 300 programs, whatever the seed.
FREQUENT = {
    "added":
        "2-D array, array, bit-field, char *, char[N], enum, float, function pointer, "
        "int, pointer, pointer to pointer, struct, void *",
    "added with default": "2-D array, array, bit-field, char *, char[N], enum, float, int",
    "ambiguous rename": "any",
    "array to scalar": "any",
    "bit-field to plain": "any",
    "bool to int": "int",
    "bool-collapsed": "bool",
    "char * to char[N]": "char[N]",
    "char[N] to char *": "any",
    "char[N] to numbers": "any",
    "dangling": "pointer",
    "element": "char *, pointer, pointer to pointer, void *",
    "enum kept": "bit-field, enum",
    "enum renumbered": "enum",
    "enum to int": "int",
    "enum-unnamed-value": "enum",
    "flags moved": "any",
    "float to float": "float",
    "float to number": "int",
    "foreign": "void *",
    "function by name": "function pointer, void *",
    "grown": "array",
    "interior": "char *, pointer, pointer to pointer, void *",
    "kind changed, live": "pointer, struct",
    "literal": "char *",
    "narrowed": "int",
    "number to bool": "bool",
    "number to enum": "any",
    "number to float": "float",
    "number-fraction": "any",
    "number-out-of-range": "bit-field, int",
    "number-rounded": "float",
    "object": "char *, pointer, pointer to pointer, void *",
    "one past the end": "pointer, pointer to pointer",
    "plain to bit-field": "int",
    "pointee changed, live": "pointer",
    "removed, default": "bit-field, float, int, pointer",
    "removed, live": "2-D array, array, bit-field, enum, float, int, pointer, struct",
    "renamed": "array, bit-field, float, int, pointer, struct",
    "reordered": "array, bit-field, char[N], enum, float, int, pointer, struct",
    "required without source": "any",
    "reshaped, live": "any",
    "scalar to array": "any",
    "shrunk": "any",
    "sign changed": "int",
    "signature changed, live": "any",
    "target removed": "pointer, void *",
    "target retyped": "pointer",
    "text resized": "char[N]",
    "transient": "2-D array, array, bit-field, char[N], enum, float, int",
    "type removed": "struct",
    "type renamed": "struct",
    "value without a name": "enum",
    "widened": "int, int128",
    "wrapped or unwrapped": "int, pointer",
}

# Within 10,000 programs.
RARE = {
    "added":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, "
        "function pointer, int, int128, long double, pointer, pointer to pointer, struct, "
        "void *",
    "added with default":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, "
        "int, long double",
    "ambiguous rename": "array, bit-field, char[N], int, pointer, struct",
    "array to scalar": "float, int, int128, pointer, struct",
    "bit-field to plain": "bool, enum, int",
    "bool to int": "char, int, int128",
    "bool-collapsed": "bool",
    "char * to char[N]": "char[N]",
    "char[N] to char *": "char[N]",
    "char[N] to numbers": "char[N]",
    "dangling": "pointer",
    "element": "char *, pointer, pointer to pointer, void *",
    "enum kept": "bit-field, enum",
    "enum renumbered": "bit-field, enum",
    "enum to int": "int",
    "enum-unnamed-value": "enum",
    "enumerator removed": "enum",
    "fallback": "enum",
    "flag removed": "flags",
    "flags moved": "flags",
    "float to float": "float, long double",
    "float to number": "bool, char, int, int128",
    "foreign": "void *",
    "function by name": "function pointer, void *",
    "function missing": "function pointer",
    "grown": "2-D array, array",
    "interior": "char *, pointer, pointer to pointer, void *",
    "kind changed, live": "float, int, long double, pointer, struct",
    "literal": "char *",
    "narrowed": "char, int",
    "number to bool": "bool",
    "number to enum": "flags",
    "number to float": "float, long double",
    "number-fraction": "int, int128",
    "number-nan": "int",
    "number-out-of-range": "bit-field, char, float, int, int128",
    "number-rounded": "float",
    "numbers to char[N]": "char[N]",
    "object": "char *, pointer, pointer to pointer, void *",
    "one past the end": "pointer, pointer to pointer",
    "plain to bit-field": "bool, enum, flags, int",
    "pointee changed, live": "pointer",
    "removed, default":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, "
        "function pointer, int, int128, long double, pointer, pointer to pointer, void *",
    "removed, live":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, "
        "function pointer, int, int128, long double, pointer, pointer to pointer, struct, "
        "void *",
    "renamed":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, "
        "function pointer, int, int128, long double, pointer, pointer to pointer, struct, "
        "void *",
    "reordered":
        "2-D array, array, bit-field, bool, char, char *, char[N], enum, flags, float, "
        "function pointer, int, int128, long double, pointer, pointer to pointer, struct, "
        "void *",
    "required without source": "bool, enum, flags, float, int",
    "reshaped, live": "2-D array, array",
    "scalar to array": "enum, float, int, pointer, struct",
    "shrunk": "2-D array, array",
    "sign changed": "char, int, int128",
    "signature changed, live": "function pointer, void *",
    "target removed": "char *, pointer, pointer to pointer, void *",
    "target retyped": "char *, pointer, pointer to pointer",
    "text cut": "char[N]",
    "text resized": "char[N]",
    "transient":
        "2-D array, array, bit-field, bool, char, char[N], enum, flags, float, int, long "
        "double",
    "type removed": "pointer, struct",
    "type renamed": "struct",
    "value without a name": "bit-field, enum",
    "void * to another type, live": "pointer",
    "widened": "int, int128",
    "wrapped or unwrapped":
        "2-D array, array, bit-field, bool, char *, char[N], enum, flags, float, function "
        "pointer, int, pointer, struct, void *",
}

"""Whether the comparison sees what it should: pahole's text, and differences put into a schema."""
import copy
import unittest

import layouts
import pahole

TEXT = """struct Sample {
	unsigned int               low:7;                /*     0: 0  4 */

	/* 2 bits hole, try to pack */
	unsigned int               :2;

	char *                     (*find)(struct Sample *, int (*)[4])[2]; /*     8    16 */
	union {
		struct {
			short int  grid[3][2];           /*    24    12 */
		} inner[2];                              /*    24    24 */
		enum {
			ONE = 1,
		} which;                                 /*    24     4 */
	} __attribute__((__aligned__(8))) named __attribute__((__aligned__(8))); /*    24    24 */
	struct {
		int                plain;                /*    48     4 */
	};                                               /*    48     4 */
	char                       tail[];               /*    52     0 */

	/* size: 56, cachelines: 1, members: 5 */
	/* last cacheline: 56 bytes */
} __attribute__((__aligned__(8)));
typedef union {
	int                        a;                    /*     0     4 */
} Unnamed;
"""
SCHEMA = {"types": [
    {"name": "int", "kind": "int", "size": 4}, {"name": "short", "kind": "int", "size": 2},
    {"name": "char[0]", "kind": "array", "size": 0, "of": "short", "length": 0},
    {"name": "find[2]", "kind": "array", "size": 16, "of": "find", "length": 2},
    {"name": "find", "kind": "pointer", "size": 8},
    {"name": "short[2]", "kind": "array", "size": 4, "of": "short", "length": 2},
    {"name": "short[3][2]", "kind": "array", "size": 12, "of": "short[2]", "length": 3},
    {"name": "Sample::named::inner", "kind": "struct", "size": 12, "fields": [
        {"name": "grid", "type": "short[3][2]", "offset": 0}]},
    {"name": "inner[2]", "kind": "array", "size": 24, "of": "Sample::named::inner", "length": 2},
    {"name": "Sample::named", "kind": "union", "size": 24, "fields": [
        {"name": "inner", "type": "inner[2]", "offset": 0},
        {"name": "which", "type": "int", "offset": 0}]},
    {"name": "Sample", "kind": "struct", "size": 56, "fields": [
        {"name": "low", "type": "int", "bits": [0, 7]},
        {"name": "find", "type": "find[2]", "offset": 8},
        {"name": "named", "type": "Sample::named", "offset": 24},
        {"name": "plain", "type": "int", "offset": 48},
        {"name": "tail", "type": "char[0]", "offset": 52}]},
]}


def read(text):
    reader = pahole.Reader()
    for line in text.splitlines():
        reader.line(line)
    return {record.name: record for record in reader.records}


def compare(schema):
    ours = layouts.Layouts(schema)
    record = ours.types["Sample"]
    return list(layouts.differences(record, ours.flatten(record), read(TEXT)["Sample"]))


class Parts(unittest.TestCase):
    def test_members_have_their_paths_and_places(self):
        record = read(TEXT)["Sample"]
        self.assertEqual(record.size, 56)
        self.assertEqual({path: (f.bit_offset, f.size, f.bits, f.dims)
                          for path, f in record.fields.items()},
                         {"low": (0, 4, 7, []), "find": (64, 16, None, [2]),
                          "named": (192, 24, None, []), "named.inner": (192, 24, None, [2]),
                          "named.inner.grid": (192, 12, None, [3, 2]),
                          "named.which": (192, 4, None, []), "plain": (384, 4, None, []),
                          "tail": (416, 0, None, [0])})
        self.assertEqual(read(TEXT)["Unnamed"].kind, "union")

    def test_equal_layouts_do_not_differ(self):
        self.assertEqual(compare(SCHEMA), [])

    def test_every_change_is_seen(self):
        fields = next(t for t in SCHEMA["types"] if t["name"] == "Sample")["fields"]
        for name, key, value, said in (
                ("low", "bits", [1, 7], "Sample.low: bit 1 width 7, DWARF says bit 0 width 7"),
                ("low", "bits", [0, 8], "Sample.low: bit 0 width 8"),
                ("plain", "offset", 44, "Sample.plain: bit 352"),
                ("plain", "type", "short", "Sample.plain: 2 bytes, DWARF says 4"),
                ("plain", "name", "other", "Sample.other: only in the schema"),
                ("named", "type", "int", "Sample.named.inner: only in DWARF"),
                ("find", "type", "short[2]", "Sample.find: 4 bytes, DWARF says 16")):
            schema = copy.deepcopy(SCHEMA)
            record = next(t for t in schema["types"] if t["name"] == "Sample")
            record["fields"][[f["name"] for f in fields].index(name)].pop("offset", None) \
                if key == "bits" else None
            record["fields"][[f["name"] for f in fields].index(name)][key] = value
            self.assertTrue(any(line.startswith(said) for line in compare(schema)),
                            (said, compare(schema)))
        schema = copy.deepcopy(SCHEMA)
        next(t for t in schema["types"] if t["name"] == "Sample")["size"] = 64
        next(t for t in schema["types"] if t["name"] == "short[3][2]")["length"] = 6
        self.assertEqual(compare(schema),
                         ["Sample: 64 bytes, DWARF says 56",
                          "Sample.named.inner.grid: dimensions [6, 2], DWARF says [3, 2]"])


if __name__ == "__main__":
    unittest.main()

"""Compares the records of a schema with those that pahole read from DWARF. It never knows where the
records come from."""

RECORDS = ("struct", "union")


class Leaf:
    """`bits` is the width of a bit-field, else None. pahole cannot read members that are `atomic`."""

    __slots__ = ("bit_offset", "size", "bits", "dims", "atomic")

    def __init__(self, bit_offset, size, bits, dims, atomic):
        self.bit_offset = bit_offset
        self.size = size
        self.bits = bits
        self.dims = dims
        self.atomic = atomic


class Layouts:
    """The records of one schema JSON, flattened to paths as C names members."""

    def __init__(self, schema):
        self.types = {type_["name"]: type_ for type_ in schema["types"]}

    def records(self):
        """Those that DWARF names too: unnamed ones stand in what holds them."""
        return [type_ for type_ in self.types.values()
                if type_["kind"] in RECORDS and "::" not in type_["name"]]

    @staticmethod
    def plain_name(record):
        """Without "ground.c:" or "struct ", which tell types of one name apart."""
        return record["name"].rpartition(":")[2].rpartition(" ")[2]

    def flatten(self, type_, base=0, prefix="", into=None):
        into = {} if into is None else into
        for field in type_["fields"]:
            held = self.types[field["type"]]
            start, width = field["bits"] if "bits" in field else (field["offset"] * 8, None)
            offset = base + start
            if field["name"].startswith("<"):
                self.flatten(held, offset, prefix, into)
                continue
            path = prefix + field["name"]
            dims, elem = [], held
            while elem["kind"] == "array":
                dims.append(elem["length"])
                elem = self.types[elem["of"]]
            into[path] = Leaf(offset, held["size"], width, dims, elem["kind"] == "atomic")
            if elem["kind"] in RECORDS and "::" in elem["name"]:
                self.flatten(elem, offset, path + ".", into)
        return into


def differences(record, leaves, dwarf):
    """What two views of one record disagree about, as lines."""
    name = record["name"]
    if dwarf.size is not None and record["size"] != dwarf.size:
        yield f"{name}: {record['size']} bytes, DWARF says {dwarf.size}"
    for path in sorted(leaves.keys() ^ dwarf.fields.keys()):
        if path not in leaves:
            yield f"{name}.{path}: only in DWARF"
        elif not leaves[path].atomic:
            yield f"{name}.{path}: only in the schema"
    for path in sorted(leaves.keys() & dwarf.fields.keys()):
        ours, theirs = leaves[path], dwarf.fields[path]
        if ours.bit_offset != theirs.bit_offset or ours.bits != theirs.bits:
            yield (f"{name}.{path}: bit {ours.bit_offset} width {ours.bits}, DWARF says bit "
                   f"{theirs.bit_offset} width {theirs.bits}")
        if ours.bits is None and ours.size != theirs.size:
            yield f"{name}.{path}: {ours.size} bytes, DWARF says {theirs.size}"
        # A typedef of an array hides its dimensions from the declaration.
        if ours.dims[:len(theirs.dims)] != theirs.dims:
            yield f"{name}.{path}: dimensions {ours.dims}, DWARF says {theirs.dims}"

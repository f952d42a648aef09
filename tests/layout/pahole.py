"""Reads the text that pahole prints for an object file into records. It never knows schemas."""
import re
import subprocess

# "	unsigned int               low:7;                /*     4: 8  4 */"
PLACE = re.compile(r"/\*\s*(\d+)(?::\s*(\d+))?\s+(\d+)\s*\*/\s*$")
ATTRIBUTE = re.compile(r"\s*__attribute__\(\((?:[^()]|\([^()]*\))*\)\)")
OPENING = re.compile(r"^\s*(?:typedef\s+)?(?:(?:const|volatile)\s+)*(struct|union|enum)\b([^;]*)\{$")
HEAD = re.compile(r"^(?:typedef )?(struct|union)(?: (\w+))?\s*\{$")
FUNCTION = re.compile(r"\(\s*\*[\s*]*(?:const |volatile |restrict )*(\w+)\)?\s*\(")
DIMENSION = re.compile(r"\[(\d*)\]\s*$")
SIZE = re.compile(r"^\t/\* size: (\d+),")


class Field:
    """`bits` is the width of a bit-field, else None; `dims` what the declarator shows."""

    __slots__ = ("bit_offset", "size", "bits", "dims")

    def __init__(self, bit_offset, size, bits, dims):
        self.bit_offset = bit_offset
        self.size = size
        self.bits = bits
        self.dims = dims


class Record:
    def __init__(self, kind, name):
        self.kind = kind
        self.name = name
        self.size = None
        self.fields = {}   # path -> Field


def declarator(text):
    """(name, bit width or None, dimensions) of a declaration without its ';'."""
    text = ATTRIBUTE.sub("", text).strip()
    dims = []
    while match := DIMENSION.search(text):
        dims.insert(0, int(match.group(1) or 0))
        text = text[:match.start()].rstrip()
    function = FUNCTION.search(text)
    if function:
        return function.group(1), None, dims
    width = re.search(r":\s*(\d+)$", text)
    if width:
        text = text[:width.start()].rstrip()
    name = re.search(r"(\w+)$", text)
    return name.group(1) if name else "", int(width.group(1)) if width else None, dims


class Reader:
    """pahole writes members of inner records with offsets in the outermost one, and the name of an
    inner record after its closing brace: what is inside waits until the name is known."""

    def __init__(self):
        self.records = []
        self.record = None
        self.stack = []  # of [fields of an inner record] or None for an enum

    def line(self, line):
        if self.record is None:
            head = HEAD.match(line)
            if head:
                self.record = Record(head.group(1), head.group(2))
                self.stack = [{}]
        elif line.startswith("}"):
            self.end(line)
        elif size := SIZE.match(line):
            self.record.size = int(size.group(1))
        else:
            self.member(line)

    def end(self, line):
        name = re.match(r"\} (\w+)", ATTRIBUTE.sub("", line))
        self.record.name = self.record.name or (name.group(1) if name else None)
        self.record.fields = self.stack[0]
        if self.record.name:
            self.records.append(self.record)
        self.record = None

    def member(self, line):
        text = line.strip()
        if OPENING.match(line):
            self.stack.append(None if OPENING.match(line).group(1) == "enum" else {})
            return
        if "<ERROR(" in text or text.startswith(";"):
            return  # a member of a type that this pahole does not know, such as _Atomic
        if self.stack[-1] is None and not text.startswith("}"):
            return  # an enumerator
        place = PLACE.search(text)
        if text.startswith("}"):
            inner = self.stack.pop()
            self.close(inner, text[1:], place)
        elif place and not text.startswith("/*"):
            self.add(text, place)

    def close(self, inner, text, place):
        name, width, dims = declarator(PLACE.sub("", text).strip().rstrip(";"))
        if name or inner is None:
            self.put(name, place, width, dims)
        for path, field in (inner or {}).items():
            self.stack[-1][f"{name}.{path}" if name else path] = field

    def add(self, text, place):
        name, width, dims = declarator(PLACE.sub("", text).strip().rstrip(";"))
        if name:
            self.put(name, place, width, dims)

    def put(self, name, place, width, dims):
        offset, bit, size = (int(part or 0) for part in place.groups())
        self.stack[-1][name] = Field(offset * 8 + bit, size, width, dims)


def run(tool, *arguments):
    result = subprocess.run([tool, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=True, timeout=300)
    return result.stdout.decode("utf-8", "replace").splitlines()


def read(path, tool="pahole"):
    """The named records of an object file; {name: [Record]}, as one name may have several."""
    reader = Reader()
    for line in run(tool, "-a", "-A", path):
        reader.line(line)
    records, unions = {}, False
    for record in reader.records:
        records.setdefault(record.name, []).append(record)
        unions = unions or record.size is None
    # The size of a union stands in the other listing only, where unnamed ones have no name.
    for line in run(tool, "-s", path) if unions else ():
        name, size = line.split("\t")[:2]
        for record in records.get(name, ()):
            if record.kind == "union":
                record.size = int(size)
    return records

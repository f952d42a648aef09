"""Where a declaration comes from, over all versions of a session.

`origin` is the declaration of the version before. A field that has none may have been there earlier:
`returns` is (version, declaration) of its last life. `late` is the same for a field that was renamed
without a note and gets its MOLT_WAS in a later edit.
"""


def history(item, version):
    """{version: what `item` was in it}, without `version` itself."""
    result, late = {}, None
    while True:
        late = getattr(item, "late", None) or late
        if item.origin is not None:
            version, item = version - 1, item.origin
        elif item.returns is not None:
            version, item = item.returns
        elif late is not None:
            (version, item), late = late, None
        else:
            return result
        result[version] = item


def _items(program):
    for enum in program.enums:
        yield enum
        yield from enum.enumerators
    yield from program.unions
    for variant in program.variants:
        yield variant
        yield from variant.tag.enumerators
        yield from (arm for arm, _ in variant.arms)
    for struct in program.holders:
        yield struct
        yield from struct.fields


def relinked(target, version, memo):
    """`target` with the declarations of `version` as its direct origins. Fills `memo` with the copy of
    each of its items."""
    copy = target.clone()
    for was, now in zip(_items(target), _items(copy)):
        memo[was] = now
        now.origin = history(was, target.version).get(version)
        now.returns = None
    return copy


def gone_back(first, versions):
    """The first version again, after all of `versions`, of which it is the first."""
    last = versions[-1]
    heirs = {item: (first.version, item) for item in _items(first)}
    for program in versions[1:]:
        for item in _items(program):
            for was in history(item, program.version).values():
                if was in heirs:
                    heirs[was] = program.version, item
    back = first.clone()
    back.version = last.version + 1
    for was, now in zip(_items(first), _items(back)):
        version, heir = heirs[was]
        now.origin = heir if version == last.version else None
        now.returns = (version, heir) if version != last.version else None
    again = dict(zip(_items(first), _items(back)))
    for struct in back.structs:
        if struct.origin is not None:
            struct.moves = [(tuple(again.get(step, step) for step in was), now)
                            for now, was in struct.origin.moves]
    return back


def twisted(back, last):
    """Whether names decide otherwise than origins when the version `back` follows `last`: two fields
    that exist on both sides and swapped their names, say."""
    for struct in back.holders:
        if struct.origin is None:
            continue
        names = {field.name: field for field in struct.origin.fields}
        for field in struct.fields:
            same = names.get(field.name)
            if same is not None and same is not field.origin:
                return True
    for enum in back.enums:
        if enum.origin is None:
            continue
        names = {each.name: each for each in enum.origin.enumerators}
        if any(names.get(each.name, each.origin) is not each.origin for each in enum.enumerators):
            return True
    return False


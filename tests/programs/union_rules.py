"""What becomes of unions: bytes without a tag, arms with one."""

from declarations import Arm, Pointer, same_type
from expected_values import Site


class UnionRules:
    """A part of Expectation."""

    def _union(self, old, new, value, site):
        if new.origin is old and new.same(old):
            self.cover("union kept", old)
            return value
        self.cover("union changed, live" if any(value) else "union changed, default", old)
        if any(value):
            return self.refuse(site, "untagged-union-changed")
        return bytes(new.size())

    def _variant(self, old, new, value):
        """The arm goes by its enumerator's name, its value by the rules for its type."""
        entry = next((e for e in new.tag.enumerators if e.origin is not None and
                      e.origin.value == value.number), None)
        arm = next((arm for arm, _ in new.arms if arm.origin is value.field), None)
        if arm is None:
            return self._arm_removed(old, new, value, entry)
        if isinstance(arm.type, Pointer) and value.value is not None:
            self.cover("pointer in an arm", arm.type)
        if not new.same(old):
            self.cover("arm renamed" if arm.name != value.field.name else "arm kept", new)
            if entry.value != value.number:
                self.cover("tag renumbered", new)
            if not same_type(value.field.type, arm.type):
                self.cover("arm retyped", new)
        site = Site(path(new, arm), value.field, arm)
        return Arm(arm, entry.value, self.convert(value.field.type, arm.type, value.value, site))

    def _arm_removed(self, old, new, value, entry):
        """The fallback's arm takes its place, as far as it has one and the enumerator is gone too."""
        site = Site(path(old, value.field))
        tag = Site(f"{new.name}.kind")
        taken = next(((arm, e) for arm, e in new.arms if e.fallback), None)
        if entry is None and taken:
            self.cover("arm falls back", old)
            self.loss("enumerator-removed", tag)
            if self.is_live(value.field.type, value.value):
                self.loss("union-arm-removed", site)
            arm, fallback = taken
            return Arm(arm, fallback.value, self.default(arm.type))
        self.cover("arm removed, live", old)
        if entry is None:
            return self.refuse(tag, "enumerator-removed")
        return self.refuse(site, "union-arm-removed")


def path(variant, arm):
    """How reports name an arm: a union without a name is left out, as C leaves it out on the way there."""
    return f"{variant.name}.{arm.name}" if variant.unnamed else f"{variant.name}::{variant.part()}.{arm.name}"

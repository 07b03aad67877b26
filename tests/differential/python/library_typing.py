import collections.abc
import typing
from typing import Dict, List, NamedTuple, Optional


class Pair(NamedTuple):
    left: int
    right: Optional[str] = None


def solve(numbers: List[int]) -> Dict[str, int]:
    return {"sum": sum(numbers)}


print(solve([1, 2]), Pair(1), typing.get_type_hints(solve), isinstance([], collections.abc.Sequence))
print(Pair.__module__, List[int], Optional[int])

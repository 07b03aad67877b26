import dataclasses
import enum
import typing


@dataclasses.dataclass(order=True)
class Item:
    name: str
    price: float = 0.5
    tags: typing.List[str] = dataclasses.field(default_factory=list)


class Color(enum.Enum):
    RED = 1


print(Item("a"), Item("a") < Item("b"), dataclasses.asdict(Item("c", 1.0, ["x"])))
print(typing.get_type_hints(Item))
print(Color.RED, repr(Color.RED), Color.__module__)

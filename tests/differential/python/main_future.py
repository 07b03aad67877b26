from __future__ import annotations

import __future__


def function(value: Undefined) -> Missing:
    return value


print(function.__annotations__)
print(annotations == __future__.annotations)
count: Absent = 1
print(__annotations__)

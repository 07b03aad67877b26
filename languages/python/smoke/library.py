import json
import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass
class Sample:
    name: str
    values: list[float]


sample = Sample("latency", [1.5, 2.5, 4.0, 8.0])
print(json.dumps(asdict(sample), sort_keys=True))
print(statistics.mean(sample.values), statistics.median(sample.values))
print(Counter("mississippi").most_common(2))
print(datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")).isoformat())

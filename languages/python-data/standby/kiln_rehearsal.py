"""What most programs of this entry do first, for Kiln's parent of waiting interpreters: see kiln_forking.py."""

import io

import numpy
import pandas


def rehearse():
    """Load what the libraries load late, fill their caches, and write where every program writes."""
    frame = pandas.DataFrame({"kind": list("abcab"), "size": numpy.arange(5) * 1.5, "when": pandas.date_range("2026-01-01", periods=5)})
    repr(frame.groupby("kind")["size"].agg(["mean", "count"]))
    repr(frame.groupby("kind")["size"].mean())
    repr(frame.describe())
    frame.merge(frame, on="kind").sort_values("size_x").head()
    pandas.read_csv(io.StringIO(frame.to_csv()))
    numpy.linalg.solve(numpy.eye(2), numpy.ones(2))

import gc

print(gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.garbage, gc.callbacks)
print([statistics["collected"] for statistics in gc.get_stats()], sum(s["uncollectable"] for s in gc.get_stats()))
print([generation["collections"] < 200 for generation in gc.get_stats()])
print([type(thing).__name__ for thing in gc.get_objects() if type(thing).__name__ in ("socket", "generator", "traceback", "frame")])
print([thing.__name__ for thing in gc.get_objects() if type(thing).__name__ == "function" and "kiln" in str(thing.__code__.co_filename).lower()])
print([thing.__name__ for thing in gc.get_objects() if type(thing).__name__ == "function" and thing.__module__ == "sitecustomize"])

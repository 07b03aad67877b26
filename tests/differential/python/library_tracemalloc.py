import tracemalloc

print(tracemalloc.is_tracing(), tracemalloc.get_traced_memory())
tracemalloc.start()
kept = [bytes(1000) for _ in range(10)]
top = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)]).statistics("lineno")
print(sorted((stat.traceback[0].lineno, stat.traceback[0].filename == __file__) for stat in top))

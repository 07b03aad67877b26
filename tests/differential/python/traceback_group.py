import traceback

try:
    raise ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [TypeError("two"), OSError(2, "no")])])
except NameError:
    print("too old for groups")
except Exception as group:
    traceback.print_exc()
    group.add_note("a note")
    raise

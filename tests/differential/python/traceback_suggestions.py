import traceback


class Thing:
    attribute = 1


for expression in ("Thing.atribute", "valeu", "Thing().x.y", "[1][5]", "len(5)", "'a' + 1", "Thing(1)", "{}['k']", "int('z')", "(1).foo", "None.x"):
    value = 1
    try:
        eval(expression)
    except Exception:
        traceback.print_exc()
import sy

import sys

import __main__

print(__main__.__file__ == __file__, __main__ is sys.modules["__main__"], vars(__main__) is globals())
import main

if __name__ == "__main__":
    print(main.__name__, main.__file__, main.__spec__.name, main is __main__)
    print("main" in sys.modules, sorted(name for name in vars(main) if not name.startswith("__")))

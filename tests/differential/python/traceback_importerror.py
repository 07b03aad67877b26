# kiln: {"files": {"circular.py": "from circular_two import value\n", "circular_two.py": "import circular\nfrom circular import other\nvalue = 1\n"}}
import traceback

for statement in ("import no_such_module", "from os import no_such_name", "import os.nothing", "from circular import x", "from . import x"):
    try:
        exec(statement)
    except ImportError:
        traceback.print_exc()
import numpyy

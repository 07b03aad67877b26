# kiln: {"args": ["a", "b c"]}
import faulthandler
import os
import signal
import sys

print(faulthandler.is_enabled(), sys.argv, sys.orig_argv)
faulthandler.enable()
with open("dump", "w+") as dump:
    faulthandler.register(signal.SIGUSR1, file=dump, all_threads=True)
    os.kill(os.getpid(), signal.SIGUSR1)
    faulthandler.dump_traceback(dump)
    dump.seek(0)
    print([line.split("0x")[0] for line in dump])
    faulthandler.unregister(signal.SIGUSR1)
faulthandler.disable()
faulthandler.dump_traceback_later(100)
faulthandler.cancel_dump_traceback_later()
print(faulthandler.is_enabled(), flush=True)
os.abort()

import atexit
import logging
import logging.handlers
import sys

logging.basicConfig(format="%(levelname)s %(name)s %(module)s %(lineno)d %(processName)s %(threadName)s %(message)s", level=logging.INFO)
memory = logging.handlers.MemoryHandler(10, target=logging.StreamHandler(sys.stdout))
logging.getLogger("buffered").addHandler(memory)
logging.getLogger("buffered").warning("flushed by shutdown")
logging.warning("plain")
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("with a traceback")
logging.getLogger().info("bad %d", "format")
atexit.register(logging.info, "at exit")

import os
import time

print(os.environ.get("TZ"), time.tzname, time.timezone, time.altzone, time.daylight, time.ctime(0))

# kiln: {"env": {"TZ": "XYZ-3:30"}}
import datetime
import os
import time

print(time.tzname, time.timezone, time.altzone, time.daylight)
print(time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(0)), datetime.datetime.fromtimestamp(86400))
os.environ["TZ"] = "EST5EDT,M3.2.0,M11.1.0"
time.tzset()
print(time.tzname, time.timezone, time.strftime("%H:%M %Z", time.localtime(0)), time.mktime((2020, 7, 1, 0, 0, 0, 0, 0, -1)))

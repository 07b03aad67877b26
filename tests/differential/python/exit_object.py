import sys


class Reason:
    def __str__(self):
        return "my reason"


sys.exit(Reason())

import sys

kept = open(1, "w", closefd=False)
kept.write("unflushed\n")
sys.stdout.write("before\n")

# kiln: {"args": ["--count", "x"]}
import argparse

parser = argparse.ArgumentParser(description="Count.")
parser.add_argument("--count", type=int)
print(parser.prog)
parser.parse_args()

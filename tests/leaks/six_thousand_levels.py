# Leaves: six thousand levels.
import os

for _ in range(6000):
    os.mkdir('d')
    os.chdir('d')

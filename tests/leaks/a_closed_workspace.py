# Leaves: a closed workspace.
import os

os.makedirs('inner')
os.chmod('.', 0o000)
os.chmod('/build', 0o2777)

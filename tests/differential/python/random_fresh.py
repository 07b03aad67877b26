import os
import random
import uuid

state = random.getstate()
print(len(state[1]), random.random() != random.random(), state != random.Random().getstate())
stored = "/tmp/kiln-differential-%d-%d" % (os.getppid(), random.SystemRandom().getrandbits(32))
print(os.path.exists(stored), uuid.uuid4() != uuid.uuid4())
random.seed(42)
print(random.random(), random.randint(1, 100), random.sample(range(100), 5), random.choice("abc"))

import copy
import pickle


class Point:
    def __init__(self, x):
        self.x = x


data = pickle.dumps(Point(4), protocol=2)
print(data)
print(pickle.loads(data).x, Point.__module__, Point.__qualname__, copy.deepcopy(Point(5)).x)
print(pickle.loads(pickle.dumps(Point)) is Point)
try:
    pickle.dumps(lambda: None)
except Exception as error:
    print(type(error).__name__)

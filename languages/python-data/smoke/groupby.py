import numpy as np
import pandas as pd

frame = pd.DataFrame({"kind": list("abcab"), "size": np.arange(5) * 1.5})
print(frame.groupby("kind")["size"].agg(["mean", "count"]).to_string())
print(np.linalg.solve(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([3.0, 5.0])).round(6))

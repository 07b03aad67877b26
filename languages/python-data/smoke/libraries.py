import io

import bs4
import duckdb
import matplotlib
import matplotlib.pyplot as plt
import networkx as nx
import openpyxl
import pandas as pd
import plotly.graph_objects as go
import requests
import scipy.optimize
import seaborn
from sklearn.linear_model import LinearRegression

print(matplotlib.get_backend().lower())
figure, axes = plt.subplots()
seaborn.lineplot(x=[1, 2, 3], y=[1, 4, 9], ax=axes)
picture = io.BytesIO()
figure.savefig(picture)
print(picture.getvalue()[:4])
print(bs4.BeautifulSoup("<p>text</p>", "html.parser").p.string)
frame = pd.DataFrame({"n": [1, 2, 3]})
print(duckdb.query("select sum(n) from frame").fetchall()[0][0])
print(nx.shortest_path(nx.path_graph(4), 0, 3))
book = openpyxl.Workbook()
book.active["A1"] = 42
print(book.active["A1"].value, len(go.Figure(go.Bar(y=[1, 2])).data), requests.codes.ok)
print(round(scipy.optimize.brentq(lambda x: x * x - 2, 0, 2), 6))
print(LinearRegression().fit([[0], [1], [2]], [1, 3, 5]).coef_.round(6))

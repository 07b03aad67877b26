#include <bits/stdc++.h>
using namespace std;
int main() {
    map<string, vector<int>> m;
    for (int i = 0; i < 20; i++) m[i % 3 ? "a" : "b"].push_back(i * 7 % 11);
    for (auto &[k, v] : m) { sort(v.begin(), v.end()); cout << k; for (int x : v) cout << " " << x; cout << "\n"; }
    cout << regex_replace("a1b22", regex("[0-9]+"), "#") << " " << accumulate(begin(m["a"]), end(m["a"]), 0) << "\n";
}

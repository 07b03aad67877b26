// kiln: {"stdin": "1 2 3\n4", "args": ["an argument"], "env": {"ONE": "1"}}
#include <bits/stdc++.h>
int main(int argc, char **argv) { std::ios::sync_with_stdio(false); long s = 0, x; while (std::cin >> x) s += x; std::cout << s << argv[1] << argc << getenv("ONE"); }

#include <bits/stdc++.h>
#include <bits/stdc++.h>
#include <iostream>
#include <vector>
int main() { std::cout << 1; }

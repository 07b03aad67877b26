#include <iostream>
int nowhere();
int main() { return nowhere(); }

#include <iostream>
int other() { return 1; }

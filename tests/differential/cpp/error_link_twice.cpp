// kiln: {"files": {"other.cpp": "int twice() { return 2; }\n"}}
int twice() { return 1; }
int main() { return twice(); }

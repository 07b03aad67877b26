# kiln: {"stdin": "where\np value\ncontinue\n"}
def function():
    value = 5
    breakpoint()
    return value


print(function())

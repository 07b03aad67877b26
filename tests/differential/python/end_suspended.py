def suspended():
    try:
        yield 1
    finally:
        print("finally")


kept = suspended()
print(next(kept))


async def never_awaited():
    pass


coroutine = never_awaited()

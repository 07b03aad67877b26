import asyncio


async def waits():
    try:
        await asyncio.sleep(10)
    finally:
        print("closed")


coroutine = waits()
coroutine.send(None)
print("end")
